package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Listing is the content of an index, or the one image of a manifest.
type Listing struct {
	Images []Platform
	Others []Entry
}

// Entry is an entry of an index that no runtime would run: a record about an
// image, a chart, an SBOM.
type Entry struct {
	Digest string
	Reason string // why it is not an image
}

// Platforms lists the images of m: those of an index, or m itself.
func (r Reference) Platforms(ctx context.Context, m *Manifest) ([]Platform, error) {
	found, err := r.List(ctx, m, nil)
	if err != nil {
		return nil, err
	}
	return found.Images, nil
}

// List lists the images of m and the other entries of its index. An entry whose
// platform in the index is not wanted is listed as an image and not read; if wanted is
// nil, all are wanted. A missing one is listed, too.
//
// Whether an entry is an image does not depend on its label, but on what a runtime
// uses: its platform and its configuration. It is an error if
// there is no image, or if an entry cannot be identified.
func (r Reference) List(ctx context.Context, m *Manifest, wanted func(platform string) bool) (*Listing, error) {
	l := entries{Reference: r, wanted: wanted}
	err := l.list(ctx, m, maxDepth)
	switch {
	case err == nil && len(l.found.Images) == 0 && len(l.found.Others) > 0:
		first := l.found.Others[0]
		err = fmt.Errorf("the index lists no image, only %d other entries, as %s (%s)", len(l.found.Others), first.Digest, first.Reason)
	case err == nil && len(l.found.Images) == 0:
		err = errors.New("the index lists no image")
	}
	if err != nil {
		return nil, fmt.Errorf("platforms of %s@%s: %w", r.Repository, m.Digest, err)
	}
	return &l.found, nil
}

// entries lists one index with those in it.
type entries struct {
	Reference
	wanted func(platform string) bool
	found  Listing
}

func (l *entries) list(ctx context.Context, m *Manifest, depth int) error {
	if m.content.Config != nil {
		p, err := l.configured(ctx, m)
		l.found.Images = append(l.found.Images, Platform{Platform: p, Digest: m.Digest})
		return err
	}
	if depth == 0 {
		return errors.New("indexes nest too deep")
	}
	for _, d := range m.content.Manifests {
		switch {
		case d.isAttestation():
			l.other(d, "its platform is unknown/unknown")
			continue
		case !digestShape.MatchString(d.Digest):
			return fmt.Errorf("the index names %q, which is no sha256 digest", d.Digest)
		}
		if err := l.entry(ctx, d, depth); err != nil {
			return fmt.Errorf("the entry %s: %w", d.Digest, err)
		}
	}
	return nil
}

// entry lists one entry of an index.
func (l *entries) entry(ctx context.Context, d descriptor, depth int) error {
	if d.Platform.known() && !isIndex(d.MediaType) && l.wanted != nil && !l.wanted(d.Platform.String()) {
		l.image(d, d.Platform)
		return nil
	}
	m, err := l.Manifest(ctx, d.Digest)
	switch foreign := d.MediaType != "" && !isIndex(d.MediaType) && !isImage(d.MediaType); {
	case foreign && (errors.Is(err, ErrAbsent) || errors.Is(err, errNoManifest)):
		l.other(d, fmt.Sprintf("it is of the type %q", d.MediaType))
		return nil
	case errors.Is(err, ErrAbsent) && d.Platform.known():
		l.image(d, d.Platform) // copies of an index need not have all its images
		return nil
	case errors.Is(err, ErrAbsent) && !isIndex(d.MediaType):
		l.other(d, "it is not there, and the index names no platform for it")
		return nil
	case err != nil:
		return err
	case m.content.Config == nil:
		return l.list(ctx, m, depth-1)
	}
	return l.judge(ctx, d, m)
}

// judge reports whether m, an entry of an index, is an image. That depends only on its
// configuration: a runtime runs everything that has one. An entry with another type of
// configuration is an image if the configuration lists as many layers as the manifest,
// because some runtimes ignore the type.
func (l *entries) judge(ctx context.Context, d descriptor, m *Manifest) error {
	kind := m.content.Config.MediaType
	typed := kind == "" || kind == "application/vnd.oci.image.config.v1+json" || kind == "application/vnd.docker.container.image.v1+json"
	if typed && d.Platform.known() {
		l.image(d, d.Platform)
		return nil
	}
	raw, err := l.config(ctx, m)
	if err != nil {
		return err
	}
	var config struct {
		platform
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	err = json.Unmarshal(raw, &config)
	layered := err == nil && len(m.content.Layers) > 0 && len(config.RootFS.DiffIDs) == len(m.content.Layers)
	switch {
	case !typed && !layered:
		l.other(d, other(kind, m.content.ArtifactType, d.ArtifactType))
	case err != nil:
		return fmt.Errorf("read the image's configuration: %w", err)
	case d.Platform.known():
		l.image(d, d.Platform)
	case config.unknown():
		l.other(d, "its platform is unknown/unknown")
	case config.known():
		l.image(d, &config.platform)
	case typed && config.Architecture == "":
		l.other(d, "neither the index nor its configuration names its architecture, so no runtime chooses it")
	default:
		return errNoPlatform
	}
	return nil
}

// other returns what an entry is that is not an image.
func other(config string, types ...string) string {
	reason := fmt.Sprintf("its configuration is of the type %q", config)
	for _, t := range types {
		if t != "" {
			return fmt.Sprintf("it is an artifact of the type %q, and %s", t, reason)
		}
	}
	return reason
}

func (l *entries) image(d descriptor, p *platform) {
	l.found.Images = append(l.found.Images, Platform{Platform: p.String(), Digest: d.Digest})
}

func (l *entries) other(d descriptor, reason string) {
	l.found.Others = append(l.found.Others, Entry{Digest: d.Digest, Reason: reason})
}
