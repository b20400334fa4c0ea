package evaluator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/prodgate/prodgate/internal/race"
	"pgregory.net/rapid"
)

// plainly evaluates the whole decision as of an instant with nothing to spare
// the rules any work: no index, no memory, no search.
func plainly(t rapid.TB, e *Evaluator, in *Input, instant time.Time) *result {
	t.Helper()
	bare := *in
	bare.index = nil
	value, err := e.query1(context.Background(), e.query, bare.term(instant), topdown.NewVirtualCache())
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, value)
}

func decoded(t rapid.TB, value ast.Value) *result {
	t.Helper()
	result, err := decodeResult(value)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(result.findings, func(a, b rawFinding) int {
		return strings.Compare(fmt.Sprint(a.Check, a.Effect, a.identity(), a.Message), fmt.Sprint(b.Check, b.Effect, b.identity(), b.Message))
	})
	return result
}

// sparingly evaluates as the search does: index, and what the decision at now
// has found out.
func sparingly(t rapid.TB, r *run, instant time.Time) *result {
	t.Helper()
	value, err := r.query1(r.ctx, r.query, r.in.term(instant), r.later())
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, value)
}

// started is a run that has decided as of its now.
func started(t rapid.TB, e *Evaluator, in *Input) *run {
	t.Helper()
	r, err := e.start(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	r.recording = r.begin()
	if _, err := r.whole(in.now, r.recording); err != nil {
		t.Fatal(err)
	}
	return r
}

func sameResult(t rapid.TB, about string, want, got *result) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{}, rawFinding{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", about, diff)
	}
}

// reasons are the denials of a result, by check.
func (r *result) reasons() map[string]map[[3]string]bool {
	all := map[string]map[[3]string]bool{}
	for _, f := range r.findings {
		if f.Effect != EffectDeny {
			continue
		}
		if all[f.Check] == nil {
			all[f.Check] = map[[3]string]bool{}
		}
		all[f.Check][f.identity()] = true
	}
	return all
}

// The search must give what deciding at every candidate gives.
func TestSearchAgreesWithDecidingAtEveryCandidate(t *testing.T) {
	if testing.Short() || race.Enabled {
		t.Skip("decides some ten thousand times")
	}
	e := shippedRules(t)
	for _, s := range someStories(t) {
		decision := s.decision(t)
		waiting, alone := waitingFindings(decision.Findings)
		if decision.Outcome == Deny && len(waiting) == 0 {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			run := started(t, e, s.input(t))
			if decision.Outcome == Allow {
				compareValidity(t, run, decision)
			} else {
				compareOpenings(t, run, decision, waiting, alone)
			}
		})
	}
}

func compareValidity(t *testing.T, run *run, decision Decision) {
	validity, err := time.ParseDuration(run.inForce.settings.text("decision", "validity"))
	if err != nil {
		t.Fatal(err)
	}
	want := run.in.now.Add(validity)
	for _, instant := range run.candidates(run.inForce.settings, want) {
		if plainly(t, run.Evaluator, run.in, instant).outcome != Allow {
			want = instant
			break
		}
	}
	if !decision.ValidUntil.Equal(want) {
		t.Errorf("valid until %s, want %s", decision.ValidUntil, want)
	}
	for instant := run.in.now; instant.Before(want); instant = instant.Add(time.Minute) {
		if plainly(t, run.Evaluator, run.in, instant).outcome != Allow {
			t.Errorf("denied at %s, valid until %s", instant, decision.ValidUntil)
		}
	}
}

