package attestation

import (
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

// unsigned is an error that says that no statement of something counts, and why.
func unsigned(about []statement, what string) error {
	if len(about) == 0 {
		return fmt.Errorf("no statement of %s was found", what)
	}
	var reasons []string
	for _, s := range about {
		reasons = append(reasons, s.Name+": "+s.reason)
	}
	return fmt.Errorf("no statement of %s has a signature that counts: %s", what, some(reasons))
}

// builds is the build's record. Records that differ contradict each other.
func builds(about []statement, digest string, _ time.Time) (facts.Section, []facts.Contradiction, error) {
	var parts []facts.Part
	for i, s := range about {
		if s.signer == "" {
			continue // a build that nobody vouches for cannot contradict one either
		}
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
		return nil, nil, unsigned(about, "the build of "+digest)
	}
	return facts.Merge(parts)
}

// testResult is what is read of a test-result predicate. finished_at is ours: the type
// has no times.
type testResult struct {
	Result     string     `json:"result"`
	FinishedAt *time.Time `json:"finished_at"`
}

// stays is the stay in staging. A statement of a stay says when the image was deployed,
// and a test result verifies the newest stay that its signer states. A result that is
// not good, and a newer stay, count from anyone.
func stays(about []statement, digest string, now time.Time) (facts.Section, []facts.Contradiction, error) {
	m := stayMerger{digest: digest, now: now, newest: map[string]facts.Staging{}}
	for _, s := range about {
		if s.Statement.PredicateType == TypeStaging {
			if err := m.stay(s); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, s := range about {
		if s.Statement.PredicateType == TypeTestResult {
			if err := m.result(s); err != nil {
				return nil, nil, err
			}
		}
	}
	if len(m.parts) == 0 {
		return nil, nil, unsigned(about, "a stay of "+digest+" in staging")
	}
	return facts.Merge(m.parts)
}

// stayMerger collects what statements say of staging.
type stayMerger struct {
	digest string
	now    time.Time
	parts  []facts.Part
	newest map[string]facts.Staging // by signer
}

func (m *stayMerger) add(s facts.Staging) {
	m.parts = append(m.parts, facts.Part{System: fmt.Sprintf("statement-%d", len(m.parts)+1), Section: &s})
}

// stay adds a statement of a stay.
func (m *stayMerger) stay(s statement) error {
	stay := facts.Staging{}
	if err := s.decode(&stay, strict.Rules{Require: []string{"restarted_at"}, Refuse: strict.OwnWord}); err != nil {
		return err
	}
	if stay.Digest != m.digest {
		return fmt.Errorf("%s: the stay is of %s, and the statement about %s", s.Name, stay.Digest, m.digest)
	}
	newest, known := m.newest[s.signer]
	if !known || stay.DeployedAt.After(newest.DeployedAt) {
		m.newest[s.signer] = stay
	}
	if s.signer == "" {
		if !m.isNews(stay) {
			return nil
		}
		stay.Earlier = nil // a finished stay can be good news
	}
	if stay.Verification != nil {
		stay.Verification.VerifiedBy = s.verifiedBy()
	}
	for _, earlier := range stay.Earlier {
		if earlier.Verification != nil {
			earlier.Verification.VerifiedBy = s.verifiedBy()
		}
	}
	m.add(stay)
	return nil
}

// isNews reports whether a stay that nobody vouches for is bad news: its verification is
// not good, or it is newer than every stay before it.
func (m *stayMerger) isNews(stay facts.Staging) bool {
	if len(m.parts) == 0 {
		return false // there is no stay that it could hold back
	}
	if stay.Verification != nil && stay.Verification.Result != passed {
		return true
	}
	return !slices.ContainsFunc(m.parts, func(p facts.Part) bool {
		return !stay.DeployedAt.After(p.Section.(*facts.Staging).DeployedAt)
	})
}

// result adds a test result.
func (m *stayMerger) result(s statement) error {
	var result testResult
	if err := s.decode(&result, strict.Rules{Foreign: true}); err != nil {
		return err
	}
	good := result.Result == passed
	if good && s.signer == "" {
		return nil
	}
	if result.FinishedAt == nil {
		if good {
			return fmt.Errorf("%s: the test result does not say when the tests finished; add finished_at to the predicate", s.Name)
		}
		result.FinishedAt = &m.now
	}
	stay, known := m.newest[s.signer]
	if !known {
		if good {
			return nil // it does not say which stay was verified
		}
		stay = facts.Staging{Digest: m.digest, DeployedAt: *result.FinishedAt}
	}
	stay.Verification = &facts.Verification{Result: result.Result, FinishedAt: *result.FinishedAt, VerifiedBy: s.verifiedBy()}
	stay.Earlier = nil
	m.add(stay)
	return nil
}

const passed = "PASSED"

// approvals are the signed approvals of the digest, and all rejections.
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
		if s.signer == "" && entry.Decision == approved {
			continue
		}
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
