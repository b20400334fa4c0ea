package ical_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/ical"
)

func TestFilesThatCannotBeReadInFull(t *testing.T) {
	plain := eventOf("DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY")
	deep := strings.Repeat("BEGIN:X-BOX\n", 100_000)
	cases := map[string]struct{ text, want string }{
		"empty":                        {"", "the file is empty"},
		"white space":                  {"\r\n\r\n", "the file is empty"},
		"HTML":                         {"<!DOCTYPE html>\n<html><body>Sign in</body></html>", `line 1: "<!DOCTYPE html>" is no iCalendar property`},
		"JSON":                         {`{"error":"no such calendar"}`, `line 1: "{\"error\":\"no such calendar\"}" is no`},
		"binary":                       {"BEGIN:VCALENDAR\nPK\x03\x04\x00\x00", "line 2: a NUL byte"},
		"UTF-16":                       {"\xff\xfeB\x00E\x00G\x00", "line 1: a NUL byte"},
		"cut off":                      {plain[:strings.Index(plain, "END:VEVENT")], "line 7: the file ends within the VEVENT that begins in line 3"},
		"cut off in a line":            {plain[:strings.Index(plain, "RULE:")], `line 7: "R" is no iCalendar property`},
		"cut off after an event":       {plain[:strings.Index(plain, "END:VCALENDAR")], "line 8: the file ends within the VCALENDAR"},
		"text in between":              {strings.Replace(plain, "RRULE", "see the wiki\r\nRRULE", 1), `line 7: "see the wiki" is no iCalendar property`},
		"text after the calendar":      {plain + "COMMENT:so long", "line 10: property COMMENT is outside"},
		"components that cross":        {strings.Replace(plain, "END:VEVENT\r\nEND:VCALENDAR", "END:VCALENDAR\r\nEND:VEVENT", 1), "line 8: END:VCALENDAR, where the VEVENT of line 3 is still open"},
		"an end without a beginning":   {"END:VEVENT", "line 1: END:VEVENT closes nothing"},
		"a calendar within a calendar": {"BEGIN:VCALENDAR\nBEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR", "line 2: a VCALENDAR begins within"},
		"another kind of file":         {"BEGIN:VCARD\nFN:Somebody\nEND:VCARD", "line 1: no VCALENDAR and no VEVENT"},
		"nested without end":           {deep, "line 17: components nest deeper than 16"},
		"a parameter without a value":  {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=\"Europe/Berlin:20240101T090000\nEND:VEVENT\nEND:VCALENDAR", "line 3: "},
		"a parameter without an end":   {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;X=\"a:b\"c:20240101T090000\nEND:VEVENT\nEND:VCALENDAR", "line 3: "},
		"a parameter of a megabyte":    {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;X=" + strings.Repeat("a", 1<<20) + ":20240101\nEND:VEVENT\nEND:VCALENDAR", "line 3: the parameters of DTSTART are longer"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ical.Parse("test.ics", []byte(c.text), ical.Options{})
			wantError(t, err, c.want)
		})
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	var located *ical.Error
	if !errors.As(err, &located) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), `read calendar "test.ics": `) {
		t.Errorf("got %v\nwant an *ical.Error with %q", err, want)
	}
}

