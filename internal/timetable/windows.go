package timetable

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prodgate/prodgate/internal/zone"
)

// Windows are the windows of the policies' settings
// (production-readiness.md, "Deployment Windows").
type Windows struct {
	Preferred string
	Named     map[string][]Span
	Zone      *time.Location // whose wall clock they are on
}

// Span is a part of a window: on Days, from From to To on the wall clock,
// "HH:MM".
type Span struct {
	Days     []string `json:"days"` // English names
	From, To string
}

// ReadWindows takes the windows out of settings, as the evaluator gives them.
// site is the calendar's zone, which the settings may choose.
func ReadWindows(settings json.RawMessage, site *time.Location) (Windows, error) {
	var all struct {
		Window struct {
			Timezone  string
			Preferred string
			Named     map[string][]Span
		}
	}
	if err := json.Unmarshal(settings, &all); err != nil {
		return Windows{}, fmt.Errorf("read the windows of the settings: %w", err)
	}
	w := Windows{Preferred: all.Window.Preferred, Named: all.Window.Named, Zone: site}
	if name := all.Window.Timezone; name != "calendar" {
		named, err := zone.Load(name)
		if err != nil {
			return w, fmt.Errorf("read the windows of the settings: window.timezone is %q, which is not a time zone", name)
		}
		w.Zone = named
	}
	return w, nil
}

// open are the names of the windows that at lies in, as the clock shows it.
func (w Windows) open(at time.Time) []string {
	local := at.In(w.Zone)
	day, minute := local.Weekday().String(), local.Format("15:04")
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(w.Named)) {
		if slices.ContainsFunc(w.Named[name], func(s Span) bool {
			return slices.Contains(s.Days, day) && s.From <= minute && minute < s.To
		}) {
			names = append(names, name)
		}
	}
	return names
}

// edges are the instants around [from, to) at which a window may open or close:
// each wall-clock edge on each day, midnights, and changes of the clocks.
func (w Windows) edges(from, to time.Time) []time.Time {
	var all []time.Time
	clocks := w.clocks()
	days(from, to, w.Zone, func(start, end time.Time) {
		all = append(all, start)
		if _, change := start.ZoneBounds(); !change.IsZero() && change.Before(end) {
			all = append(all, change)
		}
		year, month, day := start.In(w.Zone).Date()
		for _, clock := range clocks {
			first, last := zone.Instants(time.Date(year, month, day, 0, clock, 0, 0, time.UTC), w.Zone)
			all = append(all, first, last)
		}
	})
	return all
}

// clocks are all times of day at which a window begins or ends, in minutes.
func (w Windows) clocks() []int {
	seen := map[int]bool{}
	for _, spans := range w.Named {
		for _, s := range spans {
			for _, text := range []string{s.From, s.To} {
				var hour, minute int
				if n, _ := fmt.Sscanf(text, "%d:%d", &hour, &minute); n == 2 {
					seen[hour*60+minute] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// Warnings are what in the windows is probably not meant.
func (w Windows) Warnings() []string {
	var list []string
	if len(w.Named[w.Preferred]) == 0 {
		list = append(list, fmt.Sprintf("window.preferred is %q, but no window with that name is ever open; use one of %q", w.Preferred, slices.Sorted(maps.Keys(w.Named))))
	}
	names := slices.Sorted(maps.Keys(w.Named))
	for i, name := range names {
		if len(w.Named[name]) == 0 {
			list = append(list, fmt.Sprintf("the window %q has no times, so it never opens", name))
			continue
		}
		for _, other := range names[:i] {
			if w.same(name, other) {
				list = append(list, fmt.Sprintf("the windows %q and %q have the same times", other, name))
			}
		}
	}
	return list
}

// same reports whether two windows are open at the same times, by their edges in a
// week without changes of the clocks.
func (w Windows) same(a, b string) bool {
	in := Windows{Named: w.Named, Zone: time.UTC}
	monday := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, at := range in.edges(monday, monday.AddDate(0, 0, 7)) {
		open := in.open(at)
		if slices.Contains(open, a) != slices.Contains(open, b) {
			return false
		}
	}
	return true
}
