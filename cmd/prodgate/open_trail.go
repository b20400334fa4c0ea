package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/prodgate/prodgate/gate"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
)

// notRecorded is the error of a decision that was not recorded in the trail.
func notRecorded(err error) error {
	return usage("the decision counts only if it is recorded: treat it as blocked; make the trail writable, or name another with --trail", "%w", err)
}

// openTrail opens the trail for writing, before anything is collected; nil if none is
// configured. After an error there must be no decision.
func (e *evaluation) openTrail(ctx context.Context) (*gate.Trail, error) {
	location := e.cfg.Get("trail")
	if !location.Given() {
		return nil, nil
	}
	if vanishes(e.std, location.Text) {
		warnVanishing(e.std, location)
	}
	timeout, err := e.cfg.Timeout()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("no decision within %s; use --timeout for more time", timeout))
	defer cancel()
	log, err := trail.Open(ctx, location.Text, trailOptions(e.std, e.cfg, false))
	if err != nil {
		return nil, notRecorded(caused(ctx, err))
	}
	if e.trail, err = nameOf(ctx, log); err != nil {
		return nil, notRecorded(caused(ctx, err))
	}
	return &gate.Trail{Log: log, Writer: writer(e.std), Run: runAddress(e.std), Program: programVersion()}, nil
}

// vanishes reports whether the trail is a file on a CI runner.
func vanishes(std stdio, location string) bool {
	ci := std.getenv("CI")
	return ci != "" && ci != "false" && ci != "0" && !strings.Contains(location, "://")
}

// warnVanishing warns of such a trail, even with --quiet.
func warnVanishing(std stdio, location config.Value) {
	fmt.Fprintf(std.err, "warning: the trail %s (%s) is a file on a CI runner: a hosted runner deletes it after the job, with all records of this run. Use a persistent trail, such as https://… of a prodgate server\n",
		print.Text(std.short(location.Text)), location.Origin)
}

// acknowledge reports the trail's result for a decision: a required review, and the
// receipt for --receipt.
func (e *evaluation) acknowledge(recorded *gate.Recorded) error {
	if recorded == nil {
		return nil
	}
	if recorded.Owes != "" {
		e.say("this emergency requires a review: record it with prodgate audit record emergency.reviewed --settles %s", recorded.Owes)
	}
	if e.receipt == "" {
		return nil
	}
	text, err := json.MarshalIndent(recorded.Receipt, "", "  ")
	if err == nil {
		err = os.WriteFile(e.receipt, append(text, '\n'), 0o644)
	}
	if err != nil {
		return usage("the decision is recorded, but its receipt is not written: treat it as blocked", "write the receipt: %w", err)
	}
	return nil
}