func TestEventsThatMakeNoSense(t *testing.T) {
	// eventOf puts the first line of the event on line 6.
	const start = "DTSTART:20240101T090000Z\n"
	cases := map[string]struct{ event, want string }{
		"no DTSTART":                     {"DTEND:20240101T090000Z", "line 3: the event has no DTSTART"},
		"an empty DTSTART":               {"DTSTART:", `line 6: DTSTART: "" is neither a date nor a time`},
		"no such day":                    {"DTSTART:20240230", `line 6: DTSTART: "20240230" is no date`},
		"no such hour":                   {"DTSTART:20240101T250000Z", "line 6: DTSTART: "},
		"a time with fractions":          {"DTSTART:20240101T090000.5Z", "line 6: DTSTART: "},
		"dashes in a date":               {"DTSTART:2024-01-01", "line 6: DTSTART: "},
		"two starts":                     {start + "DTSTART:20240102T090000Z", "line 7: the event has two different DTSTART"},
		"an unknown zone":                {"DTSTART;TZID=Atlantis:20240101T090000", `line 6: the zone "Atlantis" is unknown`},
		"the zone of this machine":       {"DTSTART;TZID=Local:20240101T090000", `line 6: the zone "Local" is unknown`},
		"a zone outside of the database": {"DTSTART;TZID=../../etc/passwd:20240101T090000", "line 6: the zone"},
		"a bad DTEND":                    {start + "DTEND:tomorrow", "line 7: DTEND: "},
		"a bad DURATION":                 {start + "DURATION:1H", `line 7: DURATION: "1H" is no duration`},
		"a DURATION of nothing":          {start + "DURATION:P", "line 7: DURATION: "},
		"a DURATION of ages":             {start + "DURATION:P9999999W", "line 7: DURATION: "},
		"a bad SEQUENCE":                 {start + "SEQUENCE:x", `line 7: SEQUENCE: "x" is no number`},
		"a bad EXDATE":                   {start + "EXDATE:x", "line 7: EXDATE: "},
		"an EXDATE in an unknown zone":   {start + "EXDATE;TZID=Atlantis:20240101T090000", "line 7: the zone"},
		"a bad RDATE":                    {start + "RDATE:x", "line 7: RDATE: "},
		"a bad PERIOD":                   {start + "RDATE;VALUE=PERIOD:20240101T090000Z/x", "line 7: RDATE: "},
		"a PERIOD below zero":            {start + "RDATE;VALUE=PERIOD:20240101T090000Z/-PT1H", "line 7: RDATE: the period"},
		"a bad RECURRENCE-ID":            {start + "RECURRENCE-ID:x", "line 7: RECURRENCE-ID: "},
		"an unknown RANGE":               {start + "RECURRENCE-ID;RANGE=THISANDPRIOR:20240101T090000Z", "line 7: RECURRENCE-ID: RANGE=THISANDPRIOR"},
		"no FREQ":                        {start + "RRULE:COUNT=3", "line 7: RRULE: it has no FREQ"},
		"an unknown FREQ":                {start + "RRULE:FREQ=FORTNIGHTLY", "line 7: RRULE: FREQ=FORTNIGHTLY: want one of YEARLY"},
		"an unknown part":                {start + "RRULE:FREQ=DAILY;BYMOON=1", "line 7: RRULE: BYMOON=1: no part of a rule"},
		"a part twice":                   {start + "RRULE:FREQ=DAILY;BYDAY=MO;BYDAY=TU", "line 7: RRULE: "},
		"a part without a value":         {start + "RRULE:FREQ=DAILY;COUNT", "line 7: RRULE: "},
		"an INTERVAL of zero":            {start + "RRULE:FREQ=DAILY;INTERVAL=0", "line 7: RRULE: INTERVAL=0: want a number above 0"},
		"a month too many":               {start + "RRULE:FREQ=DAILY;BYMONTH=13", "line 7: RRULE: BYMONTH=13: want numbers from 1 to 12"},
		"a zeroth day":                   {start + "RRULE:FREQ=MONTHLY;BYMONTHDAY=0", "line 7: RRULE: BYMONTHDAY=0"},
		"a zeroth weekday":               {start + "RRULE:FREQ=MONTHLY;BYDAY=0MO", "line 7: RRULE: BYDAY=0MO"},
		"an unknown weekday":             {start + "RRULE:FREQ=WEEKLY;BYDAY=XX", "line 7: RRULE: BYDAY=XX: want weekdays"},
		"a WKST that is none":            {start + "RRULE:FREQ=WEEKLY;WKST=1", "line 7: RRULE: WKST=1"},
		"a COUNT that is none":           {start + "RRULE:FREQ=DAILY;COUNT=many", "line 7: RRULE: COUNT=MANY"},
		"a bad UNTIL":                    {start + "RRULE:FREQ=DAILY;UNTIL=", "line 7: RRULE: UNTIL=: UNTIL: "},
		"another calendar":               {start + "RRULE:RSCALE=HEBREW;FREQ=YEARLY", "line 7: RRULE: RSCALE=HEBREW: only the Gregorian"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ical.Parse("test.ics", []byte(eventOf(c.event)), ical.Options{})
			wantError(t, err, c.want)
		})
	}
}

func TestZonesThatCannotBeFollowed(t *testing.T) {
	zone := func(observances string) string {
		return calendarOf("BEGIN:VTIMEZONE\nTZID:Odd\n" + observances + "END:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;TZID=Odd:20240101T090000\nEND:VEVENT")
	}
	observance := func(lines string) string { return zone("BEGIN:STANDARD\n" + lines + "END:STANDARD\n") }
	const from, to, start = "TZOFFSETFROM:+0100\n", "TZOFFSETTO:+0200\n", "DTSTART:19700101T000000\n"
	cases := map[string]struct{ text, want string }{
		"nothing in it":             {zone(""), `line 3: zone "Odd": its VTIMEZONE has neither STANDARD nor DAYLIGHT`},
		"no offset before":          {observance(to + start), `line 5: zone "Odd": its STANDARD has no TZOFFSETFROM`},
		"no offset after":           {observance(from + start), `line 5: zone "Odd": its STANDARD has no TZOFFSETTO`},
		"no DTSTART":                {observance(from + to), `line 5: zone "Odd": its STANDARD has no DTSTART`},
		"an offset without a sign":  {observance("TZOFFSETFROM:0100\n" + to + start), `line 6: TZOFFSETFROM: "0100" is no offset`},
		"an offset of days":         {observance("TZOFFSETFROM:+9900\n" + to + start), "line 6: TZOFFSETFROM: "},
		"a bad rule":                {observance(from + to + start + "RRULE:FREQ=X\n"), "line 9: RRULE: FREQ=X"},
		"clocks that never rest":    {observance(from + to + start + "RRULE:FREQ=SECONDLY\n"), `line 5: zone "Odd": its clocks change too often`},
		"a rule that never applies": {observance(from + to + start + "RRULE:FREQ=DAILY;BYHOUR=1;BYSETPOS=2;UNTIL=19690101T000000\n"), "neither STANDARD nor DAYLIGHT"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ical.Parse("test.ics", []byte(c.text), ical.Options{})
			wantError(t, err, c.want)
		})
	}
}

