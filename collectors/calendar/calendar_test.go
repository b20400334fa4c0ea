package calendar

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// collect reads a calendar around an instant.
func collect(t *testing.T, content, now string) (*facts.Calendar, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	c := Collector{File: strict.Path{Dir: dir, Name: "c.yaml"}, Clock: func() time.Time { return instant(t, now) }}
	section, err := c.Collect(context.Background(), facts.Request{})
	if err != nil {
		return nil, err
	}
	return section.(facts.Observed).Section.(*facts.Calendar), nil
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// freeze is a calendar in zone with one freeze.
func freeze(zone, start, end string) string {
	return "timezone: " + zone + "\nholidays: []\nfreezes:\n  - {name: f, start: '" + start + "', end: '" + end + "'}\n"
}

func TestTheCalendarReachesFromYesterdayTo120DaysAhead(t *testing.T) {
	tests := []struct{ name, zone, now, from, horizon string }{
		{"east of Greenwich it is tomorrow already", "Asia/Tokyo", "2026-11-24T16:00:00Z", "2026-11-24T00:00:00+09:00", "2027-03-25T00:00:00+09:00"},
		{"west of Greenwich, over two changes of clocks", "America/New_York", "2026-10-30T03:00:00Z", "2026-10-28T00:00:00-04:00", "2027-02-26T00:00:00-05:00"},
		{"UTC", "UTC", "2026-11-24T00:00:00Z", "2026-11-23T00:00:00Z", "2027-03-24T00:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, freeze(tt.zone, "2030-01-01", "2030-01-02"), tt.now)
			if err != nil {
				t.Fatal(err)
			}
			if got.From.Format(time.RFC3339) != tt.from || got.Horizon.Format(time.RFC3339) != tt.horizon {
				t.Errorf("from %s to %s, want %s to %s", got.From.Format(time.RFC3339), got.Horizon.Format(time.RFC3339), tt.from, tt.horizon)
			}
			if len(got.Freezes) != 0 || got.Freezes == nil || got.Holidays == nil {
				t.Errorf("freezes %v, holidays %v; want empty lists", got.Freezes, got.Holidays)
			}
		})
	}
}

func TestEdgesAreReadAsTheSiteReadsItsClocks(t *testing.T) {
	const ny, now = "America/New_York", "2026-11-01T12:00:00Z"
	tests := []struct{ name, zone, now, start, end, wantStart, wantEnd string }{
		{"whole days", ny, now, "2026-11-26", "2026-11-28", "2026-11-26T00:00:00-05:00", "2026-11-28T00:00:00-05:00"},
		{"local times", ny, now, "2026-11-26T18:00", "2026-12-01T08:00:30", "2026-11-26T18:00:00-05:00", "2026-12-01T08:00:30-05:00"},
		{"local times with a space", ny, now, "2026-11-26 18:00", "2026-12-01 08:00:30", "2026-11-26T18:00:00-05:00", "2026-12-01T08:00:30-05:00"},
		{"times with an offset", ny, now, "2026-11-26T23:00:00Z", "2026-11-27T09:00:00+09:00", "2026-11-26T18:00:00-05:00", "2026-11-26T19:00:00-05:00"},
		{"across the end of summer time", ny, now, "2026-10-31", "2026-11-02", "2026-10-31T00:00:00-04:00", "2026-11-02T00:00:00-05:00"},
		{"an hour that comes twice is closed both times", ny, now, "2026-11-01T01:30", "2026-11-01T01:45", "2026-11-01T01:30:00-04:00", "2026-11-01T01:45:00-05:00"},
		{"an hour that is skipped ends and begins at the change", ny, "2027-03-14T12:00:00Z", "2027-03-14T02:30", "2027-03-14T08:00", "2027-03-14T03:00:00-04:00", "2027-03-14T08:00:00-04:00"},
		{"a day whose midnight is skipped", "America/Santiago", "2026-09-06T12:00:00Z", "2026-09-06", "2026-09-07", "2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"},
		{"a zone half an hour off", "Asia/Kolkata", now, "2026-11-10", "2026-11-11", "2026-11-10T00:00:00+05:30", "2026-11-11T00:00:00+05:30"},
		{"a change of clocks by half an hour", "Australia/Lord_Howe", "2027-04-04T12:00:00Z", "2027-04-04T01:45", "2027-04-04T01:50", "2027-04-04T01:45:00+11:00", "2027-04-04T01:50:00+10:30"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, freeze(tt.zone, tt.start, tt.end), tt.now)
			if err != nil {
				t.Fatal(err)
			}
			f := got.Freezes[0]
			if f.Start.Format(time.RFC3339) != tt.wantStart || f.End.Format(time.RFC3339) != tt.wantEnd {
				t.Errorf("%s to %s, want %s to %s", f.Start.Format(time.RFC3339), f.End.Format(time.RFC3339), tt.wantStart, tt.wantEnd)
			}
		})
	}
}

