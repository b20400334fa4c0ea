package scan

import (
	"context"
	"fmt"
	"slices"

	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/attached"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/image"
)

// attachments reads what is attached to the images and indexes of one artifact.
type attachments struct {
	ref     registry.Reference
	verify  attached.Verify
	indexes []registry.Index // the artifact's, each before those that it lists
}

// attachmentsOf finds the indexes of the artifact that reference names.
func (o Options) attachmentsOf(ctx context.Context, reference, artifact string) (attachments, error) {
	ref, err := registry.Parse(reference, o.Registry)
	if err != nil || !ref.Attaches() {
		return attachments{ref: ref, verify: o.Verify}, err
	}
	m, err := ref.Manifest(ctx, artifact)
	if err != nil {
		return attachments{}, err
	}
	indexes, err := ref.Indexes(ctx, m)
	return attachments{ref: ref, verify: o.Verify, indexes: indexes}, err
}

// to are the SBOMs attached to the image with that digest.
func (a attachments) to(ctx context.Context, digest string) attached.Found {
	var within []string
	for _, index := range a.indexes {
		if slices.Contains(index.Lists, digest) {
			within = append(within, index.Digest)
		}
	}
	return attached.Find(ctx, a.ref, a.verify, digest, within...)
}

// covers reports whether what is about digest is about that image: its own, or an
// index's that lists it.
func (a attachments) covers(digest, image string) bool {
	return digest == image || slices.ContainsFunc(a.indexes, func(index registry.Index) bool {
		return index.Digest == digest && slices.Contains(index.Lists, image)
	})
}

// addAttached adds to scans, one for each image of the artifact, the findings of the
// SBOMs attached to the images and to their indexes, and the SBOMs that could not be
// read. An SBOM of an index is about the image that it names, else about each that
// the index lists.
func (o Options) addAttached(ctx context.Context, db *advisories.Database, scans []Scan, reference, artifact string) error {
	all, err := o.attachmentsOf(ctx, reference, artifact)
	if err != nil {
		return err
	}
	for i := range scans {
		if digest := scans[i].Inventory.Digest; digest != "" {
			if err := o.addSBOMs(ctx, db, all, all.to(ctx, digest), digest, scans); err != nil {
				return err
			}
		}
	}
	for _, index := range all.indexes {
		if err := o.addSBOMs(ctx, db, all, attached.FindOfIndex(ctx, all.ref, all.verify, index), index.Digest, scans); err != nil {
			return err
		}
	}
	return nil
}

// addSBOMs adds what found, which is attached to the digest at, says to those of
// scans that it is about, and what could not be read to the first that at covers.
func (o Options) addSBOMs(ctx context.Context, db *advisories.Database, all attachments, found attached.Found, at string, scans []Scan) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, one := range found.SBOMs {
		seen, err := o.match(ctx, db, one.Inventory)
		if err != nil {
			return err
		}
		for i := range scans {
			if all.covers(one.Digest, scans[i].Inventory.Digest) {
				scans[i].add(seen)
			}
		}
	}
	first := slices.IndexFunc(scans, func(s Scan) bool { return all.covers(at, s.Inventory.Digest) })
	if first >= 0 {
		scans[first].Undetermined = append(scans[first].Undetermined, o.unread(found)...)
	}
	return nil
}

// unread returns the entries of found that could not be read, without secrets.
func (o Options) unread(found attached.Found) []finding.Undetermined {
	list := slices.Clone(found.Unread)
	for i := range list {
		if o.Redact != nil {
			list[i].Reason = o.Redact(list[i].Reason)
		}
	}
	return list
}

// attached reads only the attached SBOMs.
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
	all, err := o.attachmentsOf(ctx, reference, m.Digest)
	if err != nil {
		return nil, err
	}
	whole := make([]attached.Found, len(all.indexes))
	for i, index := range all.indexes {
		whole[i] = attached.FindOfIndex(ctx, ref, all.verify, index)
	}
	var scans []Scan
	for _, p := range listed.Images {
		if !image.Wanted(p.Platform, o.Platforms) {
			continue
		}
		found := all.merge(all.to(ctx, p.Digest), whole, p.Digest, len(listed.Images) == 1)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := found.Err(); err != nil {
			return nil, fmt.Errorf("%w; scan the image itself with --inventory image, or attach an SBOM to %s", err, p.Digest)
		}
		own, err := o.described(ctx, db, found, p)
		if err != nil {
			return nil, err
		}
		for i := range own {
			own[i].Artifact = m.Digest
		}
		own[0].Undetermined = append(own[0].Undetermined, o.unread(found)...)
		scans = append(scans, own...)
	}
	if len(scans) == 0 {
		return nil, fmt.Errorf("%s has no image for the platforms %v", reference, o.Platforms)
	}
	scans[0].Others = listed.Others
	return scans, nil
}

// described are the scans of an image by the SBOMs that describe it, of which there is at
// least one. Next to one that is signed and names the image, the others add what they
// find: whoever can push to the repository can attach an SBOM.
func (o Options) described(ctx context.Context, db *advisories.Database, found attached.Found, p registry.Platform) ([]Scan, error) {
	var signed, others []Scan
	for _, one := range found.SBOMs {
		inv := *one.Inventory // an index's is about several images
		inv.Digest, inv.Platform = p.Digest, p.Platform
		scan, err := o.match(ctx, db, &inv)
		if err != nil {
			return nil, err
		}
		if one.Signer != "" && one.Digest == p.Digest {
			scan.Signer = one.Signer
			signed = append(signed, scan)
		} else {
			others = append(others, scan)
		}
	}
	if len(signed) == 0 {
		return others, nil
	}
	for _, other := range others {
		signed[0].add(other)
	}
	return signed, nil
}

// merge is what is attached to one image, own, and to the indexes that list
// it, whole. An SBOM of an index that names no image of it may list the packages
// of another platform: alone it does not describe this one, unless the
// artifact has only this one.
func (a attachments) merge(own attached.Found, whole []attached.Found, digest string, only bool) attached.Found {
	named := len(own.SBOMs) > 0
	for i, found := range whole {
		if !slices.Contains(a.indexes[i].Lists, digest) {
			continue
		}
		for _, one := range found.SBOMs {
			if a.covers(one.Digest, digest) {
				named = named || only || one.Digest == digest
				own.SBOMs = append(own.SBOMs, one)
			}
		}
		own.Unread = append(own.Unread, found.Unread...)
	}
	if len(own.SBOMs) > 0 && !named {
		own.Unread = append(own.Unread, finding.Undetermined{Package: attached.UnreadSBOM, Version: digest,
			Reason: "the only SBOM is attached to the index and does not say which platform it is about; attach one to this image"})
	}
	return own
}
