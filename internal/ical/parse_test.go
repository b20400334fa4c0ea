package ical_test

import (
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/ical"
)

func TestFilesThatAreWrittenInOtherWays(t *testing.T) {
	plain := eventOf("DTSTART:20240101T090000Z\nDTEND:20240101T100000Z")
	cases := map[string]string{
		"as the standard says":          plain,
		"with bare line feeds":          strings.ReplaceAll(plain, "\r\n", "\n"),
		"with bare carriage returns":    strings.ReplaceAll(plain, "\r\n", "\r"),
		"with a byte order mark":        "\xef\xbb\xbf" + plain,
		"with empty lines":              "\r\n" + strings.ReplaceAll(plain, "\r\n", "\r\n\r\n"),
		"folded in the middle of all":   strings.ReplaceAll(plain, "2024", "20\r\n 24"),
		"folded with a tab":             strings.ReplaceAll(plain, "DTSTART", "DTS\r\n\tTART"),
		"without a line end":            strings.TrimRight(plain, "\r\n"),
		"with names in small letters":   strings.NewReplacer("BEGIN", "begin", "VEVENT", "vevent", "DTSTART", "dtstart").Replace(plain),
		"with spaces after values":      strings.ReplaceAll(plain, "\r\n", "  \r\n"),
		"as a bare event":               strings.NewReplacer("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "", "END:VCALENDAR\r\n", "").Replace(plain),
		"within a component of its own": strings.NewReplacer("BEGIN:VEVENT", "BEGIN:X-BOX\r\nBEGIN:VEVENT", "END:VEVENT", "END:VEVENT\r\nEND:X-BOX").Replace(plain),
		"with properties nobody knows":  strings.Replace(plain, "UID", "X-A;B=\"c:d\":e\r\nX-APPLE-X;Q=\"\":\r\nUID", 1),
		"with an alarm that makes no sense": strings.Replace(plain, "END:VEVENT",
			"BEGIN:VALARM\r\nTRIGGER;VALUE=DATE-TIME:never\r\nDTSTART:never\r\nRRULE:FREQ=NEVER\r\nEND:VALARM\r\nEND:VEVENT", 1),
		"with a task beside it": strings.Replace(plain, "BEGIN:VEVENT",
			"BEGIN:VTODO\r\nDUE:20240101T090000Z\r\nRRULE:FREQ=DAILY\r\nEND:VTODO\r\nBEGIN:VEVENT", 1),
		"with DTSTART given twice alike": strings.Replace(plain, "DTEND", "DTSTART:20240101T090000Z\r\nDTEND", 1),
		"in quoted-printable": strings.Replace(plain, "SUMMARY:freeze",
			"DESCRIPTION;ENCODING=QUOTED-PRINTABLE:one=0D=0A=\r\ntwo=\r\nthree\r\nSUMMARY;ENCODING=QUOTED-PRINTABLE:free=\r\n=7Ae", 1),
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			want := []string{"2024-01-01T09:00:00Z/2024-01-01T10:00:00Z"}
			wantEqual(t, want, spans(mustList(t, mustParse(t, text, ical.Options{}), "2024-01-01", "2024-02-01")))
		})
	}
}

func TestSeveralCalendarsInAFileAreReadTogether(t *testing.T) {
	text := calendarOf("X-WR-TIMEZONE:Europe/Berlin\n"+dailyInBerlin) +
		calendarOf(version("DTSTART:20240110T130000\nRECURRENCE-ID:20240110T080000Z")) +
		calendarOf("X-WR-TIMEZONE:America/New_York\nBEGIN:VEVENT\nDTSTART:20240201T090000\nEND:VEVENT")
	want := []string{
		"2024-01-08T09:00+01:00", "2024-01-09T09:00+01:00", "2024-01-10T13:00Z",
		"2024-01-11T09:00+01:00", "2024-01-12T09:00+01:00", "2024-02-01T09:00-05:00",
	}
	wantEqual(t, want, starts(mustList(t, mustParse(t, text, ical.Options{}), "2024-01-01", "2024-03-01")))
}

func TestACalendarWithoutEventsIsEmpty(t *testing.T) {
	if got := mustList(t, mustParse(t, calendarOf(""), ical.Options{}), "2024-01-01", "2024-03-01"); len(got) > 0 {
		t.Errorf("got %v", spans(got))
	}
}

func TestEventsAreNamedByTheirLine(t *testing.T) {
	text := "\n\nBEGIN:VCALENDAR\nDESCRIPTION:folded\n once\n twice\nBEGIN:VEVENT\nDTSTART:20240101\nEND:VEVENT\nEND:VCALENDAR"
	events := mustList(t, mustParse(t, text, ical.Options{}), "2024-01-01", "2024-03-01")
	wantEqual(t, 7, events[0].Line)
}
