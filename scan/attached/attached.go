// Package attached finds the SBOMs that are attached to an image or an index in
// its registry: as referrers, under the tags sha256-….att and sha256-….sbom that
// cosign uses, and in the index, where BuildKit puts them.
//
// An SBOM counts only if it is bound to the image: the statement around it, or
// the manifest that holds it, names the image's digest, and the SBOM itself
// names no other. Who signed it is found out only with a Verify; otherwise its author is
// unknown. What could not be read is reported, and hides nothing that could.
package attached

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/sbom"
)

// ErrNone means that every place was read, and no SBOM is attached to the image.
var ErrNone = errors.New("no SBOM is attached to it")

// The Package of an entry of Found.Unread, which settings may tolerate.
const (
	UnreadSBOM   = "attached SBOM"        // one attachment; its version is the digest of the attachment's manifest
	UnreadLookup = "attached SBOM lookup" // a list or a tag; its version is the digest that was searched for
)

// maxSBOMs bounds how many contents are read for one image.
const maxSBOMs = 32

// SBOM is an SBOM bound to an image. Its Kind is inventory.KindAttached, its
// Digest the image's. One that is attached to an index has the digest of the
// image that it names, or the index's if it is about the index as a whole.
type SBOM struct {
	*inventory.Inventory
	Where  string // referrer sha256:…, tag sha256-….att, or attestation sha256:… in the index
	Signer string // whose signature on the statement around it was verified; empty: no one's
}

// Verify returns the name of the signer whose signature on a statement counts, or why no
// signature does.
type Verify func(attestation.Attestation) (signer string, err error)

// Found has the attachments of one image or index.
type Found struct {
	SBOMs  []SBOM                 // in the order of where they were found
	Unread []finding.Undetermined // each attachment, tag and list that could not be read, and why

	about string
}

// Err is ErrNone if there are no SBOMs and nothing that could not be read, an
// error that gives the reasons if there is only what could not be read, and nil
// if there is an SBOM.
func (f Found) Err() error {
	switch {
	case len(f.SBOMs) > 0:
		return nil
	case len(f.Unread) == 0:
		return fmt.Errorf("%s: %w", f.about, ErrNone)
	}
	var reasons []string
	for _, u := range f.Unread {
		reasons = append(reasons, u.Version+": "+u.Reason)
	}
	return fmt.Errorf("SBOMs attached to %s: %s", f.about, strings.Join(reasons, "; "))
}

// Find reads the SBOMs attached to the image with that digest in ref's
// repository. indexes are the digests of the indexes that list the image, if
// any: BuildKit's statements are in them, and an SBOM attached to the image may
// name one of them as what it is about. verify finds out who signed them; nil: no
// signature is verified.
func Find(ctx context.Context, ref registry.Reference, verify Verify, digest string, indexes ...string) Found {
	f := finder{ref: ref, verify: verify, digest: digest, accepted: append([]string{digest}, indexes...)}
	f.find(ctx, indexes)
	return f.found()
}

// FindOfIndex reads the SBOMs attached to an index itself. An SBOM that names a
// manifest that the index lists is about that one, every other about the index.
// verify is as in Find.
func FindOfIndex(ctx context.Context, ref registry.Reference, verify Verify, index registry.Index) Found {
	f := finder{ref: ref, verify: verify, digest: index.Digest, accepted: append([]string{index.Digest}, index.Within...), listed: index.Lists}
	f.find(ctx, nil)
	return f.found()
}

// finder gathers the SBOMs of one image or index.
type finder struct {
	ref      registry.Reference
	verify   Verify // nil: no signature is verified
	digest   string
	accepted []string // the digest, and those of indexes that list it
	listed   []string // the manifests that an index lists

	read    map[string]bool // the contents that were read, by digest
	passed  int             // contents beyond the limit
	sboms   []SBOM
	unread  []finding.Undetermined
	foreign []finding.Undetermined // SBOMs in a format that is not read
}

func (f *finder) found() Found {
	if f.passed > 0 {
		f.lookup(fmt.Errorf("there are more than %d attachments that may be SBOMs: %d were not read", maxSBOMs, f.passed))
	}
	if len(f.sboms) == 0 {
		f.unread = append(f.unread, f.foreign...)
	}
	slices.SortFunc(f.unread, func(a, b finding.Undetermined) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Reason, b.Reason))
	})
	return Found{SBOMs: f.sboms, Unread: f.unread, about: f.ref.Repository + "@" + f.digest}
}

// lookup notes a list or a tag that could not be read.
func (f *finder) lookup(err error) {
	f.unread = append(f.unread, finding.Undetermined{Package: UnreadLookup, Version: f.digest, Reason: err.Error()})
}

// unreadable returns the entry for an attachment that could not be read.
func unreadable(digest string, err error) finding.Undetermined {
	return finding.Undetermined{Package: UnreadSBOM, Version: digest, Reason: err.Error()}
}

