package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sharedCalendars finds ../shared/calendars next to the project's root, or skips.
func sharedCalendars(t *testing.T) string {
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

// listed runs "prodgate calendar --ics" and returns the occurrences.
func listed(t *testing.T, args ...string) []occurrence {
	t.Helper()
	std, out, errs := alone(t)
	if code := run(t.Context(), append([]string{"calendar", "-o", "json"}, args...), std); code != exitAllow {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	var got struct{ Events []occurrence }
	decoder := json.NewDecoder(bytes.NewReader(out.Bytes()))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	return got.Events
}

// The known answers come from another implementation: the occurrences that start in
// [From, To), as [start, end] in Unix seconds, with floating and all-day times as UTC.
func TestCalendarMatchesTheKnownAnswers(t *testing.T) {
	dir := sharedCalendars(t)
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var answers map[string]struct {
		From, To int64
		Events   [][2]int64
	}
	if err := json.Unmarshal(data, &answers); err != nil || len(answers) == 0 {
		t.Fatalf("%d answers, %v", len(answers), err)
	}
	text := func(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
	for name, want := range answers {
		t.Run(name, func(t *testing.T) {
			got := [][2]int64{}
			for _, e := range listed(t, "--ics", filepath.Join(dir, name), "--from", text(want.From), "--to", text(want.To), "--timezone", "UTC") {
				start, err := time.Parse(time.RFC3339, e.Start)
				if err != nil {
					t.Fatal(err)
				}
				end, err := time.Parse(time.RFC3339, e.End)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, [2]int64{start.Unix(), end.Unix()})
			}
			slices.SortFunc(want.Events, func(a, b [2]int64) int { return slices.Compare(a[:], b[:]) })
			if diff := cmp.Diff(want.Events, got); diff != "" {
				t.Errorf("occurrences (-want +got):\n%s", diff)
			}
		})
	}
}
