package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/internal/timetable"
	"github.com/prodgate/prodgate/internal/zone"
)

// lookAhead is how many days of the calendar doctor examines.
const lookAhead = 120

// calendar warns of probable mistakes in the calendar and the windows. A name that
// the gate rejects is an error. A calendar that cannot be read was reported with the
// sources.
func (d *diagnosis) calendar(ctx context.Context) {
	sources := d.cfg.File.Sources
	sources.Clock = d.std.clock
	report, err := collectors.Calendar(ctx, sources, func(zone *time.Location) (from, to time.Time, err error) {
		return timeRange{days: lookAhead}.between(zone, d.std.clock())
	})
	if err != nil {
		return
	}
	for _, name := range report.Files {
		if !filepath.IsAbs(name) {
			name = filepath.Join(sources.Dir, name)
		}
		d.feeds = append(d.feeds, name)
	}
	if d.inForceNow == nil {
		return
	}
	home, err := zone.Load(report.Calendar.Timezone)
	if err != nil {
		return
	}
	windows, err := timetable.ReadWindows(d.inForceNow, home)
	if err != nil {
		d.fail("windows", "correct window.timezone in the policy pack", "%v", err)
		return
	}
	unlisted, err := unlistedNames(report, d.inForceNow)
	if err != nil {
		d.fail("calendar", "correct the policy pack", "%v", err)
	}
	refused := map[string]bool{}
	for _, name := range unlisted {
		if name.denies {
			refused[name.String()] = true
			d.fail("calendar", fmt.Sprintf("correct the name, or list it in the policy pack under %ss", name.scope.Kind), "%s", name)
		}
	}
	for _, text := range siteWarnings(report, windows, d.inForceNow) {
		if !refused[text] {
			d.warn("calendar", "correct it, or keep it if it is intended", "%s", text)
		}
	}
}
