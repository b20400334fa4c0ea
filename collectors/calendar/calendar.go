// Package calendar reads the site's freezes and holidays: those of one file,
// the public holidays of the countries it names, and the iCalendar feeds it
// names. docs/calendars.md describes the file. A short one:
//
//	timezone: America/New_York         # IANA name of the site's zone
//	freezes:
//	  - name: Black Friday
//	    start: 2026-11-26              # a date: the first instant of that local day
//	    end: 2026-12-01T08:00          # a local wall-clock time, or one with an offset
//	    environments: [production]     # omit for all
//	    services: [payments-api]       # omit for all
//	holidays:
//	  - name: Christmas Day
//	    date: 2026-12-25               # short for one whole local day
//	    repeat: yearly
//	public_holidays:
//	  - country: US
//	feeds:
//	  - name: Company freezes
//	    url: https://calendar.example.com/freezes.ics
//	    means: freezes
//
// Intervals are half-open: a freeze that ends on a date does not cover that
// date. [] says that there are none.
//
// Reported is every interval that overlaps the time from the start of yesterday
// to the start of the day 120 days ahead. What cannot be read in full, a feed
// among them, is an error: a calendar with a hole is none.
package calendar

import (
	"cmp"
	"context"
	_ "embed" // the skeleton
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/internal/web"
	"github.com/prodgate/prodgate/internal/zone"
)

// Skeleton is an annotated file to begin with.
//
//go:embed skeleton.yaml
var Skeleton string

// horizonDays is how far ahead of today intervals are reported.
const horizonDays = 120

// Collector reads the calendar from File, or from Site, and the feeds it names.
type Collector struct {
	File  strict.Path
	Site  *Site            // of prodgate.yaml; nil: read File. File.Dir and File.Name then say where it is written
	Clock func() time.Time // the instant around which to report; nil: time.Now
	Web   *web.Client      // reads feeds; nil: one that the whole process shares
}

// shared reads the feeds of collectors that have no client of their own, so
// that a process which collects again asks whether a feed has changed.
var shared web.Client

// Site is the calendar of a site, as it is written in a file or in prodgate.yaml.
type Site struct {
	Timezone       string   `json:"timezone" schema:"timezone"`
	Freezes        []entry  `json:"freezes"`
	Holidays       []entry  `json:"holidays"`
	PublicHolidays []nation `json:"public_holidays,omitempty"`
	Feeds          []feed   `json:"feeds,omitempty"`
}

// Feeds is what reads the feeds for env; nil: the one that the process shares.
func Feeds(env source.Env) *web.Client {
	if env.Carrier == nil {
		return nil
	}
	return &web.Client{Transport: env.Carrier(nil)}
}

// Name is the section's key.
func (Collector) Name() string { return "calendar" }

// Kind is the kind of source: a file, or the configuration, which vouches for the feeds
// it names.
func (c Collector) Kind() string {
	if c.Site != nil {
		return Kind.Name
	}
	return "file"
}

// Collect reads the file and its feeds. An entry that makes no sense is an
// error, at any time.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	r, err := c.read(ctx, c.gateRange, nothing)
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: r.Calendar, Evidence: r.Evidence}, nil
}

// evidence of what was read besides the configuration; nil: nothing was.
func evidence(read []strict.Text) *facts.Evidence {
	if len(read) == 0 {
		return nil
	}
	return strict.Together(read...)
}

// Report is the content of a calendar in a range of time.
type Report struct {
	Calendar *facts.Calendar
	Evidence *facts.Evidence
	Warnings []Warning // what is probably not meant, in order of lines
	Scopes   []Scope   // the environments and services that it names
	Files    []string  // the feeds that are files: absolute, or relative as the calendar's own path is
}

// Range gives the half-open interval [from, to) to report, for the site's zone.
type Range func(zone *time.Location) (from, to time.Time, err error)

// Read reads what overlaps the range. The error says what could not be read or
// makes no sense, with file and line; one of the range is handed on as it is.
func (c Collector) Read(ctx context.Context, within Range) (*Report, error) {
	return c.read(ctx, within, (*window).lint)
}

// nothing is looked for where nobody reads warnings.
func nothing(*window, context.Context, Site) {}

