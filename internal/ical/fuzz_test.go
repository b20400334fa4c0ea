package ical_test

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParseExpand reads any bytes as a calendar: there must be no panic, no
// endless work, and no error without the calendar's name. Its seeds are in
// testdata/fuzz/FuzzParseExpand and testdata/seeds.
func FuzzParseExpand(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join("testdata", "seeds", "*.ics"))
	if err != nil || len(seeds) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for _, seed := range seeds {
		data, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { readAll(t, data) })
}
