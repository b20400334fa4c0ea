package evaluator

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prodgate/prodgate/internal/race"
)

// Judge gives what Decide gives, but for what only a search of time can tell:
// on every story as of its now, and an hour and a week later.
func TestJudgeAgreesWithDecide(t *testing.T) {
	for name, e := range map[string]*Evaluator{
		"shipped":     shippedRules(t),
		"with a pack": gateWith(t, ownPack(ownSettings).folder(t)),
	} {
		for _, s := range someStories(t) {
			for _, later := range []time.Duration{0, time.Hour, 7 * 24 * time.Hour} {
				if race.Enabled && later > 0 {
					continue
				}
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

// A pair gives what each of both gives by itself, whichever comes first, on every
// story, though the second evaluates little where the rules are alike.
func TestAPairJudgesAsEachOfBothDoes(t *testing.T) {
	race.SkipSweep(t)
	shipped := shippedRules(t)
	for name, other := range map[string]*Evaluator{
		"an own check":     gateWith(t, ownPack(ownSettings).folder(t)),
		"other severities": withPack(t, "", `{"vulnerabilities": {"deny": ["CRITICAL", "HIGH", "MEDIUM"]}}`),
		"other approvals":  withPack(t, "", `{"approval": {"max_age": "1h"}, "window": {"timezone": "Asia/Tokyo"}}`),
	} {
		forth, back := NewPair(shipped, other), NewPair(other, shipped)
		for _, s := range someStories(t) {
			in := s.input(t)
			want, err := shipped.Judge(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			wantOther, errOther := other.Judge(t.Context(), in)
			checkPair(t, forth, in, name+", "+s.name, want, wantOther, errOther)
			if errOther == nil {
				checkPair(t, back, in, s.name+", "+name, wantOther, want, nil)
			}
		}
		forth.agreed.Range(func(_, agreed any) bool {
			if n := len(agreed.(agreement)); n < 50 {
				t.Errorf("with %s alone, %d rules agree", name, n)
			}
			return true
		})
	}
}

func checkPair(t *testing.T, pair *Pair, in *Input, name string, wantThen, wantNow Judgement, errNow error) {
	t.Helper()
	then, again, err := pair.Judge(t.Context(), in)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	now, err := again(t.Context())
	if (err != nil) != (errNow != nil) {
		t.Fatalf("%s: error %v, alone %v", name, err, errNow)
	}
	for _, d := range []string{
		cmp.Diff(wantThen, then, cmpopts.IgnoreUnexported(Finding{})),
		cmp.Diff(wantNow, now, cmpopts.IgnoreUnexported(Finding{})),
	} {
		if d != "" {
			t.Errorf("%s (-alone +pair):\n%s", name, d)
		}
	}
}

// A rule whose own text is alike, and which uses a rule that is not, is evaluated
// again; so is one that reads a setting that differs.
func TestRulesAgreeOnlyWithAllThatTheyUse(t *testing.T) {
	other := withPack(t, "", `{"vulnerabilities": {"deny": ["CRITICAL", "HIGH"]}}`)
	pair := NewPair(shippedRules(t), other)
	_, again, err := pair.Judge(t.Context(), storyNamed(t, "allow").input(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again(t.Context()); err != nil {
		t.Fatal(err)
	}
	pair.agreed.Range(func(_, found any) bool {
		agreed := found.(agreement)
		for path, want := range map[string]bool{
			"data.prodgate.v1.checks.vulnerabilities._denying": false,
			"data.prodgate.v1.checks.vulnerabilities.pass":     false,
			"data.prodgate.v1.deploy.decision":                 false,
			"data.prodgate.v1.lib.settings.unknown":            false,
			"data.prodgate.v1.checks.monitoring.pass":          true,
			"data.prodgate.v1.lib.clock.now":                   true,
		} {
			origin := other.origins()[path]
			if origin == nil {
				t.Errorf("no rule %s", path)
			} else if agreed[origin.rule] != want {
				t.Errorf("%s: agrees %t, want %t", path, agreed[origin.rule], want)
			}
		}
		return true
	})
}
