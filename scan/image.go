package scan

import (
	"context"

	"github.com/prodgate/prodgate/scan/image"
	"github.com/prodgate/prodgate/scan/inventory"
)

// Image looks at the image that reference names: HOST/REPOSITORY[:TAG][@sha256:…],
// oci:DIR[:TAG][@sha256:…] or tarball:FILE. It returns a scan for each platform,
// in the order of their names; FromAttached may give several for one. An error
// means that the image could not be read; then nothing is known.
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
		scan, err := o.match(ctx, db, inv)
		if err != nil {
			return nil, err
		}
		scan.Artifact = read.Digest
		scans = append(scans, scan)
	}
	if len(scans) > 0 {
		scans[0].Others = read.Others
	}
	if o.From == FromImage || read.Digest == "" {
		return scans, nil
	}
	return scans, o.addAttached(ctx, db, scans, reference, read.Digest)
}

// progress receives the progress of a read.
func (o Options) progress(what string) func(read, total int64) {
	if o.Progress == nil {
		return nil
	}
	return func(read, total int64) { o.Progress(what, read, total) }
}

// SBOM scans what SBOMs list: one scan for each inventory in
// content, as sbom.Read returns them.
func SBOM(ctx context.Context, sboms []*inventory.Inventory, o Options) ([]Scan, error) {
	db, err := o.open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }() // it was only read
	var scans []Scan
	for _, inv := range sboms {
		scan, err := o.match(ctx, db, inv)
		if err != nil {
			return nil, err
		}
		scans = append(scans, scan)
	}
	return scans, nil
}
