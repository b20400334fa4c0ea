package evaluator

import (
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/race"
)

// The rule: a window is open whenever the clock on the wall shows a time within
// it. So the hour that the clocks skip opens nothing, a window that starts in
// it opens when it is over, and what the clocks show twice is open twice.
func TestWindowsKeepToTheWallClockWhereItChanges(t *testing.T) {
	race.SkipSweep(t)
	for _, tt := range []struct {
		name    string
		service string
		around  string // the Sunday, at midnight in the service's zone
		want    string // intervals of that day in the zone, with offsets
	}{
		{"Berlin skips 02:00 to 03:00", "berlin", "2027-03-28 Europe/Berlin", ""},
		{"Berlin shows 02:00 to 03:00 twice", "berlin", "2027-10-31 Europe/Berlin", "02:00+02 to 03:00+01"},
		{"Berlin on a Sunday without change", "berlin", "2027-06-06 Europe/Berlin", "02:00+02 to 03:00+02"},
		{"a window starts in Berlin's gap", "berlin-gap", "2027-03-28 Europe/Berlin", "03:00+02 to 04:00+02"},
		{"a window starts in Berlin's fold", "berlin-gap", "2027-10-31 Europe/Berlin", "02:30+02 to 02:00+01, 02:30+01 to 04:00+01"},
		{"a window lies within Berlin's fold", "berlin-fold", "2027-10-31 Europe/Berlin", "02:30+02 to 02:45+02, 02:30+01 to 02:45+01"},
		{"a window lies within Berlin's gap", "berlin-fold", "2027-03-28 Europe/Berlin", ""},
		{"New York skips 02:00 to 03:00", "new-york", "2027-03-14 America/New_York", "01:30-05 to 03:00-04"},
		{"New York shows 01:00 to 02:00 twice", "new-york", "2027-11-07 America/New_York", "01:30-04 to 01:00-05, 01:30-05 to 02:15-05"},
		{"Lord Howe skips half an hour", "lord-howe", "2027-10-03 Australia/Lord_Howe", "01:45+10:30 to 02:30+11"},
		{"Lord Howe shows half an hour twice", "lord-howe", "2027-04-04 Australia/Lord_Howe", "01:45+11 to 01:30+10:30, 01:45+10:30 to 02:15+10:30"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			day, name, _ := strings.Cut(tt.around, " ")
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			midnight, err := time.ParseInLocation(time.DateOnly, day, zone)
			if err != nil {
				t.Fatal(err)
			}
			s := when(t, hoursPack(t), allowed(t, tt.service, midnight), 23*time.Hour)
			var got []string
			for _, i := range s.Intervals {
				got = append(got, i.From.In(zone).Format("15:04Z07:00")+" to "+i.To.In(zone).Format("15:04Z07:00"))
			}
			if list := strings.ReplaceAll(strings.Join(got, ", "), ":00 ", " "); short(list) != short(tt.want) {
				t.Errorf("open %s, want %s", list, tt.want)
			}
		})
	}
}

// short leaves whole hours of an offset without their minutes.
func short(list string) string {
	for _, offset := range []string{"+01", "+02", "-04", "-05", "+11"} {
		list = strings.ReplaceAll(list, offset+":00", offset)
	}
	return list
}

// The specification's window, Tuesday to Thursday from 10:00 to 14:00, in the
// weeks on both sides of each change.
func TestTheStandardWindowKeepsToTheWallClockAcrossTheChanges(t *testing.T) {
	race.SkipSweep(t)
	for _, tt := range []struct{ service, zone, thursday string }{
		{"berlin-days", "Europe/Berlin", "2027-03-25"},
		{"berlin-days", "Europe/Berlin", "2027-10-28"},
		{"new-york-days", "America/New_York", "2027-03-11"},
		{"new-york-days", "America/New_York", "2027-11-04"},
		{"lord-howe-days", "Australia/Lord_Howe", "2027-04-01"},
		{"lord-howe-days", "Australia/Lord_Howe", "2027-09-30"},
	} {
		t.Run(tt.zone+" "+tt.thursday, func(t *testing.T) {
			zone, err := time.LoadLocation(tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			midnight, err := time.ParseInLocation(time.DateOnly, tt.thursday, zone)
			if err != nil {
				t.Fatal(err)
			}
			s := when(t, hoursPack(t), allowed(t, tt.service, midnight), 7*oneDay-2*time.Hour)
			if len(s.Intervals) != 3 {
				t.Fatalf("Thursday, Tuesday and Wednesday: %v", s.Intervals)
			}
			_, before := s.Intervals[0].From.In(zone).Zone()
			_, after := s.Intervals[2].From.In(zone).Zone()
			if before == after {
				t.Errorf("the clocks did not change: %v", s.Intervals)
			}
			for _, i := range s.Intervals {
				if got := i.From.In(zone).Format("15:04:05") + i.To.In(zone).Format(" 15:04:05"); got != "10:00:00 14:00:00" {
					t.Errorf("open %s on %s", got, i.From.In(zone))
				}
			}
		})
	}
}
