package ics_test

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/prodgate/prodgate/internal/ical"
	"github.com/prodgate/prodgate/internal/ics"
)

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.FixedZone("", -5*3600))

func TestAFileHasTheFormOfRFC5545(t *testing.T) {
	got := string(ics.Write(ics.Calendar{Name: "Open; or not", Now: start, Events: []ics.Event{{
		Name: "production is open", Description: "first\nsecond, with a \\", Start: start, End: start.Add(4 * time.Hour), Scope: "a",
	}}}))
	want := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//prodgate//EN\r\nX-WR-CALNAME:Open\\; or not\r\n" +
		"BEGIN:VEVENT\r\nUID:X\r\nDTSTAMP:20261124T150000Z\r\nDTSTART:20261124T150000Z\r\nDTEND:20261124T190000Z\r\n" +
		"SUMMARY:production is open\r\nDESCRIPTION:first\\nsecond\\, with a \\\\\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	uid, _, _ := strings.Cut(got[strings.Index(got, "UID:")+4:], "\r\n")
	if strings.Replace(got, uid, "X", 1) != want || len(uid) < 30 {
		t.Errorf("wrote %q\nwant  %q", got, want)
	}
}

func TestAnEventKeepsItsUIDAndNoOtherHasIt(t *testing.T) {
	uid := func(e ics.Event, now time.Time) string {
		text := string(ics.Write(ics.Calendar{Now: now, Events: []ics.Event{e}}))
		return text[strings.Index(text, "UID:"):strings.Index(text, "DTSTAMP")]
	}
	e := ics.Event{Name: "open", Start: start, End: start.Add(time.Hour), Scope: "a"}
	if longer := (ics.Event{Name: "open", Start: start.UTC(), End: start.Add(2 * time.Hour), Scope: "a"}); uid(e, start) != uid(longer, start.Add(time.Hour)) {
		t.Error("an event that got longer has another UID")
	}
	for _, other := range []ics.Event{{Name: "open", Start: start, Scope: "b"}, {Name: "x", Start: start, Scope: "a"}, {Name: "open", Start: start.Add(time.Second), Scope: "a"}} {
		if uid(e, start) == uid(other, start) {
			t.Errorf("%+v has the UID of another", other)
		}
	}
}

// Whatever the name, the file can be read again and says the same.
func TestWhatIsWrittenCanBeRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		data := ics.Write(ics.Calendar{Name: name, Now: start, Events: []ics.Event{{Name: name, Description: name, Start: start, End: start.Add(time.Hour)}}})
		for _, line := range bytes.Split(data, []byte("\r\n")) {
			if len(line) > 75 || !utf8.Valid(line) || bytes.ContainsAny(line, "\r\n") {
				t.Fatalf("the line %q is too long or cut within a character", line)
			}
		}
		calendar, err := ical.Parse("x.ics", data, ical.Options{})
		if err != nil {
			t.Fatal(err)
		}
		events, err := calendar.Expand(start.AddDate(0, 0, -1), start.AddDate(0, 0, 1))
		if err != nil || len(events) != 1 || !events[0].Start.Equal(start) || !events[0].End.Equal(start.Add(time.Hour)) {
			t.Fatalf("read %+v, %v", events, err)
		}
		if !strings.ContainsAny(name, "\r\n\t") && strings.TrimSpace(name) == name && printable(name) && events[0].Name != name {
			t.Fatalf("wrote %q, read %q", name, events[0].Name)
		}
	})
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError })
}
