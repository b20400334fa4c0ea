package ical_test

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/ical"
)

// Each line stands after another within an event; "" is a file that is read.
func TestDamagedLines(t *testing.T) {
	const description = "DESCRIPTION:Nobody deploys"
	for _, c := range []struct{ name, after, line, want string }{
		{"an organizer without a value", "CLASS:PUBLIC", "ORGANIZER;CN=Jo", ""},
		{"an attendee after a time", "DTSTART:20240101T090000Z", "ATTENDEE", ""},
		{"an extension", "DTSTART:20240101T090000Z", "X-APPLE-STRUCTURED-LOCATION", ""},
		{"a description that was folded wrongly", description, "until the ledger is moved", ""},
		{"one with a colon in a sentence", description, "Call the office: 0301234567", ""},
		{"one with a long number", description, "Meeting id 98765432100", ""},
		{"one that begins with a sign", description, `\n\n--::~:~::~`, ""},
		{"an attendee that was folded wrongly", "ATTENDEE;CN=Jo;ROLE=REQ-PARTICIPANT;RSV", "P=TRUE", ""},

		{"a start without a value", description, "DTSTART;TZID=Europe/Berlin", "DTSTART"},
		{"an end without a colon", description, "DTEND 20240102", "DTEND"},
		{"a rule without a colon", description, "RRULE FREQ=DAILY", "RRULE"},
		{"a rule that lost its name", description, "FREQ=DAILY;COUNT=3", "FREQ"},
		{"a rule that lost its beginning", description, "LY;BYDAY=MO", "LY;"},
		{"a duration that lost its name", description, "PT8H", "PT8H"},
		{"a start that lost its beginning", description, "START;VALUE=DATE 20240102", "START"},
		{"a time that lost its name", description, "20240102T090000Z", "2024"},
		{"a status", description, "STATUS", "STATUS"},
		{"a transparency", description, "TRANSP TRANSPARENT", "TRANSP"},
		{"an identifier", description, "UID", "UID"},
		{"a name", description, "SUMMARY", "SUMMARY"},
		{"a zone", description, "X-WR-TIMEZONE Europe/Berlin", "X-WR-TIMEZONE"},
		{"an end of a component", description, "END VEVENT", "END"},
		{"the rest of an exception", "EXDATE:20240102T090000Z,", "20240103T090000Z", "2024"},
		{"the rest of a name", "SUMMARY:Year-end", "freeze", "freeze"},
		{"text after a time", "DTSTART:20240101T090000Z", "see the wiki", "see the wiki"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20240101T090000Z\nDURATION:PT1H\n" + c.after + "\n" + c.line + "\nEND:VEVENT\nEND:VCALENDAR\n"
			calendar, err := ical.Parse("test.ics", []byte(text), ical.Options{})
			if c.want != "" {
				wantError(t, err, `line 7: "`+c.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			warnings := calendar.Warnings()
			if n := strings.Count(c.line, ":"); n == 0 && (len(warnings) == 0 || warnings[len(warnings)-1].Line != 7) {
				t.Errorf("warned %v", warnings)
			}
			if events := mustList(t, calendar, "2024-01-01", "2024-01-03"); len(events) != 1 || calendar.Events() != 1 {
				t.Errorf("found %v", events)
			}
		})
	}
}

func TestAContinuationOfSeveralLines(t *testing.T) {
	text := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20240101T090000Z\nDESCRIPTION:one\ntwo\nthree\nEND:VEVENT\nEND:VCALENDAR\n"
	calendar, err := ical.Parse("test.ics", []byte(text), ical.Options{})
	if err != nil || len(calendar.Warnings()) != 2 {
		t.Errorf("%v, %v", calendar.Warnings(), err)
	}
}

func TestInvalidEvents(t *testing.T) {
	text := "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:A\\, B\nDUE;VALUE=DATE:20240101\nBEGIN:VALARM\nSUMMARY:C\nTRIGGER:-PT5M\nEND:VALARM\nEND:VTODO\n" +
		"BEGIN:VFREEBUSY\nUID:x\nEND:VFREEBUSY\nBEGIN:VJOURNAL\nDTSTART:20240101\nEND:VJOURNAL\nEND:VCALENDAR\n"
	others := mustParse(t, text, ical.Options{}).Others()
	want := []ical.Other{{Kind: "VTODO", Name: "A, B", Line: 2, Timed: true}, {Kind: "VFREEBUSY", Line: 10}}
	wantEqual(t, want, others)
}

func TestFileNamesThatAreNotZones(t *testing.T) {
	for _, name := range []string{"localtime", "posixrules", "Factory", "Local", "right/Europe/Berlin", "posix/Europe/Berlin", "europe/berlin"} {
		_, err := ical.Parse("test.ics", []byte(eventOf("DTSTART;TZID="+name+":20240101T090000")), ical.Options{})
		wantError(t, err, `line 6: the zone "`+name+`" is unknown`)
	}
	for name, want := range map[string]string{"Etc/GMT+2": "2024-01-01T09:00-02:00", "GMT+0200": "2024-01-01T09:00+02:00", "GMT-0500": "2024-01-01T09:00-05:00", "CET": "2024-01-01T09:00+01:00"} {
		calendar := mustParse(t, eventOf("DTSTART;TZID="+name+":20240101T090000"), ical.Options{})
		wantEqual(t, []string{want}, starts(mustList(t, calendar, "2023-12-31", "2024-01-03")))
	}
}