func (f *finder) find(ctx context.Context, indexes []string) {
	if !f.ref.Attaches() {
		return
	}
	referrers, failed := f.ref.Referrers(ctx, f.digest, mayHoldSBOM)
	for _, failure := range failed {
		err := fmt.Errorf("referrers of %s: %w", f.digest, failure.Err)
		if failure.Digest == "" {
			f.lookup(err)
		} else {
			f.unread = append(f.unread, unreadable(failure.Digest, err))
		}
	}
	for _, a := range referrers {
		f.take(ctx, a, "referrer "+a.Digest)
	}
	for _, suffix := range []string{".att", ".sbom"} {
		tagged, tag, failed := f.ref.UnderTag(ctx, f.digest, suffix)
		switch {
		case failed != nil && failed.Digest == "":
			f.lookup(failed.Err)
		case failed != nil:
			f.unread = append(f.unread, unreadable(failed.Digest, failed.Err))
		case tagged != nil:
			f.take(ctx, *tagged, "tag "+tag)
		}
	}
	for _, index := range indexes {
		f.inIndex(ctx, index)
	}
}

// inIndex takes what the index says to be statements about the image.
func (f *finder) inIndex(ctx context.Context, index string) {
	m, err := f.ref.Manifest(ctx, index)
	if err != nil {
		f.lookup(fmt.Errorf("attestations in the index %s: %w", index, err))
		return
	}
	for _, digest := range m.Attestations(f.digest) {
		where := "attestation " + digest + " in the index"
		a, err := f.ref.Attachment(ctx, digest)
		if err != nil {
			f.unread = append(f.unread, unreadable(digest, fmt.Errorf("%s: %w", where, err)))
			continue
		}
		f.take(ctx, a, where)
	}
}

// take reads the SBOMs that a holds. One that cannot be read hides no other.
func (f *finder) take(ctx context.Context, a registry.Attachment, where string) {
	for _, b := range a.Blobs {
		form := formOf(b, a)
		if form == nothing || f.read[b.Digest] {
			continue
		}
		if form == foreign {
			f.foreign = append(f.foreign, unreadable(a.Digest, fmt.Errorf("%s: it is of the media type %s; CycloneDX and SPDX are read", where, b.MediaType)))
			continue
		}
		if f.read == nil {
			f.read = map[string]bool{}
		}
		if len(f.read) == maxSBOMs {
			f.passed++
			continue
		}
		f.read[b.Digest] = true
		where := where
		if len(a.Blobs) > 1 {
			where += ", content " + b.Digest
		}
		if err := f.takeBlob(ctx, b, form, where); err != nil {
			f.unread = append(f.unread, unreadable(a.Digest, err))
		}
	}
}

// takeBlob reads the SBOMs in one content, which may hold something else.
func (f *finder) takeBlob(ctx context.Context, b registry.Blob, form form, where string) error {
	content, err := f.ref.Content(ctx, b, sbom.MaxSize)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	signer := ""
	if signed, by := f.signed(b, where, content); by != "" {
		content, signer, form = signed, by, stated
	}
	found, err := sbom.Read(where, content)
	if errors.Is(err, sbom.ErrOther) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.bind(found, form, where, signer)
}

// signed is the statement in content without what is around it, and who signed it; empty
// if no signature on it counts. Only what was signed may be read as the signer's.
func (f *finder) signed(b registry.Blob, where string, content []byte) (statement []byte, signer string) {
	if f.verify == nil {
		return nil, ""
	}
	content, err := attestation.Bundled(content, b.Annotations)
	if err != nil {
		return nil, ""
	}
	a, err := attestation.ReadOne(where, content)
	if err != nil {
		return nil, ""
	}
	if signer, err = f.verify(a); err != nil {
		return nil, ""
	}
	statement, err = attestation.NewStatement(a.Statement.PredicateType, a.Statement.Subjects, a.Statement.Predicate)
	if err != nil {
		return nil, ""
	}
	return statement, signer
}

// bind keeps those of found that are about the image or index, and is an error
// if there are none. A statement has to name it; a bare SBOM is bound by the
// manifest that holds it, and may name no other image.
func (f *finder) bind(found []*inventory.Inventory, form form, where, signer string) error {
	var kept, other []string
	for _, inv := range found {
		digest, ok := f.boundTo(inv.Digest, form)
		if !ok {
			other = append(other, inv.Digest)
			continue
		}
		if form == bare && slices.Contains(kept, digest) {
			continue // the same SBOM, once for each of the digests that it names
		}
		kept = append(kept, digest)
		inv.Digest, inv.Kind = digest, inventory.KindAttached
		f.sboms = append(f.sboms, SBOM{Inventory: inv, Where: where, Signer: signer})
	}
	switch {
	case len(kept) > 0:
		return nil
	case slices.Equal(other, []string{""}):
		return fmt.Errorf("%s: its statement names no sha256 digest, and %s is required", where, f.digest)
	}
	return fmt.Errorf("%s: it is about %s, and not about %s", where, strings.Join(other, ", "), f.digest)
}

// boundTo is the digest that an SBOM is about which names the digest named, "" for
// none; false if it is about something else.
func (f *finder) boundTo(named string, form form) (string, bool) {
	switch {
	case named == f.digest, form == bare && (named == "" || slices.Contains(f.accepted, named)):
		return f.digest, true
	case slices.Contains(f.listed, named):
		return named, true
	}
	return "", false
}
