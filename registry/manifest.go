package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxManifest bounds a manifest, an index and a configuration, in bytes.
const maxManifest = 4 << 20

// maxDepth bounds how deep indexes may nest.
const maxDepth = 3

// ErrAbsent says that the place was reached and does not have the image. Every
// other error means that it could not be read.
var ErrAbsent = errors.New("not there")

// errNoManifest says that bytes are something else than a manifest or an index.
var errNoManifest = errors.New("no manifest")

// noManifest is such an error with its reason.
type noManifest struct{ error }

func (noManifest) Is(target error) bool { return target == errNoManifest }

func (n noManifest) Unwrap() error { return n.error }

// errNoPlatform means that an image does not state its platform.
var errNoPlatform = errors.New("the image's configuration names no os and architecture: is it an image?")

// Manifest is a manifest or index whose bytes were read and hashed.
type Manifest struct {
	Digest string // sha256:…, of Raw
	Raw    []byte

	content content
}

// Platform is one image of an index; for a single image, that image.
type Platform struct {
	Platform string // os/arch[/variant]
	Digest   string
}

// content is what prodgate reads of a manifest or an index.
type content struct {
	MediaType    string       `json:"mediaType"`
	ArtifactType string       `json:"artifactType"`
	Manifests    []descriptor `json:"manifests"`
	Config       *descriptor  `json:"config"`
	Layers       []descriptor `json:"layers"`
}

// descriptor points at a manifest or blob.
type descriptor struct {
	MediaType    string            `json:"mediaType"`
	ArtifactType string            `json:"artifactType"`
	Digest       string            `json:"digest"`
	Size         int64             `json:"size"`
	URLs         []string          `json:"urls"`
	Platform     *platform         `json:"platform"`
	Annotations  map[string]string `json:"annotations"`
}

// platform is a platform as an index and an image configuration spell it.
type platform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

// Resolve reads what r names: its digest if it has one, else its tag, else the
// only image there is.
func (r Reference) Resolve(ctx context.Context) (*Manifest, error) {
	if r.Digest != "" {
		return r.Manifest(ctx, r.Digest)
	}
	return r.Manifest(ctx, r.Tag)
}

// Manifest reads the manifest that identifier names: a tag, a digest, or "" for
// the only one there is. A manifest that is requested by digest has that digest.
func (r Reference) Manifest(ctx context.Context, identifier string) (*Manifest, error) {
	raw, mediaType, err := r.place.manifest(ctx, identifier)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.name(identifier), err)
	}
	m, err := parseManifest(raw, mediaType)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.name(identifier), err)
	}
	if strings.HasPrefix(identifier, "sha256:") && m.Digest != identifier {
		return nil, fmt.Errorf("read %s: what is there has the digest %s: it was altered", r.name(identifier), m.Digest)
	}
	return m, nil
}

// name is how the manifest called identifier is spelled in messages.
func (r Reference) name(identifier string) string {
	switch {
	case identifier == "":
		return r.Repository
	case strings.HasPrefix(identifier, "sha256:"):
		return r.Repository + "@" + identifier
	}
	return r.Repository + ":" + identifier
}

// configured is the platform in m's own configuration.
func (r Reference) configured(ctx context.Context, m *Manifest) (string, error) {
	raw, err := r.config(ctx, m)
	if err != nil {
		return "", err
	}
	var p platform
	if err := json.Unmarshal(raw, &p); err != nil {
		return "", fmt.Errorf("read the image's configuration: %w", err)
	}
	if !p.known() {
		return "", errNoPlatform
	}
	return p.String(), nil
}

// config reads the configuration of the image that m is.
func (r Reference) config(ctx context.Context, m *Manifest) ([]byte, error) {
	raw, err := r.place.blob(ctx, m.content.Config.Digest)
	if err != nil {
		return nil, fmt.Errorf("read the image's configuration: %w", err)
	}
	if got := digestOf(raw); got != m.content.Config.Digest {
		return nil, fmt.Errorf("read the image's configuration: its digest is %s and not %s: it was altered", got, m.content.Config.Digest)
	}
	return raw, nil
}

// isAttestation reports whether d is a record about an image, as BuildKit adds
// them to an index, and no image. Its platform tells, for by that a runtime
// chooses what to run; an annotation would hide an image that runs.
func (d descriptor) isAttestation() bool { return d.Platform.unknown() }

// unknown reports whether p is the platform that no runtime has.
func (p *platform) unknown() bool {
	return p != nil && p.OS == "unknown" && p.Architecture == "unknown"
}

func (p *platform) known() bool { return p != nil && p.OS != "" && p.Architecture != "" }

// spellings are other words for architectures, which runtimes take for the same.
var spellings = map[string]string{"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386"}

// String is os/arch[/variant], spelled as runtimes compare them.
func (p *platform) String() string {
	os, arch := strings.ToLower(p.OS), strings.ToLower(p.Architecture)
	if known, ok := spellings[arch]; ok {
		arch = known
	}
	if p.Variant == "" {
		return os + "/" + arch
	}
	return os + "/" + arch + "/" + p.Variant
}

// parseManifest takes raw for a manifest or an index, and nothing that could be
// read as either.
func parseManifest(raw []byte, mediaType string) (*Manifest, error) {
	if len(raw) > maxManifest {
		return nil, fmt.Errorf("the manifest has more than %d bytes", maxManifest)
	}
	m := &Manifest{Digest: digestOf(raw), Raw: raw}
	if err := json.Unmarshal(raw, &m.content); err != nil {
		return nil, noManifest{fmt.Errorf("the manifest is not JSON: %w", err)}
	}
	c := m.content
	if c.MediaType == "" {
		c.MediaType = mediaType
	}
	index, image := c.Manifests != nil, c.Config != nil
	switch {
	case index && (image || c.Layers != nil):
		return nil, errors.New("the manifest could be read both as an image and as an index, so it is not known what would run")
	case index && isImage(c.MediaType), image && isIndex(c.MediaType):
		return nil, fmt.Errorf("the manifest is not what its media type %q says", c.MediaType)
	case !index && !image:
		return nil, noManifest{fmt.Errorf("the manifest (media type %q) is neither an image nor an index; images of schema 1 have to be pushed again", c.MediaType)}
	case image && !digestShape.MatchString(c.Config.Digest):
		return nil, fmt.Errorf("the manifest's configuration is %q, which is no sha256 digest", c.Config.Digest)
	}
	return m, nil
}

// Media types of the OCI image specification.
const (
	indexType    = "application/vnd.oci.image.index.v1+json"
	manifestType = "application/vnd.oci.image.manifest.v1+json"
)

func isIndex(mediaType string) bool {
	return mediaType == indexType ||
		mediaType == "application/vnd.docker.distribution.manifest.list.v2+json"
}

func isImage(mediaType string) bool {
	return mediaType == manifestType ||
		mediaType == "application/vnd.docker.distribution.manifest.v2+json"
}

func digestOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}
