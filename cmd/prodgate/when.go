package main

import (
	"context"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report/schedule"
	"github.com/spf13/cobra"
)

// The default and the longest range of the search, in days.
const (
	searchedDays = 14
	mostDays     = 3660
)

func newWhen(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "when [IMAGE]",
		Short: "Show when the gate opens and what else is needed",
		Long: `When collects the facts about IMAGE, or reads a saved document, and lists when the
gate will be open. It takes windows, freezes, holidays, soak time and the expiry of
approvals and waivers into account together: it evaluates the policies at every
instant at which something can change, with all other facts as they are now, up to
the calendar's horizon.

Findings that do not clear by themselves are listed separately, with who can help.
The exit codes are those of "prodgate eval": 0 (open now), 1 (something must be
done), 3 (wait) or 2 (no answer: treat it as blocked).`,
		Example: `  prodgate when registry.example.com/payments-api:7a3f9c2
  prodgate when --input document.json --days 30 -o json
  prodgate when --input document.json -o ics=open.ics`,
		Args: func(cmd *cobra.Command, args []string) error { return imageOrInput(cmd, args) },
	}
	addQuestion(cmd)
	flags := cmd.Flags()
	flags.StringArrayP("output", "o", nil, "FORMAT[=PATH], repeatable: text, json, ics (one event for each open interval); default: text")
	flags.Int("days", searchedDays, "how many days of 24 hours to search")
	flags.String("until", "", "search until this time (RFC 3339) instead")
	flags.Duration("resolution", evaluator.DefaultResolution, "step of the search for times that are neither in the document nor in the settings; only with a policy pack that adds checks")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		e, err := prepare(cmd, std, schedule.Formats)
		if err != nil {
			return err
		}
		return e.runWhen(cmd.Context(), args)
	}
	return cmd
}

// runWhen searches and writes every output. It returns nil only if the gate is
// open now and every output is written.
func (e *evaluation) runWhen(ctx context.Context, args []string) error {
	options, err := e.options()
	if err != nil {
		return err
	}
	reach, err := reachOf(e.cmd)
	if err != nil {
		return err
	}
	g, req, err := e.ask(ctx, args, &options)
	if err != nil {
		return noDecision(ctx, err)
	}
	defer saveMemoryFor(e.cfg)()
	found, err := g.When(ctx, req, reach.from)
	if err != nil {
		return noDecision(ctx, err)
	}
	if err := e.std.exchanges.close(); err != nil {
		return noDecision(ctx, err)
	}
	end, err := ending(found.Outcome, found.ExitCode)
	if err != nil {
		return err
	}
	err = e.write(func(o print.Output) ([]byte, error) { return schedule.Print(o.Format, &found, e.placed(o, options)) })
	if err != nil {
		return err
	}
	return end
}

// reach is the end and the step of the search, from --days, --until and --resolution.
type reach struct {
	days       int
	until      *time.Time // instead of days
	resolution time.Duration
}

func reachOf(cmd *cobra.Command) (reach, error) {
	flags := cmd.Flags()
	r := reach{}
	r.days, _ = flags.GetInt("days")
	r.resolution, _ = flags.GetDuration("resolution")
	switch {
	case flags.Changed("until") && flags.Changed("days"):
		return r, usage("give --until or --days", "--until and --days exclude each other")
	case r.days < 1 || r.days > mostDays:
		return r, usage("between 1 and 3660; nothing past the calendar's horizon is searched anyway", "invalid --days %d", r.days)
	case r.resolution < time.Second:
		return r, usage("a length of time such as 15m", "--resolution %s must be at least one second", r.resolution)
	case flags.Changed("until"):
		text, _ := flags.GetString("until")
		until, err := instant(text, "--until")
		r.until = &until
		return r, err
	}
	return r, nil
}

// from returns the search that starts now.
func (r reach) from(now time.Time) (evaluator.Search, error) {
	search := evaluator.Search{Until: now.Add(time.Duration(r.days) * 24 * time.Hour), Resolution: r.resolution}
	if r.until == nil {
		return search, nil
	}
	if search.Until = *r.until; !search.Until.After(now) {
		return search, usage("give a later time", "--until %s is not after now, which is %s", search.Until.Format(time.RFC3339), now.Format(time.RFC3339))
	}
	return search, nil
}
