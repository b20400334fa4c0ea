package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
)

// Image is one platform's image: its configuration and its layers.
type Image struct {
	// Digest is the digest of the image's manifest; empty for an archive of docker
	// save, which has no manifest.
	Digest   string
	Platform string  // os/arch[/variant]
	Layers   []Layer // the oldest first
}

// Layer is one layer of an image.
type Layer struct {
	Digest    string // for Open
	DiffID    string // of the uncompressed bytes, as the configuration has it
	MediaType string // empty: not known
	Size      int64  // of the content from Open, in bytes; -1: not known
}

// maxLayers limits the layers of one image. Docker and containerd mount at most some
// hundred.
const maxLayers = 1000

// Saved reports whether r is an archive of docker save without an OCI layout. It
// contains one image and no manifest: computing the digest that it will have in a
// registry requires compressing all its layers.
func (r Reference) Saved() bool {
	t, ok := r.place.(tarball)
	if !ok {
		return false
	}
	_, err := t.read("index.json")
	return errors.Is(err, fs.ErrNotExist)
}

// SavedImage reads the image of an archive for which Saved is true, without its
// digest.
func (r Reference) SavedImage() (*Image, error) {
	t, ok := r.place.(tarball)
	if !ok {
		return nil, fmt.Errorf("%s is no archive", r.Repository)
	}
	s, err := t.saved()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Repository, err)
	}
	image := &Image{}
	for range s.layers {
		image.Layers = append(image.Layers, Layer{Size: -1})
	}
	if err := image.configure(s.config); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Repository, err)
	}
	for i := range image.Layers {
		image.Layers[i].Digest = image.Layers[i].DiffID
	}
	return image, nil
}

// Image reads the manifest and the configuration of the image with that digest.
func (r Reference) Image(ctx context.Context, digest string) (*Image, error) {
	m, err := r.Manifest(ctx, digest)
	if err != nil {
		return nil, err
	}
	if m.content.Config == nil {
		return nil, fmt.Errorf("read %s: it is an index; name one of its images", r.name(digest))
	}
	raw, err := r.config(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.name(digest), err)
	}
	image := &Image{Digest: m.Digest}
	for _, d := range m.content.Layers {
		if d.Size < 0 {
			return nil, fmt.Errorf("read %s: the layer %s has a size of %d bytes", r.name(digest), d.Digest, d.Size)
		}
		image.Layers = append(image.Layers, Layer{Digest: d.Digest, MediaType: d.MediaType, Size: d.Size})
	}
	if err := image.configure(raw); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.name(digest), err)
	}
	return image, nil
}

// configure adds from the configuration what the manifest does not contain.
func (i *Image) configure(raw []byte) error {
	var config struct {
		platform
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return fmt.Errorf("read the image's configuration: %w", err)
	}
	if !config.known() {
		return errNoPlatform
	}
	i.Platform = config.String()
	ids := config.RootFS.DiffIDs
	switch {
	case len(i.Layers) > maxLayers:
		return fmt.Errorf("it claims %d layers, and none that runs has more than %d", len(i.Layers), maxLayers)
	case len(ids) != len(i.Layers):
		return fmt.Errorf("its manifest has %d layers and its configuration %d", len(i.Layers), len(ids))
	}
	for n, id := range ids {
		if !digestShape.MatchString(id) {
			return fmt.Errorf("the diff_id of layer %d is %q, which is no sha256 digest", n, id)
		}
		i.Layers[n].DiffID = id
	}
	return nil
}
