package main

import (
	"time"

	"github.com/prodgate/prodgate/internal/zone"
	"github.com/spf13/cobra"
)

// defaultDays is the length of the shown range without --to and --days.
const defaultDays = 7

func newCalendar(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "calendar",
		Short: "Show deployment windows, freezes and holidays in a time range",
		Long: `Calendar shows when production is open to ordinary deployments: the windows in the
settings of the policies, minus the freezes and holidays of the configured calendar,
including its feeds. It makes no decision: for soak time, approvals and incidents,
use "prodgate when" and "prodgate eval".

With --ics it reads only one iCalendar file, and lists every occurrence that starts
in the range, including cancelled and transparent ones. Floating and all-day times
are read in --timezone, which overrides the X-WR-TIMEZONE of the file.

The range includes --from and excludes --to; a date means the first instant of that
day. Calendar exits with 0, or with 2 if something could not be read.`,
		Example: `  prodgate calendar --days 14
  prodgate calendar -o ics > production-is-open.ics
  prodgate calendar --ics freezes.ics --from 2026-12-01 --to 2027-01-01 --timezone Europe/Berlin -o json`,
		Args: none,
	}
	addSettings(cmd, "service", "environment", "policies", "config", "timeout")
	flags := cmd.Flags()
	flags.String("from", "", "start of the range: RFC 3339, a local time or a date; default: today")
	flags.String("to", "", "end of the range: RFC 3339, a local time or a date")
	flags.Int("days", defaultDays, "length of the range in days, if --to is not given")
	flags.String("timezone", "", "IANA name of the time zone for input and output; default: the calendar's, or the file's with --ics")
	flags.String("ics", "", "list only this iCalendar file")
	flags.StringP("output", "o", "text", "text, json or ics (one event for each open interval; not with --ics)")
	reads(cmd, "ics")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		r, err := readRange(cmd)
		if err != nil {
			return err
		}
		output, _ := cmd.Flags().GetString("output")
		if file, _ := cmd.Flags().GetString("ics"); cmd.Flags().Changed("ics") {
			return listFile(cmd, std, file, r, output)
		}
		return showSite(cmd, std, r, output)
	}
	return cmd
}

// timeRange is the range from --from, --to, --days and --timezone, before the site's
// zone is known.
type timeRange struct {
	from, to string         // as given; "" if not
	days     int            // if to is ""
	zone     *time.Location // nil: not given
}

func readRange(cmd *cobra.Command) (timeRange, error) {
	flags := cmd.Flags()
	r := timeRange{}
	r.from, _ = flags.GetString("from")
	r.to, _ = flags.GetString("to")
	r.days, _ = flags.GetInt("days")
	switch {
	case flags.Changed("to") && flags.Changed("days"):
		return r, usage("give --to or --days", "--to and --days exclude each other")
	case r.days < 1 || r.days > 36600:
		return r, usage("between 1 and 36600", "invalid --days %d", r.days)
	}
	for _, name := range []string{"from", "to", "timezone"} {
		if text, _ := flags.GetString(name); flags.Changed(name) && text == "" {
			return r, usage("omit the flag, or give a "+name, "--%s needs a value", name)
		}
	}
	name, _ := flags.GetString("timezone")
	if name == "" {
		return r, nil
	}
	named, err := zone.Load(name)
	if err != nil {
		return r, usage("an IANA name, as in America/New_York or UTC", "unknown --timezone %q", name)
	}
	r.zone = named
	return r, nil
}

// between returns the range [from, to), with days and local times in zone. A range
// without --from begins with the day of now.
func (r timeRange) between(zone *time.Location, now time.Time) (from, to time.Time, err error) {
	year, month, day := now.In(zone).Date()
	from = midnight(year, month, day, zone)
	if r.from != "" {
		if from, err = moment(r.from, "--from", zone); err != nil {
			return from, to, err
		}
	}
	if r.to == "" {
		at := from.In(zone)
		year, month, day = at.Date()
		if to = midnight(year, month, day+r.days, zone); !at.Equal(midnight(year, month, day, zone)) {
			to = at.AddDate(0, 0, r.days)
		}
		return from, to, nil
	}
	if to, err = moment(r.to, "--to", zone); err != nil {
		return from, to, err
	}
	if !to.After(from) {
		return from, to, usage("--to is excluded: it must be after --from",
			"the range ends (%s) at or before its start (%s)", to.Format(time.RFC3339), from.Format(time.RFC3339))
	}
	return from, to, nil
}

// momentLayouts are the local spellings of a time.
var momentLayouts = []string{time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

// moment reads a time with its offset, or a local time or date at the site; flag is
// the name of the flag, for errors.
func moment(text, flag string, site *time.Location) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, layout := range momentLayouts {
		if wall, err := time.Parse(layout, text); err == nil {
			first, _ := zone.Instants(wall, site)
			return first, nil
		}
	}
	return time.Time{}, usage("write it as 2026-11-24T11:20:00-05:00, 2026-11-24T11:20 or 2026-11-24", "%s: invalid time or date %q", flag, text)
}

// midnight returns the first instant of a day at the site, also if the clocks skip
// midnight or show it twice.
func midnight(year int, month time.Month, day int, site *time.Location) time.Time {
	first, _ := zone.Instants(time.Date(year, month, day, 0, 0, 0, 0, time.UTC), site)
	return first
}

// rfc3339 formats at. Offsets of whole minutes are kept; historical offsets with
// seconds cannot be written, so such a time is written in UTC.
func rfc3339(at time.Time) string {
	if _, offset := at.Zone(); offset%60 != 0 {
		at = at.UTC()
	}
	return at.Format(time.RFC3339)
}
