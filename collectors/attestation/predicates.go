package attestation

import (
	"errors"
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
	types   []string // the closed list of predicate types
	section func(about []statement, digest string, now time.Time) (facts.Section, []facts.Contradiction, error)
}

// predicates are the sections that statements can report.
var predicates = map[string]predicate{
	"build":     {types: []string{"https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v1"}, section: builds},
	"staging":   {types: []string{TypeStaging, TypeTestResult}, section: stays},
	"approvals": {types: []string{TypeApproval}, section: approvals},
	"waivers":   {types: []string{TypeWaiver}, section: waivers},
}

func sections() []string { return slices.Sorted(maps.Keys(predicates)) }

// decode reads a predicate, which has the form of the section's entry in a file.
func (s statement) decode(into any, rules strict.Rules) error {
	document, err := s.Statement.Document()
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return strict.Text{Name: s.Name + " (predicate)", Data: document}.Decode(into, rules)
}

// verified are the statements that count as good news: those with a verified signature
// if there is one, else all. Those that do not count cannot contradict those that do.
func verified(about []statement) []statement {
	if n := slices.IndexFunc(about, func(s statement) bool { return s.signer == "" }); n > 0 {
		return about[:n]
	}
	return about
}

// builds is the build's record. Records that differ contradict each other.
func builds(about []statement, digest string, _ time.Time) (facts.Section, []facts.Contradiction, error) {
	var parts []facts.Part
	for i, s := range verified(about) {
		section, ok, err := build.FromStatement(s.Attestation, digest)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", s.Name, err)
		}
		if ok {
			section.VerifiedBy = s.verifiedBy()
			parts = append(parts, facts.Part{System: fmt.Sprintf("statement-%d", i+1), Section: section})
		}
	}
	if len(parts) == 0 {
		return nil, nil, fmt.Errorf("no provenance of %s is attached to the image or in a file", digest)
	}
	return facts.Merge(parts)
}

// testResult is what is read of a test-result predicate. The type has no times; ours
// are beside its own.
type testResult struct {
	Result     string     `json:"result"`
	FinishedAt *time.Time `json:"finished_at"`
}

const passed = "PASSED"

// stays is the stay in staging. A statement of a stay says when the image was deployed;
// a test result verifies the newest of the stays that the same signer, or no signer,
// states. A result that is not good counts from anyone.
func stays(about []statement, digest string, now time.Time) (facts.Section, []facts.Contradiction, error) {
	var parts []facts.Part
	add := func(s facts.Staging) {
		parts = append(parts, facts.Part{System: fmt.Sprintf("statement-%d", len(parts)+1), Section: &s})
	}
	deployed := map[string]facts.Staging{} // the newest stay, by signer
	for _, s := range about {
		if s.Statement.PredicateType != TypeStaging {
			continue
		}
		stay := facts.Staging{}
		if err := s.decode(&stay, strict.Rules{Require: []string{"restarted_at"}, Refuse: strict.OwnWord}); err != nil {
			return nil, nil, err
		}
		if stay.Digest != digest {
			return nil, nil, fmt.Errorf("%s: the stay is of %s, and the statement about %s", s.Name, stay.Digest, digest)
		}
		if stay.Verification != nil {
			stay.Verification.VerifiedBy = s.verifiedBy()
		}
		if last, ok := deployed[s.signer]; !ok || stay.DeployedAt.After(last.DeployedAt) {
			deployed[s.signer] = stay
		}
		add(stay)
	}
	for _, s := range about {
		if s.Statement.PredicateType != TypeTestResult {
			continue
		}
		var result testResult
		if err := s.decode(&result, strict.Rules{Foreign: true}); err != nil {
			return nil, nil, err
		}
		stay, ok := deployed[s.signer]
		switch {
		case result.Result != passed && result.FinishedAt == nil:
			result.FinishedAt = &now
		case result.FinishedAt == nil:
			return nil, nil, fmt.Errorf("%s: the test result does not say when the tests finished; add finished_at to the predicate", s.Name)
		}
		if !ok {
			if result.Result == passed {
				continue // it does not say what was verified
			}
			stay = facts.Staging{Digest: digest, DeployedAt: *result.FinishedAt}
		}
		stay.Verification = &facts.Verification{Result: result.Result, FinishedAt: *result.FinishedAt, VerifiedBy: s.verifiedBy()}
		stay.Earlier = nil
		add(stay)
	}
	if len(parts) == 0 {
		return nil, nil, errors.New("no statement says when the image was deployed to staging")
	}
	return facts.Merge(parts)
}

// approvals are all approvals and rejections of the digest.
func approvals(about []statement, digest string, _ time.Time) (facts.Section, []facts.Contradiction, error) {
	all := facts.Approvals{}
	for _, s := range about {
		var entry facts.Approval
		if err := s.decode(&entry, strict.Rules{Refuse: strict.OwnWord}); err != nil {
			return nil, nil, err
		}
		if entry.Digest != nil && *entry.Digest != digest {
			return nil, nil, fmt.Errorf("%s: the approval is of %s, and the statement about %s", s.Name, *entry.Digest, digest)
		}
		entry.Digest, entry.VerifiedBy = &digest, s.verifiedBy()
		all = append(all, entry)
	}
	return all, nil, nil
}

// waivers are all waivers of findings of the digest.
func waivers(about []statement, digest string, _ time.Time) (facts.Section, []facts.Contradiction, error) {
	all := facts.Waivers{}
	for _, s := range about {
		var entry facts.Waiver
		if err := s.decode(&entry, strict.Rules{Refuse: strict.OwnWord}); err != nil {
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