func TestCalendarsLargerThanTheLimits(t *testing.T) {
	_, err := ical.Parse("test.ics", make([]byte, ical.DefaultMaxBytes+1), ical.Options{})
	wantError(t, err, "larger than 5242880 bytes")

	two := calendarOf(strings.Repeat("BEGIN:VEVENT\nDTSTART:20240101\nEND:VEVENT\n", 2))
	_, err = ical.Parse("test.ics", []byte(two), ical.Options{MaxEvents: 1})
	wantError(t, err, "line 6: the calendar has more events than are read")

	days := mustParse(t, eventOf("DTSTART:20240101\nRRULE:FREQ=DAILY"), ical.Options{MaxOccurrences: 10})
	if got := mustList(t, days, "2024-03-01", "2024-03-11"); len(got) != 10 {
		t.Errorf("within the limit: got %d", len(got))
	}
	_, err = days.Expand(instant(t, "2024-03-01"), instant(t, "2024-03-12"))
	wantError(t, err, "line 3: the calendar has more occurrences")

	_, err = days.Expand(instant(t, "2024-03-01"), instant(t, "2324-03-12"))
	wantError(t, err, "the range is longer than a hundred years")
	_, err = days.Expand(instant(t, "2024-03-02"), instant(t, "2024-03-01"))
	wantError(t, err, "the range ends")
}

func TestRulesWithoutEndAreStopped(t *testing.T) {
	rules := map[string]string{
		"every second":                 "FREQ=SECONDLY",
		"every second of hours":        "FREQ=SECONDLY;BYHOUR=1,2,3,4,5,6,7,8",
		"odd seconds from an even one": "FREQ=SECONDLY;INTERVAL=2;BYSECOND=1",
		"seconds that never come":      "FREQ=SECONDLY;BYSETPOS=2",
		"every time of the day":        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=" + upTo(23) + ";BYMINUTE=" + upTo(59) + ";BYSECOND=" + upTo(59),
		"minutes counted from 1970":    "FREQ=MINUTELY;BYSETPOS=1;COUNT=2000000000",
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			calendar := mustParse(t, eventOf("DTSTART:19700101T000000Z\nRRULE:"+rule), ical.Options{})
			began := time.Now()
			_, err := calendar.Expand(instant(t, "2024-01-01"), instant(t, "2026-01-01"))
			wantError(t, err, "line 3: ")
			if spent := time.Since(began); spent > 20*time.Second {
				t.Errorf("it took %s", spent)
			}
		})
	}
}

func upTo(most int) string {
	list := make([]string, most+1)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	return strings.Join(list, ",")
}

func TestRulesThatNeverApplyEnd(t *testing.T) {
	for _, rule := range []string{
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=HOURLY;INTERVAL=2;BYHOUR=1", "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1",
		"FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5", "FREQ=YEARLY;BYDAY=53MO;BYMONTH=12", "FREQ=YEARLY;BYDAY=-53MO;BYMONTH=1", "FREQ=YEARLY;INTERVAL=2147483647",
	} {
		t.Run(rule, func(t *testing.T) {
			calendar := mustParse(t, eventOf("DTSTART:20230102T000000Z\nRRULE:"+rule), ical.Options{})
			if got := mustList(t, calendar, "2024-01-01", "2026-01-01"); len(got) > 0 {
				t.Errorf("got %v", starts(got))
			}
		})
	}
}

func TestExpansionStopsWithItsContext(t *testing.T) {
	calendar := mustParse(t, eventOf("DTSTART:19700101T000000Z\nRRULE:FREQ=SECONDLY;BYHOUR=1"), ical.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := calendar.ExpandContext(ctx, instant(t, "2024-01-01"), instant(t, "2026-01-01"))
	wantError(t, err, "line 3: ")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error within", err)
	}
}
