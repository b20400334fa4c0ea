package timetable_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/fixture"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/race"
	"github.com/prodgate/prodgate/internal/timetable"
)

func load(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// organisation lists what these tests name, and leaves the windows on the clock of
// the calendar.
const organisation = `prodgate:
  organisation:
    services:
      payments-api: {repositories: [registry.example.com/payments/payments-api]}
      another: {}
`

// shipped are the gate and its windows, on the clock of zone.
func shipped(t *testing.T, zone *time.Location) (*evaluator.Evaluator, timetable.Windows) {
	t.Helper()
	pack := t.TempDir()
	if err := os.WriteFile(filepath.Join(pack, "data.yaml"), []byte(organisation), 0o600); err != nil {
		t.Fatal(err)
	}
	gate, err := evaluator.New(t.Context(), evaluator.Options{Packs: []string{pack}})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := gate.Settings(t.Context(), "production", "payments-api")
	if err != nil {
		t.Fatal(err)
	}
	windows, err := timetable.ReadWindows(settings, zone)
	if err != nil {
		t.Fatal(err)
	}
	return gate, windows
}

// storyWith is the document that is allowed, with another calendar.
func storyWith(t *testing.T, c *facts.Calendar) *evaluator.Input {
	t.Helper()
	allow, err := fixture.Load("../../fixtures/cases/allow")
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(allow.Document, &document); err != nil {
		t.Fatal(err)
	}
	document["calendar"] = c
	content, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	input, err := evaluator.Read("input.json", content)
	if err != nil {
		t.Fatal(err)
	}
	return input
}

// What is drawn is what the rules decide, at any instant and also on the nights
// on which the clocks change.
func TestTheTimetableAgreesWithTheRules(t *testing.T) {
	race.SkipSweep(t)
	for name, day := range map[string]string{
		"America/New_York": "2026-11-01", "Europe/Berlin": "2027-03-28", "Australia/Lord_Howe": "2027-04-04", "America/Santiago": "2026-09-06", "UTC": "2026-12-01",
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2)) // its own: the order of a map is not the same twice
			zone := load(t, name)
			gate, windows := shipped(t, zone)
			from := instant(t, day+"T00:00:00Z").AddDate(0, 0, -3).In(zone)
			c := &facts.Calendar{Timezone: name, From: from, Horizon: from.AddDate(0, 0, 7), Freezes: []facts.Interval{}, Holidays: []facts.Interval{}}
			for i := range 8 {
				start := from.Add(time.Duration(random.IntN(7*24*60)) * time.Minute)
				entry := facts.Interval{Name: "x" + string(rune('a'+i)), Start: start, End: start.Add(time.Duration(1+random.IntN(24*60)) * time.Minute), Source: "test"}
				switch i {
				case 5:
					entry.Environments = []string{"staging"}
					c.Freezes = append(c.Freezes, entry)
				case 0, 4:
					c.Holidays = append(c.Holidays, entry)
				case 1:
					entry.Services = []string{"another"}
					c.Freezes = append(c.Freezes, entry)
				case 2, 6:
					entry.Environments = []string{"production", "staging"}
					c.Freezes = append(c.Freezes, entry)
				default:
					c.Freezes = append(c.Freezes, entry)
				}
			}
			input := storyWith(t, c)
			q := timetable.Question{Windows: windows, Calendar: c, Environment: "production", Service: "payments-api", From: from, To: c.Horizon, Zone: zone}
			slots := q.Slots()
			checkSlots(t, q, slots)
			for _, at := range moments(random, slots) {
				judgement, err := gate.Judge(context.Background(), input.At(at))
				if err != nil {
					t.Fatal(err)
				}
				i := slices.IndexFunc(slots, func(s timetable.Slot) bool { return !at.Before(s.From) && at.Before(s.To) })
				if diff := cmp.Diff(said(judgement), drawn(slots[i])); diff != "" {
					t.Errorf("at %s (%s): (-rules +timetable)\n%s", at.In(zone), slots[i].State, diff)
				}
			}
		})
	}
}

// moments are some edges, the seconds before them, and others.
func moments(random *rand.Rand, slots []timetable.Slot) []time.Time {
	var list []time.Time
	first, end := slots[0].From, slots[len(slots)-1].To
	for range 3 {
		s := slots[1+random.IntN(len(slots)-1)]
		list = append(list, s.From, s.From.Add(-time.Second), first.Add(time.Duration(random.Int64N(int64(end.Sub(first))))).Truncate(time.Second))
	}
	for _, s := range slots { // the nights of the change
		if _, before := s.From.Zone(); before != offset(s.To) {
			for at := s.From; at.Before(s.To); at = at.Add(time.Hour) {
				list = append(list, at)
			}
		}
	}
	return list
}

func offset(at time.Time) int { _, seconds := at.Zone(); return seconds }

