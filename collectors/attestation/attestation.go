// Package attestation reads facts from statements about the image (in-toto), which
// are attached to it in its registry or lie in files, and verifies their signatures.
//
// A statement counts for a section only if its predicate type is one of that section's
// (predicates.go) and one of its subjects is the digest of the request. A signature
// that cannot be verified makes a statement an unsigned one: the policies decide
// whether good news without a signature counts, bad news always does. What could not
// be read is an error, because it could be bad news.
package attestation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/registry"
)

const (
	maxShown = 5 // statements and reasons that a message lists

	// What is read of an image with all entries of its index. The registry bounds what
	// is read of each.
	maxStatements = 512
	maxBytes      = 128 << 20
)

// Collector reads one section from statements about the request's digest.
type Collector struct {
	Section  string        // JSON key
	Files    []strict.Path // with statements, in addition to those attached to the image
	Registry registry.Options

	// Verifier returns what verifies signatures for the section; nil: no signature is
	// verified.
	Verifier func(ctx context.Context, section string) (source.Verifier, error)
	Now      func() time.Time // the time at which keys must be in force
}

// Name is the section's key.
func (c Collector) Name() string { return c.Section }

// Kind is the kind of source.
func (Collector) Kind() string { return "attestation" }

// statement is a statement about the request's digest, or about an entry of its index.
type statement struct {
	attestation.Attestation
	digest string // what it is about
	signer string // whose signature was verified and counts; empty: no one's
	reason string // why it counts only as bad news
}

// verifiedBy is the signer as a fact.
func (s statement) verifiedBy() *string {
	if s.signer == "" {
		return nil
	}
	return &s.signer
}

// Collect reads all statements about req.Digest and returns what they say of the
// section.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	predicate, ok := predicates[c.Section]
	if !ok {
		return nil, fmt.Errorf("attestations say nothing of %s", c.Section)
	}
	if req.Digest == "" {
		return nil, errors.New("the image could not be resolved to a digest, so no statement is about it")
	}
	ref, err := registry.Parse(req.Reference, c.Registry)
	if err != nil {
		return nil, err
	}
	digests := []string{req.Digest}
	if predicate.platforms {
		if digests, err = withEntries(ctx, ref, req.Digest); err != nil {
			return nil, err
		}
	}
	all, err := c.read(ctx, ref, digests, predicate.types)
	if err != nil {
		return nil, err
	}
	about, others, err := c.about(ctx, all, digests, predicate.each)
	if err != nil {
		return nil, err
	}
	section, contradictions, err := predicate.section(about, req.Digest, c.Now().Truncate(time.Second))
	if err != nil {
		if len(others) > 0 {
			err = fmt.Errorf("%w; statements about other digests: %s", err, some(others))
		}
		return nil, err
	}
	observed := facts.Observed{Section: section, Contradictions: contradictions}
	for _, s := range about {
		if s.reason != "" {
			observed.Unverified = append(observed.Unverified, facts.UnverifiedStatement{Statement: s.Name, Reason: s.reason})
		}
	}
	return observed, nil
}

// withEntries returns digest and, if it is an index, the digests of its entries. A
// rejection of one platform is bad news about all of the index.
func withEntries(ctx context.Context, ref registry.Reference, digest string) ([]string, error) {
	manifest, err := ref.Manifest(ctx, digest)
	if err != nil {
		return nil, err
	}
	indexes, err := ref.Indexes(ctx, manifest)
	if err != nil {
		return nil, err
	}
	digests := []string{digest}
	for _, index := range indexes {
		for _, entry := range index.Lists {
			if _, ok := strict.Accepts("digest", entry); ok && !slices.Contains(digests, entry) {
				digests = append(digests, entry)
			}
		}
	}
	return digests, nil
}

// read returns the statements of these types that are attached to digests or in the
// files. A statement that could not be read could be bad news, so it is an error.
func (c Collector) read(ctx context.Context, ref registry.Reference, digests, types []string) ([]attestation.Attestation, error) {
	var all []attestation.Attestation
	var problems []string
	add := func(name string, content []byte, attached bool) {
		found, err := attestation.Read(name, content)
		if attached && errors.Is(err, attestation.ErrNoStatement) {
			return // a signature on the image itself says none of this
		}
		if err != nil {
			problems = append(problems, err.Error())
		}
		for _, a := range found {
			if !slices.Contains(types, a.Statement.PredicateType) {
				continue
			}
			if len(a.Statement.Digests()) == 0 {
				problems = append(problems, a.Name+": it names no sha256 digest, so it is unknown what it is about")
			}
			all = append(all, a)
		}
	}
	for _, file := range c.Files {
		t, err := file.Read(ctx)
		if err != nil {
			return nil, err
		}
		add(t.Name, t.Data, false)
	}
	bytes := 0
	for _, digest := range digests {
		if bytes > maxBytes || len(all) > maxStatements {
			problems = append(problems, fmt.Sprintf("there are more than %d statements or %d bytes of them; those about %s were not read", maxStatements, maxBytes, digest))
			break
		}
		documents, failed := ref.AttachedStatements(ctx, digest, func(of string) bool { return slices.Contains(types, of) })
		for _, f := range failed {
			problems = append(problems, f.Err.Error())
		}
		for _, d := range documents {
			bytes += len(d.Content)
			content, err := attestation.Bundled(d.Content, d.Annotations)
			if err != nil {
				problems = append(problems, d.Where+": "+err.Error())
				continue
			}
			add(d.Where, content, true)
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("attestations that could not be read: %s", some(problems))
	}
	return all, nil
}

// about returns the statements about digests, of which the first is the request's, each
// with its signer, verified ones first, and the other digests that statements are about.
func (c Collector) about(ctx context.Context, all []attestation.Attestation, digests []string, each bool) (about []statement, others []string, err error) {
	verifier, err := c.verifier(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range all {
		named := a.Statement.Digests()
		i := slices.IndexFunc(digests, func(digest string) bool { return slices.Contains(named, digest) })
		if i < 0 {
			others = append(others, named...)
			continue
		}
		s := statement{Attestation: a, digest: digests[i]}
		if s.signer, err = verifier.Verify(a, c.Now()); err != nil {
			s.signer, s.reason = "", err.Error()
		}
		if i > 0 && s.signer != "" && !each {
			s.signer, s.reason = "", "it is about one platform only, "+s.digest
		}
		about = append(about, s)
	}
	slices.SortStableFunc(about, func(a, b statement) int {
		if (a.signer == "") == (b.signer == "") {
			return 0
		}
		if a.signer != "" {
			return -1
		}
		return 1
	})
	slices.Sort(others)
	return about, slices.Compact(others), nil
}

func (c Collector) verifier(ctx context.Context) (source.Verifier, error) {
	if c.Verifier == nil {
		return nothing{}, nil
	}
	return c.Verifier(ctx, c.Section)
}

// nothing verifies no signature.
type nothing struct{}

func (nothing) Verify(attestation.Attestation, time.Time) (string, error) {
	return "", errors.New("no keys are configured to verify it with")
}

// some lists the first few of many.
func some(list []string) string {
	if len(list) <= maxShown {
		return strings.Join(list, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(list[:maxShown], "; "), len(list)-maxShown)
}
