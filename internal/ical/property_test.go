package ical_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/prodgate/prodgate/internal/ical"
)

var testedZones = []string{"", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"}

// epoch is around when the calendars drawn below happen.
var epoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

func drawStart(t *rapid.T, label string) time.Time {
	return epoch.Add(time.Duration(rapid.IntRange(-4*365*24*4, 365*24*4).Draw(t, label)) * 15 * time.Minute)
}

// drawRule draws an RRULE that is valid, though it may never apply.
func drawRule(t *rapid.T, frequencies ...string) string {
	parts := []string{"FREQ=" + rapid.SampledFrom(frequencies).Draw(t, "freq")}
	add := func(name, values string) {
		if rapid.IntRange(0, 4).Draw(t, "has "+name) == 0 {
			parts = append(parts, name+"="+values)
		}
	}
	number := func(least, most int) string {
		list := rapid.SliceOfNDistinct(rapid.IntRange(least, most), 1, 3, rapid.ID[int]).Draw(t, "numbers")
		return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ","), "[]")
	}
	signed := func(most int) string {
		return rapid.SampledFrom([]string{number(1, most), number(-most, -1)}).Draw(t, "sign")
	}
	add("INTERVAL", fmt.Sprint(rapid.IntRange(1, 40).Draw(t, "interval")))
	add("BYMONTH", number(1, 12))
	add("BYMONTHDAY", signed(31))
	add("BYDAY", rapid.SampledFrom([]string{"MO", "TU,TH", "SA,SU", "1MO", "-1FR", "2TU,-2SU", "5WE"}).Draw(t, "byday"))
	add("BYHOUR", number(0, 23))
	add("BYMINUTE", number(0, 59))
	add("WKST", rapid.SampledFrom([]string{"MO", "SU", "WE"}).Draw(t, "wkst"))
	return strings.Join(parts, ";")
}

// drawCalendar draws a series with exceptions, additions and changes.
func drawCalendar(t *rapid.T) string {
	zone := rapid.SampledFrom(testedZones).Draw(t, "zone")
	at := func(property, params string, wall time.Time) string {
		if zone == "UTC" {
			return property + params + ":" + wall.Format("20060102T150405Z")
		}
		if zone != "" {
			params += ";TZID=" + zone
		}
		return property + params + ":" + wall.Format("20060102T150405")
	}
	start := drawStart(t, "start")
	rule := drawRule(t, "YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")
	switch rapid.IntRange(0, 3).Draw(t, "end") {
	case 0:
		rule += fmt.Sprintf(";COUNT=%d", rapid.IntRange(1, 400).Draw(t, "count"))
	case 1:
		rule += ";UNTIL=" + drawStart(t, "until").Format("20060102T150405Z")
	}
	duration := fmt.Sprintf("DURATION:PT%dM", rapid.IntRange(0, 5000).Draw(t, "minutes"))
	lines := []string{"BEGIN:VEVENT", "UID:one", at("DTSTART", "", start), duration, "RRULE:" + rule}
	for range rapid.IntRange(0, 3).Draw(t, "exceptions") {
		lines = append(lines, at("EXDATE", "", start.AddDate(0, 0, rapid.IntRange(0, 400).Draw(t, "except"))))
	}
	for range rapid.IntRange(0, 3).Draw(t, "additions") {
		lines = append(lines, at("RDATE", "", drawStart(t, "add")))
	}
	lines = append(lines, "END:VEVENT")
	for range rapid.IntRange(0, 3).Draw(t, "changes") {
		params := rapid.SampledFrom([]string{"", ";RANGE=THISANDFUTURE"}).Draw(t, "range")
		changed := start.AddDate(0, 0, rapid.IntRange(0, 400).Draw(t, "changed"))
		moved := changed.Add(time.Duration(rapid.IntRange(-5000, 5000).Draw(t, "moved")) * time.Minute)
		lines = append(lines, "BEGIN:VEVENT", "UID:one", at("RECURRENCE-ID", params, changed), at("DTSTART", "", moved), "END:VEVENT")
	}
	return calendarOf(strings.Join(lines, "\n"))
}

func drawOptions(t *rapid.T) ical.Options {
	loc, err := time.LoadLocation(rapid.SampledFrom(testedZones).Draw(t, "site"))
	if err != nil {
		t.Fatal(err)
	}
	return ical.Options{Site: loc}
}

func TestExpansionNeverLeavesItsRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calendar, err := ical.Parse("drawn.ics", []byte(drawCalendar(t)), drawOptions(t))
		if err != nil {
			t.Fatal(err)
		}
		from := drawStart(t, "from")
		to := from.Add(time.Duration(rapid.IntRange(1, 400*24).Draw(t, "hours")) * time.Hour)
		events, err := calendar.Expand(from, to)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range events {
			if !e.Overlaps(from, to) || e.End.Before(e.Start) {
				t.Fatalf("%s to %s does not overlap [%s, %s)", e.Start, e.End, from, to)
			}
			if i > 0 && e.Start.Before(events[i-1].Start) {
				t.Fatalf("%s comes after %s", e.Start, events[i-1].Start)
			}
		}
	})
}

