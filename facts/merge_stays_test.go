package facts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
)

// What nobody signed of a system that reads signed statements makes what others report
// worse, never better.
func TestUnsignedStatementsAreOnlyBadNews(t *testing.T) {
	staging, qa, key := ptr("staging"), ptr("qa"), ptr("staging-2026")
	const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	passed := &facts.Verification{Result: "PASSED", FinishedAt: hour(10)}
	failed := &facts.Verification{Result: "FAILED", FinishedAt: hour(11)}
	stay := func(s facts.Staging) *facts.Staging {
		s.Digest, s.Service = digest, ptr("app")
		if s.Environment == nil {
			s.Environment = staging
		}
		return &s
	}
	signed := func(s facts.Staging) *facts.Staging {
		s.VerifiedBy = key
		return stay(s)
	}
	for name, tt := range map[string]struct {
		file, attested, want *facts.Staging
	}{
		"alone, a stay was seen for a moment": {nil,
			stay(facts.Staging{DeployedAt: hour(9), AsOf: at(15), Verification: passed}),
			stay(facts.Staging{DeployedAt: hour(9), AsOf: at(9)})},
		"a redeployment": {stay(facts.Staging{DeployedAt: hour(9), Verification: passed}),
			stay(facts.Staging{DeployedAt: hour(12)}),
			stay(facts.Staging{DeployedAt: hour(12), Verification: passed})},
		"an end and a failure": {stay(facts.Staging{DeployedAt: hour(9), Verification: passed}),
			stay(facts.Staging{DeployedAt: hour(8), EndedAt: at(13), RestartedAt: at(11), Verification: failed}),
			stay(facts.Staging{DeployedAt: hour(9), EndedAt: at(13), RestartedAt: at(11), Verification: failed})},
		"a verification": {stay(facts.Staging{DeployedAt: hour(9)}),
			stay(facts.Staging{DeployedAt: hour(9), Verification: passed}),
			stay(facts.Staging{DeployedAt: hour(9)})},
		"another place": {stay(facts.Staging{DeployedAt: hour(9), Verification: passed}),
			stay(facts.Staging{Environment: qa, DeployedAt: hour(8), Verification: failed}),
			stay(facts.Staging{DeployedAt: hour(9), Verification: passed, Earlier: []facts.Stay{{Digest: digest, Service: ptr("app"), Environment: qa, DeployedAt: hour(8), AsOf: at(8), Verification: failed}}})},
		"a signed stay that a file makes longer": {stay(facts.Staging{DeployedAt: hour(8), Verification: passed}),
			signed(facts.Staging{DeployedAt: hour(9), AsOf: at(10)}),
			signed(facts.Staging{DeployedAt: hour(9), AsOf: at(10), Verification: passed})},
		"a signed stay that a file makes shorter": {stay(facts.Staging{DeployedAt: hour(9), EndedAt: at(9)}),
			signed(facts.Staging{DeployedAt: hour(8), AsOf: at(10), Verification: passed}),
			signed(facts.Staging{DeployedAt: hour(9), EndedAt: at(9), AsOf: at(10), Verification: passed})},
		"a later stay of a file": {stay(facts.Staging{DeployedAt: hour(12), Verification: passed}),
			signed(facts.Staging{DeployedAt: hour(8), EndedAt: at(10), AsOf: at(10)}),
			stay(facts.Staging{DeployedAt: hour(12), Verification: passed, Earlier: []facts.Stay{{Digest: digest, Service: ptr("app"), Environment: staging, DeployedAt: hour(8), EndedAt: at(10), AsOf: at(10), VerifiedBy: key}}})},
	} {
		t.Run(name, func(t *testing.T) {
			parts := []facts.Part{{System: "attestation", Section: tt.attested, Attested: true}}
			if tt.file != nil {
				parts = append(parts, facts.Part{System: "file", Section: tt.file})
			}
			if tt.want.Earlier == nil {
				tt.want.Earlier = []facts.Stay{}
			}
			for range 2 { // in both orders
				got, contradictions, err := facts.Merge(parts)
				if err != nil || len(contradictions) > 0 {
					t.Fatal(contradictions, err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				parts[0], parts[len(parts)-1] = parts[len(parts)-1], parts[0]
			}
		})
	}
}

// A signature covers only what its signer wrote.
func TestUnsignedFactsDoNotFillASignedBuild(t *testing.T) {
	signed := &facts.Build{Digest: "d", Commit: "c1", Builder: "ci", VerifiedBy: ptr("release-2026")}
	for _, unsigned := range []*facts.Build{
		{Digest: "d", Commit: "c1", Builder: "mine", BuiltAt: at(9), Author: ptr("github:1"), Repository: ptr("r")},
		{Digest: "d", Commit: "c2", Builder: "mine"},
	} {
		for _, parts := range [][]facts.Part{
			{{System: "a", Section: signed}, {System: "b", Section: unsigned}},
			{{System: "b", Section: unsigned}, {System: "a", Section: signed}},
		} {
			got, contradictions, err := facts.Merge(parts)
			if err != nil || !cmp.Equal(got, facts.Section(signed)) {
				t.Errorf("%v\n%s", err, cmp.Diff(facts.Section(signed), got))
			}
			if (len(contradictions) == 1) != (unsigned.Commit == "c2") {
				t.Errorf("contradictions: %v", contradictions)
			}
		}
	}
}
