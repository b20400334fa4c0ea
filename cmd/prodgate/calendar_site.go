package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/calendar"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/ics"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/internal/timetable"
	"github.com/prodgate/prodgate/internal/zone"
	"github.com/spf13/cobra"
)

// site is the configured calendar with the windows in force, as -o json shows
// it.
type site struct {
	Environment string                 `json:"environment"`
	Service     string                 `json:"service"`
	Timezone    string                 `json:"timezone"`
	From        time.Time              `json:"from"`
	To          time.Time              `json:"to"`
	Intervals   []timetable.Slot       `json:"intervals"` // without gaps
	Windows     []timetable.Occurrence `json:"windows"`
	Freezes     []facts.Interval       `json:"freezes"`
	Holidays    []facts.Interval       `json:"holidays"`
	Warnings    []string               `json:"warnings"`

	zone *time.Location
}

// maxShown is the longest range that can be shown.
const maxShown = 10 * 366 * 24 * time.Hour

// showSite shows the configured calendar with the windows in force.
func showSite(cmd *cobra.Command, std stdio, r timeRange, output string) error {
	if err := outputWord(output, "text", "json", "ics"); err != nil {
		return err
	}
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return err
	}
	if err := missing(cfg, "service", "environment"); err != nil {
		return err
	}
	timeout, err := cfg.Timeout()
	if err != nil {
		return usage("", "%w", err)
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
	defer cancel()
	s, err := readSite(ctx, cfg, std, r)
	if err != nil {
		return err
	}
	switch output {
	case "json":
		return writeJSON(std.out, s)
	case "ics":
		for _, text := range s.Warnings {
			fmt.Fprintf(std.err, "warning: %s\n", print.Text(text))
		}
		if _, err := std.out.Write(ics.Write(s.subscription(std.clock()))); err != nil {
			return fmt.Errorf("write to standard output: %w", err)
		}
		return nil
	}
	return s.write(std)
}

// readSite reads the calendar and the settings.
func readSite(ctx context.Context, cfg *config.Config, std stdio, r timeRange) (*site, error) {
	var from, to time.Time
	sources := cfg.File.Sources
	sources.Clock = std.clock
	report, err := collectors.Calendar(ctx, sources, func(zone *time.Location) (_, _ time.Time, err error) {
		if r.zone != nil {
			zone = r.zone
		}
		from, to, err = r.between(zone, std.clock())
		if err == nil && to.Sub(from) > maxShown {
			err = usage("use a shorter range", "the range is longer than ten years")
		}
		return from, to, err
	})
	if err != nil {
		return nil, err
	}
	home, err := zone.Load(report.Calendar.Timezone)
	if err != nil {
		return nil, err
	}
	gate, err := std.policies(ctx, cfg.Get("policies").List)
	if err != nil {
		return nil, err
	}
	environment, service := cfg.Get("environment").Text, cfg.Get("service").Text
	settings, err := gate.Settings(ctx, environment, service)
	if err != nil {
		return nil, err
	}
	windows, err := timetable.ReadWindows(settings, home)
	if err != nil {
		return nil, err
	}
	zone := home
	if r.zone != nil {
		zone = r.zone
	}
	q := timetable.Question{
		Windows: windows, Calendar: report.Calendar, Environment: environment, Service: service,
		From: from, To: to, Zone: zone,
	}
	return &site{
		Environment: environment, Service: service, Timezone: zone.String(), From: from.In(zone), To: to.In(zone),
		Intervals: q.Slots(), Windows: q.Occurrences(),
		Freezes: report.Calendar.Freezes, Holidays: report.Calendar.Holidays,
		Warnings: siteWarnings(report, windows, settings), zone: zone,
	}, nil
}

// siteWarnings returns probable mistakes in calendar and windows, with file and line
// if known, including names that the settings do not list.
func siteWarnings(report *calendar.Report, windows timetable.Windows, settings json.RawMessage) []string {
	list := []string{}
	for _, w := range report.Warnings {
		list = append(list, w.String())
	}
	unlisted, err := unlistedNames(report, settings)
	if err != nil {
		return append(list, err.Error())
	}
	for _, name := range unlisted {
		list = append(list, name.String())
	}
	return append(list, windows.Warnings()...)
}

