package facts_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
)

func hour(h int) time.Time { return time.Date(2026, 11, 24, h, 0, 0, 0, time.UTC) }

func at(h int) *time.Time { t := hour(h); return &t }

func ptr[T any](v T) *T { return &v }

const (
	first  = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	second = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// merged merges what the systems a, b, c … report.
func merged(t *testing.T, sections ...facts.Section) (facts.Section, []facts.Contradiction) {
	t.Helper()
	var parts []facts.Part
	for i, s := range sections {
		parts = append(parts, facts.Part{System: string(rune('a' + i)), Section: s})
	}
	section, contradictions, err := facts.Merge(parts)
	if err != nil {
		t.Fatal(err)
	}
	return section, contradictions
}

// A role that one system gives counts unless another one that knows the person looked
// for it and did not find it.
func TestARoleNeedsEachSystemThatLooksItUp(t *testing.T) {
	person := func(roles, teams []string, ids ...string) facts.People {
		return facts.People{{IDs: ids, Roles: roles, Teams: teams, AsOf: hour(9)}}
	}
	lead, none := []string{"platform-lead"}, []string{}
	both := facts.Grants{Roles: lead, Teams: []string{"approvers"}}
	for _, tt := range []struct {
		name         string
		entra        facts.People
		decides      facts.Grants
		roles, teams []string
	}{
		{"both give it", person(lead, []string{"approvers"}, "github:1", "entra:1"), both, lead, []string{"approvers"}},
		{"one does not give the role", person(none, []string{"approvers"}, "github:1", "entra:1"), both, none, []string{"approvers"}},
		{"one does not give the team", person(lead, none, "github:1", "entra:1"), both, lead, none},
		{"one does not look it up", person(none, none, "github:1", "entra:1"), facts.Grants{}, lead, []string{"approvers"}},
		{"one looks up others", person([]string{"vp"}, none, "github:1", "entra:1"), facts.Grants{Roles: []string{"vp"}}, []string{"platform-lead", "vp"}, []string{"approvers"}},
		{"one does not know the person", person(none, none, "github:2", "entra:1"), both, lead, []string{"approvers"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			github := facts.Part{System: "github", Section: person(lead, []string{"approvers"}, "github:1"), Decides: both}
			entra := facts.Part{System: "entra", Section: tt.entra, Decides: tt.decides}
			for _, parts := range [][]facts.Part{{github, entra}, {entra, github}} {
				merged, _, err := facts.Merge(parts)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range merged.(facts.People) {
					slices.Sort(p.Roles)
					if slices.Contains(p.IDs, "github:1") && (!slices.Equal(p.Roles, tt.roles) || !slices.Equal(p.Teams, tt.teams)) {
						t.Errorf("%+v", p)
					}
				}
			}
		})
	}
}

// One system's disabled account is not active.
func TestADisabledAccountStaysDisabled(t *testing.T) {
	section, _ := merged(t, facts.People{{IDs: []string{"github:1"}, MFA: ptr(true)}}, facts.People{{IDs: []string{"github:1", "entra:1"}, Active: ptr(false)}})
	if p := section.(facts.People); len(p) != 1 || *p[0].Active {
		t.Errorf("%+v", p)
	}
}

func TestSystemsAreMergedByTheRuleOfEachFact(t *testing.T) {
	passed := &facts.Verification{Result: "PASSED", FinishedAt: hour(10)}
	signed := &facts.Verification{Result: "PASSED", FinishedAt: hour(9), VerifiedBy: ptr("ci")}
	failed := &facts.Verification{Result: "FAILED", FinishedAt: hour(8)}
	deployment := func(digest, status string, h int) *facts.Deployment {
		return &facts.Deployment{Version: "1", Digest: digest, Status: status, LiveAt: hour(h), Approvers: []string{}}
	}
	failing := deployment(first, "live", 8)
	failing.Events = []facts.DeploymentEvent{{Type: "verification.failed", At: hour(9)}}
	tests := []struct {
		name           string
		parts          []facts.Section
		want           facts.Section
		contradictions []facts.Contradiction
	}{
		{"all approvals count, each once",
			[]facts.Section{facts.Approvals{{Approver: "github:1", Decision: "approved"}}, facts.Approvals{{Approver: "github:1", Decision: "approved"}, {Approver: "github:2", Decision: "rejected"}}},
			facts.Approvals{{Approver: "github:1", Decision: "approved"}, {Approver: "github:2", Decision: "rejected"}}, nil},
		{"no entry is an empty list", []facts.Section{facts.Incidents{}, facts.Incidents{}}, facts.Incidents{}, nil},
		{"an incident is open as long as one system has it open",
			[]facts.Section{facts.Incidents{{ID: "1", Status: "resolved"}}, facts.Incidents{{ID: "1", Status: "open"}}},
			facts.Incidents{{ID: "1", Status: "resolved"}, {ID: "1", Status: "open"}}, nil},
		{"one person of two systems",
			[]facts.Section{
				facts.People{{IDs: []string{"mailto:pat@example.com", "entra:7"}, Roles: []string{"platform-lead"}, Teams: []string{}, MFA: ptr(true), AsOf: hour(9)}},
				facts.People{{IDs: []string{"github:1", "mailto:pat@example.com"}, Roles: []string{}, Teams: []string{"approvers"}, MFA: nil, Human: ptr(false), AsOf: hour(8)}},
			},
			facts.People{{IDs: []string{"mailto:pat@example.com", "entra:7", "github:1"}, Roles: []string{"platform-lead"}, Teams: []string{"approvers"}, MFA: ptr(true), Human: ptr(false), AsOf: hour(8)}}, nil},
		{"MFA that one system denies", []facts.Section{
			facts.People{{IDs: []string{"github:1"}, MFA: ptr(true)}}, facts.People{{IDs: []string{"github:1"}, MFA: ptr(false)}},
		}, facts.People{{IDs: []string{"github:1"}, Roles: nil, Teams: nil, MFA: ptr(false)}}, nil},
		{"two persons of one system that another takes for one",
			[]facts.Section{
				facts.People{{IDs: []string{"github:1"}}, {IDs: []string{"github:2"}}},
				facts.People{{IDs: []string{"github:1", "github:2"}}},
			},
			facts.People{{IDs: []string{"github:1"}}, {IDs: []string{"github:1", "github:2"}}, {IDs: []string{"github:2"}}},
			[]facts.Contradiction{{Path: "/people", Values: []facts.Report{{System: "a", Value: ptr("github:1")}, {System: "a", Value: ptr("github:2")}, {System: "b", Value: ptr("github:1, github:2")}}}}},
		{"the cluster knows the deployment, the attestation the verification",
			[]facts.Section{
				&facts.Staging{Digest: first, DeployedAt: hour(9), RestartedAt: at(10), Service: ptr("payments-api")},
				&facts.Staging{Digest: first, DeployedAt: hour(8), Verification: passed},
			},
			&facts.Staging{Digest: first, DeployedAt: hour(9), RestartedAt: at(10), Service: ptr("payments-api"), Verification: passed, Earlier: []facts.Stay{}}, nil},
		{"a failed verification wins, whoever reports it",
			[]facts.Section{&facts.Staging{Digest: first, DeployedAt: hour(9), Verification: signed}, &facts.Staging{Digest: first, DeployedAt: hour(9), Verification: failed}},
			&facts.Staging{Digest: first, DeployedAt: hour(9), Verification: failed, Earlier: []facts.Stay{}}, nil},
		{"a signed verification stands for an unsigned one",
			[]facts.Section{&facts.Staging{Digest: first, DeployedAt: hour(9), Verification: passed}, &facts.Staging{Digest: first, DeployedAt: hour(9), Verification: signed}},
			&facts.Staging{Digest: first, DeployedAt: hour(9), Verification: signed, Earlier: []facts.Stay{}}, nil},
		{"another digest that one system deployed later",
			[]facts.Section{&facts.Staging{Digest: first, DeployedAt: hour(9), Verification: passed}, &facts.Staging{Digest: second, DeployedAt: hour(10)}},
			&facts.Staging{Digest: second, DeployedAt: hour(10), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(9), Verification: passed}}}, nil},
		{"the same digest, deployed again after its stay ended",
			[]facts.Section{&facts.Staging{Digest: first, DeployedAt: hour(7), EndedAt: at(8), Verification: passed}, &facts.Staging{Digest: first, DeployedAt: hour(10)}},
			&facts.Staging{Digest: first, DeployedAt: hour(10), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(7), EndedAt: at(8), Verification: passed}}}, nil},
		{"an earlier stay, of which one system knows the failure and the restart, and the other the verification",
			[]facts.Section{
				&facts.Staging{Digest: second, DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(8), RestartedAt: at(11), EndedAt: at(12), Verification: failed}}},
				&facts.Staging{Digest: second, DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(9), EndedAt: at(13), Verification: signed}}},
			},
			&facts.Staging{Digest: second, DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(9), RestartedAt: at(11), EndedAt: at(12), Verification: failed}}}, nil},
		{"a stay that another system has already seen replaced",
			[]facts.Section{
				&facts.Staging{Digest: first, DeployedAt: hour(9), Verification: passed},
				&facts.Staging{Digest: second, DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(8), RestartedAt: at(11), EndedAt: at(12), Verification: failed}}},
			},
			&facts.Staging{Digest: second, DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(9), RestartedAt: at(11), EndedAt: at(12), Verification: failed}}}, nil},
		{"two stays of one system stay two",
			[]facts.Section{
				&facts.Staging{Digest: first, DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(7)}}},
				&facts.Staging{Digest: first, DeployedAt: hour(12)},
			},
			&facts.Staging{Digest: first, DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(7)}}}, nil},
		{"a redeployment whose place is not named counts in every place",
			[]facts.Section{
				&facts.Staging{Digest: first, Environment: ptr("qa"), DeployedAt: hour(16), Earlier: []facts.Stay{{Digest: first, Environment: ptr("staging"), DeployedAt: hour(9), Verification: passed}}},
				&facts.Staging{Digest: first, DeployedAt: hour(15), RestartedAt: at(17)},
			},
			&facts.Staging{Digest: first, Environment: ptr("qa"), DeployedAt: hour(16), RestartedAt: at(17), Earlier: []facts.Stay{{Digest: first, Environment: ptr("staging"), DeployedAt: hour(15), RestartedAt: at(17), Verification: passed}}}, nil},
		{"a verification whose place is not named counts in the only place",
			[]facts.Section{&facts.Staging{Digest: first, Environment: ptr("staging"), Service: ptr("app"), DeployedAt: hour(9)}, &facts.Staging{Digest: first, Service: ptr("app"), DeployedAt: hour(9), Verification: passed}},
			&facts.Staging{Digest: first, Environment: ptr("staging"), Service: ptr("app"), DeployedAt: hour(9), Verification: passed, Earlier: []facts.Stay{}}, nil},
		{"a good verification whose place is not named counts in none of two places",
			[]facts.Section{
				&facts.Staging{Digest: first, Environment: ptr("qa"), DeployedAt: hour(10), Earlier: []facts.Stay{{Digest: first, Environment: ptr("staging"), DeployedAt: hour(9)}}},
				&facts.Staging{Digest: first, DeployedAt: hour(9), Verification: passed},
			},
			&facts.Staging{Digest: first, Environment: ptr("qa"), DeployedAt: hour(10), Earlier: []facts.Stay{{Digest: first, Environment: ptr("staging"), DeployedAt: hour(9)}}}, nil},
		{"a bad verification whose place is not named counts in both",
			[]facts.Section{
				&facts.Staging{Digest: first, Environment: ptr("qa"), DeployedAt: hour(10), Earlier: []facts.Stay{{Digest: first, Environment: ptr("staging"), DeployedAt: hour(9), Verification: passed}}},
				&facts.Staging{Digest: first, DeployedAt: hour(9), Verification: failed},
			},
			&facts.Staging{Digest: first, Environment: ptr("qa"), DeployedAt: hour(10), Verification: failed, Earlier: []facts.Stay{{Digest: first, Environment: ptr("staging"), DeployedAt: hour(9), Verification: failed}}}, nil},
		{"a stay whose place is not named is the newest one that fits, although another clock is behind",
			[]facts.Section{
				&facts.Staging{Digest: first, Environment: ptr("staging"), Service: ptr("app"), DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, Environment: ptr("staging"), Service: ptr("app"), DeployedAt: hour(8), EndedAt: at(12), Verification: signed}}},
				&facts.Staging{Digest: first, DeployedAt: hour(11), Verification: passed, Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(7), EndedAt: at(11)}}},
			},
			&facts.Staging{Digest: first, Environment: ptr("staging"), Service: ptr("app"), DeployedAt: hour(12), Verification: passed, Earlier: []facts.Stay{{Digest: first, Environment: ptr("staging"), Service: ptr("app"), DeployedAt: hour(8), EndedAt: at(11), Verification: signed}}}, nil},
		{"a stay that only a stay of its own system would fit stays apart",
			[]facts.Section{
				&facts.Staging{Digest: first, Environment: ptr("staging"), DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(7)}}},
				&facts.Staging{Digest: first, Environment: ptr("qa"), DeployedAt: hour(6), EndedAt: at(7)},
			},
			&facts.Staging{Digest: first, Environment: ptr("staging"), DeployedAt: hour(12), Earlier: []facts.Stay{{Digest: first, DeployedAt: hour(7)}, {Digest: first, Environment: ptr("qa"), DeployedAt: hour(6), EndedAt: at(7)}}}, nil},
		{"the latest notice", []facts.Section{&facts.OnCall{NotifiedAt: at(8), Ticket: ptr("INC-1")}, &facts.OnCall{}, &facts.OnCall{NotifiedAt: at(9)}},
			&facts.OnCall{NotifiedAt: at(9)}, nil},
		{"a build whose commits differ",
			[]facts.Section{&facts.Build{Digest: first, Commit: "c1", Builder: "x"}, &facts.Build{Digest: first, Commit: "c2", Builder: "y", Author: ptr("github:1")}},
			&facts.Build{Digest: first, Commit: "c1", Builder: "x", Author: ptr("github:1")},
			[]facts.Contradiction{{Path: "/build/commit", Values: []facts.Report{{System: "a", Value: ptr("c1")}, {System: "b", Value: ptr("c2")}}}}},
		{"a calendar covers what all of its systems cover",
			[]facts.Section{&facts.Calendar{Timezone: "UTC", From: hour(1), Horizon: hour(20), Freezes: []facts.Interval{{Name: "x"}}}, &facts.Calendar{Timezone: "UTC", From: hour(2), Horizon: hour(22), Freezes: []facts.Interval{{Name: "y"}}}},
			&facts.Calendar{Timezone: "UTC", From: hour(2), Horizon: hour(20), Freezes: []facts.Interval{{Name: "x"}, {Name: "y"}}}, nil},
		{"one system says that nothing runs",
			[]facts.Section{&facts.Production{Current: deployment(first, "live", 8), History: []facts.Deployment{}}, &facts.Production{History: []facts.Deployment{}}},
			&facts.Production{Current: deployment(first, "live", 8), History: []facts.Deployment{}},
			[]facts.Contradiction{{Path: "/production/current", Values: []facts.Report{{System: "a", Value: ptr(first)}, {System: "b"}}}}},
		{"what runs differs",
			[]facts.Section{&facts.Production{Current: deployment(first, "live", 8), Complete: ptr(true)}, &facts.Production{Current: deployment(second, "live", 9), Complete: ptr(false), Since: at(3)}},
			&facts.Production{Current: deployment(first, "live", 9), History: []facts.Deployment{*deployment(second, "live", 9)}, Complete: ptr(false)},
			[]facts.Contradiction{{Path: "/production/current/digest", Values: []facts.Report{{System: "a", Value: ptr(first)}, {System: "b", Value: ptr(second)}}}}},
		{"a failure that only the second system knows of what runs",
			[]facts.Section{
				&facts.Production{Current: deployment(first, "live", 8)},
				&facts.Production{Current: failing},
			},
			&facts.Production{Current: failing, History: []facts.Deployment{*failing}}, nil},
		{"a way back that one system cannot name",
			[]facts.Section{&facts.Rollback{Target: &facts.RollbackTarget{Version: "1", Digest: first, Available: true}}, &facts.Rollback{Procedure: ptr("helm rollback"), ReviewedAt: at(8)}},
			&facts.Rollback{Target: &facts.RollbackTarget{Version: "1", Digest: first, Available: true}, Procedure: ptr("helm rollback"), ReviewedAt: at(8)}, nil},
		{"a procedure that only another system's procedure was reviewed for",
			[]facts.Section{&facts.Rollback{Procedure: ptr("by hand")}, &facts.Rollback{Procedure: ptr("helm rollback"), ReviewedAt: at(8)}},
			&facts.Rollback{Procedure: ptr("by hand")}, nil},
		{"one procedure with two reviews",
			[]facts.Section{&facts.Rollback{Procedure: ptr("helm rollback"), ReviewedAt: at(9)}, &facts.Rollback{Procedure: ptr("helm rollback"), ReviewedAt: at(8)}},
			&facts.Rollback{Procedure: ptr("helm rollback"), ReviewedAt: at(8)}, nil},
		{"an alert that one system has disabled",
			[]facts.Section{
				&facts.Monitoring{Alerts: []facts.Alert{{Name: "errors", Enabled: true}, {Name: "latency", Enabled: true}}},
				&facts.Monitoring{Alerts: []facts.Alert{{Name: "latency"}, {Name: "errors", Enabled: true}}},
			},
			&facts.Monitoring{Alerts: []facts.Alert{{Name: "errors", Enabled: true}, {Name: "latency"}}}, nil},
		{"a target that one system cannot find",
			[]facts.Section{&facts.Rollback{Target: &facts.RollbackTarget{Digest: first, Available: true}}, &facts.Rollback{Target: &facts.RollbackTarget{Digest: first}}},
			&facts.Rollback{Target: &facts.RollbackTarget{Digest: first}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, contradictions := merged(t, tt.parts...)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.contradictions, contradictions); diff != "" {
				t.Errorf("contradictions (-want +got)\n%s", diff)
			}
		})
	}
}

