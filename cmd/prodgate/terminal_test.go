package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prodgate/prodgate/internal/race"
)

// reports are commands whose text has lines of more than 70 columns.
func reports(t *testing.T) map[string][]string {
	t.Helper()
	root := projectRoot(t)
	document, pack := root+"/fixtures/cases/wait-soak/input.json", root+"/fixtures/organisation"
	return map[string][]string{
		"a decision":    {"eval", "--input", document, "--policies", pack},
		"a schedule":    {"when", "--input", document, "--policies", pack},
		"codes":         {"policy", "list"},
		"a code":        {"policy", "explain", "soak.too_short"},
		"a diagnosis":   {"doctor"},
		"a description": {"policy", "explain", "soak"},
	}
}

// longest returns the number of columns of the longest line that could be wrapped.
func longest(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); len(strings.Fields(line)) > 3 {
			n = max(n, utf8.RuneCountInString(line))
		}
	}
	return n
}

func TestReportsFollowTheWidth(t *testing.T) {
	race.SkipSweep(t)
	at := time.Now()
	for name, args := range reports(t) {
		t.Run(name, func(t *testing.T) {
			printed := map[string]string{}
			for _, columns := range []string{"", "70", "240"} {
				std, out, errs := alone(t)
				std.env = []string{"COLUMNS=" + columns}
				std.clock = func() time.Time { return at }
				if run(t.Context(), args, std); out.Len() == 0 {
					t.Fatalf("%q prints nothing: %s", args, errs)
				}
				printed[columns] = out.String()
			}
			if got := longest(printed["70"]); got > 70 {
				t.Errorf("%d columns, want 70:\n%s", got, printed["70"])
			}
			if got := longest(printed["240"]); got <= 70 || got > 240 {
				t.Errorf("%d columns of 240 are used:\n%s", got, printed["240"])
			}
			if narrow, wide := strings.Fields(printed["70"]), strings.Fields(printed["240"]); !slices.Equal(narrow, wide) && name != "codes" {
				t.Errorf("the width changes words:\n%s\n%s", printed["70"], printed["240"])
			}
		})
	}
}

func projectRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}
