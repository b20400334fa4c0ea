package calendar

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/prodgate/prodgate/internal/strict"
)

// repeatedFreeze is a calendar in zone with one freeze of these keys.
func repeatedFreeze(zone, keys string) string {
	return "timezone: " + zone + "\nholidays: []\nfreezes:\n  - {name: f, " + keys + "}\n"
}

func TestARepeatedFreezeHoldsEachTime(t *testing.T) {
	const weekend = "start: 2026-11-20T18:00, end: 2026-11-23T06:00, repeat: weekly"
	tests := []struct {
		name, keys, now string
		want            []string // the first ones
	}{
		{"weekly, the one that has begun among them", weekend, "2026-11-24T12:00:00Z", []string{
			"f 2026-11-20T18:00:00-05:00/2026-11-23T06:00:00-05:00", "f 2026-11-27T18:00:00-05:00/2026-11-30T06:00:00-05:00"}},
		{"until a date, with its day", weekend + ", until: 2026-11-27", "2026-11-25T12:00:00Z", []string{
			"f 2026-11-27T18:00:00-05:00/2026-11-30T06:00:00-05:00"}},
		{"until a time", weekend + ", until: 2026-11-27T17:59", "2026-11-26T12:00:00Z", nil},
		{"but for some days", weekend + ", except: [2026-11-27, '2026-12-04T18:00']", "2026-11-26T12:00:00Z", []string{
			"f 2026-12-11T18:00:00-05:00/2026-12-14T06:00:00-05:00"}},
		{"on several days", "start: 2026-11-23T22:00, end: 2026-11-24T02:00, repeat: weekly, days: [monday, Thursday]", "2026-11-25T12:00:00Z", []string{
			"f 2026-11-23T22:00:00-05:00/2026-11-24T02:00:00-05:00", "f 2026-11-26T22:00:00-05:00/2026-11-27T02:00:00-05:00", "f 2026-11-30T22:00:00-05:00/2026-12-01T02:00:00-05:00"}},
		{"yearly", "date: 2019-12-25, repeat: yearly", "2026-11-24T12:00:00Z", []string{"f 2026-12-25T00:00:00-05:00/2026-12-26T00:00:00-05:00"}},
		{"by a rule: the last Friday of the month", "start: 2026-01-30T12:00, end: 2026-01-31, repeat: 'FREQ=MONTHLY;BYDAY=-1FR'", "2026-11-24T12:00:00Z", []string{
			"f 2026-11-27T12:00:00-05:00/2026-11-28T00:00:00-05:00", "f 2026-12-25T12:00:00-05:00/2026-12-26T00:00:00-05:00"}},
		{"by a rule in small letters with its name", "date: 2026-11-24, repeat: 'RRULE:freq=daily;count=2'", "2026-11-24T12:00:00Z", []string{
			"f 2026-11-24T00:00:00-05:00/2026-11-25T00:00:00-05:00", "f 2026-11-25T00:00:00-05:00/2026-11-26T00:00:00-05:00"}},
		{"over the night of the change, on the wall clock", "start: 2027-03-13T22:00, end: 2027-03-14T06:00, repeat: daily, until: 2027-03-14", "2027-03-14T12:00:00Z", []string{
			"f 2027-03-13T22:00:00-05:00/2027-03-14T06:00:00-04:00", "f 2027-03-14T22:00:00-04:00/2027-03-15T06:00:00-04:00"}},
		{"from an hour that is skipped", "start: 2027-03-13T02:30, end: 2027-03-13T05:00, repeat: daily, until: 2027-03-14", "2027-03-14T12:00:00Z", []string{
			"f 2027-03-13T02:30:00-05:00/2027-03-13T05:00:00-05:00", "f 2027-03-14T03:00:00-04:00/2027-03-14T05:00:00-04:00"}},
		{"an hour that comes twice is closed both times", "start: 2026-10-31T01:15, end: 2026-10-31T01:45, repeat: daily, until: 2026-11-01", "2026-11-02T00:00:00Z", []string{
			"f 2026-10-31T01:15:00-04:00/2026-10-31T01:45:00-04:00", "f 2026-11-01T01:15:00-04:00/2026-11-01T01:45:00-05:00"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, repeatedFreeze("America/New_York", tt.keys), tt.now)
			if err != nil {
				t.Fatal(err)
			}
			list := shown(got.Freezes)
			if len(list) < len(tt.want) || tt.want == nil && len(list) > 0 {
				t.Fatalf("read %q, want %q", list, tt.want)
			}
			if diff := cmp.Diff(tt.want, list[:len(tt.want)]); tt.want != nil && diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if strings.Contains(tt.keys, "until") && len(list) != len(tt.want) {
				t.Errorf("there are more: %q", list)
			}
		})
	}
}