// unlistedName is a name in the calendar that the settings do not list.
type unlistedName struct {
	scope  calendar.Scope
	listed []string
	denies bool // it is in the range that was read, in which the gate rejects it
}

// String returns the warning, with file and line and what to do.
func (n unlistedName) String() string {
	text := fmt.Sprintf("%s:%d: the %s %q is not listed in the settings (listed: %s)", n.scope.Source, n.scope.Line, n.scope.Kind, n.scope.Name, strings.Join(n.listed, ", "))
	if n.denies {
		text += ", so the gate denies every request"
	}
	if hint := spelling.Hint(n.scope.Name, n.listed); hint != "" {
		text += "; " + hint
	}
	return text
}

// unlistedNames returns the names in the calendar that the settings do not list, of
// services and of environments; staging environments count as listed.
func unlistedNames(report *calendar.Report, settings json.RawMessage) ([]unlistedName, error) {
	var known struct {
		Environments, Services map[string]any
		Staging                struct{ Environments []string }
	}
	if err := json.Unmarshal(settings, &known); err != nil {
		return nil, fmt.Errorf("the settings cannot be read: %w", err)
	}
	environments := slices.AppendSeq(known.Staging.Environments, maps.Keys(known.Environments))
	slices.Sort(environments)
	listed := map[string][]string{"environment": slices.Compact(environments), "service": slices.Sorted(maps.Keys(known.Services))}
	var list []unlistedName
	for _, s := range report.Scopes {
		if slices.Contains(listed[s.Kind], s.Name) {
			continue
		}
		list = append(list, unlistedName{scope: s, listed: listed[s.Kind], denies: inCalendar(report.Calendar, s)})
	}
	return list, nil
}

// inCalendar reports whether an interval of the calendar that was read names scope.
func inCalendar(c *facts.Calendar, scope calendar.Scope) bool {
	return slices.ContainsFunc(slices.Concat(c.Freezes, c.Holidays), func(interval facts.Interval) bool {
		if scope.Kind == "service" {
			return slices.Contains(interval.Services, scope.Name)
		}
		return slices.Contains(interval.Environments, scope.Name)
	})
}

// write shows the calendar as text.
func (s *site) write(std stdio) error {
	sheet := newSheet(std)
	sheet.Line(print.Text(fmt.Sprintf("%s in %s, by the clock of %s", s.Service, s.Environment, s.Timezone)))
	sheet.Blank()
	timetable.Print(sheet, s.Intervals, s.zone)
	sheet.Blank()
	sheet.Line(print.Text(s.summary()))
	for _, text := range s.Warnings {
		sheet.Hang("warning: ", print.Text(text))
	}
	return writeSheet(std, sheet)
}

// summary returns when the gate's calendar opens next in the range.
func (s *site) summary() string {
	i := slices.IndexFunc(s.Intervals, func(slot timetable.Slot) bool { return slot.State == timetable.Open })
	if i < 0 {
		return fmt.Sprintf("Never open from %s to %s.", rfc3339(s.From), rfc3339(s.To))
	}
	first := s.Intervals[i]
	return fmt.Sprintf("First open from %s to %s.", rfc3339(first.From), rfc3339(first.To))
}

// subscription returns the calendar as a file to subscribe to: an event for each
// interval in which production is open.
func (s *site) subscription(now time.Time) ics.Calendar {
	c := ics.Calendar{Name: fmt.Sprintf("%s: %s is open", s.Service, s.Environment), Now: now}
	for _, slot := range s.Intervals {
		if slot.State != timetable.Open {
			continue
		}
		c.Events = append(c.Events, ics.Event{
			Name: s.Environment + " is open", Start: slot.From, End: slot.To, Scope: s.Service + " " + s.Environment,
			Description: fmt.Sprintf("Deployments of %s also need everything else to pass: see prodgate when.", s.Service),
		})
	}
	return c
}
