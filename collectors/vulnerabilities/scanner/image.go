package scanner

import (
	"context"
	"errors"
	"fmt"

	"github.com/prodgate/prodgate/collectors/internal/registry"
	"github.com/prodgate/prodgate/collectors/vulnerabilities/advisories"
	"github.com/prodgate/prodgate/collectors/vulnerabilities/inventory"
	"github.com/prodgate/prodgate/collectors/vulnerabilities/inventory/attached"
	"github.com/prodgate/prodgate/collectors/vulnerabilities/inventory/image"
)

// Image looks at the image that reference names: HOST/REPOSITORY[:TAG][@sha256:…],
// oci:DIR[:TAG][@sha256:…] or tarball:FILE. It returns a scan for each platform,
// in the order of their names; FromAttached may give several for one. An error
// means that nobody could look; then nothing is known.
func Image(ctx context.Context, reference string, o Options) ([]Scan, error) {
	db, err := o.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }() // it was only read
	if o.From == FromAttached {
		return o.attached(ctx, db, reference)
	}
	read, err := image.Read(ctx, reference, image.Options{Registry: o.Registry, Platforms: o.Platforms, Undigested: o.Undigested, Progress: o.progress(reference)})
	if err != nil {
		return nil, err
	}
	var scans []Scan
	for _, inv := range read.Inventories {
		scan, err := o.look(ctx, db, inv)
		if err != nil {
			return nil, err
		}
		if o.From != FromImage && inv.Digest != "" {
			if err := o.besides(ctx, db, &scan, reference, read.Digest); err != nil {
				return nil, err
			}
		}
		scans = append(scans, scan)
	}
	if len(scans) > 0 {
		scans[0].Others = read.Others
	}
	return scans, nil
}

// progress is told how far a read has come.
func (o Options) progress(what string) func(read, total int64) {
	if o.Progress == nil {
		return nil
	}
	return func(read, total int64) { o.Progress(what, read, total) }
}

// besides adds to scan what the bills of materials attached to its image find.
// One that cannot be read is told and changes nothing: the image itself was
// looked at.
func (o Options) besides(ctx context.Context, db *advisories.Database, scan *Scan, reference, artifact string) error {
	bills, err := o.bills(ctx, reference, scan.Inventory.Digest, artifact)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		if !errors.Is(err, attached.ErrNone) {
			scan.Warnings = append(scan.Warnings, err.Error())
		}
		return nil
	}
	for _, bill := range bills {
		found, err := o.look(ctx, db, bill.Inventory)
		if err != nil {
			return err
		}
		scan.add(found)
	}
	return nil
}

// bills are the bills of materials attached to one image of the artifact.
func (o Options) bills(ctx context.Context, reference, digest, artifact string) ([]attached.Bill, error) {
	ref, err := registry.Parse(reference, o.Registry)
	if err != nil {
		return nil, err
	}
	var indexes []string
	if digest != artifact {
		indexes = append(indexes, artifact)
	}
	return attached.Find(ctx, ref, digest, indexes...)
}

// attached looks at the attached bills of materials alone.
func (o Options) attached(ctx context.Context, db *advisories.Database, reference string) ([]Scan, error) {
	ref, err := registry.Parse(reference, o.Registry)
	if err != nil {
		return nil, err
	}
	m, err := ref.Resolve(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := ref.List(ctx, m, func(platform string) bool { return image.Wanted(platform, o.Platforms) })
	if err != nil {
		return nil, err
	}
	var scans []Scan
	for _, p := range listed.Images {
		if !image.Wanted(p.Platform, o.Platforms) {
			continue
		}
		bills, err := o.bills(ctx, reference, p.Digest, m.Digest)
		if err != nil {
			return nil, fmt.Errorf("%w; scan the image itself with --inventory image, or attach a bill of materials to %s", err, p.Digest)
		}
		for _, bill := range bills {
			bill.Inventory.Digest, bill.Inventory.Platform = p.Digest, p.Platform
			scan, err := o.look(ctx, db, bill.Inventory)
			if err != nil {
				return nil, err
			}
			scans = append(scans, scan)
		}
	}
	if len(scans) == 0 {
		return nil, fmt.Errorf("%s has no image for the wanted platforms %v", reference, o.Platforms)
	}
	scans[0].Others = listed.Others
	return scans, nil
}

// Bill looks at what a bill of materials lists: one scan for each bill in
// content, as sbom.Read returns them.
func Bill(ctx context.Context, bills []*inventory.Inventory, o Options) ([]Scan, error) {
	db, err := o.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }() // it was only read
	var scans []Scan
	for _, inv := range bills {
		scan, err := o.look(ctx, db, inv)
		if err != nil {
			return nil, err
		}
		scans = append(scans, scan)
	}
	return scans, nil
}
