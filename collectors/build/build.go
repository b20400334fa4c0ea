// Package build reads the build's own record, SLSA provenance, from one file as
// build systems write it: an in-toto statement (v0.1 or v1) with provenance v0.2
// or v1, plain, in a DSSE envelope or in a Sigstore bundle, alone or several one
// after another (.intoto.jsonl).
//
// The commit is that of the source, which each build type records in a place of
// its own (buildtypes.go): no other commit in the record is ever taken for it.
//
// No signature is checked: what is reported has verified_by null.
//
// Reported is the statement about the request's digest. If there is none and the
// file holds one statement about one digest, that is reported, under the digest
// it names: a record of another artifact is a fact, and the policies deny on it.
package build

import (
	"context"
	_ "embed" // the skeleton
	"fmt"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// Skeleton shows the keys that are read.
//
//go:embed skeleton.json
var Skeleton string

// Collector reads provenance from File.
type Collector struct {
	File strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "build" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file and picks the statement about req.Digest.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	t, err := c.File.Read(ctx)
	if err != nil {
		return nil, err
	}
	records, err := parse(t)
	if err != nil {
		return nil, err
	}
	section, err := pick(records, req.Digest)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	return facts.Observed{Section: section, Evidence: t.Evidence}, nil
}

// pick is what the records say about digest, or what the only one says about
// the only digest it names.
func pick(records []record, digest string) (*facts.Build, error) {
	var found *facts.Build
	var others []string
	for _, r := range records {
		others = append(others, r.digests...)
		if !slices.Contains(r.digests, digest) {
			continue
		}
		said, err := r.build(digest)
		if err != nil {
			return nil, err
		}
		if found == nil {
			found = said
			continue
		}
		if err := merge(found, said); err != nil {
			return nil, err
		}
	}
	slices.Sort(others)
	others = slices.Compact(others)
	switch {
	case found != nil:
		return found, nil
	case len(records) == 1 && len(others) == 1:
		return records[0].build(others[0])
	case len(others) == 0:
		return nil, fmt.Errorf("the provenance names no sha256 digest")
	}
	return nil, fmt.Errorf("no provenance for %s; found records of %s", digest, some(others))
}

// merge adds what another record of the same artifact says to found. The earlier
// of two times stays: it claims less.
func merge(found, other *facts.Build) error {
	if found.Commit != other.Commit || found.Builder != other.Builder {
		return fmt.Errorf("two records of %s contradict each other: commit %s by %s, commit %s by %s; keep the true one",
			found.Digest, found.Commit, found.Builder, other.Commit, other.Builder)
	}
	switch {
	case found.Repository == nil:
		found.Repository = other.Repository
	case other.Repository != nil && !sameRepository(*found.Repository, *other.Repository):
		return fmt.Errorf("two records of %s contradict each other: built from %s and from %s; keep the true one",
			found.Digest, *found.Repository, *other.Repository)
	}
	if found.BuiltAt == nil || other.BuiltAt != nil && other.BuiltAt.Before(*found.BuiltAt) {
		found.BuiltAt = other.BuiltAt
	}
	return nil
}

// some lists the first few of many.
func some(list []string) string {
	const few = 5
	if len(list) <= few {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:few], ", "), len(list)-few)
}