// said are the codes of the judgement that are about windows, freezes, holidays.
func said(d evaluator.Judgement) []string {
	codes := []string{}
	for _, f := range d.Findings {
		if f.Effect == evaluator.EffectDeny && (strings.HasPrefix(f.Code, "window.") || strings.HasPrefix(f.Code, "freeze.")) {
			codes = append(codes, f.Code)
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// drawn are the codes that a slot stands for.
func drawn(s timetable.Slot) []string {
	codes := []string{}
	if len(s.Freezes) > 0 {
		codes = append(codes, "freeze.active")
	}
	switch {
	case len(s.Holidays) > 0:
		codes = append(codes, "window.holiday")
	case len(s.Windows) == 0:
		codes = append(codes, "window.prohibited")
	case !slices.Contains(s.Windows, "business-hours"):
		codes = append(codes, "window.closed")
	}
	if (s.State == timetable.Open) != (len(codes) == 0) {
		codes = append(codes, "state "+string(s.State))
	}
	return codes
}

func checkSlots(t *testing.T, q timetable.Question, slots []timetable.Slot) {
	t.Helper()
	if !slots[0].From.Equal(q.From) || !slots[len(slots)-1].To.Equal(q.To) {
		t.Errorf("slots run from %s to %s", slots[0].From, slots[len(slots)-1].To)
	}
	for i, s := range slots {
		if !s.To.After(s.From) || i > 0 && !slots[i-1].To.Equal(s.From) {
			t.Errorf("slot %d: %s to %s after %s", i, s.From, s.To, slots[max(0, i-1)].To)
		}
	}
}

func TestADayIsDrawnHourByHour(t *testing.T) {
	freeze := func(start, end string) []facts.Interval {
		return []facts.Interval{{Name: "x", Start: instant(t, start), End: instant(t, end)}}
	}
	tests := []struct {
		name, zone, day string
		freezes         []facts.Interval
		want            string
	}{
		{"an ordinary Tuesday", "America/New_York", "2026-11-24", nil,
			"Tue 24 Nov  ddddddddddOOOOdddddddddd  open 10:00-14:00"},
		{"a Saturday", "America/New_York", "2026-11-28", nil,
			"Sat 28 Nov  ........................  closed"},
		{"a freeze that begins within an hour", "America/New_York", "2026-11-24", freeze("2026-11-24T12:30:00-05:00", "2026-11-25T00:00:00-05:00"),
			"Tue 24 Nov  ddddddddddOO+FFFFFFFFFFF  open 10:00-12:30; freeze x 12:30-24:00"},
		{"a freeze all day", "America/New_York", "2026-11-24", freeze("2026-11-01T00:00:00-05:00", "2026-12-25T00:00:00-05:00"),
			"Tue 24 Nov  FFFFFFFFFFFFFFFFFFFFFFFF  closed; freeze x"},
		{"a Monday", "Europe/Berlin", "2026-11-23", nil,
			"Mon 23 Nov  dddddddddddddddddddddddd  discouraged 00:00-24:00"},
		{"an hour that is skipped", "Europe/Berlin", "2026-03-29", nil,
			"Sun 29 Mar  .. .....................  closed; the clocks change: the day has 23h"},
		{"an hour that comes twice, once frozen", "Europe/Berlin", "2026-10-25", freeze("2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"),
			"Sun 25 Oct  ..+.....................  closed; freeze x 02:00-02:00; the clocks change: the day has 25h"},
		{"half an hour that is skipped", "Australia/Lord_Howe", "2026-10-04", nil,
			"Sun 04 Oct  ........................  closed; the clocks change: the day has 23h30m"},
		{"a day without a midnight", "America/Santiago", "2026-09-06", nil,
			"Sun 06 Sep   .......................  closed; the clocks change: the day has 23h"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			zone := load(t, tt.zone)
			_, windows := shipped(t, zone)
			day, err := time.ParseInLocation(time.DateOnly, tt.day, zone)
			if err != nil {
				t.Fatal(err)
			}
			from, to := day.Add(6*time.Hour), day.Add(12*time.Hour)
			for from.Format(time.DateOnly) == tt.day {
				from = from.Add(-30 * time.Minute)
			}
			for to.Format(time.DateOnly) == tt.day {
				to = to.Add(30 * time.Minute)
			}
			q := timetable.Question{Windows: windows, Calendar: &facts.Calendar{Freezes: tt.freezes}, From: from.Add(30 * time.Minute), To: to, Zone: zone}
			s := print.NewSheet(print.Options{Width: print.Unbroken})
			timetable.Print(s, q.Slots(), zone)
			if lines := strings.Split(string(s.Bytes()), "\n"); lines[1] != tt.want || lines[2] != "" {
				t.Errorf("drawn\n%s\nwant\n%s", s.Bytes(), tt.want)
			}
		})
	}
}

func TestWindowsThatNeverOpenAreWarnedOf(t *testing.T) {
	span := func(from, to string, days ...string) []timetable.Span {
		return []timetable.Span{{Days: days, From: from, To: to}}
	}
	tests := []struct {
		name    string
		windows timetable.Windows
		want    []string
	}{
		{"nothing amiss", timetable.Windows{Preferred: "a", Named: map[string][]timetable.Span{"a": span("10:00", "14:00", "Monday"), "b": span("14:00", "24:00", "Monday")}}, nil},
		{"a preferred window of no name", timetable.Windows{Preferred: "c", Named: map[string][]timetable.Span{"a": span("10:00", "14:00", "Monday")}},
			[]string{`window.preferred is "c", but no window with that name is ever open; use one of ["a"]`}},
		{"a window without times", timetable.Windows{Preferred: "a", Named: map[string][]timetable.Span{"a": span("10:00", "14:00", "Monday"), "b": nil}},
			[]string{`the window "b" has no times, so it never opens`}},
		{"two names for one window, cut in two ways", timetable.Windows{Preferred: "a", Named: map[string][]timetable.Span{
			"a": span("10:00", "14:00", "Monday"), "b": append(span("12:00", "14:00", "Monday"), span("10:00", "12:00", "Monday")...)}},
			[]string{`the windows "a" and "b" have the same times`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.windows.Warnings()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWindowsAreOnTheClockThatTheSettingsName(t *testing.T) {
	site := load(t, "America/New_York")
	for text, want := range map[string]string{"calendar": "America/New_York", "Asia/Tokyo": "Asia/Tokyo", "Local": "", "": "", "Gotham": ""} {
		w, err := timetable.ReadWindows(json.RawMessage(`{"window": {"timezone": "`+text+`"}}`), site)
		if (err != nil) != (want == "") || err == nil && w.Zone.String() != want {
			t.Errorf("%q: %v, %v", text, w.Zone, err)
		}
	}
	if _, err := timetable.ReadWindows(json.RawMessage(`[]`), site); err == nil {
		t.Error("settings of another shape were read")
	}
}

func TestWindowsAreListedWhateverTheCalendarSays(t *testing.T) {
	zone := load(t, "America/New_York")
	_, windows := shipped(t, zone)
	from := instant(t, "2026-11-24T00:00:00-05:00")
	freeze := facts.Interval{Name: "x", Start: from.Add(11 * time.Hour), End: from.Add(12 * time.Hour)}
	q := timetable.Question{Windows: windows, Calendar: &facts.Calendar{Freezes: []facts.Interval{freeze}}, From: from, To: from.Add(24 * time.Hour), Zone: zone}
	var got []string
	for _, o := range q.Occurrences() {
		got = append(got, o.Name+" "+o.Start.Format("15:04")+"-"+o.End.Format("15:04"))
		if o.Preferred != (o.Name == "business-hours") {
			t.Errorf("%+v", o)
		}
	}
	want := []string{"off-hours 00:00-10:00", "business-hours 10:00-14:00", "off-hours 14:00-18:00", "after-hours 18:00-00:00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAWindowOpensTwiceWhereTheClockShowsItTwice(t *testing.T) {
	zone := load(t, "America/New_York")
	q := timetable.Question{
		Windows: timetable.Windows{Preferred: "a", Zone: zone, Named: map[string][]timetable.Span{
			"a": {{Days: []string{"Sunday"}, From: "01:30", To: "03:00"}},
		}},
		Calendar: &facts.Calendar{}, From: instant(t, "2026-11-01T00:00:00-04:00"), To: instant(t, "2026-11-02T00:00:00-05:00"), Zone: zone,
	}
	var got []string
	for _, s := range q.Slots() {
		if s.State == timetable.Open {
			got = append(got, s.From.Format(time.RFC3339)+"/"+s.To.Format(time.RFC3339))
		}
	}
	want := []string{"2026-11-01T01:30:00-04:00/2026-11-01T01:00:00-05:00", "2026-11-01T01:30:00-05:00/2026-11-01T03:00:00-05:00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAFreezeOfAnotherScopeDoesNotApply(t *testing.T) {
	zone := load(t, "UTC")
	from := instant(t, "2026-11-24T00:00:00Z")
	tests := []struct {
		name                   string
		environments, services []string
		holds                  bool
	}{
		{"for all", nil, nil, true},
		{"for another environment", []string{"staging"}, nil, false},
		{"for another service", nil, []string{"other"}, false},
		{"for this environment and another service", []string{"production"}, []string{"other"}, false},
		{"for this one among others", []string{"staging", "production"}, []string{"other", "payments-api"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			freeze := facts.Interval{Name: "x", Start: from, End: from.Add(time.Hour), Environments: tt.environments, Services: tt.services}
			q := timetable.Question{
				Windows: timetable.Windows{Zone: zone}, Calendar: &facts.Calendar{Freezes: []facts.Interval{freeze}},
				Environment: "production", Service: "payments-api", From: from, To: from.Add(time.Hour), Zone: zone,
			}
			if slots := q.Slots(); len(slots) != 1 || (len(slots[0].Freezes) > 0) != tt.holds {
				t.Errorf("got %+v", slots)
			}
		})
	}
}
