package attestation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors/build"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// The predicate types that are read.
const (
	TypeTestResult = "https://in-toto.io/attestation/test-result/v0.1"
	TypeStaging    = "https://prodgate.dev/attestation/staging/v1"
	TypeApproval   = "https://prodgate.dev/attestation/approval/v1"
	TypeWaiver     = "https://prodgate.dev/attestation/waiver/v1"
)

// predicate is how a section is read from statements.
type predicate struct {
	types     []string // the closed list of predicate types
	platforms bool     // whether statements about a platform are read, as bad news only
	each      bool     // whether good news about a platform counts for that platform
	section   func(about []statement, digest string, now time.Time) (facts.Section, []facts.Contradiction, error)
}

// predicates are the sections that statements can report.
var predicates = map[string]predicate{
	"build":     {types: []string{"https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1"}, section: builds},
	"staging":   {types: []string{TypeStaging, TypeTestResult}, platforms: true, section: stays},
	"approvals": {types: []string{TypeApproval}, platforms: true, section: approvals},
	"waivers":   {types: []string{TypeWaiver}, section: waivers},
	"vulnerabilities": {
		types:     []string{TypeVulnerabilities, TypeOpenVEX, typeOpenVEX02},
		platforms: true, each: true, section: vulnerabilities,
	},
}

func sections() []string { return slices.Sorted(maps.Keys(predicates)) }

// decode reads a predicate, which has the form of the section's entry in a file.
func (s statement) decode(into any, rules strict.Rules) error {
	document, err := s.Statement.Document()
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return decode(s.Name+" (predicate)", document, into, rules)
}

func decode(name string, predicate []byte, into any, rules strict.Rules) error {
	return strict.Text{Name: name, Data: predicate}.Decode(into, rules)
}

// Check returns an error if a predicate cannot be good news: it is not in the form of its
// type, or it does not name what it must. It knows the types of the constants above, and
// accepts every other.
func Check(predicateType, name string, predicate []byte) error {
	switch predicateType {
	case TypeStaging:
		var stay facts.Staging
		if err := decode(name, withDigest(predicate, placeholder), &stay, stayRules); err != nil {
			return err
		}
		return need(name, member{"service", stay.Service}, member{"environment", stay.Environment})
	case TypeApproval:
		var a facts.Approval
		if err := decode(name, predicate, &a, rules); err != nil {
			return err
		}
		return need(name, member{"service", a.Service}, member{"environment", a.Environment}, member{"kind", (*string)(a.Kind)})
	case TypeWaiver:
		return decode(name, predicate, new(facts.Waiver), rules)
	}
	return nil
}

const placeholder = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// member is a member of a predicate.
type member struct {
	name  string
	value *string
}

func need(name string, members ...member) error {
	for _, m := range members {
		if m.value == nil {
			return fmt.Errorf("%s: %s is missing: the statement would count for nothing", name, m.name)
		}
	}
	return nil
}

// withDigest is a predicate with the digest that its statement is about, if it names
// none.
func withDigest(predicate []byte, digest string) []byte {
	var keys map[string]json.RawMessage
	if json.Unmarshal(predicate, &keys) != nil || len(keys) == 0 || keys["digest"] != nil {
		return predicate // any error is found where it is decoded
	}
	_, rest, _ := bytes.Cut(predicate, []byte("{"))
	return append(fmt.Appendf(nil, `{"digest":%q,`, digest), rest...)
}

// rules are those of our own predicates: no file says whose signature was verified.
var rules = strict.Rules{Refuse: strict.OwnWord}

// unsigned is an error that says that no statement of something counts, and why.
func unsigned(about []statement, what string) error {
	if len(about) == 0 {
		return fmt.Errorf("no statement of %s was found", what)
	}
	var reasons []string
	for _, s := range about {
		if s.reason != "" {
			reasons = append(reasons, s.Name+": "+s.reason)
		}
	}
	return fmt.Errorf("no statement of %s has a signature that counts: %s", what, some(reasons))
}

// builds is the build's record. Records that differ contradict each other.
func builds(about []statement, digest string, _ time.Time) (facts.Section, []facts.Contradiction, error) {
	var parts []facts.Part
	for _, s := range about {
		if s.signer == "" {
			continue // a build that nobody vouches for cannot contradict one either
		}
		section, ok, err := build.FromStatement(s.Attestation, digest)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		if ok {
			section.VerifiedBy = s.verifiedBy()
			parts = append(parts, facts.Part{System: s.Name, Section: section})
		}
	}
	if len(parts) == 0 {
		return nil, nil, unsigned(about, "the build of "+digest)
	}
	builtFirst(parts)
	return facts.Merge(parts)
}

// builtFirst gives all records the earliest time: whoever builds the same digest again
// does not make it newer, and the records do not contradict each other.
func builtFirst(parts []facts.Part) {
	var first *time.Time
	for _, p := range parts {
		if at := p.Section.(*facts.Build).BuiltAt; at != nil && (first == nil || at.Before(*first)) {
			first = at
		}
	}
	for _, p := range parts {
		if b := p.Section.(*facts.Build); b.BuiltAt != nil {
			b.BuiltAt = first
		}
	}
}

// approvals are the signed approvals of the digest, and all rejections.
func approvals(about []statement, _ string, now time.Time) (facts.Section, []facts.Contradiction, error) {
	all := facts.Approvals{}
	for _, s := range about {
		var entry facts.Approval
		if err := s.decode(&entry, rules); err != nil {
			return nil, nil, err
		}
		if entry.Digest != nil && *entry.Digest != s.digest {
			return nil, nil, fmt.Errorf("%s: the approval is of %s, and the statement about %s", s.Name, *entry.Digest, s.digest)
		}
		if s.signer == "" && entry.Decision == approved {
			continue
		}
		if s.signer == "" {
			// Anyone can make it: it counts until somebody approves, and ends no request.
			entry.Request = nil
			entry.ApprovedAt = *notAfter(now, &entry.ApprovedAt)
		}
		digest := s.digest
		entry.Digest, entry.VerifiedBy = &digest, s.verifiedBy()
		all = append(all, entry)
	}
	return all, nil, nil
}

const approved = "approved"

// waivers are the signed waivers of the digest.
func waivers(about []statement, digest string, _ time.Time) (facts.Section, []facts.Contradiction, error) {
	all := facts.Waivers{}
	for _, s := range about {
		if s.signer == "" {
			continue
		}
		var entry facts.Waiver
		if err := s.decode(&entry, rules); err != nil {
			return nil, nil, err
		}
		if entry.Digest != nil && *entry.Digest != digest {
			return nil, nil, fmt.Errorf("%s: the waiver is of %s, and the statement about %s", s.Name, *entry.Digest, digest)
		}
		entry.Digest, entry.VerifiedBy = &digest, s.verifiedBy()
		all = append(all, entry)
	}
	return all, nil, nil
}
