package calendar

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// Warning is something in a calendar that is probably not meant.
type Warning struct {
	Source string // the file
	Line   int
	Text   string
}

// String is the warning with its place before it.
func (w Warning) String() string { return fmt.Sprintf("%s:%d: %s", w.Source, w.Line, w.Text) }

// Scope is an environment or a service that a calendar names, and where. A name
// that is misspelt frees what it should close.
type Scope struct {
	Source string
	Line   int
	Kind   string // environment or service
	Name   string
}

func (w *window) warn(line int, format string, args ...any) {
	w.warnings = append(w.warnings, Warning{w.source, line, fmt.Sprintf(format, args...)})
}

func (w *window) sortedWarnings() []Warning {
	slices.SortStableFunc(w.warnings, func(a, b Warning) int { return cmp.Compare(a.Line, b.Line) })
	return w.warnings
}

// lint looks at what the file itself says.
func (w *window) lint(ctx context.Context, r Site) {
	for _, f := range r.Freezes {
		if w.over(ctx, f) {
			w.warn(f.Line, "the freeze %q is over; take it out", f.Name)
		}
	}
	w.twice("freeze", r.Freezes)
	w.twice("holiday", r.Holidays)
	past := 0
	for _, h := range r.Holidays {
		if w.over(ctx, h) {
			past++
		}
	}
	if past > 0 && past == len(r.Holidays) {
		w.warn(r.Holidays[0].Line, "all holidays here are over; write down those to come, or repeat: yearly")
	}
}

// yearsAhead is how far ahead a repeated entry is looked for.
const yearsAhead = 30

// over reports whether e never comes again. What cannot be followed is not over.
func (w *window) over(ctx context.Context, e entry) bool {
	if e.Repeat == nil {
		s, err := e.once(w.zone)
		return err == nil && !s.end.After(w.now)
	}
	for years := 1; years <= yearsAhead; years *= yearsAhead {
		found, err := e.repeated(ctx, w.zone, w.now, w.now.AddDate(years, 0, 0))
		if err != nil || len(found) > 0 {
			return false
		}
	}
	return true
}

// twice warns of entries that say the same under two names, or twice under one.
func (w *window) twice(what string, entries []entry) {
	first := map[string]entry{}
	for _, e := range entries {
		key, ok := e.key(w.zone)
		if !ok {
			continue
		}
		before, known := first[key]
		switch {
		case !known:
			first[key] = e
		case before.Name == e.Name:
			w.warn(e.Line, "the %s %q is already on line %d", what, e.Name, before.Line)
		default:
			w.warn(e.Line, "the %s %q is %q of line %d under another name", what, e.Name, before.Name, before.Line)
		}
	}
}

// key reports whether two entries cover the same time for the same scope.
func (e entry) key(zone *time.Location) (string, bool) {
	s, err := e.once(zone)
	if err != nil {
		return "", false
	}
	rule := ""
	if e.Repeat != nil {
		until := ""
		if e.Until != nil {
			until = e.Until.at.String()
		}
		rule = fmt.Sprint(*e.Repeat, e.Days, until, len(e.Except))
	}
	return fmt.Sprintf("%d %d %q %q %q", s.start.Unix(), s.end.Unix(), rule, sorted(e.Environments), sorted(e.Services)), true
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

// scopes are the environments and services that the file names.
func scopes(r Site, source string) []Scope {
	var all []Scope
	add := func(line int, environments, services []string) {
		for _, name := range environments {
			all = append(all, Scope{source, line, "environment", name})
		}
		for _, name := range services {
			all = append(all, Scope{source, line, "service", name})
		}
	}
	for _, e := range slices.Concat(r.Freezes, r.Holidays) {
		add(e.Line, e.Environments, e.Services)
	}
	for _, n := range r.PublicHolidays {
		add(n.Line, n.Environments, n.Services)
		for _, e := range n.Add {
			add(e.Line, e.Environments, e.Services)
		}
	}
	for _, f := range r.Feeds {
		add(f.Line, f.Environments, f.Services)
	}
	slices.SortStableFunc(all, func(a, b Scope) int { return cmp.Compare(a.Line, b.Line) })
	return all
}
