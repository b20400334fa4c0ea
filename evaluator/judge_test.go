package evaluator

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Judge gives what Decide gives, but for what only a search of time can tell:
// on every story as of its now, and an hour and a week later.
func TestJudgeAgreesWithDecide(t *testing.T) {
	for name, e := range map[string]*Evaluator{
		"shipped":     shippedRules(t),
		"with a pack": gateWith(t, ownPack(ownSettings).folder(t)),
	} {
		for _, s := range stories(t) {
			for _, later := range []time.Duration{0, time.Hour, 7 * 24 * time.Hour} {
				in := s.input(t)
				in = in.At(in.Now().Add(later))
				decision, err := e.Decide(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				got, err := e.Judge(t.Context(), in)
				if err != nil {
					t.Fatal(err)
				}
				want := Judgement{
					Outcome: decision.Outcome, Required: decision.Required, Passed: decision.Passed,
					NotApplicable: decision.NotApplicable, Findings: decision.Findings,
				}
				for i := range want.Findings {
					want.Findings[i].OpensAt = nil
				}
				if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Finding{})); diff != "" {
					t.Errorf("%s: %s, %s later (-decide +judge):\n%s", name, s.name, later, diff)
				}
			}
		}
	}
}

func TestJudgeGivesNoDecisionOnWhatSettingsDoNotList(t *testing.T) {
	in := storyNamed(t, "allow").input(t)
	doc := *in.doc
	doc.Request.Service = "elsewhere"
	moved, err := FromDocument(&doc)
	if err != nil {
		t.Fatal(err)
	}
	judgement, err := gateWith(t, ownPack(ownSettings).folder(t)).Judge(t.Context(), moved)
	if err == nil || judgement.Outcome == Allow {
		t.Errorf("outcome %q, error %v", judgement.Outcome, err)
	}
}