func TestADateIsOneWholeLocalDay(t *testing.T) {
	got, err := collect(t, "timezone: Europe/Berlin\nfreezes: []\nholidays: [{name: Heiligabend, date: 2026-12-24}]\n", "2026-11-24T12:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	h := got.Holidays[0]
	if h.Start.Format(time.RFC3339) != "2026-12-24T00:00:00+01:00" || h.End.Format(time.RFC3339) != "2026-12-25T00:00:00+01:00" || h.Source != "c.yaml" {
		t.Errorf("read %+v", h)
	}
}

func TestEverythingThatOverlapsIsReportedInOrder(t *testing.T) {
	const content = `timezone: UTC
holidays: []
freezes:
  - {name: ends as the window begins, start: 2026-11-01, end: 2026-11-23}
  - {name: begins as it ends, start: 2027-03-24, end: 2027-04-01}
  - {name: last, start: 2027-03-23T23:59:59, end: 2028-01-01}
  - {name: b, start: 2026-12-01, end: 2026-12-02, environments: [Production], services: [payments-api]}
  - {name: a, start: 2026-12-01, end: 2026-12-02}
  - {name: all along, start: 2020-01-01, end: 2040-01-01}
  - {name: first, start: 2026-11-01, end: 2026-11-23T00:00:01}
`
	got, err := collect(t, content, "2026-11-24T12:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got.Freezes {
		names = append(names, f.Name)
	}
	if diff := cmp.Diff([]string{"all along", "first", "a", "b", "last"}, names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if b := got.Freezes[3]; b.Environments[0] != "production" || b.Services[0] != "payments-api" {
		t.Errorf("read %+v", b)
	}
}

func TestAnInvalidEntryIsAnErrorAtAnyTime(t *testing.T) {
	const head = "timezone: UTC\nholidays: []\nfreezes:\n"
	tests := []struct{ name, content, want string }{
		{"it ends before it starts", head + "- {name: f, start: 1999-01-02, end: 1999-01-01}", `c.yaml:4: "f" ends 1999-01-01T00:00:00Z, which is not after its start`},
		{"it ends as it starts", head + "- {name: f, start: 2026-12-25, end: 2026-12-25}", "end is exclusive"},
		{"it has no end", head + "- {name: f, start: 2026-12-25}", `c.yaml:4: "f" needs start and end`},
		{"it has date and start", head + "- {name: f, date: 2026-12-25, start: 2026-12-25}", "write one of them"},
		{"its date has a time", head + "- {name: f, date: 2026-12-25T10:00}", "write start and end"},
		{"it has no name", head + "- {date: 2026-12-25}", "c.yaml:4: freezes[0].name is missing"},
		{"an unknown key", head + "- {name: f, date: 2026-12-25, untill: x}", "c.yaml:4: freezes[0].untill is an unknown key"},
		{"a day that is none", head + "- {name: f, date: 2026-02-30}", `c.yaml:4: freezes[0].date is "2026-02-30"`},
		{"a time of another country", head + "- {name: f, start: 12/24/2026, end: 2026-12-25}", "freezes[0].start is"},
		{"a fraction of a second", head + "- {name: f, start: '2026-12-24T10:00:00.5Z', end: 2026-12-25}", "whole seconds"},
		{"a year far away", head + "- {name: f, start: 0001-01-01, end: 2026-12-25}", "between the years"},
		{"a number", head + "- {name: f, date: 20261225}", "is a number"},
		{"no freezes, not even []", "timezone: UTC\nholidays: []\n", "c.yaml:1: freezes is missing"},
		{"null for freezes", "timezone: UTC\nholidays: []\nfreezes:\n", "freezes is null, and must be a list ([] for none)"},
		{"no zone", "holidays: []\nfreezes: []\n", "timezone is missing"},
		{"an unknown zone", "timezone: America/Gotham\nholidays: []\nfreezes: []\n", `timezone is "America/Gotham"`},
		{"this machine's zone", "timezone: Local\nholidays: []\nfreezes: []\n", `timezone is "Local"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, tt.content, "2026-11-24T12:00:00Z")
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "c.yaml") {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// FuzzMoment shows that no text makes an edge panic, and that the first and the
// last instant it can mean are in order and near each other.
func FuzzMoment(f *testing.F) {
	for _, seed := range []string{"2026-11-26", "2026-11-01T01:30", "2027-03-14 02:30:00", "2026-11-26T23:00:00Z", "2026-09-06"} {
		f.Add(seed, "America/New_York")
		f.Add(seed, "America/Santiago")
	}
	f.Fuzz(func(t *testing.T, text, name string) {
		zone, err := time.LoadLocation(name)
		var m moment
		if err != nil || m.UnmarshalText([]byte(text)) != nil {
			return
		}
		first, last := m.earliest(zone), m.latest(zone)
		if last.Before(first) || last.Sub(first) > 24*time.Hour || first.Nanosecond() != 0 {
			t.Errorf("%q in %s: %s to %s", text, name, first, last)
		}
	})
}