func compareOpenings(t *testing.T, run *run, decision Decision, waiting []*Finding, alone bool) {
	present := plainly(t, run.Evaluator, run.in, run.in.now).reasons()
	var opens time.Time
	cured := map[[3]string]time.Time{}
	for _, instant := range run.candidates(run.inForce.settings, run.horizon()) {
		later := plainly(t, run.Evaluator, run.in, instant)
		if later.outcome == Allow && opens.IsZero() && alone {
			opens = instant
		}
		if !opens.IsZero() {
			instant = opens
		}
		for _, f := range waiting {
			if cured[f.identity()].IsZero() && isCured(f, present, later.reasons()) {
				cured[f.identity()] = instant
			}
		}
		if !opens.IsZero() || !alone && len(cured) == len(waiting) {
			break
		}
	}
	if got := decision.OpensAt; (got == nil) != opens.IsZero() || got != nil && !got.Equal(opens) {
		t.Errorf("opens at %v, want %v", got, opens)
	}
	for _, f := range waiting {
		want := cured[f.identity()]
		if (f.OpensAt == nil) != want.IsZero() || f.OpensAt != nil && !f.OpensAt.Equal(want) {
			t.Errorf("%s opens at %v, want %v", f.Code, f.OpensAt, want)
		}
	}
}

// isCured reports whether a finding is gone and none of its checks denies for a
// reason that it did not have.
func isCured(f *Finding, present, later map[string]map[[3]string]bool) bool {
	for _, check := range f.Checks {
		if later[check][f.identity()] {
			return false
		}
		for identity := range later[check] {
			if !present[check][identity] {
				return false
			}
		}
	}
	return true
}

func someStory(t *rapid.T, all []story) story {
	return rapid.SampledFrom(all).Draw(t, "story")
}

func someInstant(t *rapid.T, from, until time.Time) time.Time {
	seconds := rapid.Int64Range(0, int64(until.Sub(from)/time.Second)-1).Draw(t, "seconds after now")
	return from.Add(time.Duration(seconds) * time.Second)
}

// Between two candidates nothing opens, closes or changes its reasons.
func TestNothingChangesBetweenCandidates(t *testing.T) {
	e := shippedRules(t)
	all := stories(t)
	checkSome(t, func(t *rapid.T) {
		s := someStory(t, all)
		input, err := Read(s.name, s.document)
		if err != nil {
			t.Fatal(err)
		}
		run := started(t, e, input)
		if !input.now.Before(run.horizon()) {
			return
		}
		instant := someInstant(t, input.now, run.horizon())
		before := input.now
		for _, candidate := range run.candidates(run.inForce.settings, instant) {
			before = candidate
		}
		want, got := plainly(t, e, input, before), plainly(t, e, input, instant)
		if want.outcome != got.outcome || !cmp.Equal(want.reasons(), got.reasons()) {
			t.Errorf("%s: at %s %q, %v; at %s %q, %v", s.name, before, want.outcome, want.reasons(), instant, got.outcome, got.reasons())
		}
	})
}

// Of these stories a third of the stretches of the first days is tried (all of five days
// by "make proof"): its last second is as its first.
func TestNothingChangesBeforeTheNextCandidate(t *testing.T) {
	race.SkipSweep(t)
	e := shippedRules(t)
	days, step := 2, 3
	if *everyStory {
		days, step = 5, 1
	}
	for nth, name := range []string{"allow", "wait-soak", "wait-freeze", "wait-holiday", "deny-weekend", "wait-release-manager"} {
		input := storyNamed(t, name).input(t)
		run := started(t, e, input)
		first := input.now
		for i, next := range run.candidates(run.inForce.settings, input.now.AddDate(0, 0, days)) {
			if (i+nth)%step == 0 && next.Add(-time.Second).After(first) {
				want, got := plainly(t, e, input, first), plainly(t, e, input, next.Add(-time.Second))
				if want.outcome != got.outcome || !cmp.Equal(want.reasons(), got.reasons()) {
					t.Errorf("%s: between %s and %s %v becomes %v", name, first, next, want.reasons(), got.reasons())
				}
			}
			first = next
		}
	}
}

