package ical_test

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/ical"
)

// dailyInBerlin is a master of five days at 09:00 in Berlin, for an hour.
const dailyInBerlin = `
	BEGIN:VEVENT
	UID:one
	SUMMARY:freeze
	SEQUENCE:1
	DTSTART;TZID=Europe/Berlin:20240108T090000
	DTEND;TZID=Europe/Berlin:20240108T100000
	RRULE:FREQ=DAILY;COUNT=5
	END:VEVENT
`

// The occurrences of dailyInBerlin.
const (
	first  = "2024-01-08T09:00:00+01:00/2024-01-08T10:00:00+01:00"
	second = "2024-01-09T09:00:00+01:00/2024-01-09T10:00:00+01:00"
	third  = "2024-01-10T09:00:00+01:00/2024-01-10T10:00:00+01:00"
	fourth = "2024-01-11T09:00:00+01:00/2024-01-11T10:00:00+01:00"
	fifth  = "2024-01-12T09:00:00+01:00/2024-01-12T10:00:00+01:00"
)

// version is a new version of one of them.
func version(lines string) string {
	return "BEGIN:VEVENT\nUID:one\nSUMMARY:changed\nSEQUENCE:2\n" + lines + "\nEND:VEVENT\n"
}

func TestNewVersionsOfAnOccurrenceReplaceIt(t *testing.T) {
	later := "DTSTART;TZID=Europe/Berlin:20240110T140000\nDURATION:PT30M\n"
	moved := "2024-01-10T14:00:00+01:00/2024-01-10T14:30:00+01:00 changed"
	replaced := []string{first, second, moved, fourth, fifth}
	cases := map[string]struct {
		versions string
		want     []string
	}{
		"named as DTSTART is written":           {version(later + "RECURRENCE-ID;TZID=Europe/Berlin:20240110T090000"), replaced},
		"named in UTC":                          {version(later + "RECURRENCE-ID:20240110T080000Z"), replaced},
		"named in another zone":                 {version(later + "RECURRENCE-ID;TZID=America/New_York:20240110T030000"), replaced},
		"named without a zone":                  {version(later + "RECURRENCE-ID:20240110T090000"), replaced},
		"named by its date":                     {version(later + "RECURRENCE-ID;VALUE=DATE:20240110"), replaced},
		"the higher SEQUENCE counts":            {version(later+"RECURRENCE-ID:20240110T080000Z") + "BEGIN:VEVENT\nUID:one\nSEQUENCE:1\nSUMMARY:old\nDTSTART:20240110T010000Z\nRECURRENCE-ID:20240110T080000Z\nEND:VEVENT", replaced},
		"a rule within a version has no effect": {version(later + "RRULE:FREQ=DAILY\nRECURRENCE-ID:20240110T080000Z"), replaced},
		"a version of what the rule does not give is one more": {
			version("DTSTART:20240201T080000Z\nRECURRENCE-ID:20240131T080000Z"),
			[]string{first, second, third, fourth, fifth, "2024-02-01T08:00:00Z/2024-02-01T08:00:00Z changed"},
		},
		"a version of what EXDATE takes away does not happen": {
			version(later+"RECURRENCE-ID:20240110T080000Z") +
				"BEGIN:VEVENT\nUID:one\nSUMMARY:freeze\nSEQUENCE:3\nDTSTART;TZID=Europe/Berlin:20240108T090000\nDURATION:PT1H\n" +
				"RRULE:FREQ=DAILY;COUNT=5\nEXDATE;TZID=Europe/Berlin:20240110T090000\nEND:VEVENT",
			[]string{first, second, fourth, fifth},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			calendar := mustParse(t, calendarOf(dailyInBerlin+c.versions), ical.Options{})
			wantEqual(t, c.want, spans(mustList(t, calendar, "2024-01-01", "2024-03-01")))
		})
	}
}

