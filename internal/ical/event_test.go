package ical_test

import (
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/ical"
)

// eventTimes says how long events last.
var eventTimes = map[string]struct {
	event string
	want  []string
}{
	"from DTSTART to DTEND": {
		"DTSTART:20240101T090000Z\nDTEND:20240101T103000Z",
		[]string{"2024-01-01T09:00:00Z/2024-01-01T10:30:00Z"},
	},
	"for DURATION": {
		"DTSTART:20240101T090000Z\nDURATION:P1DT1H30M",
		[]string{"2024-01-01T09:00:00Z/2024-01-02T10:30:00Z"},
	},
	"weeks": {
		"DTSTART;VALUE=DATE:20240101\nDURATION:P2W",
		[]string{"2024-01-01T00:00:00Z/2024-01-15T00:00:00Z"},
	},
	"DTEND goes before DURATION": {
		"DTSTART:20240101T090000Z\nDURATION:PT5H\nDTEND:20240101T100000Z",
		[]string{"2024-01-01T09:00:00Z/2024-01-01T10:00:00Z"},
	},
	"a date alone is a whole day": {
		"DTSTART;VALUE=DATE:20240101",
		[]string{"2024-01-01T00:00:00Z/2024-01-02T00:00:00Z"},
	},
	"a date without VALUE=DATE": {
		"DTSTART:20240101\nDTEND:20240103",
		[]string{"2024-01-01T00:00:00Z/2024-01-03T00:00:00Z"},
	},
	"a time alone has no length": {
		"DTSTART:20240101T090000Z",
		[]string{"2024-01-01T09:00:00Z/2024-01-01T09:00:00Z"},
	},
	"an end before the start is read the other way round": {
		"DTSTART:20240101T100000Z\nDTEND:20240101T090000Z",
		[]string{"2024-01-01T09:00:00Z/2024-01-01T10:00:00Z"},
	},
	"so is a duration below zero": {
		"DTSTART:20240101T100000Z\nDURATION:-PT1H",
		[]string{"2024-01-01T09:00:00Z/2024-01-01T10:00:00Z"},
	},
	"a date and a time": {
		"DTSTART;VALUE=DATE:20240101\nDTEND:20240101T120000Z",
		[]string{"2024-01-01T00:00:00Z/2024-01-01T12:00:00Z"},
	},
	"a time and a date": {
		"DTSTART;TZID=Europe/Berlin:20240101T120000\nDTEND;VALUE=DATE:20240103",
		[]string{"2024-01-01T12:00:00+01:00/2024-01-03T00:00:00+01:00"},
	},
	"a flight between zones": {
		"DTSTART;TZID=Europe/Berlin:20240101T120000\nDTEND;TZID=America/New_York:20240101T150000",
		[]string{"2024-01-01T12:00:00+01:00/2024-01-01T21:00:00+01:00"},
	},
	"a Z goes before a TZID": {
		"DTSTART;TZID=Europe/Berlin:20240101T120000Z",
		[]string{"2024-01-01T12:00:00Z/2024-01-01T12:00:00Z"},
	},
	"a leap second": {
		"DTSTART:20161231T235960Z",
		[]string{"2016-12-31T23:59:59Z/2016-12-31T23:59:59Z"},
	},
	"each PERIOD has its own length": {
		"DTSTART:20240101T090000Z\nDTEND:20240101T100000Z\n" +
			"RDATE;VALUE=PERIOD:20240102T090000Z/PT3H,20240103T090000Z/20240103T110000Z\nRDATE:20240104T090000Z",
		[]string{
			"2024-01-01T09:00:00Z/2024-01-01T10:00:00Z", "2024-01-02T09:00:00Z/2024-01-02T12:00:00Z",
			"2024-01-03T09:00:00Z/2024-01-03T11:00:00Z", "2024-01-04T09:00:00Z/2024-01-04T10:00:00Z",
		},
	},
	"a PERIOD keeps its length though the same start is given without": {
		"DTSTART:20240101T090000Z\nRDATE;VALUE=PERIOD:20240102T090000Z/PT3H\nRDATE:20240102T090000Z",
		[]string{"2024-01-01T09:00:00Z/2024-01-01T09:00:00Z", "2024-01-02T09:00:00Z/2024-01-02T12:00:00Z"},
	},
	"a PERIOD in a zone": {
		"DTSTART;TZID=America/New_York:20240101T090000\nDURATION:PT1H\n" +
			"RDATE;TZID=America/New_York;VALUE=PERIOD:20240102T090000/20240102T110000",
		[]string{"2024-01-01T09:00:00-05:00/2024-01-01T10:00:00-05:00", "2024-01-02T09:00:00-05:00/2024-01-02T11:00:00-05:00"},
	},
}