// What the decision at now has found out gives the same at a later instant as
// finding it out again.
func TestMemoryGivesTheSameAsNone(t *testing.T) {
	e := shippedRules(t)
	all := stories(t)
	checkSome(t, func(t *rapid.T) {
		s := someStory(t, all)
		input, err := Read(s.name, s.document)
		if err != nil {
			t.Fatal(err)
		}
		run := started(t, e, input)
		instant := someInstant(t, input.now, input.now.AddDate(0, 4, 0))
		if edges := run.candidates(run.inForce.settings, instant); len(edges) > 0 && rapid.Bool().Draw(t, "on an edge") {
			instant = edges[len(edges)-1]
		}
		sameResult(t, fmt.Sprintf("%s at %s", s.name, instant), plainly(t, e, input, instant), sparingly(t, run, instant))
	})
}

// crowded is the allow story with many freezes, holidays and findings of all
// sorts.
func crowded(t *rapid.T, allow []byte) map[string]any {
	var document map[string]any
	if err := json.Unmarshal(allow, &document); err != nil {
		t.Fatal(err)
	}
	calendar := document["calendar"].(map[string]any)
	for _, list := range []string{"freezes", "holidays"} {
		calendar[list] = slices.AppendSeq([]any{}, someIntervals(t, list))
	}
	severities := []string{"LOW", "MEDIUM", "HIGH", "CRITICAL", "UNKNOWN", "low", "NEGLIGIBLE"}
	worst := rapid.IntRange(1, len(severities)).Draw(t, "severities")
	for _, scan := range document["vulnerabilities"].(map[string]any)["scans"].([]any) {
		findings := []any{}
		for i := range rapid.IntRange(0, 60).Draw(t, "findings") {
			findings = append(findings, map[string]any{
				"id": fmt.Sprintf("CVE-2026-%d", 1000+i%40), "package": "p", "installed_version": "1", "fixed_version": nil, "status": "",
				"severity": severities[rapid.IntRange(0, worst-1).Draw(t, "severity")],
			})
		}
		scan.(map[string]any)["findings"] = findings
	}
	return document
}

func someIntervals(t *rapid.T, list string) func(yield func(any) bool) {
	first := time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC)
	return func(yield func(any) bool) {
		for i := range rapid.IntRange(0, 40).Draw(t, list) {
			// Whole hours, so that edges fall on midnight of some zone.
			start := first.Add(time.Duration(rapid.IntRange(0, 24*110).Draw(t, "start")) * time.Hour)
			end := start.Add(time.Duration(rapid.SampledFrom([]int{1, 6, 24, 48, 24 * 30}).Draw(t, "hours")) * time.Hour)
			interval := map[string]any{
				"name": fmt.Sprintf("%s %d", list, i%30), "source": "calendar.yaml",
				"start": start.Format(time.RFC3339), "end": end.Format(time.RFC3339),
			}
			maps.Copy(interval, rapid.SampledFrom([]map[string]any{
				{}, {"services": []string{"search-api"}}, {"services": []string{"search-api", "payments-api"}}, {"environments": []string{"canary"}},
			}).Draw(t, "scope"))
			if !yield(interval) {
				return
			}
		}
	}
}

func TestIndexGivesTheSameAsNone(t *testing.T) {
	e := shippedRules(t)
	allow := storyNamed(t, "allow")
	outcomes := map[Outcome]int{}
	checkSome(t, func(t *rapid.T) {
		document, err := json.Marshal(crowded(t, allow.document))
		if err != nil {
			t.Fatal(err)
		}
		input, err := Read("crowded", document)
		if err != nil {
			t.Fatal(err)
		}
		run := started(t, e, input)
		for range 3 {
			instant := someInstant(t, input.now, input.now.AddDate(0, 4, 0))
			want := plainly(t, e, input, instant)
			outcomes[want.outcome]++
			sameResult(t, instant.String(), want, sparingly(t, run, instant))
		}
		now := plainly(t, e, input, input.now)
		outcomes[now.outcome]++
		indexed, err := run.whole(input.now, run.begin())
		if err != nil || indexed.outcome != now.outcome {
			t.Errorf("now: %v, error %v, without index %q", indexed, err, now.outcome)
		}
	})
	if outcomes[Deny] == 0 {
		t.Errorf("outcomes %v; want some denied", outcomes)
	}
	input, err := Read("allow", allow.document)
	if err != nil {
		t.Fatal(err)
	}
	run := started(t, e, input)
	indexed, err := run.whole(input.now, run.begin())
	if err != nil || indexed.outcome != Allow || plainly(t, e, input, input.now).outcome != Allow {
		t.Errorf("the story allow: %v, error %v; want it allowed with and without index", indexed, err)
	}
}

