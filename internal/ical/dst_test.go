package ical_test

import (
	"fmt"
	"testing"

	"github.com/prodgate/prodgate/internal/ical"
)

// clockChanges says what the two nights of the change do in three zones.
var clockChanges = map[string]struct {
	zone, event string
	want        []string
}{
	"a daily window keeps its hours in Berlin": {
		"Europe/Berlin", "DTSTART;TZID=%s:20240330T080000\nDTEND;TZID=%[1]s:20240330T180000\nRRULE:FREQ=DAILY;COUNT=3",
		[]string{
			"2024-03-30T08:00:00+01:00/2024-03-30T18:00:00+01:00",
			"2024-03-31T08:00:00+02:00/2024-03-31T18:00:00+02:00",
			"2024-04-01T08:00:00+02:00/2024-04-01T18:00:00+02:00",
		},
	},
	"a daily window keeps its hours in New York": {
		"America/New_York", "DTSTART;TZID=%s:20241102T080000\nDTEND;TZID=%[1]s:20241102T180000\nRRULE:FREQ=DAILY;COUNT=2",
		[]string{
			"2024-11-02T08:00:00-04:00/2024-11-02T18:00:00-04:00",
			"2024-11-03T08:00:00-05:00/2024-11-03T18:00:00-05:00",
		},
	},
	"a daily window keeps its hours on Lord Howe Island": {
		"Australia/Lord_Howe", "DTSTART;TZID=%s:20241005T080000\nDTEND;TZID=%[1]s:20241005T180000\nRRULE:FREQ=DAILY;COUNT=2",
		[]string{
			"2024-10-05T08:00:00+10:30/2024-10-05T18:00:00+10:30",
			"2024-10-06T08:00:00+11:00/2024-10-06T18:00:00+11:00",
		},
	},
	"a start in the gap is read with the offset before it in Berlin": {
		"Europe/Berlin", "DTSTART;TZID=%s:20240330T023000\nDTEND;TZID=%[1]s:20240330T060000\nRRULE:FREQ=DAILY;COUNT=2",
		[]string{
			"2024-03-30T02:30:00+01:00/2024-03-30T06:00:00+01:00",
			"2024-03-31T03:30:00+02:00/2024-03-31T06:00:00+02:00",
		},
	},
	"a start in the gap is read with the offset before it in New York": {
		"America/New_York", "DTSTART;TZID=%s:20240310T023000\nDURATION:PT1H",
		[]string{"2024-03-10T03:30:00-04:00/2024-03-10T04:30:00-04:00"},
	},
	"the gap of Lord Howe Island is half an hour": {
		"Australia/Lord_Howe", "DTSTART;TZID=%s:20241006T021500\nDURATION:PT1H",
		[]string{"2024-10-06T02:45:00+11:00/2024-10-06T03:45:00+11:00"},
	},
	"the first second of the gap is in the gap": {
		"America/New_York", "DTSTART;TZID=%s:20240310T020000\nDTEND;TZID=%[1]s:20240310T030000",
		[]string{"2024-03-10T03:00:00-04:00/2024-03-10T03:00:00-04:00"},
	},
	"the first instant after the gap is no gap": {
		"Europe/Berlin", "DTSTART;TZID=%s:20240331T030000\nDURATION:PT1H",
		[]string{"2024-03-31T03:00:00+02:00/2024-03-31T04:00:00+02:00"},
	},
	"of a time that comes twice the first is meant in Berlin": {
		"Europe/Berlin", "DTSTART;TZID=%s:20241027T023000\nDURATION:PT2H",
		[]string{"2024-10-27T02:30:00+02:00/2024-10-27T03:30:00+01:00"},
	},
	"of a time that comes twice the first is meant in New York": {
		"America/New_York", "DTSTART;TZID=%s:20241103T013000\nDURATION:PT2H",
		[]string{"2024-11-03T01:30:00-04:00/2024-11-03T02:30:00-05:00"},
	},
	"of a time that comes twice the first is meant on Lord Howe Island": {
		"Australia/Lord_Howe", "DTSTART;TZID=%s:20240407T014500\nDURATION:PT1H",
		[]string{"2024-04-07T01:45:00+11:00/2024-04-07T02:15:00+10:30"},
	},
	"a night that ends at six ends at six when an hour is lost": {
		"Europe/Berlin", "DTSTART;TZID=%s:20240330T220000\nDTEND;TZID=%[1]s:20240331T060000",
		[]string{"2024-03-30T22:00:00+01:00/2024-03-31T06:00:00+02:00"},
	},
	"and when one is won": {
		"Europe/Berlin", "DTSTART;TZID=%s:20241019T220000\nDTEND;TZID=%[1]s:20241020T060000\nRRULE:FREQ=WEEKLY;COUNT=2",
		[]string{
			"2024-10-19T22:00:00+02:00/2024-10-20T06:00:00+02:00",
			"2024-10-26T22:00:00+02:00/2024-10-27T06:00:00+01:00",
		},
	},
	"hours of a DURATION are elapsed time": {
		"Europe/Berlin", "DTSTART;TZID=%s:20240330T220000\nDURATION:PT8H",
		[]string{"2024-03-30T22:00:00+01:00/2024-03-31T07:00:00+02:00"},
	},
	"days of a DURATION are days of the calendar": {
		"Europe/Berlin", "DTSTART;TZID=%s:20240330T220000\nDURATION:P1D",
		[]string{"2024-03-30T22:00:00+01:00/2024-03-31T22:00:00+02:00"},
	},
}

