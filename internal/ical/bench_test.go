package ical_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/ical"
)

// BenchmarkTenYearsOfAWeeklyRule expands 522 weeks with fifty exceptions and
// fifty changed occurrences.
func BenchmarkTenYearsOfAWeeklyRule(b *testing.B) {
	var text strings.Builder
	text.WriteString("BEGIN:VEVENT\nUID:w\nDTSTART;TZID=Europe/Berlin:20150105T090000\nDURATION:PT9H\nRRULE:FREQ=WEEKLY;BYDAY=MO\n")
	monday := time.Date(2015, 1, 5, 9, 0, 0, 0, time.UTC)
	for i := range 50 {
		fmt.Fprintf(&text, "EXDATE;TZID=Europe/Berlin:%s\n", monday.AddDate(0, 0, 70*i).Format("20060102T150405"))
	}
	text.WriteString("END:VEVENT\n")
	for i := range 50 {
		at := monday.AddDate(0, 0, 70*i+7).Format("20060102T150405")
		fmt.Fprintf(&text, "BEGIN:VEVENT\nUID:w\nRECURRENCE-ID;TZID=Europe/Berlin:%s\nDTSTART;TZID=Europe/Berlin:%s\nEND:VEVENT\n", at, at)
	}
	calendar := mustParse(b, calendarOf(text.String()), ical.Options{})
	from := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		if events, err := calendar.Expand(from, from.AddDate(10, 0, 0)); err != nil || len(events) != 472 {
			b.Fatal(len(events), err)
		}
	}
}

// BenchmarkAWeekOfAnOldRule shows that the length of the past costs nothing.
func BenchmarkAWeekOfAnOldRule(b *testing.B) {
	for _, year := range []int{1700, 1950, 2024} {
		b.Run(fmt.Sprint("since ", year), func(b *testing.B) {
			calendar := mustParse(b, eventOf(fmt.Sprintf("DTSTART;TZID=Europe/Berlin:%d0101T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY", year)), ical.Options{})
			from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
			for b.Loop() {
				if events, err := calendar.Expand(from, from.AddDate(0, 0, 7)); err != nil || len(events) != 7 {
					b.Fatal(len(events), err)
				}
			}
		})
	}
}

// BenchmarkAFeedOfFiveMegabytes reads the largest feed that is accepted, and
// lists a week of it.
func BenchmarkAFeedOfFiveMegabytes(b *testing.B) {
	data := largeFeed()
	from := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		calendar, err := ical.Parse("large.ics", data, ical.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if events, err := calendar.Expand(from, from.AddDate(0, 0, 7)); err != nil || len(events) == 0 {
			b.Fatal(len(events), err)
		}
	}
}

// largeFeed is just under 5 MiB of hourly events with a description each.
func largeFeed() []byte {
	var text strings.Builder
	text.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
	for at := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC); text.Len() < ical.DefaultMaxBytes-1000; at = at.Add(time.Hour) {
		fmt.Fprintf(&text, "BEGIN:VEVENT\r\nUID:%d@example.com\r\nDTSTAMP:20230101T000000Z\r\n"+
			"DTSTART;TZID=Europe/Berlin:%s\r\nDURATION:PT30M\r\nSUMMARY:Maintenance\r\n"+
			"DESCRIPTION:%s\r\nEND:VEVENT\r\n", at.Unix(), at.Format("20060102T150405"), strings.Repeat("long words ", 12))
	}
	text.WriteString("END:VCALENDAR\r\n")
	return []byte(text.String())
}

func TestAFeedOfFiveMegabytesIsReadInTime(t *testing.T) {
	began := time.Now()
	calendar := mustParse(t, string(largeFeed()), ical.Options{})
	if events := mustList(t, calendar, "2024-03-01", "2024-03-08"); len(events) != 168 {
		t.Errorf("got %d events of a week's hours", len(events))
	}
	if spent := time.Since(began); spent > 10*time.Second {
		t.Errorf("it took %s", spent)
	}
}
