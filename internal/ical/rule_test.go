package ical_test

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/ical"
)

// recurrenceRules says when events with a rule start.
var recurrenceRules = map[string]struct {
	event    string
	from, to string // 2024 if empty
	want     string // starts, "MM-DD" or "MM-DDThh:mm", parted by spaces
}{
	"a day of every week": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=WEEKLY;COUNT=3",
		want:  "01-01T09:00 01-08T09:00 01-15T09:00",
	},
	"every other week counts weeks from WKST": {
		// RFC 5545, 3.3.10: the example that shows what WKST does.
		event: "DTSTART:19970805T090000Z\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
		from:  "1997-01-01", to: "1998-01-01",
		want: "08-05T09:00 08-17T09:00 08-19T09:00 08-31T09:00",
	},
	"every other week with weeks from Monday": {
		event: "DTSTART:19970805T090000Z\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
		from:  "1997-01-01", to: "1998-01-01",
		want: "08-05T09:00 08-10T09:00 08-19T09:00 08-24T09:00",
	},
	"the last Friday of a month": {
		event: "DTSTART;VALUE=DATE:20240126\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3",
		want:  "01-26 02-23 03-29",
	},
	"the last working day of a month": {
		event: "DTSTART;VALUE=DATE:20240131\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=4",
		want:  "01-31 02-29 03-29 04-30",
	},
	"the 31st passes over shorter months": {
		event: "DTSTART;VALUE=DATE:20240131\nRRULE:FREQ=MONTHLY",
		want:  "01-31 03-31 05-31 07-31 08-31 10-31 12-31",
	},
	"the second last day of the month": {
		event: "DTSTART;VALUE=DATE:20240130\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-2;COUNT=3",
		want:  "01-30 02-28 03-30",
	},
	"Friday the 13th": {
		event: "DTSTART;VALUE=DATE:20240913\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
		want:  "09-13 12-13",
	},
	"the 20th Monday of the year": {
		event: "DTSTART;VALUE=DATE:20240513\nRRULE:FREQ=YEARLY;BYDAY=20MO;COUNT=1",
		want:  "05-13",
	},
	"Monday of week 20": {
		event: "DTSTART;VALUE=DATE:20240513\nRRULE:FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=1",
		want:  "05-13",
	},
	"the last week of the year": {
		event: "DTSTART;VALUE=DATE:20201228\nRRULE:FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO;COUNT=3",
		from:  "2020-01-01", to: "2024-01-01",
		want: "12-28 12-27 12-26",
	},
	"days counted through the year and from its end": {
		event: "DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=YEARLY;BYYEARDAY=1,100,-1;COUNT=3",
		want:  "01-01 04-09 12-31",
	},
	"the 29th of February in leap years only": {
		event: "DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;COUNT=2",
		from:  "2024-01-01", to: "2029-01-01",
		want: "02-29 02-29",
	},
	"hours of a day": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=HOURLY;INTERVAL=3;UNTIL=20240101T170000Z",
		want:  "01-01T09:00 01-01T12:00 01-01T15:00",
	},
	"minutes that only fall into some hours": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=MINUTELY;INTERVAL=20;BYHOUR=9;COUNT=4",
		want:  "01-01T09:00 01-01T09:20 01-01T09:40 01-02T09:00",
	},
	"minutes that reach the hour from outside of it": {
		event: "DTSTART:20240101T083000Z\nRRULE:FREQ=MINUTELY;INTERVAL=20;BYHOUR=9;COUNT=3",
		want:  "01-01T08:30 01-01T09:10 01-01T09:30 01-01T09:50",
	},
	"times by hour and minute": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;BYHOUR=9,12;BYMINUTE=0,30;COUNT=5",
		want:  "01-01T09:00 01-01T09:30 01-01T12:00 01-01T12:30 01-02T09:00",
	},
	"positions among the times of a day": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;BYHOUR=9,12,15;BYSETPOS=1,-1;COUNT=4",
		want:  "01-01T09:00 01-01T15:00 01-02T09:00 01-02T15:00",
	},
	"a rule that is empty adds nothing": {
		event: "DTSTART;VALUE=DATE:20240101\nRRULE:",
		want:  "01-01",
	},
	"two rules are joined, and what both give happens once": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=WEEKLY;COUNT=2\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU;COUNT=3",
		want:  "01-01T09:00 01-02T09:00 01-08T09:00",
	},
	"the same rule twice": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=2\nRRULE:FREQ=DAILY;COUNT=2",
		want:  "01-01T09:00 01-02T09:00",
	},
	"COUNT counts what EXDATE takes away": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20240102T090000Z",
		want:  "01-01T09:00 01-03T09:00",
	},
	"a COUNT below zero means no end": {
		event: "DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=MONTHLY;COUNT=-1;UNTIL=20240301",
		want:  "01-01 02-01 03-01",
	},
	"a COUNT of zero leaves DTSTART": {
		event: "DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=MONTHLY;COUNT=0",
		want:  "01-01",
	},
	"DTSTART happens though the rule does not give it": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=2",
		want:  "01-01T09:00 01-02T09:00 01-09T09:00",
	},
	"a rule that was over before DTSTART leaves nothing": {
		event: "DTSTART:20240110T090000Z\nRRULE:FREQ=DAILY;UNTIL=20240109T090000Z",
		want:  "",
	},
	"UNTIL is included": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;UNTIL=20240102T090000Z",
		want:  "01-01T09:00 01-02T09:00",
	},
	"UNTIL as a date includes that day's time": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;UNTIL=20240102",
		want:  "01-01T09:00 01-02T09:00",
	},
	"UNTIL as a time ends dates on its date": {
		event: "DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=DAILY;UNTIL=20240102T000000Z",
		want:  "01-01 01-02",
	},
	"UNTIL without a zone is on the event's clock": {
		event: "DTSTART;TZID=America/New_York:20240101T230000\nRRULE:FREQ=DAILY;UNTIL=20240102T230000",
		want:  "01-01T23:00 01-02T23:00",
	},
	"UNTIL in UTC ends local times": {
		event: "DTSTART;TZID=America/New_York:20240101T230000\nRRULE:FREQ=DAILY;UNTIL=20240103T035959Z",
		want:  "01-01T23:00",
	},
	"EXRULE takes away": {
		event: "DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=4\nEXRULE:FREQ=DAILY;INTERVAL=2",
		want:  "01-02T09:00 01-04T09:00",
	},
	"parts with spaces, in small letters and with a semicolon at the end": {
		event: "DTSTART:20240101T090000Z\nRRULE: freq=weekly; byday=mo;count=2;",
		want:  "01-01T09:00 01-08T09:00",
	},
	"RSCALE of the Gregorian calendar": {
		event: "DTSTART;VALUE=DATE:20240101\nRRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT;COUNT=2",
		want:  "01-01 02-01",
	},
}

