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

// maxShown bounds how many statements and reasons a message lists.
const maxShown = 5

// Collector reads one section from statements about the request's digest.
type Collector struct {
	Section  string        // JSON key
	Files    []strict.Path // with statements, in addition to those attached to the image
	Registry registry.Options

	// Verifier returns what verifies signatures; nil: no signature is verified.
	Verifier func(context.Context) (source.Verifier, error)
	Now      func() time.Time // the time at which keys must be in force
}

// Name is the section's key.
func (c Collector) Name() string { return c.Section }

// Kind is the kind of source.
func (Collector) Kind() string { return "attestation" }

// statement is a statement about the request's digest.
type statement struct {
	attestation.Attestation
	signer string // whose signature was verified; empty: no one's
	reason string // why no signature was verified
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
	all, err := c.read(ctx, req, predicate.types)
	if err != nil {
		return nil, err
	}
	about, others, err := c.about(ctx, all, req.Digest, predicate.types)
	if err != nil {
		return nil, err
	}
	section, contradictions, err := predicate.section(about, req.Digest, c.Now())
	if err != nil {
		if len(others) > 0 {
			err = fmt.Errorf("%w; statements about other digests: %s", err, some(others))
		}
		return nil, err
	}
	observed := facts.Observed{Section: section, Contradictions: contradictions}
	for _, s := range about {
		if s.signer == "" {
			observed.Unverified = append(observed.Unverified, facts.UnverifiedStatement{Statement: s.Name, Reason: s.reason})
		}
	}
	return observed, nil
}

// read returns the statements of the image and of the files. A statement that could
// not be read could be bad news, so it is an error.
func (c Collector) read(ctx context.Context, req facts.Request, types []string) ([]attestation.Attestation, error) {
	var all []attestation.Attestation
	var problems []string
	add := func(name string, content []byte) {
		found, err := attestation.Read(name, content)
		if err != nil {
			problems = append(problems, err.Error())
		}
		all = append(all, found...)
	}
	for _, file := range c.Files {
		t, err := file.Read(ctx)
		if err != nil {
			return nil, err
		}
		add(t.Name, t.Data)
	}
	ref, err := registry.Parse(req.Reference, c.Registry)
	if err != nil {
		return nil, err
	}
	documents, failed := ref.AttachedStatements(ctx, req.Digest, func(of string) bool { return slices.Contains(types, of) })
	for _, f := range failed {
		problems = append(problems, f.Err.Error())
	}
	for _, d := range documents {
		add(d.Where, d.Content)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("attestations that could not be read: %s", some(problems))
	}
	return all, nil
}

// about returns the statements of these types about digest, each with its signer,
// verified ones first, and the other digests that statements of these types are about.
func (c Collector) about(ctx context.Context, all []attestation.Attestation, digest string, types []string) (about []statement, others []string, err error) {
	verifier, err := c.verifier(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range all {
		if !slices.Contains(types, a.Statement.PredicateType) {
			continue
		}
		if digests := a.Statement.Digests(); !slices.Contains(digests, digest) {
			others = append(others, digests...)
			continue
		}
		s := statement{Attestation: a}
		if s.signer, err = verifier.Verify(a, c.Now()); err != nil {
			s.signer, s.reason = "", err.Error()
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
	return c.Verifier(ctx)
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
