package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/spf13/cobra"
)

// defaultWait is how long --wait waits where nobody says.
const defaultWait = "1h"

// glance is how often a waiting process looks at the clock: a machine that was
// asleep, or whose clock was set, must not oversleep.
const glance = 30 * time.Second

// addWait declares --wait.
func addWait(cmd *cobra.Command) {
	cmd.Flags().Duration("wait", 0, "where time alone opens the gate, wait for at most this long, collect again and decide again; --wait alone waits for "+defaultWait)
	cmd.Flags().Lookup("wait").NoOptDefVal = defaultWait
}

// waiting is how long to wait, 0 for not at all.
func waiting(cmd *cobra.Command) (time.Duration, error) {
	length, err := cmd.Flags().GetDuration("wait")
	if err != nil || !cmd.Flags().Changed("wait") {
		return 0, err
	}
	for _, other := range []string{"input", "at"} {
		if cmd.Flags().Changed(other) {
			return 0, usage("leave one of them out; prodgate when --input FILE says when to come back",
				"--wait and --%s exclude each other: after the waiting there is nothing to collect again", other)
		}
	}
	if length <= 0 {
		return 0, usage("a length of time such as 30m or 2h", "--wait %s is not over 0", length)
	}
	return length, nil
}

// await decides again and again while time alone is in the way and the opening
// is not further away than the rest of --wait. d is the latest decision.
func (e *evaluation) await(ctx context.Context, gate *evaluator.Evaluator, args []string, options *report.Options, d *evaluator.Decision) error {
	deadline := e.std.clock().Add(e.wait)
	for d.ExitCode == exitWait && d.OpensAt != nil {
		if d.OpensAt.After(deadline) {
			e.say("not waiting: the gate opens at %s, later than --wait allows (%s)", shown(*d.OpensAt), shown(deadline.In(d.OpensAt.Location())))
			return nil
		}
		e.say("waiting until %s (%s) for %s", shown(*d.OpensAt), d.OpensAt.Sub(e.std.clock()).Round(time.Second), awaited(d))
		if err := e.sleepUntil(ctx, *d.OpensAt); err != nil {
			return undecided(ctx, fmt.Errorf("wait for the gate to open: %w", err))
		}
		e.say("collecting again")
		var next evaluator.Decision
		err := e.bounded(ctx, func(ctx context.Context) (err error) {
			next, err = e.decide(ctx, gate, args, options)
			return err
		})
		if err != nil {
			return err
		}
		if err := sameArtifact(d, &next); err != nil {
			return usage("no decision was made: treat it as blocked; wait for a digest instead", "%w", err)
		}
		*d = next
	}
	return nil
}

// sameArtifact refuses another image than the one that was waited for: the tag
// was moved in the meantime. An artifact that cannot be read any more is denied
// by its checks.
func sameArtifact(was, is *evaluator.Decision) error {
	if was.Deploy != nil && is.Deploy != nil && *was.Deploy != *is.Deploy {
		return fmt.Errorf("while waiting for %s, the reference has come to name %s", *was.Deploy, *is.Deploy)
	}
	return nil
}

// sleepUntil returns when the clock shows at, or with ctx's error. It takes at
// least a second, so that a clock behind the evaluator's cannot make it spin.
func (e *evaluation) sleepUntil(ctx context.Context, at time.Time) error {
	sleep := e.std.sleep
	if sleep == nil {
		sleep = rest
	}
	left := max(at.Sub(e.std.clock()), time.Second)
	for left > 0 {
		if err := sleep(ctx, min(left, glance)); err != nil {
			return err
		}
		left = at.Sub(e.std.clock())
	}
	return nil
}

// rest lets real time pass.
func rest(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// say tells on standard error what is being done.
func (e *evaluation) say(format string, args ...any) {
	if quiet, _ := e.cmd.Flags().GetBool("quiet"); !quiet {
		fmt.Fprintln(e.std.err, print.Text(fmt.Sprintf(format, args...)))
	}
}

// awaited are the codes of what stands in the way.
func awaited(d *evaluator.Decision) string {
	list, seen := "", map[string]bool{}
	for _, f := range d.Findings {
		if f.Effect == evaluator.EffectDeny && !seen[f.Code] {
			if seen[f.Code] = true; list != "" {
				list += ", "
			}
			list += f.Code
		}
	}
	return list
}

// shown is an instant for people.
func shown(t time.Time) string { return t.Format("Mon 2006-01-02 15:04:05 -07:00") }
