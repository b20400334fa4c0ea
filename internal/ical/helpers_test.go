package ical_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/prodgate/prodgate/internal/ical"
)

// calendarOf wraps lines, written with spaces around them for the eye, into a
// VCALENDAR.
func calendarOf(lines string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	for l := range strings.Lines(lines) {
		if l = strings.TrimSpace(l); l != "" {
			b.WriteString(l + "\r\n")
		}
	}
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

// eventOf is calendarOf for one VEVENT.
func eventOf(lines string) string {
	return calendarOf("BEGIN:VEVENT\nUID:one\nSUMMARY:freeze\n" + lines + "\nEND:VEVENT")
}

func mustParse(t testing.TB, text string, opts ical.Options) *ical.Calendar {
	t.Helper()
	calendar, err := ical.Parse("test.ics", []byte(text), opts)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return calendar
}

// mustList expands from one time to another, both in RFC 3339.
func mustList(t testing.TB, c *ical.Calendar, from, to string) []ical.Event {
	t.Helper()
	events, err := c.Expand(instant(t, from), instant(t, to))
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func instant(t testing.TB, text string) time.Time {
	t.Helper()
	if len(text) == len("2024-01-01") {
		text += "T00:00:00Z"
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// spans writes events as "start/end name", each time as its own zone shows it;
// the name is left out where it is "freeze".
func spans(events []ical.Event) []string {
	list := []string{}
	for _, e := range events {
		text := fmt.Sprintf("%s/%s", e.Start.Format(time.RFC3339), e.End.Format(time.RFC3339))
		if e.Name != "freeze" {
			text += " " + e.Name
		}
		list = append(list, text)
	}
	return list
}

// starts writes when events start, as their own zone shows it.
func starts(events []ical.Event) []string {
	list := []string{}
	for _, e := range events {
		list = append(list, e.Start.Format("2006-01-02T15:04Z07:00"))
	}
	return list
}

func wantEqual(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(ical.Event{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func zoneNamed(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}