func TestNewVersionsOfAllThatFollows(t *testing.T) {
	cases := map[string]struct {
		versions string
		want     []string
	}{
		"this and future move and change their length": {
			version("DTSTART;TZID=Europe/Berlin:20240110T110000\nDURATION:PT2H\nRECURRENCE-ID;RANGE=THISANDFUTURE:20240110T080000Z"),
			[]string{
				first, second,
				"2024-01-10T11:00:00+01:00/2024-01-10T13:00:00+01:00 changed",
				"2024-01-11T11:00:00+01:00/2024-01-11T13:00:00+01:00 changed",
				"2024-01-12T11:00:00+01:00/2024-01-12T13:00:00+01:00 changed",
			},
		},
		"the last of two changes to the future holds, and a single one goes first": {
			version("DTSTART;TZID=Europe/Berlin:20240109T100000\nDURATION:PT2H\nRECURRENCE-ID;RANGE=THISANDFUTURE:20240109T080000Z") +
				version("DTSTART;TZID=Europe/Berlin:20240111T080000\nDURATION:PT3H\nRECURRENCE-ID;RANGE=THISANDFUTURE:20240111T080000Z") +
				version("SUMMARY:once\nDTSTART;TZID=Europe/Berlin:20240112T200000\nRECURRENCE-ID:20240112T080000Z"),
			[]string{
				first,
				"2024-01-09T10:00:00+01:00/2024-01-09T12:00:00+01:00 changed",
				"2024-01-10T10:00:00+01:00/2024-01-10T12:00:00+01:00 changed",
				"2024-01-11T08:00:00+01:00/2024-01-11T11:00:00+01:00 changed",
				"2024-01-12T20:00:00+01:00/2024-01-12T20:00:00+01:00 changed",
			},
		},
		"this and future, named by a date": {
			version("DTSTART;TZID=Europe/Berlin:20240111T110000\nRECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20240111"),
			[]string{
				first, second, third,
				"2024-01-11T11:00:00+01:00/2024-01-11T11:00:00+01:00 changed",
				"2024-01-12T11:00:00+01:00/2024-01-12T11:00:00+01:00 changed",
			},
		},
		"this and future moved by days, given as dates": {
			version("DTSTART;VALUE=DATE:20240111\nRECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20240110"),
			[]string{
				first, second,
				"2024-01-11T00:00:00Z/2024-01-12T00:00:00Z changed",
				"2024-01-12T00:00:00Z/2024-01-13T00:00:00Z changed",
				"2024-01-13T00:00:00Z/2024-01-14T00:00:00Z changed",
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			calendar := mustParse(t, calendarOf(dailyInBerlin+c.versions), ical.Options{})
			wantEqual(t, c.want, spans(mustList(t, calendar, "2024-01-01", "2024-03-01")))
		})
	}
}

func TestADayNamedInOtherFormsIsReplaced(t *testing.T) {
	master := "BEGIN:VEVENT\nUID:one\nDTSTART;VALUE=DATE:20240401\nRRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n"
	berlin := ical.Options{Site: zoneNamed(t, "Europe/Berlin")}
	for name, id := range map[string]string{
		"as a date":                      "RECURRENCE-ID;VALUE=DATE:20240402",
		"as midnight UTC":                "RECURRENCE-ID:20240402T000000Z",
		"as midnight without a zone":     "RECURRENCE-ID:20240402T000000",
		"as midnight at the site":        "RECURRENCE-ID;TZID=Europe/Berlin:20240402T000000",
		"as midnight at the site in UTC": "RECURRENCE-ID:20240401T220000Z",
		"as another time of its date":    "RECURRENCE-ID:20240402T230000Z",
	} {
		t.Run(name, func(t *testing.T) {
			text := calendarOf(master + version("DTSTART;VALUE=DATE:20240410\n"+id))
			want := []string{"2024-04-01T00:00+02:00", "2024-04-03T00:00+02:00", "2024-04-10T00:00+02:00"}
			wantEqual(t, want, starts(mustList(t, mustParse(t, text, berlin), "2024-03-30", "2024-05-01")))
		})
	}
}

func TestASeriesMovedFarIsFoundWhereItWent(t *testing.T) {
	for month, want := range map[string][]string{
		"2024-06": {"2024-06-01T09:00+02:00", "2024-06-02T09:00+02:00"},
		"2023-06": {"2023-06-01T09:00+02:00", "2023-06-02T09:00+02:00"},
	} {
		text := calendarOf(dailyInBerlin + version("DTSTART;TZID=Europe/Berlin:"+strings.ReplaceAll(month, "-", "")+
			"01T090000\nRECURRENCE-ID;RANGE=THISANDFUTURE:20240111T080000Z"))
		wantEqual(t, want, starts(mustList(t, mustParse(t, text, ical.Options{}), month+"-01", month+"-10")))
	}
}

func TestNamesInUTCOfATimeWithoutAZoneAreReadOnItsClock(t *testing.T) {
	text := calendarOf("BEGIN:VEVENT\nUID:one\nDTSTART:20240701T090000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20240702T090000Z\nEND:VEVENT\n" +
		version("DTSTART:20240705T090000\nRECURRENCE-ID:20240703T090000Z"))
	calendar := mustParse(t, text, ical.Options{Site: zoneNamed(t, "Europe/Berlin")})
	want := []string{"2024-07-01T09:00+02:00", "2024-07-05T09:00+02:00"}
	wantEqual(t, want, starts(mustList(t, calendar, "2024-07-01", "2024-08-01")))
}

func TestCancelledOccurrencesAreListedAsSuch(t *testing.T) {
	text := calendarOf(dailyInBerlin + version("STATUS:CANCELLED\nDTSTART:20240110T080000Z\nRECURRENCE-ID:20240110T080000Z"))
	var statuses []string
	for _, e := range mustList(t, mustParse(t, text, ical.Options{}), "2024-01-08", "2024-01-13") {
		statuses = append(statuses, e.Status)
	}
	wantEqual(t, []string{"", "", "CANCELLED", "", ""}, statuses)
}

