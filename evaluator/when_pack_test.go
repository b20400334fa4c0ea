package evaluator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/prodgate/prodgate/internal/race"
)

// hoursRule is shut in an interval that no candidate knows of: its edges are
// seconds since 1970, which stand in the request's id as "from-to".
const hoursRule = `# METADATA
# title: Hours
# description: Shut from one second to another.
package prodgate.v1.checks.acme_hours

import data.prodgate.v1.lib.clock

default pass := false

needs := set()

pass if not _shut

_shut if {
	[_, from, to] := split(input.request.id, "-")
	to_number(from) * 1000000000 <= clock.now
	clock.now < to_number(to) * 1000000000
}

# METADATA
# title: Shut for a while
# description: The hours say so.
# custom:
#   code: acme_hours.shut
#   cure: wait
#   remedy: Wait.
#   who: [no one; it clears by itself]
deny contains {
	"code": "acme_hours.shut",
	"path": "/now",
	"message": "shut for a while",
	"observed": input.now,
	"required": "another time",
} if {
	_shut
}
`

// hoursSettings give each of the services of the tests its own windows.
const hoursSettings = `{prodgate: {organisation: {
	approval: {max_age: 2400h},
	repositories: [registry.example.com/payments/payments-api],
	request: {max_age: 2400h},
	staging: {max_age: 2400h},
	rollback: {max_age: 4800h},
	additional_checks: [%s],
	services: {
		berlin: {window: {timezone: Europe/Berlin, preferred: night, named: {night: [{days: [Sunday], from: "02:00", to: "03:00"}]}}},
		new-york: {window: {timezone: America/New_York, preferred: night, named: {night: [{days: [Sunday], from: "01:30", to: "02:15"}]}}},
		lord-howe: {window: {timezone: Australia/Lord_Howe, preferred: night, named: {night: [{days: [Sunday], from: "01:45", to: "02:15"}]}}},
		berlin-gap: {window: {timezone: Europe/Berlin, preferred: night, named: {night: [{days: [Sunday], from: "02:30", to: "04:00"}]}}},
		berlin-fold: {window: {timezone: Europe/Berlin, preferred: night, named: {night: [{days: [Sunday], from: "02:30", to: "02:45"}]}}},
		berlin-days: {window: {timezone: Europe/Berlin}},
		new-york-days: {window: {timezone: America/New_York}},
		lord-howe-days: {window: {timezone: Australia/Lord_Howe}},
		always: {window: {preferred: any, named: {any: [{days: [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday], from: "00:00", to: "24:00"}]}}},
	}}}}`

func packed(dir, rule, checks string) (*Evaluator, error) {
	files := map[string]string{
		"checks/acme_hours/acme_hours.rego": rule,
		"data.yaml":                         strings.ReplaceAll(fmt.Sprintf(hoursSettings, checks), "\t", " "),
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return nil, err
		}
	}
	return New(context.Background(), Options{Packs: []string{dir}})
}

// withHours are the shipped policies and a pack with edges of its own.
var withHours = sync.OnceValues(func() (*Evaluator, error) {
	dir, err := os.MkdirTemp("", "pack")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	return packed(dir, hoursRule, "acme_hours")
})

func hoursPack(t testing.TB) *Evaluator {
	t.Helper()
	e, err := withHours()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// allowed is the story "allow" moved in time to now, with every time in it, for
// another service and with nothing in its calendar, which covers 90 days.
func allowed(t testing.TB, service string, now time.Time, shut ...time.Time) *Input {
	t.Helper()
	var doc map[string]any
	text := bytes.ReplaceAll(storyNamed(t, "allow").document, []byte(`"payments-api"`), []byte(`"`+service+`"`))
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	was, err := time.Parse(time.RFC3339, doc["now"].(string))
	if err != nil {
		t.Fatal(err)
	}
	doc = moved(doc, now.Sub(was)).(map[string]any)
	calendar := doc["calendar"].(map[string]any)
	calendar["from"], calendar["horizon"] = now.Add(-oneDay).Format(time.RFC3339), now.Add(90*oneDay).Format(time.RFC3339)
	calendar["freezes"], calendar["holidays"] = []any{}, []any{}
	doc["request"].(map[string]any)["id"] = "id-0-0"
	if len(shut) == 2 {
		doc["request"].(map[string]any)["id"] = fmt.Sprintf("id-%d-%d", shut[0].Unix(), shut[1].Unix())
	}
	text, err = json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	in, err := Read("input", text)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// moved adds by to every time below value.
func moved(value any, by time.Duration) any {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			value[key] = moved(value[key], by)
		}
	case []any:
		for i := range value {
			value[i] = moved(value[i], by)
		}
	case string:
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			return at.Add(by).Format(time.RFC3339)
		}
	}
	return value
}

var monday = time.Date(2027, 1, 11, 9, 0, 0, 0, time.UTC)