func TestWhenAnEventIs(t *testing.T) {
	for name, c := range eventTimes {
		t.Run(name, func(t *testing.T) {
			calendar := mustParse(t, eventOf(c.event), ical.Options{})
			wantEqual(t, c.want, spans(mustList(t, calendar, "2016-01-01", "2025-01-01")))
		})
	}
}

func TestRangesAreHalfOpen(t *testing.T) {
	calendar := mustParse(t, eventOf("DTSTART:20240101T090000Z\nDTEND:20240101T100000Z"), ical.Options{})
	cases := map[string]struct {
		from, to string
		want     int
	}{
		"ends as the event starts": {"2024-01-01T08:00:00Z", "2024-01-01T09:00:00Z", 0},
		"starts as the event ends": {"2024-01-01T10:00:00Z", "2024-01-01T11:00:00Z", 0},
		"reaches into the event":   {"2024-01-01T08:00:00Z", "2024-01-01T09:00:01Z", 1},
		"starts within the event":  {"2024-01-01T09:59:59Z", "2024-01-01T11:00:00Z", 1},
		"lies within the event":    {"2024-01-01T09:10:00Z", "2024-01-01T09:11:00Z", 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			wantEqual(t, c.want, len(mustList(t, calendar, c.from, c.to)))
		})
	}
}

func TestALongEventIsFoundFarFromItsStart(t *testing.T) {
	calendar := mustParse(t, eventOf("DTSTART;VALUE=DATE:20240101\nDURATION:P300D\nRRULE:FREQ=YEARLY"), ical.Options{})
	want := []string{"2030-01-01T00:00:00Z/2030-10-28T00:00:00Z"}
	wantEqual(t, want, spans(mustList(t, calendar, "2030-10-27", "2030-10-30")))
	events, err := calendar.ExpandStarts(instant(t, "2030-10-27"), instant(t, "2030-10-30"))
	if err != nil || len(events) > 0 {
		t.Errorf("starting in the range: %v, %v", spans(events), err)
	}
}

func TestPropertiesOfAnEvent(t *testing.T) {
	text := "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID: a@b \n" +
		"SUMMARY;LANGUAGE=de:Stopp\\, alle\\nruhen\\; wirk\n lich\\\\ ganz\n" +
		"STATUS:tentative\nTRANSP:TRANSPARENT\nDTSTART;VALUE=DATE:20240101\nEND:VEVENT\nEND:VCALENDAR\n"
	want := []ical.Event{{
		Name: `Stopp, alle ruhen; wirklich\ ganz`, UID: "a@b",
		Start: instant(t, "2024-01-01"), End: instant(t, "2024-01-02"),
		Status: "TENTATIVE", Transparency: "TRANSPARENT", AllDay: true, Source: "test.ics", Line: 2,
	}}
	wantEqual(t, want, mustList(t, mustParse(t, text, ical.Options{}), "2024-01-01", "2024-01-02"))
}

func TestAnEventIsOpaqueUnlessItSaysOtherwise(t *testing.T) {
	events := mustList(t, mustParse(t, eventOf("DTSTART;VALUE=DATE:20240101"), ical.Options{}), "2024-01-01", "2024-01-02")
	wantEqual(t, "OPAQUE", events[0].Transparency)
}

func TestAHolidayThatEndsOnItsOwnDateOccupiesTheDay(t *testing.T) {
	berlin := zoneNamed(t, "Europe/Berlin")
	text := eventOf("DTSTART:20240331\nDTEND:20240331")
	events := mustList(t, mustParse(t, text, ical.Options{Site: berlin}), "2024-03-30", "2024-04-02")
	start, end := events[0].Occupied()
	if !events[0].End.Equal(start) || end.Sub(start) != 23*time.Hour {
		t.Errorf("the event is %v, and occupies %s to %s; want the 23 hours of the day the clocks change", spans(events), start, end)
	}
}