// movedTo is the allow story as if all of it had happened around another
// instant, without freezes and holidays.
func movedTo(t *testing.T, now time.Time) *Input {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(storyNamed(t, "allow").document, &document); err != nil {
		t.Fatal(err)
	}
	was, err := time.Parse(time.RFC3339, document["now"].(string))
	if err != nil {
		t.Fatal(err)
	}
	calendar := document["calendar"].(map[string]any)
	calendar["freezes"], calendar["holidays"] = []any{}, []any{}
	delete(document, "production")
	moved := moveTimes(document, now.Sub(was)).(map[string]any)
	var original map[string]any
	if err := json.Unmarshal(storyNamed(t, "allow").document, &original); err != nil {
		t.Fatal(err)
	}
	moved["production"] = original["production"]
	input, err := Read("moved", marshal(t, moved))
	if err != nil {
		t.Fatal(err)
	}
	return input
}

func moveTimes(value any, by time.Duration) any {
	switch value := value.(type) {
	case map[string]any:
		for key, child := range value {
			value[key] = moveTimes(child, by)
		}
	case []any:
		for i, child := range value {
			value[i] = moveTimes(child, by)
		}
	case string:
		if instant, err := time.Parse(time.RFC3339, value); err == nil {
			return instant.Add(by).Format(time.RFC3339)
		}
	}
	return value
}

// In New York the clocks go from 2:00 to 3:00 on 14 March 2027 and from 2:00
// back to 1:00 on 7 November. A window of the night between opens and closes as
// the clock on the wall shows it, minute by minute, and only at candidates.
func TestWindowsFollowTheWallClockWhenClocksChange(t *testing.T) {
	race.SkipSweep(t)
	settings := `{"window": {"named": {"business-hours": [{"days": ["Sunday"], "from": "01:30", "to": "02:30"}]}}}`
	e, err := New(context.Background(), Options{Packs: []string{ownPack(settings).folder(t)}})
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[time.Time][]string{
		time.Date(2027, 3, 14, 4, 0, 0, 0, time.UTC):  {"06:30 open", "07:00 closed"},
		time.Date(2027, 11, 7, 4, 0, 0, 0, time.UTC):  {"05:30 open", "06:00 closed", "06:30 open", "07:30 closed"},
		time.Date(2027, 11, 14, 4, 0, 0, 0, time.UTC): {"06:30 open", "07:30 closed"},
	} {
		input := movedTo(t, day)
		run := started(t, e, input)
		candidates := run.candidates(run.inForce.settings, day.Add(8*time.Hour))
		var changes []string
		was := Deny
		for instant := day; instant.Before(day.Add(8 * time.Hour)); instant = instant.Add(5 * time.Minute) {
			outcome := plainly(t, e, input, instant).outcome
			if outcome == was {
				continue
			}
			changes = append(changes, instant.Format("15:04")+map[Outcome]string{Allow: " open", Deny: " closed"}[outcome])
			was = outcome
			if !slices.ContainsFunc(candidates, instant.Equal) {
				t.Errorf("%s is no candidate", instant)
			}
		}
		if !slices.Equal(changes, want) {
			t.Errorf("%s: %v, want %v", day.Format(time.DateOnly), changes, want)
		}
		decision, err := e.Decide(context.Background(), input)
		if err != nil || decision.OpensAt == nil || decision.OpensAt.UTC().Format("15:04")+" open" != want[0] {
			t.Errorf("%s: opens at %v, error %v, findings %v", day.Format(time.DateOnly), decision.OpensAt, err, decision.Findings)
		}
	}
}
