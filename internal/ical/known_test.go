package ical_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/internal/ical"
)

// sharedCalendars finds ../shared/calendars beside the project's root, or skips.
func sharedCalendars(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		for _, root := range []string{filepath.Dir(dir), filepath.Dir(filepath.Dir(dir))} {
			candidate := filepath.Join(root, "shared", "calendars")
			if _, err := os.Stat(filepath.Join(candidate, "expected.json")); err == nil {
				return candidate
			}
		}
		dir = filepath.Dir(dir)
	}
	t.Skip("no shared/calendars beside the project: the calendars with known answers are not part of it")
	return ""
}

// knownAnswer is what another implementation says of a file: every occurrence
// that starts in [From, To), as [start, end] in Unix seconds.
type knownAnswer struct {
	From, To int64
	Events   [][2]int64
}

func TestOccurrencesAgreeWithTheKnownAnswers(t *testing.T) {
	dir := sharedCalendars(t)
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var answers map[string]knownAnswer
	if err := json.Unmarshal(data, &answers); err != nil {
		t.Fatal(err)
	}
	for name, want := range answers {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			calendar, err := ical.Parse(name, data, ical.Options{Timezone: time.UTC})
			if err != nil {
				t.Fatal(err)
			}
			events, err := calendar.ExpandStarts(time.Unix(want.From, 0), time.Unix(want.To, 0))
			if err != nil {
				t.Fatal(err)
			}
			var got [][2]int64
			for _, e := range events {
				got = append(got, [2]int64{e.Start.Unix(), e.End.Unix()})
			}
			slices.SortFunc(want.Events, func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) })
			if diff := cmp.Diff(want.Events, got); diff != "" {
				t.Errorf("occurrences (-want +got):\n%s", diff)
			}
		})
	}
}