func TestAnUnknownEdgeIsFoundToTheSecond(t *testing.T) {
	e := hoursPack(t)
	from, to := monday.Add(7*time.Hour+13*time.Minute+41*time.Second), monday.Add(31*time.Hour+59*time.Minute+59*time.Second)
	in := allowed(t, "always", monday, from, to)
	s := when(t, e, in, 3*oneDay)
	if len(s.Intervals) != 2 || !s.Intervals[0].To.Equal(from) || !s.Intervals[1].From.Equal(to) {
		t.Fatalf("shut from %s to %s: %v", from, to, s.Intervals)
	}
	if got := s.Intervals[0].ClosesBecause; len(got) != 1 || got[0].Code != "acme_hours.shut" {
		t.Errorf("closes because %v", got)
	}
	if got := s.Intervals[1].OpensBecause; len(got) != 1 || got[0].Code != "acme_hours.shut" {
		t.Errorf("opens because %v", got)
	}
}

func TestNoIntervalReachesPastTheHorizon(t *testing.T) {
	horizon := monday.Add(90 * oneDay)
	s := when(t, hoursPack(t), allowed(t, "always", monday).At(horizon.Add(-oneDay)), 3*oneDay)
	if len(s.Intervals) != 1 || !s.Intervals[0].To.Equal(horizon) || s.Intervals[0].ClosesBecause[0].Code != SearchEnds {
		t.Errorf("the calendar reaches to %s: %v", horizon, s.Intervals)
	}
}

// A decision looks only where it knows that something changes; the search finds
// the opening before that, and says the same as a decision as of it.
func TestWhenOpensAtAnUnknownEdge(t *testing.T) {
	e := hoursPack(t)
	in := allowed(t, "always", monday, monday.Add(-time.Hour), monday.Add(61*time.Second))
	s := when(t, e, in, oneDay)
	if s.ExitCode != 3 || s.OpensAt == nil || !s.OpensAt.Equal(monday.Add(61*time.Second)) {
		t.Errorf("ends with %d, opens at %v", s.ExitCode, s.OpensAt)
	}
}

func TestWhatIsShorterThanTheResolutionIsFoundOnlyByAFinerOne(t *testing.T) {
	e := hoursPack(t)
	from := monday.Add(7*time.Hour + 3*time.Minute)
	in := allowed(t, "always", monday, from, from.Add(5*time.Minute))
	for resolution, want := range map[time.Duration]int{0: 1, DefaultResolution: 1, 2 * time.Minute: 2} {
		s, err := e.When(t.Context(), in, Search{Until: monday.Add(oneDay), Resolution: resolution})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Intervals) != want {
			t.Errorf("at a resolution of %s: %v", resolution, s.Intervals)
		}
	}
}

// Without checks of a pack's own that read now there is nothing to look for in
// between.
func TestOnlyAPacksChecksThatReadNowAreEvaluatedInBetween(t *testing.T) {
	race.SkipSweep(t)
	still := strings.NewReplacer("clock.now", "0", "input.now", "0").Replace(hoursRule)
	for _, tt := range []struct {
		name, rule, checks string
		moves              bool
	}{
		{"a check that settings do not list", hoursRule, "", true},
		{"a check that does not read now", still, "acme_hours", false},
		{"a check that reads now", hoursRule, "acme_hours", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := packed(t.TempDir(), tt.rule, tt.checks)
			if err != nil {
				t.Fatal(err)
			}
			run, err := e.start(t.Context(), allowed(t, "always", monday))
			if err != nil {
				t.Fatal(err)
			}
			decision, err := run.decide()
			if err != nil {
				t.Fatal(err)
			}
			if edges, err := newTimeline(run, &decision, nil).ownEdges(nil, monday.Add(oneDay), time.Minute); err != nil || len(edges) > 0 {
				t.Errorf("edges where there are none: %v, %v", edges, err)
			}
			asked := slices.ContainsFunc(decision.Required, func(check string) bool { return packCheck.MatchString(check) && run.moves(check) })
			if asked != tt.moves {
				t.Errorf("asked in between: %v", asked)
			}
		})
	}
}

func TestWhenAgreesWithEvaluatingUnderAPackOfItsOwnHours(t *testing.T) {
	e := hoursPack(t)
	services := []string{"berlin", "new-york", "lord-howe", "berlin-gap", "berlin-fold", "berlin-days", "new-york-days", "lord-howe-days", "always"}
	checkSome(t, func(rt *rapid.T) {
		service := rapid.SampledFrom(services).Draw(rt, "service")
		now := monday.Add(time.Duration(rapid.IntRange(0, 364*24*3600).Draw(rt, "seconds after January 2027")) * time.Second)
		from := now.Add(time.Duration(rapid.IntRange(0, 2*24*3600).Draw(rt, "seconds until it shuts")) * time.Second)
		to := from.Add(time.Duration(rapid.IntRange(901, 24*3600).Draw(rt, "seconds for which it is shut")) * time.Second)
		in := allowed(t, service, now, from, to)
		s := when(t, e, in, 2*oneDay)
		holds := func(at time.Time) bool { return alone(t, e, in, at, nil).open }
		edges(t, s, s.Intervals, holds)
		for range 4 {
			at := now.Add(time.Duration(rapid.IntRange(0, 2*24*3600-1).Draw(rt, "seconds from now")) * time.Second)
			if holds(at) != within(s.Intervals, at) {
				rt.Fatalf("%s, shut from %s to %s: open at %s is %v, the intervals are %v", service, from, to, at, holds(at), s.Intervals)
			}
		}
	})
}
