package kubernetes

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/registry"
)

var digestShape = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// repositoryOf is the repository of the image that is looked for, in its long form.
func (c Collector) repositoryOf(req facts.Request) (string, error) {
	text := c.Settings.Repository
	if text == "" {
		ref, err := registry.Parse(req.Reference, registry.Options{})
		switch {
		case err != nil:
			return "", err
		case ref.Kind != "registry":
			return "", fmt.Errorf("a cluster pulls images from a registry, and the request names %s: set repository", ref.Repository)
		}
		text = ref.Repository
	}
	long, err := longName(text)
	if err != nil {
		return "", fmt.Errorf("invalid repository %q: %w", text, err)
	}
	return long, nil
}

// longName is a repository with its registry: docker.io/library/nginx for nginx.
func longName(repository string) (string, error) {
	parsed, err := name.NewRepository(repository)
	if err != nil {
		return "", err
	}
	return parsed.Name(), nil
}

// split returns the repository of an image, in its long form, and the digest that it
// names; empty if it names none. ok is false if it is no image of a registry.
//
// Thousands of pods have the same few images, so what an image means is kept.
func (i images) split(image string) (repository, digest string, ok bool) {
	known, seen := i[image]
	if !seen {
		known.repository, known.digest, known.ok = split(image)
		i[image] = known
	}
	return known.repository, known.digest, known.ok
}

// images are the images that were seen, and what they mean.
type images map[string]struct {
	repository, digest string
	ok                 bool
}

func split(image string) (repository, digest string, ok bool) {
	if _, after, found := strings.Cut(image, "://"); found { // docker-pullable://
		image = after
	}
	parsed, err := name.ParseReference(image)
	if err != nil {
		return "", "", false
	}
	if named, isDigest := parsed.(name.Digest); isDigest && digestShape.MatchString(named.DigestStr()) {
		digest = named.DigestStr()
	}
	return parsed.Context().Name(), digest, true
}

// runs is the digest that a container runs; empty: it is not known. A digest in the
// description is what the node was told to run, and a node runs nothing else. Otherwise it
// is the one that the node reports, which can be that of one platform of the image.
func (i images) runs(described container, status *containerStatus) string {
	if _, digest, ok := i.split(described.Image); ok && digest != "" {
		return digest
	}
	if status == nil {
		return ""
	}
	_, digest, _ := i.split(status.ImageID)
	return digest
}

// ours are the containers that run the service's image.
func (r *reading) ours(spec podSpec) (list []container) {
	for _, c := range slices.Concat(spec.Containers, spec.InitContainers) {
		if repository, _, ok := r.images.split(c.Image); ok && repository == r.repository {
			list = append(list, c)
		}
	}
	return list
}