func TestRecurrenceRules(t *testing.T) {
	for name, c := range recurrenceRules {
		t.Run(name, func(t *testing.T) {
			if c.from == "" {
				c.from, c.to = "2024-01-01", "2025-01-01"
			}
			layout := "01-02"
			if strings.Contains(c.want, "T") {
				layout += "T15:04"
			}
			got := []string{}
			for _, e := range mustList(t, mustParse(t, eventOf(c.event), ical.Options{}), c.from, c.to) {
				if e.StartsIn(instant(t, c.from), instant(t, c.to)) || layout != "01-02" {
					got = append(got, e.Start.Format(layout))
				}
			}
			wantEqual(t, c.want, strings.Join(got, " "))
		})
	}
}

func TestRulesThatBeganLongAgoAreExactToday(t *testing.T) {
	cases := map[string]struct{ rule, want string }{
		"every third day":          {"FREQ=DAILY;INTERVAL=3", "2024-06-03"},
		"every other week":         {"FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "2024-06-05"},
		"every 1,493rd month":      {"FREQ=MONTHLY;INTERVAL=1493;BYMONTHDAY=4", "2024-06-04"},
		"every fourth year":        {"FREQ=YEARLY;INTERVAL=4;BYMONTH=6;BYMONTHDAY=6", "2024-06-06"},
		"every 36 hours":           {"FREQ=HOURLY;INTERVAL=36", "2024-06-03"},
		"every 10,000th minute":    {"FREQ=MINUTELY;INTERVAL=10080", "2024-06-03"},
		"with a COUNT not reached": {"FREQ=DAILY;INTERVAL=3;COUNT=100000", "2024-06-03"},
		"with positions":           {"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=2", "2024-06-04"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			// 1900-01-01 was a Monday, 45,444 days before 2024-06-03.
			text := eventOf("DTSTART:19000101T000000Z\nRRULE:" + c.rule)
			events := mustList(t, mustParse(t, text, ical.Options{}), "2024-06-02", "2024-06-09")
			if len(events) == 0 || events[0].Start.Format("2006-01-02") != c.want {
				t.Errorf("first of %v, want %s", starts(events), c.want)
			}
		})
	}
}

func TestACountThatWasUsedUpLongAgoLeavesNothing(t *testing.T) {
	for _, rule := range []string{"FREQ=DAILY;COUNT=1000", "FREQ=MONTHLY;BYDAY=1MO;COUNT=1000", "FREQ=DAILY;BYHOUR=0,1;COUNT=1000", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH;COUNT=20000"} {
		text := eventOf("DTSTART:19000101T000000Z\nRRULE:" + rule)
		if got := mustList(t, mustParse(t, text, ical.Options{}), "2024-06-02", "2024-06-09"); len(got) > 0 {
			t.Errorf("%s: got %v", rule, starts(got))
		}
	}
}
