// Package artifact reads the image itself, where it is stored: in a registry, in
// an OCI layout, in a tarball.
//
// A reference is resolved once, by Resolve; the decision is about that digest.
// Collect then says what the place has under that digest, and what the tag
// points to by then, so that a tag that moved in between is seen.
package artifact

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/registry"
)

// Options say how to reach registries.
type Options = registry.Options

// ErrAbsent says that the place was reached and does not have the image. Every
// other error means that it could not be read.
var ErrAbsent = registry.ErrAbsent

// Resolve returns the digest (sha256:…) that reference names, reading its source
// once: HOST/REPOSITORY[:TAG][@sha256:…], oci:DIR[:TAG][@sha256:…] or
// tarball:FILE. For a multi-platform image it is the digest of the index.
func Resolve(ctx context.Context, reference string, options Options) (string, error) {
	ref, err := registry.Parse(reference, options)
	if err != nil {
		return "", err
	}
	m, err := ref.Resolve(ctx)
	if err != nil {
		return "", err
	}
	return m.Digest, nil
}

// Check returns an error if reference is not of a form that Resolve takes. Nothing
// is read.
func Check(reference string) error {
	_, err := registry.Parse(reference, Options{})
	return err
}

// Repository is the repository of reference, without tag and digest; empty if it is
// not of a form that Resolve takes.
func Repository(reference string) string {
	ref, err := registry.Parse(reference, Options{})
	if err != nil {
		return ""
	}
	return ref.Repository
}

// Collector reads the image of the request. It needs no configuration: the
// reference returns where the image is stored.
type Collector struct {
	Options Options
}

// Name is the section's key.
func (Collector) Name() string { return "artifact" }

// Kind is the kind of source where nothing could be read; else it is what the
// reference names: registry, oci or tarball.
func (Collector) Kind() string { return "registry" }

// Collect reads the manifest of req.Digest, its platforms, and the tag once
// more.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	ref, err := registry.Parse(req.Reference, c.Options)
	if err != nil {
		return nil, err
	}
	if req.Digest == "" {
		return nil, c.unresolved(ctx, ref)
	}
	m, err := ref.Manifest(ctx, req.Digest)
	if err != nil {
		return nil, err
	}
	found, err := ref.Platforms(ctx, m)
	if err != nil {
		return nil, err
	}
	section := &facts.Artifact{Reference: req.Reference, Repository: ref.Repository, Digest: m.Digest}
	for _, p := range found {
		section.Platforms = append(section.Platforms, facts.Platform{Platform: p.Platform, Digest: p.Digest})
	}
	if ref.Tag != "" {
		tagged, err := ref.Manifest(ctx, ref.Tag)
		if err != nil {
			return nil, fmt.Errorf("the tag once more: %w", err)
		}
		section.Tag, section.TagDigest = &ref.Tag, &tagged.Digest
	}
	return facts.Observed{Section: section, Evidence: evidence(ref, m), Kind: ref.Kind}, nil
}

// unresolved says why the reference could not be resolved when the request was
// made: the reason, if it still holds.
func (c Collector) unresolved(ctx context.Context, ref registry.Reference) error {
	if _, err := ref.Resolve(ctx); err != nil {
		return err
	}
	return errors.New("the reference could not be resolved at first, and now it can: run again")
}

// evidence is the manifest that was read.
func evidence(ref registry.Reference, m *registry.Manifest) *facts.Evidence {
	return &facts.Evidence{URI: ref.Repository + "@" + m.Digest, SHA256: strings.TrimPrefix(m.Digest, "sha256:")}
}
