package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

// defaultPast is the default of --since.
const defaultPast = "90d"

// past is the selection of a command that reads the history in the trail.
type past struct {
	std                  stdio
	since, until, now    time.Time
	service, environment string // "" for all
	location             string
	options              trail.Options
	policies             []string
	outputs              []print.Output
}

// addPast declares the flags of a command that reads history.
func addPast(cmd *cobra.Command, formats print.Formats) {
	addSettings(cmd, "trail", "trail-key", "config")
	flags := cmd.Flags()
	flags.String("since", defaultPast, "start of the period: a duration before --until, such as 90d, 12w or 36h, or a time or date (UTC)")
	flags.String("until", "", "end of the period: a time or date (UTC); default: now")
	flags.String("service", "", "only this service; default: all")
	flags.String("environment", "", "only this environment; default: all")
	flags.StringArrayP("output", "o", nil, "FORMAT[=PATH], repeatable: "+strings.Join(formats.Names, ", ")+"; default: text")
	complete(cmd, "output", formats.Names)
}

// readPast reads the flags that addPast declared.
func readPast(cmd *cobra.Command, std stdio, formats print.Formats) (past, error) {
	p := past{std: std, now: std.clock()}
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return p, err
	}
	p.options = trailOptions(std, cfg, true)
	p.location, p.policies = cfg.Get("trail").Text, cfg.Get("policies").List
	if p.location == "" {
		return p, usage("set it with --trail, PRODGATE_TRAIL or trail in prodgate.yaml", "missing --trail")
	}
	flags := cmd.Flags()
	p.service, _ = flags.GetString("service")
	p.environment, _ = flags.GetString("environment")
	for _, name := range []string{"service", "environment", "since", "until"} {
		if text, _ := flags.GetString(name); flags.Changed(name) && text == "" {
			return p, usage("omit the flag, or give it a value", "--%s needs a value", name)
		}
	}
	if p.until = p.now; flags.Changed("until") {
		text, _ := flags.GetString("until")
		if p.until, err = moment(text, "--until", time.UTC); err != nil {
			return p, err
		}
	}
	since, _ := flags.GetString("since")
	if p.since, err = before(since, p.until); err != nil {
		return p, err
	}
	if !p.since.Before(p.until) {
		return p, usage("--until is excluded: it must be after the start",
			"the period ends (%s) at or before its start (%s)", rfc3339(p.until), rfc3339(p.since))
	}
	values, _ := flags.GetStringArray("output")
	if p.outputs, err = formats.ParseAll(values); err != nil {
		return p, usage("", "%w", err)
	}
	return p, nil
}

// longestPast limits a duration, in days: ten thousand years are a typing error.
const longestPast = 36600

// before returns the instant of --since: a duration before until, or a given time.
func before(text string, until time.Time) (time.Time, error) {
	for unit, days := range map[string]int{"d": 1, "w": 7} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			if n, err := strconv.Atoi(number); err == nil && n > 0 && n*days <= longestPast {
				return until.Add(-time.Duration(n*days) * 24 * time.Hour), nil
			}
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return until.Add(-d), nil
	}
	at, err := moment(text, "--since", time.UTC)
	if err != nil {
		return at, usage("write it as 90d, 12w, 36h, 2026-11-24 or 2026-11-24T11:20:00-05:00", "--since: invalid duration, time or date %q", text)
	}
	return at, nil
}

// read opens the trail for reading, and begins a reading that verifies each entry it
// returns.
func (p *past) read(ctx context.Context) (*trail.Log, *trail.Reading, error) {
	log, err := trail.Open(ctx, p.location, p.options)
	if err != nil {
		return nil, nil, err
	}
	reading, err := log.Read(ctx)
	if err != nil {
		log.Close()
		return nil, nil, err
	}
	return log, reading, nil
}

// write prints in every requested format.
func (p *past) write(printed func(format string, o print.Options) ([]byte, error)) error {
	options := print.Options{Width: columns(p.std)}
	return print.WriteAll(p.std.out, p.outputs, func(o print.Output) ([]byte, error) {
		return printed(o.Format, options.For(o))
	})
}
