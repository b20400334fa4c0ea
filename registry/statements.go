package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Limits of the attestations of one image or index.
const (
	maxStatements     = 256       // that are read
	maxStatement      = 16 << 20  // bytes of one
	maxStatementBytes = 128 << 20 // bytes of all together
)

// maxContent is the timeout for downloading one content of an attachment.
const maxContent = 2 * time.Minute

// Media types of attestations.
const (
	bundleFamily  = "application/vnd.dev.sigstore.bundle" // and a version
	envelopeType  = "application/vnd.dsse.envelope.v1+json"
	statementType = "application/vnd.in-toto+json"

	// emptyType is the type of the configuration of manifests that are not images.
	emptyType = "application/vnd.oci.empty.v1+json"
)

// predicateNote is the annotation of a bundle's manifest that states its predicate type.
const predicateNote = "dev.sigstore.bundle.predicateType"

// Document is the content of one attestation that is attached to an image or
// index: a Sigstore bundle, a DSSE envelope or an in-toto statement. Its bytes
// have the digest. What it says, what it is about and who signed it is not
// verified.
type Document struct {
	Where         string            // "referrer sha256:…" or "tag sha256-….att, layer sha256:…"
	Digest        string            // of Content
	PredicateType string            // according to the manifest, a hint only; may be empty
	Annotations   map[string]string // of the content in the manifest; cosign keeps certificates and log entries in them
	Content       []byte
}

// AttachedStatements reads every attestation attached to the image or index with
// that digest, in both layouts: Sigstore bundles as referrers, as cosign 3 writes
// them, and the envelopes under the tag sha256-….att, as cosign 2 does. wanted
// chooses by predicate type; nil wants all. An attestation whose manifest does not
// state its predicate type is always read.
//
// Each list, manifest and content that could not be read is a Failure, which hides
// none of the others, and so are attestations beyond the limits: 256 of one digest,
// 16 MiB for one, 128 MiB for all. No documents and no failures mean that everything
// was read and nothing is attached. The documents are in the order of their digests
// of referrers, then of the tag's layers.
func (r Reference) AttachedStatements(ctx context.Context, digest string, wanted func(predicateType string) bool) ([]Document, []Failure) {
	if !r.Attaches() {
		return nil, nil
	}
	s := statements{ref: r, wanted: wanted}
	referrers, failed := r.referring(ctx, digest, s.mayHold)
	for _, f := range failed {
		s.failed = append(s.failed, Failure{Digest: f.Digest, Err: fmt.Errorf("referrers of %s: %w", digest, f.Err)})
	}
	for _, a := range referrers {
		s.take(ctx, a, "referrer "+a.Digest)
	}
	tagged, tag, failure := r.UnderTag(ctx, digest, ".att")
	if failure != nil {
		s.failed = append(s.failed, *failure)
	}
	if tagged != nil {
		for _, b := range tagged.Blobs {
			one := *tagged
			one.Blobs = []Blob{b}
			s.take(ctx, one, "tag "+tag+", layer "+b.Digest)
		}
	}
	if s.passed > 0 {
		s.failed = append(s.failed, Failure{Err: fmt.Errorf("more than %d attestations are attached to %s: %d were not read", maxStatements, digest, s.passed)})
	}
	return s.found, s.failed
}

// statements gathers the attestations of one image or index.
type statements struct {
	ref    Reference
	wanted func(predicateType string) bool // nil: all

	found  []Document
	failed []Failure
	read   int // contents, with those that failed
	passed int // contents beyond maxStatements
	bytes  int // of all contents
}

// mayHold reports whether a listed manifest may hold wanted attestations. A list
// may state the type of the configuration in place of an artifactType.
func (s *statements) mayHold(entry referred) bool {
	switch artifactType := PlainType(entry.ArtifactType); artifactType {
	case "", emptyType, "application/vnd.oci.image.config.v1+json", "application/vnd.dev.cosign.artifact.att.v1+json":
	default:
		if !HoldsStatement(artifactType) {
			return false
		}
	}
	return s.wants(predicateTypes(entry.Annotations))
}

