// Package attached finds the bills of materials that lie beside an image in its
// registry: as referrers, under the tags sha256-….att and sha256-….sbom that
// cosign uses, and in the index, where BuildKit puts them.
//
// A bill counts only if it is bound to the image: the statement around it, or
// the manifest that holds it, names the image's digest, and the bill itself
// names no other. Signatures are not looked at: who made a bill, nobody knows.
package attached

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/registry"
	"github.com/prodgate/prodgate/collectors/vulnerabilities/inventory"
	"github.com/prodgate/prodgate/collectors/vulnerabilities/inventory/sbom"
)

// ErrNone says that the place was read, and that no bill of materials is
// attached to the image. Every other error means that nobody could look, or that
// what is attached can't be relied on.
var ErrNone = errors.New("no bill of materials is attached to it")

// maxBills bounds how many contents are read for one image.
const maxBills = 32

// Bill is a bill of materials bound to an image. Its Kind is
// inventory.KindAttached, its Digest the image's.
type Bill struct {
	*inventory.Inventory
	Where string // referrer sha256:…, tag sha256-….att, or attestation sha256:… in the index
}

// Find reads the bills of materials attached to the image with that digest in
// ref's repository, in the order of where they lie. indexes are the digests of
// the indexes that list the image, if any: BuildKit's statements lie in them, and
// a bill that lies beside the image may speak of itself as the index's.
//
// The error is ErrNone if there are none. A bill of another image is an error
// that names both.
func Find(ctx context.Context, ref registry.Reference, digest string, indexes ...string) ([]Bill, error) {
	f := finder{ref: ref, digest: digest, accepted: append([]string{digest}, indexes...)}
	if err := f.find(ctx, indexes); err != nil {
		return nil, fmt.Errorf("bills of materials attached to %s@%s: %w", ref.Repository, digest, err)
	}
	if len(f.bills) == 0 {
		if len(f.unreadable) > 0 {
			return nil, fmt.Errorf("bills of materials attached to %s@%s: %w", ref.Repository, digest, errors.Join(f.unreadable...))
		}
		return nil, fmt.Errorf("%s@%s: %w", ref.Repository, digest, ErrNone)
	}
	return f.bills, nil
}

// finder gathers the bills of one image.
type finder struct {
	ref      registry.Reference
	digest   string
	accepted []string // the image's digest, and those of indexes that list it

	read       map[string]bool // the contents that were read, by digest
	bills      []Bill
	unreadable []error // bills in a format that is not read
}

func (f *finder) find(ctx context.Context, indexes []string) error {
	if !f.ref.Attaches() {
		return nil
	}
	referrers, err := f.ref.Referrers(ctx, f.digest, mayHoldBill)
	if err != nil {
		return err
	}
	for _, a := range referrers {
		if err := f.take(ctx, a, "referrer "+a.Digest); err != nil {
			return err
		}
	}
	for _, suffix := range []string{".att", ".sbom"} {
		tag := strings.Replace(f.digest, ":", "-", 1) + suffix
		a, err := f.ref.Attachment(ctx, tag)
		if errors.Is(err, registry.ErrAbsent) {
			continue
		}
		if err != nil {
			return err
		}
		if a.Subject != "" && a.Subject != f.digest {
			return fmt.Errorf("the tag %s holds something about %s, and not about %s", tag, a.Subject, f.digest)
		}
		if err := f.take(ctx, a, "tag "+tag); err != nil {
			return err
		}
	}
	for _, index := range indexes {
		if err := f.inIndex(ctx, index); err != nil {
			return err
		}
	}
	return nil
}

// inIndex takes what the index says to be statements about the image.
func (f *finder) inIndex(ctx context.Context, index string) error {
	m, err := f.ref.Manifest(ctx, index)
	if err != nil {
		return err
	}
	for _, digest := range m.Attestations(f.digest) {
		a, err := f.ref.Attachment(ctx, digest)
		if err != nil {
			return err
		}
		if err := f.take(ctx, a, "attestation "+digest+" in the index"); err != nil {
			return err
		}
	}
	return nil
}

// take reads the bills that a holds.
func (f *finder) take(ctx context.Context, a registry.Attachment, where string) error {
	for _, b := range a.Blobs {
		form := formOf(b, a)
		if form == nothing || f.read[b.Digest] {
			continue
		}
		if form == foreign {
			f.unreadable = append(f.unreadable, fmt.Errorf("%s: it is of the media type %s; CycloneDX and SPDX are read", where, b.MediaType))
			continue
		}
		if f.read == nil {
			f.read = map[string]bool{}
		}
		if f.read[b.Digest] = true; len(f.read) > maxBills {
			return fmt.Errorf("there are more than %d", maxBills)
		}
		content, err := f.content(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		found, err := sbom.Read(where, content)
		if errors.Is(err, sbom.ErrOther) {
			continue
		}
		if err != nil {
			return err
		}
		if err := f.bind(found, form, where); err != nil {
			return err
		}
	}
	return nil
}

// content reads the bytes of b.
func (f *finder) content(ctx context.Context, b registry.Blob) ([]byte, error) {
	if b.Size > sbom.MaxSize {
		return nil, fmt.Errorf("it has %d bytes, and at most %d are read", b.Size, int64(sbom.MaxSize))
	}
	body, err := f.ref.Open(ctx, b.Digest, sbom.MaxSize)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// bind keeps those of found that are about the image, and is an error if there
// is none. A statement has to name it; a bare bill is bound by the manifest that
// holds it, and may say nothing else.
func (f *finder) bind(found []*inventory.Inventory, form form, where string) error {
	var other []string
	kept := false
	for _, inv := range found {
		about := inv.Digest == f.digest
		if form == bare {
			about = inv.Digest == "" || slices.Contains(f.accepted, inv.Digest)
		}
		if !about {
			other = append(other, inv.Digest)
			continue
		}
		if kept && form == bare {
			continue // the same bill, once for each of the digests that it names
		}
		kept = true
		inv.Digest, inv.Kind = f.digest, inventory.KindAttached
		f.bills = append(f.bills, Bill{Inventory: inv, Where: where})
	}
	if !kept {
		if slices.Equal(other, []string{""}) {
			return fmt.Errorf("%s: its statement names no sha256 digest, and %s is asked for", where, f.digest)
		}
		return fmt.Errorf("%s: it is about %s, and not about %s", where, strings.Join(other, ", "), f.digest)
	}
	return nil
}
