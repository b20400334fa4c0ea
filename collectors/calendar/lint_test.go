package calendar

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/internal/strict"
)

func TestWhatIsProbablyNotMeantIsWarnedOf(t *testing.T) {
	const head, none = "timezone: UTC\nholidays: []\nfreezes:\n", "timezone: UTC\nfreezes: []\nholidays:\n"
	tests := []struct {
		name, content string
		want          []string
	}{
		{"a freeze that is over", head + "- {name: a, start: 2026-11-01, end: 2026-11-24}\n- {name: b, date: 2026-11-24}\n", []string{`c.yaml:4: the freeze "a" is over; take it out`}},
		{"a repeated one that is over", head + "- {name: a, date: 2020-11-01, repeat: yearly, until: 2025-12-31}\n", []string{`c.yaml:4: the freeze "a" is over; take it out`}},
		{"a repeated one that never was", head + "- {name: a, date: 2020-11-01, repeat: 'FREQ=YEARLY;COUNT=1', except: [2020-11-01]}\n", []string{`c.yaml:4: the freeze "a" is over; take it out`}},
		{"a rare one is not over", head + "- {name: a, date: 2016-02-29, repeat: yearly}\n", nil},
		{"two names for one thing", head + "- {name: a, start: 2026-12-01, end: 2026-12-02}\n- {name: b, date: 2026-12-01}\n", []string{`c.yaml:5: the freeze "b" is "a" of line 4 under another name`}},
		{"one thing twice", head + "- {name: a, date: 2026-12-01}\n- {name: a, date: 2026-12-01}\n", []string{`c.yaml:5: the freeze "a" is already on line 4`}},
		{"one time for two services", head + "- {name: a, date: 2026-12-01, services: [x]}\n- {name: b, date: 2026-12-01, services: [y]}\n", nil},
		{"once and each year", head + "- {name: a, date: 2026-12-01}\n- {name: b, date: 2026-12-01, repeat: yearly}\n", nil},
		{"holidays that have run out", none + "- {name: a, date: 2025-12-25}\n- {name: b, date: 2026-01-01}\n", []string{`c.yaml:4: all holidays here are over; write down those to come, or repeat: yearly`}},
		{"one holiday that is over", none + "- {name: a, date: 2025-12-25}\n- {name: b, date: 2027-01-01}\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(tt.content), 0o644); err != nil {
				t.Fatal(err)
			}
			c := Collector{File: strict.Path{Dir: dir, Name: "c.yaml"}, Clock: func() time.Time { return instant(t, "2026-11-24T00:00:00Z") }}
			r, err := c.Read(t.Context(), c.gateRange)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range r.Warnings {
				got = append(got, w.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAnErrorOfTheRangeIsHandedOn(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(Skeleton), 0o644); err != nil {
		t.Fatal(err)
	}
	c := Collector{File: strict.Path{Dir: dir, Name: "c.yaml"}}
	_, err := c.Read(t.Context(), func(*time.Location) (from, to time.Time, err error) { return from, to, os.ErrInvalid })
	if err == nil || !strings.Contains(err.Error(), os.ErrInvalid.Error()) {
		t.Errorf("got %v", err)
	}
}
