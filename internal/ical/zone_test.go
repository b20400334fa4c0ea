package ical_test

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/ical"
)

func TestZonesAreFoundByName(t *testing.T) {
	cases := map[string]struct{ tzid, want string }{
		"IANA":                           {"Europe/Berlin", "2024-07-01T09:00+02:00"},
		"IANA with a slash ahead":        {"/Europe/Berlin", "2024-07-01T09:00+02:00"},
		"IANA in quotes":                 {`"Europe/Berlin"`, "2024-07-01T09:00+02:00"},
		"an older IANA name":             {"US/Eastern", "2024-07-01T09:00-04:00"},
		"an IANA name without an area":   {"CET", "2024-07-01T09:00+02:00"},
		"UTC":                            {"UTC", "2024-07-01T09:00Z"},
		"Windows":                        {"W. Europe Standard Time", "2024-07-01T09:00+02:00"},
		"Windows, the name of London":    {"GMT Standard Time", "2024-07-01T09:00+01:00"},
		"Windows, retired":               {"Kamchatka Standard Time", "2024-07-01T09:00+12:00"},
		"Windows, in small letters":      {"eastern standard time", "2024-07-01T09:00-04:00"},
		"Exchange's name of UTC":         {`"tzone://Microsoft/Utc"`, "2024-07-01T09:00Z"},
		"globally unique, as of Mozilla": {"/mozilla.org/20050126_1/Europe/Berlin", "2024-07-01T09:00+02:00"},
		"globally unique, three parts":   {"/citadel.org/1/America/Argentina/Ushuaia", "2024-07-01T09:00-03:00"},
		"an offset":                      {`"UTC+05:30"`, "2024-07-01T09:00+05:30"},
		"an offset of GMT":               {"GMT-0800", "2024-07-01T09:00-08:00"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			calendar := mustParse(t, eventOf("DTSTART;TZID="+c.tzid+":20240701T090000"), ical.Options{})
			wantEqual(t, []string{c.want}, starts(mustList(t, calendar, "2024-06-01", "2024-08-01")))
		})
	}
}

// ruralZone is half an hour ahead of Berlin and changes its clocks on other days.
const ruralZone = `
	BEGIN:VTIMEZONE
	TZID:Rural
	BEGIN:STANDARD
	DTSTART:19701001T030000
	TZOFFSETFROM:+0230
	TZOFFSETTO:+0130
	RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU
	END:STANDARD
	BEGIN:DAYLIGHT
	DTSTART:19700401T020000
	TZOFFSETFROM:+0130
	TZOFFSETTO:+0230
	RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU
	END:DAYLIGHT
	END:VTIMEZONE
`

func TestZonesOfTheFileItself(t *testing.T) {
	event := func(tzid, at string) string {
		return "BEGIN:VEVENT\nSUMMARY:freeze\nDTSTART;TZID=" + tzid + ":" + at + "\nDURATION:PT1H\nEND:VEVENT\n"
	}
	cases := map[string]struct {
		calendar string
		want     []string
	}{
		"summer and winter": {
			ruralZone + event("Rural", "20240115T090000") + event("Rural", "20240715T090000"),
			[]string{"2024-01-15T09:00+01:30", "2024-07-15T09:00+02:30"},
		},
		"defined after it is used": {
			event("Rural", "20240715T090000") + ruralZone,
			[]string{"2024-07-15T09:00+02:30"},
		},
		"in the gap and in the fold": {
			ruralZone + event("Rural", "20240407T023000") + event("Rural", "20241006T023000"),
			[]string{"2024-04-07T03:30+02:30", "2024-10-06T02:30+02:30"},
		},
		"before its first change": {
			ruralZone + event("Rural", "19600715T090000"),
			[]string{"1960-07-15T09:00+01:30"},
		},
		"far in the future": {
			ruralZone + event("Rural", "21500715T090000"),
			[]string{"2150-07-15T09:00+02:30"},
		},
		"one offset for ever": {
			"BEGIN:VTIMEZONE\nTZID:Fixed\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0545\nTZOFFSETTO:+0545\nEND:STANDARD\nEND:VTIMEZONE\n" +
				event("Fixed", "20240715T090000"),
			[]string{"2024-07-15T09:00+05:45"},
		},
		"changes by RDATE, and a rule that ended, in UTC": {
			"BEGIN:VTIMEZONE\nTZID:Odd\nBEGIN:STANDARD\nDTSTART:20000101T000000\nTZOFFSETFROM:+0000\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;UNTIL=20010101T000000Z\nEND:STANDARD\n" +
				"BEGIN:DAYLIGHT\nDTSTART:20200601T000000\nRDATE:20220601T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+001500\nEND:DAYLIGHT\nEND:VTIMEZONE\n" +
				event("Odd", "20100101T000000") + event("Odd", "20230101T000000"),
			[]string{"2010-01-01T00:00+01:00", "2023-01-01T00:00+00:15"},
		},
		"a rule that ends with its last change, in UTC": {
			"BEGIN:VTIMEZONE\nTZID:Ends\nBEGIN:STANDARD\nDTSTART:20001029T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T010000Z\nEND:STANDARD\n" +
				"BEGIN:DAYLIGHT\nDTSTART:20010325T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20060326T010000Z\nEND:DAYLIGHT\nEND:VTIMEZONE\n" +
				event("Ends", "20060701T000000") + event("Ends", "20061201T000000"),
			[]string{"2006-07-01T00:00+02:00", "2006-12-01T00:00+01:00"},
		},
		"a name that IANA knows without an area means the file's zone": {
			strings.ReplaceAll(ruralZone, "Rural", "EST") + event("EST", "20240715T090000"),
			[]string{"2024-07-15T09:00+02:30"},
		},
		"a name of IANA's with an area means IANA's zone": {
			strings.ReplaceAll(ruralZone, "Rural", "Europe/Berlin") + event("Europe/Berlin", "20240715T090000"),
			[]string{"2024-07-15T09:00+02:00"},
		},
		"commas in its name, escaped where it is defined": {
			strings.ReplaceAll(ruralZone, "Rural", `Bern\, Rome`) + event(`"Bern, Rome"`, "20240715T090000"),
			[]string{"2024-07-15T09:00+02:30"},
		},
		"commas in its name": {
			strings.ReplaceAll(ruralZone, "Rural", "Bern, Rome") + event("Bern, Rome", "20240715T090000"),
			[]string{"2024-07-15T09:00+02:30"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			calendar := mustParse(t, calendarOf(c.calendar), ical.Options{})
			var got []string
			for _, years := range [][2]string{{"1950-01-01", "2040-01-01"}, {"2140-01-01", "2160-01-01"}} {
				got = append(got, starts(mustList(t, calendar, years[0], years[1]))...)
			}
			wantEqual(t, c.want, got)
		})
	}
}