func TestWallClockTimesWhenTheClocksChange(t *testing.T) {
	for name, c := range clockChanges {
		t.Run(name, func(t *testing.T) {
			text := eventOf(fmt.Sprintf(c.event, c.zone))
			wantEqual(t, c.want, spans(mustList(t, mustParse(t, text, ical.Options{}), "2024-01-01", "2025-01-01")))
		})
	}
}

func TestTimesInUTCStayPutWhenTheClocksChange(t *testing.T) {
	text := eventOf("DTSTART:20240330T080000Z\nRRULE:FREQ=DAILY;COUNT=2")
	want := []string{"2024-03-30T08:00Z", "2024-03-31T08:00Z"}
	wantEqual(t, want, starts(mustList(t, mustParse(t, text, ical.Options{}), "2024-01-01", "2025-01-01")))
}

func TestAnHourlyRuleHappensOnceInTheHourOfTheGap(t *testing.T) {
	text := eventOf("DTSTART;TZID=Europe/Berlin:20240331T010000\nRRULE:FREQ=HOURLY;UNTIL=20240331T020000Z")
	want := []string{"2024-03-31T01:00+01:00", "2024-03-31T03:00+02:00", "2024-03-31T04:00+02:00"}
	wantEqual(t, want, starts(mustList(t, mustParse(t, text, ical.Options{}), "2024-01-01", "2025-01-01")))
}

func TestARangeThatEndsInTheFoldHoldsWhatBeganBeforeIt(t *testing.T) {
	text := eventOf("DTSTART;TZID=Europe/Berlin:20241020T024500\nRRULE:FREQ=WEEKLY")
	events := mustList(t, mustParse(t, text, ical.Options{}), "2024-10-27T00:30:00Z", "2024-10-27T01:15:00Z")
	wantEqual(t, []string{"2024-10-27T02:45+02:00"}, starts(events))
}

func TestTheSecondOfTwoEqualTimesCanBeNamedInUTC(t *testing.T) {
	const once = "DTSTART;TZID=Europe/Berlin:20241026T023000\nRRULE:FREQ=DAILY;COUNT=2\n"
	for change, want := range map[string][]string{
		"RDATE:20241027T013000Z":  {"2024-10-26T00:30Z", "2024-10-27T00:30Z", "2024-10-27T01:30Z"},
		"EXDATE:20241027T013000Z": {"2024-10-26T00:30Z", "2024-10-27T00:30Z"},
		"EXDATE:20241027T003000Z": {"2024-10-26T00:30Z"},
	} {
		got := []string{}
		for _, e := range mustList(t, mustParse(t, eventOf(once+change), ical.Options{}), "2024-10-01", "2024-11-01") {
			got = append(got, e.Start.UTC().Format("2006-01-02T15:04Z07:00"))
		}
		wantEqual(t, want, got)
	}
}

func TestADayThatAZoneSkippedIsReadAsTheNextOne(t *testing.T) {
	// Samoa went from 29 December 2011 to the 31st.
	text := eventOf("DTSTART;TZID=Pacific/Apia:20111230T090000")
	wantEqual(t, []string{"2011-12-31T09:00+14:00"}, starts(mustList(t, mustParse(t, text, ical.Options{}), "2011-12-01", "2012-01-10")))
}

func TestAllDayEventsLastFromMidnightToMidnightOfTheSite(t *testing.T) {
	cases := map[string]string{
		"Europe/Berlin":       "2024-03-31T00:00:00+01:00/2024-04-01T00:00:00+02:00",
		"America/New_York":    "2024-03-31T00:00:00-04:00/2024-04-01T00:00:00-04:00",
		"Australia/Lord_Howe": "2024-03-31T00:00:00+11:00/2024-04-01T00:00:00+11:00",
	}
	for site, want := range cases {
		t.Run(site, func(t *testing.T) {
			calendar := mustParse(t, eventOf("DTSTART;VALUE=DATE:20240331"), ical.Options{Site: zoneNamed(t, site)})
			wantEqual(t, []string{want}, spans(mustList(t, calendar, "2024-03-01", "2024-04-30")))
		})
	}
}
