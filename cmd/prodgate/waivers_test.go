package main

import (
	"testing"
	"time"

	"github.com/prodgate/prodgate/facts"
)

func TestStatesOfWaivers(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	l := &waiverList{Now: now, ending: 14 * day}
	var waivers []facts.Waiver
	for _, w := range []struct {
		code         string
		issued, ends time.Duration
	}{
		{"a.expired-now", -day, 0}, {"a.later", 1, 30 * day}, {"a.force", -day, 14*day + 1}, {"b.ending", 0, 14 * day}, {"a.ending", 0, 14 * day},
		{"a.last", -day, 1}, {"a.backwards", day, -day},
	} {
		waivers = append(waivers, facts.Waiver{Code: w.code, IssuedAt: now.Add(w.issued), ExpiresAt: now.Add(w.ends)})
	}
	l.add(waivers)
	want := []string{
		"ending a.last", "ending a.ending", "ending b.ending", "in force a.force", "not yet a.later", "expired a.backwards", "expired a.expired-now",
	}
	for i, w := range l.Waivers {
		if got := w.State + " " + w.Code; i >= len(want) || got != want[i] {
			t.Errorf("%d: %s", i, got)
		}
	}
	if len(l.Waivers) != len(want) {
		t.Errorf("%d waivers, want %d", len(l.Waivers), len(want))
	}
}