func TestTimesWithoutAZoneAreReadWhereTheyAreMeant(t *testing.T) {
	const plain = "BEGIN:VEVENT\nDTSTART:20240701T090000\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20240702\nEND:VEVENT\n"
	const own = "X-WR-TIMEZONE:America/New_York\n"
	berlin, tokyo := zoneNamed(t, "Europe/Berlin"), zoneNamed(t, "Asia/Tokyo")
	cases := map[string]struct {
		calendar string
		opts     ical.Options
		want     []string
	}{
		"in UTC if nobody says":                    {plain, ical.Options{}, []string{"2024-07-01T09:00Z", "2024-07-02T00:00Z"}},
		"at the site":                              {plain, ical.Options{Site: berlin}, []string{"2024-07-01T09:00+02:00", "2024-07-02T00:00+02:00"}},
		"in the calendar's zone":                   {own + plain, ical.Options{}, []string{"2024-07-01T09:00-04:00", "2024-07-02T00:00-04:00"}},
		"in the calendar's zone, days at the site": {own + plain, ical.Options{Site: berlin}, []string{"2024-07-01T09:00-04:00", "2024-07-02T00:00+02:00"}},
		"in the zone asked for, first of all":      {own + plain, ical.Options{Site: berlin, Timezone: tokyo}, []string{"2024-07-01T09:00+09:00", "2024-07-02T00:00+09:00"}},
		"in a calendar's zone of Windows'":         {"X-WR-TIMEZONE:Tokyo Standard Time\n" + plain, ical.Options{}, []string{"2024-07-01T09:00+09:00", "2024-07-02T00:00+09:00"}},
		"after the events":                         {plain + own, ical.Options{}, []string{"2024-07-01T09:00-04:00", "2024-07-02T00:00-04:00"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			calendar := mustParse(t, calendarOf(c.calendar), c.opts)
			wantEqual(t, c.want, starts(mustList(t, calendar, "2024-06-01", "2024-08-01")))
		})
	}
}

func TestAnUnknownZoneOfTheCalendarMattersOnlyToTimesThatNeedIt(t *testing.T) {
	const unknown = "X-WR-TIMEZONE:Atlantis\nBEGIN:VEVENT\n"
	mustParse(t, calendarOf(unknown+"DTSTART:20240701T090000Z\nEND:VEVENT"), ical.Options{})
	mustParse(t, calendarOf(unknown+"DTSTART;VALUE=DATE:20240701\nEND:VEVENT"), ical.Options{Site: zoneNamed(t, "UTC")})
	for _, start := range []string{"DTSTART:20240701T090000", "DTSTART;VALUE=DATE:20240701"} {
		_, err := ical.Parse("test.ics", []byte(calendarOf(unknown+start+"\nEND:VEVENT")), ical.Options{})
		if err == nil || !strings.Contains(err.Error(), `line 3: X-WR-TIMEZONE: the zone "Atlantis" is unknown`) {
			t.Errorf("%s: got %v", start, err)
		}
	}
}