func (c Collector) read(ctx context.Context, within Range, lint func(*window, context.Context, Site)) (*Report, error) {
	r, read, err := c.site(ctx)
	if err != nil {
		return nil, err
	}
	site, err := zone.Load(r.Timezone)
	if err != nil {
		return nil, fmt.Errorf("%s: timezone: %w", c.File.Name, err)
	}
	from, horizon, err := within(site)
	if err != nil {
		return nil, err
	}
	w := &window{zone: site, from: from, horizon: horizon, now: c.now(), source: c.File.Name}
	if err := w.readFile(ctx, r); err != nil {
		return nil, err
	}
	texts, err := c.readFeeds(ctx, w, r.Feeds)
	if err != nil {
		return nil, err
	}
	lint(w, ctx, r)
	return &Report{
		Calendar: &facts.Calendar{
			Timezone: r.Timezone, From: from, Horizon: horizon,
			Freezes: inOrder(w.freezes), Holidays: inOrder(w.holidays),
		},
		Evidence: evidence(append(read, texts...)),
		Warnings: w.sortedWarnings(),
		Scopes:   scopes(r, w.source),
		Files:    c.files(r.Feeds),
	}, nil
}

// site is what the calendar says, and the file that was read for it, if one was.
func (c Collector) site(ctx context.Context) (r Site, read []strict.Text, err error) {
	if c.Site != nil {
		return *c.Site, nil, nil
	}
	text, err := c.File.Read(ctx)
	if err != nil {
		return r, nil, err
	}
	return r, []strict.Text{text}, text.Decode(&r, strict.Rules{})
}

func (c Collector) now() time.Time {
	if c.Clock != nil {
		return c.Clock()
	}
	return time.Now()
}

// gateRange is what is reported to the gate.
func (c Collector) gateRange(site *time.Location) (from, horizon time.Time, err error) {
	year, month, day := c.now().In(site).Date()
	from, _ = zone.Instants(time.Date(year, month, day-1, 0, 0, 0, 0, time.UTC), site)
	horizon, _ = zone.Instants(time.Date(year, month, day+horizonDays, 0, 0, 0, 0, time.UTC), site)
	return from, horizon, nil
}

// window is the time that is reported, where entries come from, and what was
// found.
type window struct {
	zone              *time.Location
	from, horizon     time.Time
	now               time.Time
	source            string
	freezes, holidays []facts.Interval
	warnings          []Warning
}

// readFile adds what the file itself says, and the public holidays it names.
func (w *window) readFile(ctx context.Context, r Site) error {
	for _, list := range []struct {
		entries []entry
		into    *[]facts.Interval
	}{{r.Freezes, &w.freezes}, {r.Holidays, &w.holidays}} {
		found, err := w.intervals(ctx, list.entries)
		if err != nil {
			return err
		}
		*list.into = append(*list.into, found...)
	}
	for _, n := range r.PublicHolidays {
		found, err := w.nation(ctx, n)
		if err != nil {
			return fmt.Errorf("%s:%d: public holidays of %q: %w", w.source, n.Line, n.Country, err)
		}
		w.holidays = append(w.holidays, found...)
	}
	return nil
}

// intervals are the entries that overlap w.
func (w *window) intervals(ctx context.Context, entries []entry) ([]facts.Interval, error) {
	var found []facts.Interval
	for _, e := range entries {
		spans, err := e.spans(ctx, w)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q %w", w.source, e.Line, e.Name, err)
		}
		for _, s := range spans {
			found = append(found, facts.Interval{
				Name: e.Name, Start: s.start, End: s.end, Source: w.source,
				Environments: e.Environments, Services: e.Services,
			})
		}
	}
	return found, nil
}

// overlaps reports whether [start, end) takes up any of w.
func (w *window) overlaps(start, end time.Time) bool {
	return end.After(w.from) && start.Before(w.horizon)
}

// inOrder sorts by time and name. It is never nil: there are none, and somebody
// looked.
func inOrder(list []facts.Interval) []facts.Interval {
	slices.SortStableFunc(list, func(a, b facts.Interval) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.Name, b.Name))
	})
	return append([]facts.Interval{}, list...)
}
