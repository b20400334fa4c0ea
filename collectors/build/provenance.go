package build

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/strict"
)

// record is one provenance statement.
type record struct {
	digests   []string // sha256:…, of its subjects
	predicate strict.Value
	version   string // of the predicate: v0.2 or v1
}

// parse reads every provenance statement of t. Statements of other types (SBOMs,
// test results) are skipped; an unknown version of provenance is an error.
func parse(t strict.Text) ([]record, error) {
	attestations, err := attestation.Read(t.Name, t.Data)
	if err != nil {
		return nil, err
	}
	var records []record
	for _, a := range attestations {
		r, ok, err := recordOf(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		if ok {
			records = append(records, r)
		}
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("%s: holds no SLSA provenance", t.Name)
	}
	return records, nil
}

// recordOf is a as provenance; false if it is a statement of another type.
func recordOf(a attestation.Attestation) (record, bool, error) {
	version, ok := strings.CutPrefix(a.Statement.PredicateType, "https://slsa.dev/provenance/")
	if !ok {
		return record{}, false, nil
	}
	if version != "v0.2" && version != "v1" {
		return record{}, false, fmt.Errorf("predicateType is %q; v0.2 and v1 are read", a.Statement.PredicateType)
	}
	r := record{version: version}
	if len(a.Statement.Predicate) > 0 {
		predicate := strict.Text{Name: a.Name + " (predicate)", Data: a.Statement.Predicate}
		if err := predicate.Decode(&r.predicate, strict.Rules{Foreign: true}); err != nil {
			return record{}, false, err
		}
	}
	for _, subject := range a.Statement.Subjects {
		digest, err := subject.SHA256()
		if errors.Is(err, attestation.ErrNoDigest) {
			continue
		}
		if err != nil {
			return record{}, false, fmt.Errorf("subject: %w", err)
		}
		r.digests = append(r.digests, digest)
	}
	return r, true, nil
}

// build is what r says about digest, which is one of its own.
func (r record) build(digest string) (*facts.Build, error) {
	builder, kind, finished := r.predicate.Get("builder").Get("id"), r.predicate.Get("buildType"), r.predicate.Get("metadata").Get("buildFinishedOn")
	if r.version == "v1" {
		run := r.predicate.Get("runDetails")
		builder, kind, finished = run.Get("builder").Get("id"), r.predicate.Get("buildDefinition").Get("buildType"), run.Get("metadata").Get("finishedOn")
	}
	if strings.TrimSpace(builder.Text()) == "" {
		return nil, fmt.Errorf("the record of %s names no builder", digest)
	}
	built, err := sourceOf(kind.Text(), r.version, r.predicate)
	if err != nil {
		return nil, fmt.Errorf("the record of %s: %w", digest, err)
	}
	section := &facts.Build{Digest: digest, Commit: built.commit, Builder: builder.Text()}
	if built.repository != "" {
		section.Repository = &built.repository
	}
	if section.BuiltAt, err = instant(finished.Text()); err != nil {
		return nil, fmt.Errorf("the record of %s: %w", digest, err)
	}
	return section, nil
}

// instant is an RFC 3339 time in UTC; nil where there is none, for which Go
// programs also write the year 1.
func instant(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("the build finished at %q, which is not an RFC 3339 time", text)
	}
	if at.Year() < 1970 {
		return nil, nil
	}
	at = at.UTC()
	return &at, nil
}

// FromStatement returns what a statement of provenance says about digest. False: the
// statement is of another type, or about other digests.
func FromStatement(a attestation.Attestation, digest string) (*facts.Build, bool, error) {
	r, ok, err := recordOf(a)
	if err != nil || !ok || !slices.Contains(r.digests, digest) {
		return nil, false, err
	}
	section, err := r.build(digest)
	return section, err == nil, err
}