func TestARepetitionThatMakesNoSenseIsAnError(t *testing.T) {
	const day = "date: 2026-11-24, "
	tests := []struct{ name, keys, want string }{
		{"an unknown word", day + "repeat: fortnightly", "daily, weekly, monthly, yearly or a rule"},
		{"a rule with a line in it", day + `repeat: "FREQ=DAILY\nDTEND:20990101"`, "daily, weekly, monthly, yearly or a rule"},
		{"a rule that RFC 5545 does not know", day + "repeat: 'FREQ=SOMETIMES'", `c.yaml:4: "f" cannot be repeated: `},
		{"an end in UTC within the rule", day + "repeat: 'FREQ=DAILY;UNTIL=20261201T000000Z'", "write it outside of the rule, as until:"},
		{"two ends", day + "repeat: 'FREQ=DAILY;COUNT=2', until: 2026-12-01", "keep one of them"},
		{"an end before the start", day + "repeat: daily, until: 2026-11-23", "never happens: until is before its start"},
		{"an end with an offset", day + "repeat: daily, until: '2026-12-01T00:00:00Z'", "write a date or a local time"},
		{"edges with an offset", "start: '2026-11-24T10:00:00Z', end: '2026-11-24T11:00:00Z', repeat: daily", "local times without an offset"},
		{"an exception with an offset", day + "repeat: daily, except: ['2026-12-01T00:00:00Z']", "dates or local times"},
		{"days without weeks", day + "repeat: daily, days: [Monday]", "which go with repeat: weekly alone"},
		{"days that leave out the first", day + "repeat: weekly, days: [Monday]", "begins on a Tuesday, which is not in days"},
		{"no days", day + "repeat: weekly, days: []", "empty list"},
		{"an unknown day", day + "repeat: weekly, days: [Caturday]", "one of Sunday, Monday"},
		{"an end of what is not repeated", day + "until: 2026-12-01", "mean nothing without repeat"},
		{"every second", "start: 2026-11-24T10:00, end: 2026-11-24T11:00, repeat: 'FREQ=SECONDLY'", "cannot be repeated: "},
		{"it ends before it starts", "start: 2026-11-24, end: 2026-11-24, repeat: daily", "end is exclusive"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, repeatedFreeze("UTC", tt.keys), noon)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "c.yaml:4") {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// A freeze is closed in every second that the clock on the wall shows it to be.
func TestARepeatedFreezeIsOnWheneverTheClockShowsIt(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		day := rapid.IntRange(0, 364).Draw(t, "day")
		begin := rapid.IntRange(0, 23*60).Draw(t, "begin")
		length := rapid.IntRange(1, 24*60-begin-1).Draw(t, "length")
		start := time.Date(2026, 1, 1, 0, begin, 0, 0, time.UTC)
		daily := plainRules["daily"]
		e := entry{
			Start:  &moment{at: start, local: true},
			End:    &moment{at: start.Add(time.Duration(length) * time.Minute), local: true},
			Repeat: &daily,
		}
		from := time.Date(2026, 1, 3+day, 0, 0, 0, 0, zone)
		spans, err := e.repeated(context.Background(), zone, from, from.AddDate(0, 0, 2))
		if err != nil {
			t.Fatal(err)
		}
		at := from.Add(time.Duration(rapid.IntRange(0, 48*3600-1).Draw(t, "second")) * time.Second)
		local := at.In(zone)
		minute := local.Hour()*60 + local.Minute()
		shows := begin <= minute && minute < begin+length
		covered := false
		for _, s := range spans {
			covered = covered || !at.Before(s.start) && at.Before(s.end)
		}
		if shows && !covered {
			t.Fatalf("%s is in the freeze by the clock, and not by %v", local, spans)
		}
		if _, changes := local.ZoneBounds(); covered && !shows && (changes.IsZero() || changes.Sub(at).Abs() > 3*time.Hour) {
			if before, _ := local.ZoneBounds(); before.IsZero() || at.Sub(before) > 3*time.Hour {
				t.Fatalf("%s is out of the freeze by the clock, and in by %v", local, spans)
			}
		}
	})
}

func TestTheRangeMayBeCutAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York", "America/Santiago"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		rule := repetition(rapid.SampledFrom([]string{"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,SA", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=DAILY;INTERVAL=3;COUNT=60"}).Draw(t, "rule"))
		start := time.Date(2026, 1, 5, 0, rapid.IntRange(0, 1439).Draw(t, "begin"), 0, 0, time.UTC)
		e := entry{
			Start:  &moment{at: start, local: true},
			End:    &moment{at: start.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "length")) * time.Minute), local: true},
			Repeat: &rule,
		}
		from := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
		hours := rapid.IntRange(2, 5000).Draw(t, "hours")
		cut := from.Add(time.Duration(rapid.IntRange(1, hours-1).Draw(t, "cut")) * time.Hour)
		to := from.Add(time.Duration(hours) * time.Hour)
		list := func(from, to time.Time) map[string]bool {
			spans, err := e.repeated(context.Background(), zone, from, to)
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]bool{}
			for _, s := range spans {
				if !s.end.After(from) || !s.start.Before(to) {
					t.Fatalf("%v lies outside of the range", s)
				}
				found[fmt.Sprint(s)] = true
			}
			return found
		}
		parts := list(from, cut)
		for key := range list(cut, to) {
			parts[key] = true
		}
		if diff := cmp.Diff(list(from, to), parts); diff != "" {
			t.Fatalf("(-whole +parts)\n%s", diff)
		}
	})
}

// FuzzCalendar reads any bytes as a calendar file: no panic, no endless work, no
// error without the file's name, and no interval outside of the range.
func FuzzCalendar(f *testing.F) {
	f.Add([]byte(Skeleton))
	f.Add([]byte(repeatedFreeze("Europe/Berlin", "date: 2026-11-24, repeat: yearly, until: 2030-01-01, except: [2027-11-24]")))
	f.Add([]byte(repeatedFreeze("UTC", "start: 2026-11-24T10:00, end: 2026-11-24T11:00, repeat: 'FREQ=SECONDLY'")))
	f.Add([]byte("timezone: UTC\nfreezes: []\nholidays: []\npublic_holidays: [{country: DE, subdivision: BY, remove: [Neujahrstag], add: [{name: x, date: 2026-12-01}]}]\n"))
	f.Add([]byte("timezone: UTC\nfreezes: []\nholidays: []\nfeeds: [{name: a, file: f.ics, means: freezes, include: ['*']}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if strings.Contains(string(data), "url") {
			return // nothing is asked over the network
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "c.yaml"), data, 0o644); err != nil {
			t.Fatal(err)
		}
		c := Collector{File: strict.Path{Dir: dir, Name: "c.yaml"}, Clock: func() time.Time { return instant(t, noon) }}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		r, err := c.Read(ctx, c.gateRange)
		if err != nil {
			if !strings.Contains(err.Error(), "c.yaml") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		for _, i := range append(r.Calendar.Freezes, r.Calendar.Holidays...) {
			if !i.End.After(i.Start) || !i.End.After(r.Calendar.From) || !i.Start.Before(r.Calendar.Horizon) || i.Name == "" {
				t.Errorf("%+v lies outside of %s to %s", i, r.Calendar.From, r.Calendar.Horizon)
			}
		}
	})
}
