// Package image reads what is installed in an image from the image itself: it
// streams the layers, applies what newer ones delete and replace, and reads the
// databases of dpkg, apk and rpm and the files of languages in what is left.
//
// Nothing is trusted before it is checked: every layer is read to its end, so
// that its digest and that of its uncompressed bytes are known, and a layer that
// is damaged, altered or of a kind that can't be read is an error, never a
// shorter list. No layer is skipped because the layers above it seem to hide
// it: only its end proves that what was hidden is the image's. Nothing is
// unpacked to disk; a database that needs random access and is large is in a
// temporary file without a name.
//
// It does not judge: which package is vulnerable is package match's to say.
package image

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/language"
)

// Options configures what is read and how.
type Options struct {
	// Registry has the options for access to registries.
	Registry registry.Options

	// Platforms are those to read, os/arch[/variant]; without a variant, every
	// variant. Empty: all that the image has.
	Platforms []string

	// Undigested leaves Digest empty for an archive of docker save, which has no
	// manifest: to know the digest costs packing all layers as a push would.
	Undigested bool

	// Parallel is how many layers are read at once; 0: as many as there are
	// processors, 4 at most.
	Parallel int

	// Progress receives how many bytes were read and how many there are in all (0:
	// not known), of one platform after the other. Calls do not overlap.
	Progress func(read, total int64)

	entries int // files that the image may have; 0: maxEntries
}

// Artifact is an image, of one platform or of several.
type Artifact struct {
	Digest      string                 // that which the reference names: of the index where there is one
	Inventories []*inventory.Inventory // one for each platform, sorted by it
	Others      []registry.Entry       // what else the index has, of what was looked at: no images
}

// Read reads the image that reference names: HOST/REPOSITORY[:TAG][@sha256:…],
// oci:DIR[:TAG][@sha256:…] or tarball:FILE. An error means that the image could not
// be read; registry.ErrAbsent is in it if the place answers and has no such image.
// What was read and not understood is in each inventory's Unread.
func Read(ctx context.Context, reference string, options Options) (*Artifact, error) {
	ref, err := registry.Parse(reference, options.Registry)
	if err != nil {
		return nil, err
	}
	if options.Undigested && ref.Saved() {
		image, err := ref.SavedImage()
		if err != nil {
			return nil, err
		}
		if len(choose([]registry.Platform{{Platform: image.Platform}}, options.Platforms)) == 0 {
			return nil, fmt.Errorf("read %s: the archive holds %s, not %s", reference, image.Platform, strings.Join(options.Platforms, ", "))
		}
		found, err := read(ctx, ref, image, reference, options)
		if err != nil {
			return nil, err
		}
		return &Artifact{Inventories: []*inventory.Inventory{found}}, nil
	}
	return readAll(ctx, ref, reference, options)
}

// readAll reads the requested images of what has a manifest.
func readAll(ctx context.Context, ref registry.Reference, reference string, options Options) (*Artifact, error) {
	m, err := ref.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := ref.List(ctx, m, func(platform string) bool { return Wanted(platform, options.Platforms) })
	if err != nil {
		return nil, err
	}
	platforms := listed.Images
	for _, wanted := range options.Platforms {
		if len(choose(platforms, []string{wanted})) == 0 {
			var have []string
			for _, p := range platforms {
				have = append(have, p.Platform)
			}
			return nil, fmt.Errorf("read %s: it has no image for %s, only for %s", reference, wanted, strings.Join(have, ", "))
		}
	}
	artifact := &Artifact{Digest: m.Digest, Others: listed.Others}
	for _, p := range choose(platforms, options.Platforms) {
		image, err := imageOf(ctx, ref, p.Digest)
		if err != nil {
			return nil, err
		}
		found, err := read(ctx, ref, image, reference, options)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Platform, err)
		}
		found.Digest, found.Platform = p.Digest, p.Platform
		artifact.Inventories = append(artifact.Inventories, found)
	}
	slices.SortStableFunc(artifact.Inventories, func(a, b *inventory.Inventory) int { return strings.Compare(a.Platform, b.Platform) })
	return artifact, nil
}

// imageOf is the image with that digest. That of an archive of docker save is
// read by what it holds, for by the digest each layer would have to be packed.
func imageOf(ctx context.Context, ref registry.Reference, digest string) (*registry.Image, error) {
	if !ref.Saved() {
		return ref.Image(ctx, digest)
	}
	image, err := ref.SavedImage()
	if err != nil {
		return nil, err
	}
	image.Digest = digest
	return image, nil
}

// Wanted reports whether platform is one of wanted, as Options.Platforms has them.
func Wanted(platform string, wanted []string) bool {
	return len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool {
		return platform == w || strings.HasPrefix(platform, w+"/")
	})
}

// choose returns the requested platforms, or all, each image once.
func choose(platforms []registry.Platform, wanted []string) []registry.Platform {
	var chosen []registry.Platform
	for _, p := range platforms {
		if Wanted(p.Platform, wanted) && !slices.Contains(chosen, p) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// read reads one platform's image.
func read(ctx context.Context, ref registry.Reference, image *registry.Image, reference string, options Options) (*inventory.Inventory, error) {
	r := &reader{ref: ref, image: image, options: options, wanted: language.Wanted, analyze: language.Analyze, progress: newProgress(image, options.Progress)}
	layers, err := r.layers(ctx)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", reference, err)
	}
	t := &tree{layers: layers}
	if err := r.rereadLayers(ctx, t, t.linkTargets()); err != nil {
		return nil, fmt.Errorf("read %s: %w", reference, err)
	}
	found := t.inventory(reference)
	noteNotLinux(found, image.Platform)
	found.Digest, found.Platform = image.Digest, image.Platform
	return found, nil
}
