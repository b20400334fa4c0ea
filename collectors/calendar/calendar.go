// Package calendar reads the site's freezes and holidays, from one file:
//
//	timezone: America/New_York         # IANA name of the site's zone
//	freezes:
//	  - name: Black Friday
//	    start: 2026-11-26              # a date: the first instant of that local day
//	    end: 2026-12-01T08:00          # a local wall-clock time, or one with an offset
//	    environments: [production]     # leave out for all
//	    services: [payments-api]       # leave out for all
//	holidays:
//	  - name: Christmas Day
//	    date: 2026-12-25               # short for one whole local day
//
// Intervals are half-open: a freeze that ends on a date does not cover that
// date. [] says that there are none.
//
// Reported is every interval that overlaps the time from the start of yesterday
// to the start of the day 120 days ahead.
package calendar

import (
	"cmp"
	"context"
	_ "embed" // the skeleton
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/file"
	"github.com/prodgate/prodgate/facts"
)

// Skeleton is an annotated file to begin with.
//
//go:embed skeleton.yaml
var Skeleton string

// horizonDays is how far ahead of today intervals are reported.
const horizonDays = 120

// Collector reads the calendar from File.
type Collector struct {
	File  file.Path
	Clock func() time.Time // the instant around which to report; nil: time.Now
}

// record is what the file says.
type record struct {
	Timezone string  `json:"timezone" schema:"timezone"`
	Freezes  []entry `json:"freezes"`
	Holidays []entry `json:"holidays"`
}

// entry is one freeze or holiday: a Date, or Start and End.
type entry struct {
	Line         int      `json:"-"`
	Name         string   `json:"name" schema:"nonempty"`
	Date         *moment  `json:"date"`
	Start        *moment  `json:"start"`
	End          *moment  `json:"end"`
	Environments []string `json:"environments,omitempty" schema:"identifier"`
	Services     []string `json:"services,omitempty" schema:"identifier"`
}

// Name is the section's key.
func (Collector) Name() string { return "calendar" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file. An entry that makes no sense is an error, wherever in
// time it lies: a calendar with a hole is none.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var r record
	evidence, err := c.File.Decode(ctx, &r, file.Rules{})
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(r.Timezone)
	if err != nil {
		return nil, fmt.Errorf("%s: timezone %q: %w", c.File.Name, r.Timezone, err)
	}
	from, horizon := c.window(zone)
	section := &facts.Calendar{Timezone: r.Timezone, From: from, Horizon: horizon}
	w := window{zone: zone, from: from, horizon: horizon, source: evidence.URI}
	if section.Freezes, err = w.intervals(r.Freezes); err != nil {
		return nil, err
	}
	if section.Holidays, err = w.intervals(r.Holidays); err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: evidence}, nil
}

// window is the time that is reported.
func (c Collector) window(zone *time.Location) (from, horizon time.Time) {
	now := time.Now
	if c.Clock != nil {
		now = c.Clock
	}
	year, month, day := now().In(zone).Date()
	from, _ = Instants(time.Date(year, month, day-1, 0, 0, 0, 0, time.UTC), zone)
	horizon, _ = Instants(time.Date(year, month, day+horizonDays, 0, 0, 0, 0, time.UTC), zone)
	return from, horizon
}

// window is the time that is reported, and where entries come from.
type window struct {
	zone          *time.Location
	from, horizon time.Time
	source        string
}

// intervals are the entries that overlap w, in order of time.
func (w window) intervals(entries []entry) ([]facts.Interval, error) {
	found := []facts.Interval{}
	for _, e := range entries {
		start, end, err := e.span(w.zone)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q %w", w.source, e.Line, e.Name, err)
		}
		if end.After(w.from) && start.Before(w.horizon) {
			found = append(found, facts.Interval{
				Name: e.Name, Start: start, End: end, Source: w.source,
				Environments: e.Environments, Services: e.Services,
			})
		}
	}
	slices.SortStableFunc(found, func(a, b facts.Interval) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.Name, b.Name))
	})
	return found, nil
}
