package schedule

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/ical"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
)

// scheduleAt is a schedule with one interval from now to an hour later and one
// on the next day, cut by the search's end.
func scheduleAt(now time.Time) *evaluator.Schedule {
	item := "Quarterly settlement"
	return &evaluator.Schedule{
		Outcome: evaluator.Allow, ExitCode: 0, Mode: evaluator.ModeEnforce,
		Request: evaluator.Subject{Service: "payments-api", Environment: "production", Kind: "promotion"},
		Now:     now, Horizon: now.Add(90 * 24 * time.Hour), Until: now.Add(25 * time.Hour),
		Intervals: []evaluator.Interval{
			{
				From: now, To: now.Add(time.Hour),
				OpensBecause:  []evaluator.Reason{{Code: evaluator.SearchStarts, Message: "the gate is in this state now"}},
				ClosesBecause: []evaluator.Reason{{Code: "freeze.active", Title: "Change freeze in effect", Item: &item}},
			},
			{
				From: now.Add(24 * time.Hour).Truncate(time.Second), To: now.Add(25 * time.Hour),
				OpensBecause:  []evaluator.Reason{{Code: "freeze.active", Item: &item}, {Code: "window.closed"}},
				ClosesBecause: []evaluator.Reason{{Code: evaluator.SearchEnds, Message: "the search ends here, as requested"}},
			},
		},
		Needs: []evaluator.Finding{}, WindowsOnceMet: []evaluator.Interval{},
	}
}

var tuesday = time.Date(2026, 11, 24, 11, 20, 0, 0, time.FixedZone("", -5*3600))

func printSchedule(t *testing.T, format string, s *evaluator.Schedule) string {
	t.Helper()
	out, err := Print(format, s, report.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestAScheduleBeginsWithTheAnswer(t *testing.T) {
	soon := tuesday.Add(90 * time.Minute)
	why := "the gate does not open with time alone; open findings: approval.missing"
	for _, tt := range []struct {
		name   string
		change func(*evaluator.Schedule)
		want   string
	}{
		{"open now", func(*evaluator.Schedule) {}, "OPEN payments-api to production, until Tue 2026-11-24 12:20 -05:00 (1h left)\n"},
		{"time alone", func(s *evaluator.Schedule) {
			s.Outcome, s.ExitCode, s.OpensAt, s.Intervals = evaluator.Deny, 3, &soon, s.Intervals[1:]
		}, "WAIT payments-api to production, opens Tue 2026-11-24 12:50 -05:00 (in 1h30m)\n"},
		{"a need, and a window once it is met", func(s *evaluator.Schedule) {
			s.Outcome, s.ExitCode, s.Never = evaluator.Deny, 1, &why
			s.Intervals, s.WindowsOnceMet = nil, s.Intervals[1:]
			s.Needs = []evaluator.Finding{{Code: "approval.missing", Effect: evaluator.EffectDeny, Cure: evaluator.CureAsk, Who: []string{"Platform Lead"}}}
		}, "CLOSED payments-api to production, does not clear by itself; everything else clears from Wed"},
		{"a need and no window", func(s *evaluator.Schedule) {
			s.Outcome, s.ExitCode, s.Never, s.Intervals = evaluator.Deny, 1, &why, nil
		}, "CLOSED payments-api to production\n"},
		{"open, it says, and no interval from now", func(s *evaluator.Schedule) { s.Intervals = nil }, "CLOSED payments-api"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := scheduleAt(tuesday)
			tt.change(s)
			got := printSchedule(t, "text", s)
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("the text begins otherwise than with %q:\n%s", tt.want, got)
			}
			if s.Never != nil && !strings.Contains(got, *s.Never) {
				t.Errorf("the text does not say why never:\n%s", got)
			}
			if len(s.Needs) > 0 && !strings.Contains(got, "ASK approval.missing") {
				t.Errorf("the text does not say what is needed:\n%s", got)
			}
		})
	}
}

func TestAScheduleListsIntervalsWithTheirReasons(t *testing.T) {
	got := printSchedule(t, "text", scheduleAt(tuesday))
	for _, want := range []string{
		"  Tue 2026-11-24 11:20 -05:00 to 12:20 (1h), so now, until freeze.active (Quarterly settlement)\n",
		"  Wed 2026-11-25 11:20 -05:00 to 12:20 (1h), after freeze.active (Quarterly settlement),\n    window.closed, until the search ends\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the text lacks %q:\n%s", want, got)
		}
	}
}