func TestVersionsWithoutTheirMasterAreListed(t *testing.T) {
	text := calendarOf(version("DTSTART:20240110T080000Z\nRECURRENCE-ID:20240109T080000Z") +
		version("DTSTART:20240111T080000Z\nRECURRENCE-ID:20240110T080000Z"))
	want := []string{"2024-01-10T08:00Z", "2024-01-11T08:00Z"}
	wantEqual(t, want, starts(mustList(t, mustParse(t, text, ical.Options{}), "2024-01-01", "2024-02-01")))
}

func TestTheNewestVersionOfAnEventCounts(t *testing.T) {
	event := func(lines string) string { return "BEGIN:VEVENT\nUID:one\n" + lines + "\nEND:VEVENT\n" }
	cases := map[string]struct {
		events string
		want   []string
	}{
		"by SEQUENCE, wherever it stands": {
			event("SEQUENCE:2\nDTSTART:20240102T000000Z") + event("SEQUENCE:1\nDTSTART:20240101T000000Z"),
			[]string{"2024-01-02T00:00Z"},
		},
		"by DTSTAMP within a SEQUENCE": {
			event("DTSTAMP:20240102T000000Z\nDTSTART:20240102T000000Z") + event("DTSTAMP:20240101T000000Z\nDTSTART:20240101T000000Z"),
			[]string{"2024-01-02T00:00Z"},
		},
		"the same event twice happens once": {
			event("DTSTART:20240102T000000Z") + event("DTSTART:20240102T000000Z"),
			[]string{"2024-01-02T00:00Z"},
		},
		"a UID used for two events loses neither": {
			event("DTSTART:20240101T000000Z") + event("DTSTART:20240102T000000Z"),
			[]string{"2024-01-01T00:00Z", "2024-01-02T00:00Z"},
		},
		"events without a UID have nothing to do with each other": {
			"BEGIN:VEVENT\nDTSTART:20240101T000000Z\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20240101T000000Z\nSEQUENCE:4\nEND:VEVENT",
			[]string{"2024-01-01T00:00Z", "2024-01-01T00:00Z"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			calendar := mustParse(t, calendarOf(c.events), ical.Options{})
			wantEqual(t, c.want, starts(mustList(t, calendar, "2024-01-01", "2024-02-01")))
		})
	}
}

func TestDatesAddedAndTakenAway(t *testing.T) {
	cases := map[string]struct {
		event string
		want  []string
	}{
		"RDATE adds, and UNTIL does not stop it": {
			"DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;UNTIL=20240102T090000Z\nRDATE:20240105T100000Z,20240106T100000Z",
			[]string{"2024-01-01T09:00Z", "2024-01-02T09:00Z", "2024-01-05T10:00Z", "2024-01-06T10:00Z"},
		},
		"RDATE of what the rule gives happens once": {
			"DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nRDATE:20240102T090000Z",
			[]string{"2024-01-01T09:00Z", "2024-01-02T09:00Z"},
		},
		"EXDATE takes away what RDATE adds": {
			"DTSTART:20240101T090000Z\nRDATE:20240105T100000Z\nEXDATE:20240105T100000Z",
			[]string{"2024-01-01T09:00Z"},
		},
		"EXDATE may name DTSTART": {
			"DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20240101T090000Z",
			[]string{"2024-01-02T09:00Z"},
		},
		"EXDATE as a date takes away the day's times": {
			"DTSTART;TZID=America/New_York:20240101T200000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20240102",
			[]string{"2024-01-01T20:00-05:00", "2024-01-03T20:00-05:00"},
		},
		"EXDATE in UTC, in another zone and without one": {
			"DTSTART;TZID=America/New_York:20240101T200000\nRRULE:FREQ=DAILY;COUNT=5\n" +
				"EXDATE:20240103T010000Z\nEXDATE;TZID=Europe/Berlin:20240104T020000\nEXDATE:20240104T200000",
			[]string{"2024-01-01T20:00-05:00", "2024-01-05T20:00-05:00"},
		},
		"EXDATE of another time of the day takes away nothing": {
			"DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20240102T000000Z",
			[]string{"2024-01-01T09:00Z", "2024-01-02T09:00Z"},
		},
		"EXDATE with a time takes away an all-day event": {
			"DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20240102T000000Z,20240103T000000",
			[]string{"2024-01-01T00:00Z"},
		},
		"an empty EXDATE and a comma at the end": {
			"DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:\nEXDATE:20240102T090000Z,",
			[]string{"2024-01-01T09:00Z"},
		},
		"RDATE as a date of an event with a time is its midnight": {
			"DTSTART;TZID=America/New_York:20240101T200000\nRDATE;VALUE=DATE:20240105",
			[]string{"2024-01-01T20:00-05:00", "2024-01-05T00:00-05:00"},
		},
		"RDATE in another zone is shown on the event's clock": {
			"DTSTART;TZID=America/New_York:20240101T200000\nRDATE;TZID=Europe/Berlin:20240105T120000",
			[]string{"2024-01-01T20:00-05:00", "2024-01-05T06:00-05:00"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			calendar := mustParse(t, eventOf(c.event), ical.Options{})
			wantEqual(t, c.want, starts(mustList(t, calendar, "2024-01-01", "2024-02-01")))
		})
	}
}