// wants reports whether attestations with those predicate types are read.
func (s *statements) wants(predicateTypes []string) bool {
	return s.wanted == nil || len(predicateTypes) == 0 || slices.ContainsFunc(predicateTypes, s.wanted)
}

// take reads the attestations that a holds.
func (s *statements) take(ctx context.Context, a Attachment, where string) {
	for _, b := range a.Blobs {
		types := a.PredicateTypes(b)
		if !HoldsStatement(b.MediaType) || !s.wants(types) {
			continue
		}
		if s.read == maxStatements {
			s.passed++
			continue
		}
		s.read++
		where := where
		if len(a.Blobs) > 1 {
			where += ", layer " + b.Digest
		}
		content, err := s.content(ctx, b)
		if err != nil {
			s.failed = append(s.failed, Failure{Digest: a.Digest, Err: fmt.Errorf("%s: %w", where, err)})
			continue
		}
		document := Document{Where: where, Digest: b.Digest, Annotations: b.Annotations, Content: content}
		if len(types) > 0 {
			document.PredicateType = types[0]
		}
		s.found = append(s.found, document)
	}
}

// content reads b, within the limit of all contents together.
func (s *statements) content(ctx context.Context, b Blob) ([]byte, error) {
	if left := maxStatementBytes - s.bytes; b.Size <= maxStatement && b.Size > int64(left) {
		return nil, fmt.Errorf("the attestations have more than %d bytes together", maxStatementBytes)
	}
	content, err := s.ref.Content(ctx, b, maxStatement)
	s.bytes += len(content)
	return content, err
}

// HoldsStatement reports whether contents of that media type are attestations: a
// Sigstore bundle, a DSSE envelope or an in-toto statement.
func HoldsStatement(mediaType string) bool {
	mediaType = PlainType(mediaType)
	return mediaType == envelopeType || mediaType == statementType || strings.HasPrefix(mediaType, bundleFamily)
}

// PlainType is a media type without its parameters, in lower case.
func PlainType(mediaType string) string {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}

// PredicateTypes are what the annotations of b and of a say about the type of the
// predicate in b, without proof; nil if they do not say it.
func (a Attachment) PredicateTypes(b Blob) []string {
	return predicateTypes(b.Annotations, a.Annotations)
}

func predicateTypes(annotations ...map[string]string) []string {
	var found []string
	for _, name := range []string{"predicateType", "in-toto.io/predicate-type", predicateNote} {
		for _, notes := range annotations {
			if kind := notes[name]; kind != "" && !slices.Contains(found, kind) {
				found = append(found, kind)
			}
		}
	}
	return found
}

// UnderTag reads the manifest under the tag that cosign derives from digest:
// sha256-HEX and a suffix, such as ".att". It returns nil and no failure if there is
// none. A manifest that names another subject is a failure.
func (r Reference) UnderTag(ctx context.Context, digest, suffix string) (a *Attachment, tag string, failed *Failure) {
	tag = fallbackTag(digest) + suffix
	found, err := r.Attachment(ctx, tag)
	switch {
	case errors.Is(err, ErrAbsent):
		return nil, tag, nil
	case err != nil:
		return nil, tag, &Failure{Err: fmt.Errorf("tag %s: %w", tag, err)}
	case found.Subject != "" && found.Subject != digest:
		return nil, tag, &Failure{Digest: found.Digest, Err: fmt.Errorf("the tag %s holds something about %s, and not about %s", tag, found.Subject, digest)}
	}
	return &found, tag, nil
}

// Content reads the bytes of b, at most max, and verifies their digest. A content
// that is declared to be longer is not requested.
func (r Reference) Content(ctx context.Context, b Blob, max int64) ([]byte, error) {
	if b.Size > max {
		return nil, fmt.Errorf("it has %d bytes, and at most %d are read", b.Size, max)
	}
	limit := maxContent
	if end, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(end)/4)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not downloaded within %s", limit.Round(time.Millisecond)))
	defer cancel()
	body, err := r.Open(ctx, b.Digest, max)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}
