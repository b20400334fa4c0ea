package main

import (
	"fmt"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/spf13/cobra"
)

// defaultWait is how long --wait without a value waits.
const defaultWait = "1h"

// addWait declares --wait.
func addWait(cmd *cobra.Command) {
	cmd.Flags().Duration("wait", 0, "if the denial clears by itself, wait at most this long, then collect and decide again; --wait without a value waits for "+defaultWait)
	cmd.Flags().Lookup("wait").NoOptDefVal = defaultWait
}

// waiting returns how long to wait; 0 means not to wait.
func waiting(cmd *cobra.Command) (time.Duration, error) {
	length, err := cmd.Flags().GetDuration("wait")
	if err != nil || !cmd.Flags().Changed("wait") {
		return 0, err
	}
	for _, other := range []string{"input", "at"} {
		if cmd.Flags().Changed(other) {
			return 0, usage("omit one of them; prodgate when --input FILE shows when the gate opens",
				"--wait and --%s exclude each other: --wait collects the facts again", other)
		}
	}
	if length <= 0 {
		return 0, usage("a length of time such as 30m or 2h", "--wait %s must be greater than 0", length)
	}
	return length, nil
}

// waitFor lets the gate wait, and reports on standard error what it waits for.
func (e *evaluation) waitFor(length time.Duration) *gate.Wait {
	return &gate.Wait{For: length, Sleep: e.std.sleep, Tell: func(w gate.Waiting) {
		switch w.Step {
		case gate.TooFar:
			e.say("not waiting: the gate opens at %s, later than --wait allows (%s)", shown(w.OpensAt), shown(w.Deadline.In(w.OpensAt.Location())))
		case gate.Sleeps:
			e.say("waiting until %s (%s) for %s", shown(w.OpensAt), w.Left.Round(time.Second), awaited(w.Decision))
		case gate.Collects:
			e.say("collecting again")
		}
	}}
}

// say reports progress on standard error.
func (e *evaluation) say(format string, args ...any) {
	if quiet, _ := e.cmd.Flags().GetBool("quiet"); !quiet {
		fmt.Fprintln(e.std.err, print.Text(fmt.Sprintf(format, args...)))
	}
}

// awaited lists the codes of the denials.
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

// shown formats an instant.
func shown(t time.Time) string { return t.Format("Mon 2006-01-02 15:04:05 -07:00") }
