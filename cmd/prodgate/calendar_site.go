package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/calendar"
	"github.com/prodgate/prodgate/evaluator"
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

// maxShown is the longest range that is shown.
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
	s, err := readSite(ctx, cfg, std.clock, r)
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
func readSite(ctx context.Context, cfg *config.Config, clock func() time.Time, r timeRange) (*site, error) {
	var from, to time.Time
	sources := cfg.File.Sources
	sources.Clock = clock
	report, err := collectors.Calendar(ctx, sources, func(zone *time.Location) (_, _ time.Time, err error) {
		if r.zone != nil {
			zone = r.zone
		}
		from, to, err = r.between(zone, clock())
		if err == nil && to.Sub(from) > maxShown {
			err = usage("ask for less", "the range is longer than ten years")
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
	gate, err := evaluator.New(ctx, evaluator.Options{Packs: cfg.Get("policies").List})
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

// siteWarnings are what in calendar and windows is probably not meant, with file
// and line where there is one: also names that no settings list.
func siteWarnings(report *calendar.Report, windows timetable.Windows, settings json.RawMessage) []string {
	list := []string{}
	for _, w := range report.Warnings {
		list = append(list, w.String())
	}
	var listed struct{ Environments, Services map[string]any }
	if err := json.Unmarshal(settings, &listed); err != nil {
		return append(list, fmt.Sprintf("the settings cannot be read: %v", err))
	}
	for _, s := range report.Scopes {
		known := slices.Sorted(maps.Keys(listed.Environments))
		if s.Kind == "service" {
			known = slices.Sorted(maps.Keys(listed.Services))
		}
		// A calendar that many share names services of other packs, too.
		near, misspelt := spelling.Nearest(s.Name, known)
		switch {
		case slices.Contains(known, s.Name):
		case misspelt:
			list = append(list, fmt.Sprintf("%s:%d: the %s %q stands in no settings; is %q meant? It stays open", s.Source, s.Line, s.Kind, s.Name, near))
		case s.Kind == "environment":
			list = append(list, fmt.Sprintf("%s:%d: the environment %q stands in no settings, which know %s", s.Source, s.Line, s.Name, strings.Join(known, ", ")))
		}
	}
	return append(list, windows.Warnings()...)
}

// write shows the calendar as text.
func (s *site) write(std stdio) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s in %s, by the clock of %s\n\n", s.Service, s.Environment, s.Timezone)
	if err := timetable.Write(&b, s.Intervals, s.zone, print.Text); err != nil {
		return err
	}
	b.WriteString("\n" + s.summary() + "\n")
	for _, text := range s.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", print.Text(text))
	}
	return writeText(std.out, b.String())
}

// summary says when the gate's calendar opens next in the range.
func (s *site) summary() string {
	i := slices.IndexFunc(s.Intervals, func(slot timetable.Slot) bool { return slot.State == timetable.Open })
	if i < 0 {
		return fmt.Sprintf("Never open from %s to %s.", rfc3339(s.From), rfc3339(s.To))
	}
	first := s.Intervals[i]
	return fmt.Sprintf("First open from %s to %s.", rfc3339(first.From), rfc3339(first.To))
}

// subscription is the calendar as a file to subscribe to: an event for each
// interval in which production is open.
func (s *site) subscription(now time.Time) ics.Calendar {
	c := ics.Calendar{Name: fmt.Sprintf("%s: %s is open", s.Service, s.Environment), Now: now}
	for _, slot := range s.Intervals {
		if slot.State != timetable.Open {
			continue
		}
		c.Events = append(c.Events, ics.Event{
			Name: s.Environment + " is open", Start: slot.From, End: slot.To, Scope: s.Service + " " + s.Environment,
			Description: fmt.Sprintf("Deployments of %s may go, if all else is in order: ask prodgate when.", s.Service),
		})
	}
	return c
}