func TestAnIntervalShowsWhatDiffersAtItsEnd(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		from, to time.Time
		want     string
	}{
		{"the same day", tuesday, tuesday.Add(time.Hour), "Tue 2026-11-24 11:20 -05:00 to 12:20 (1h)"},
		{"another day", tuesday, tuesday.Add(24 * time.Hour), "Tue 2026-11-24 11:20 -05:00 to Wed 2026-11-25 11:20 -05:00 (1d)"},
		{"seconds", tuesday, tuesday.Add(61 * time.Second), "Tue 2026-11-24 11:20 -05:00 to 11:21:01 (1m)"},
		{"another offset", time.Date(2027, 10, 31, 1, 0, 0, 0, berlin), time.Date(2027, 10, 31, 4, 0, 0, 0, berlin), "Sun 2027-10-31 01:00 +02:00 to 04:00 +01:00 (4h)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := interval(evaluator.Interval{From: tt.from, To: tt.to}); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestAScheduleAsJSONIsTheSchedule(t *testing.T) {
	s := scheduleAt(tuesday)
	s.Request.Service = "pay\u202ements\x1b[2J ##[error]"
	text := printSchedule(t, "json", s)
	if strings.ContainsAny(text, "\u202e\x1b") || strings.Contains(text, "##[") {
		t.Errorf("hidden characters or a command of a build log: %s", text)
	}
	var got evaluator.Schedule
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, &got, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }), cmp.AllowUnexported(evaluator.Finding{})); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// What is written is read back with the reader of calendars.
func TestAScheduleAsACalendarIsReadBack(t *testing.T) {
	s := scheduleAt(tuesday.Add(300 * time.Millisecond))
	s.Request.Service = "payments-api, the \"old; one\" \\ " + strings.Repeat("ü", 80) + "\r\nBEGIN:VEVENT"
	text := printSchedule(t, "ics", s)
	for _, row := range strings.Split(text, "\r\n") {
		if len(row) > 75 || strings.ContainsAny(row, "\r\n") {
			t.Errorf("a line of %d bytes: %q", len(row), row)
		}
	}
	calendar, err := ical.Parse("open.ics", []byte(text), ical.Options{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	events, err := calendar.Expand(tuesday.Add(-time.Hour), tuesday.Add(48*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 2 {
		t.Fatalf("%d events, want 2: %v", len(events), events)
	}
	starts := []time.Time{tuesday.Add(time.Second), tuesday.Add(24 * time.Hour)}
	for i, e := range events {
		if !e.Start.Equal(starts[i]) || !e.End.Equal(s.Intervals[i].To.Truncate(time.Second)) || e.Transparency != "TRANSPARENT" || e.UID == "" {
			t.Errorf("event %d: %+v", i, e)
		}
		if want := "production is open for payments-api, the \"old; one\" \\ üü"; !strings.HasPrefix(e.Name, want) || !strings.HasSuffix(e.Name, "BEGIN:VEVENT") {
			t.Errorf("event %d is named %q", i, e.Name)
		}
	}
	if events[0].UID == events[1].UID || printSchedule(t, "ics", s) != text {
		t.Error("the identities of events are not their own, or not the same each time")
	}
	if stamp := "DTSTAMP:20261124T162000Z"; strings.Count(text, stamp) != 2 {
		t.Errorf("the calendar is not stamped with now:\n%s", text)
	}
}

func TestOutputsOfASchedule(t *testing.T) {
	for value, want := range map[string]string{
		"yaml":  `unknown output format "yaml": use one of text, json, ics`,
		"icss":  `did you mean "ics"?`,
		"json=": "names no file",
	} {
		if _, err := Formats.ParseAll([]string{value}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-o %s: %v, want %q", value, err, want)
		}
	}
	if _, err := Formats.ParseAll([]string{"json", "ics"}); err == nil {
		t.Error("two outputs to standard output are accepted")
	}
	if text := printSchedule(t, "ics", scheduleAt(tuesday)); !strings.HasPrefix(text, "BEGIN:VCALENDAR\r\n") {
		t.Errorf("the calendar is %q", text)
	}
	if _, err := Print("yaml", scheduleAt(tuesday), report.Options{}); err == nil || !strings.HasPrefix(err.Error(), "print schedule as yaml: unknown output format") {
		t.Errorf("an unknown format: %v", err)
	}
}

func TestAScheduleFollowsTheWidth(t *testing.T) {
	for _, width := range []int{0, 40, 80, 160} {
		s := scheduleAt(tuesday)
		s.Needs = []evaluator.Finding{{Code: "approval.missing", Title: strings.Repeat("a long title ", 10), Effect: evaluator.EffectDeny, Cure: evaluator.CureAsk}}
		out, err := Print("text", s, report.Options{Options: print.Options{Width: width}})
		if err != nil {
			t.Fatal(err)
		}
		limit, longest := width, 0
		if width == 0 {
			limit = 100
		}
		for row := range strings.Lines(string(out)) {
			longest = max(longest, utf8.RuneCountInString(strings.TrimSuffix(row, "\n")))
		}
		if longest > limit || longest < limit-20 {
			t.Errorf("width %d: the longest line has %d columns:\n%s", width, longest, out)
		}
	}
}