func TestASectionOfOneSystemIsNotMerged(t *testing.T) {
	for _, s := range []facts.Section{&facts.Artifact{}, &facts.Trail{}, facts.Custom{Name: "cost"}} {
		if _, _, err := facts.Merge([]facts.Part{{System: "a", Section: s}, {System: "b", Section: s}}); err == nil {
			t.Errorf("%s of two systems was merged", facts.SectionName(s))
		}
		if got, _, err := facts.Merge([]facts.Part{{System: "a", Section: s}}); err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%s of one system: %v, %v", facts.SectionName(s), got, err)
		}
	}
	type foreign struct{ facts.Section }
	for _, s := range []facts.Section{facts.Observed{Section: facts.Waivers{}}, foreign{facts.Waivers{}}, &foreign{facts.Waivers{}}} {
		if _, _, err := facts.Merge([]facts.Part{{System: "a", Section: s}, {System: "b", Section: s}}); err == nil {
			t.Errorf("%T was merged", s)
		}
	}
	if _, _, err := facts.Merge([]facts.Part{{System: "a", Section: facts.People{}}, {System: "b", Section: facts.Waivers{}}}); err == nil {
		t.Error("people and waivers were merged")
	}
}

// Each field of a section that several systems can report has a rule of its own,
// or is one of those that are merged as a whole.
func TestEveryRuleIsKnown(t *testing.T) {
	rules := facts.MergeRules()
	sections := map[string]bool{}
	for _, r := range rules {
		if r.Meaning == "" {
			t.Errorf("%s has the unknown rule %q", r.Path, r.Rule)
		}
		for _, s := range facts.Sections {
			if r.Path == "/"+s || len(r.Path) > len(s)+1 && r.Path[:len(s)+2] == "/"+s+"/" {
				sections[s] = true
			}
		}
	}
	for _, s := range facts.Sections {
		if sections[s] != facts.SeveralSystems(s) {
			t.Errorf("%s: has rules %v, can have several systems %v", s, sections[s], facts.SeveralSystems(s))
		}
	}
}