func TestExpansionIsTheSameWhicheverWayTheRangeIsCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calendar, err := ical.Parse("drawn.ics", []byte(drawCalendar(t)), drawOptions(t))
		if err != nil {
			t.Fatal(err)
		}
		from := drawStart(t, "from")
		width := time.Duration(rapid.IntRange(1, 300*24).Draw(t, "hours")) * time.Hour
		cut := from.Add(time.Duration(rapid.Int64Range(1, int64(width/time.Second)-1).Draw(t, "cut")) * time.Second)
		to := from.Add(width)
		whole, err := calendar.Expand(from, to)
		if err != nil {
			t.Fatal(err)
		}
		first, err1 := calendar.Expand(from, cut)
		second, err2 := calendar.Expand(cut, to)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		// What overlaps both halves is in both.
		joined := slices.DeleteFunc(first, func(e ical.Event) bool { return e.Overlaps(cut, to) })
		joined = append(joined, second...)
		byStart := func(a, b ical.Event) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
		slices.SortFunc(joined, byStart)
		slices.SortFunc(whole, byStart)
		if fmt.Sprint(joined) != fmt.Sprint(whole) {
			t.Fatalf("cut at %s:\n%v\nwhole:\n%v", cut, spans(joined), spans(whole))
		}
	})
}

// The rules are followed here by other means than rrule-go's, which visits every
// period from DTSTART on and cannot be stopped. They have to agree.
func TestRulesAgreeWithAnotherImplementation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := drawRule(t, "YEARLY", "MONTHLY", "WEEKLY", "DAILY")
		if rapid.Bool().Draw(t, "weeks") {
			rule = "FREQ=YEARLY;BYDAY=MO,WE;BYWEEKNO=" + fmt.Sprint(rapid.SampledFrom([]int{1, 2, 20, 52, 53, -2}).Draw(t, "week"))
		}
		if !strings.Contains(rule, "WEEKLY") && rapid.Bool().Draw(t, "has positions") {
			rule += fmt.Sprintf(";BYSETPOS=%d", rapid.SampledFrom([]int{1, 2, -1}).Draw(t, "position"))
		}
		start := drawStart(t, "start")
		option, err := rrule.StrToROption(rule)
		if err != nil {
			t.Skip(err)
		}
		option.Dtstart, option.Until = start, start.AddDate(12, 0, 0)
		other, err := rrule.NewRRule(*option)
		if err != nil {
			t.Skip(err)
		}
		from := start.AddDate(rapid.IntRange(0, 8).Draw(t, "years"), 0, 1)
		to := from.AddDate(3, 0, 0)
		want := []string{}
		for _, at := range other.Between(from, to, true) {
			want = append(want, at.Format(time.RFC3339))
		}
		text := calendarOf("BEGIN:VEVENT\nDTSTART:" + start.Format("20060102T150405Z") + "\nRRULE:" + rule + "\nEND:VEVENT")
		calendar, err := ical.Parse("drawn.ics", []byte(text), ical.Options{})
		if err != nil {
			t.Fatal(err)
		}
		events, err := calendar.Expand(from, to.Add(time.Second))
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, e := range events {
			got = append(got, e.Start.Format(time.RFC3339))
		}
		if !slices.Equal(want, got) {
			t.Fatalf("%s from %s, in [%s, %s]:\nwant %v\ngot  %v", rule, start, from, to, want, got)
		}
	})
}

func TestAnyBytesAreReadOrRefused(t *testing.T) {
	pieces := rapid.SampledFrom([]string{
		"BEGIN:VCALENDAR\n", "END:VCALENDAR\n", "BEGIN:VEVENT\n", "END:VEVENT\n", "DTSTART:20240101\n",
		"DTSTART;TZID=", "RRULE:FREQ=DAILY", ";COUNT=", ":", ";", "=", "\"", ",", "\n ", "\r", "\x00", "Z", "RDATE:",
		"BEGIN:VTIMEZONE\n", "END:VTIMEZONE\n", "TZID:X\n", "EXDATE:", "RECURRENCE-ID;RANGE=THISANDFUTURE:", "20240101T000000", "-1",
	})
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for range rapid.IntRange(0, 40).Draw(t, "pieces") {
			if rapid.IntRange(0, 5).Draw(t, "raw") == 0 {
				text.WriteString(rapid.String().Draw(t, "text"))
			} else {
				text.WriteString(pieces.Draw(t, "piece"))
			}
		}
		readAll(t, []byte(text.String()))
	})
}

// readAll parses and expands bytes: whatever they are, the outcome is a calendar
// or an error that names it.
func readAll(t interface {
	Helper()
	Fatalf(string, ...any)
}, data []byte) {
	t.Helper()
	calendar, err := ical.Parse("any.ics", data, ical.Options{MaxBytes: 1 << 16, MaxOccurrences: 1000})
	if err == nil {
		_, err = calendar.Expand(epoch, epoch.AddDate(0, 1, 0))
	}
	if err != nil && !strings.HasPrefix(err.Error(), `read calendar "any.ics": `) {
		t.Fatalf("the error does not name the calendar: %v", err)
	}
}
