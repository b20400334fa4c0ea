package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const (
	demoTag    = "7a3f9c2"
	demoCommit = "7a3f9c2d51b04e8f9a6c3d2e1f0a9b8c7d6e5f40"
)

// demoNow is the demo's clock: a Tuesday at 11:20 in New York, so that its output
// does not depend on the day.
var demoNow = time.Date(2026, 11, 24, 11, 20, 0, 0, time.FixedZone("", -5*60*60))

// story is one scene of the demo.
type story struct {
	title  string
	change func(e *evidence) // the difference from good evidence
	end    int               // the exit code that eval must give
}

var stories = []story{
	{"An allow: all requirements of a production deployment are met.", func(*evidence) {}, exitAllow},
	{"A deny to fix: the scan found a critical vulnerability.", func(e *evidence) { e.Critical = true }, exitDeny},
	{"A deny to ask: the only approval is the requester's own.", func(e *evidence) { e.Approver = "engineer@example.com" }, exitDeny},
	{"A wait: the image runs in staging for 41 minutes of the 60 it needs.", func(e *evidence) {
		e.DeployedAt = demoNow.Add(-41 * time.Minute).Format(time.RFC3339)
		e.VerifiedAt = demoNow.Add(-20 * time.Minute).Format(time.RFC3339)
	}, exitWait},
}

func newDemo(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show an allow, two denials and a wait, offline",
		Long: `Demo starts a registry on loopback, pushes a small image, writes evidence to a
temporary folder and runs "prodgate eval IMAGE" four times, at a fixed time. It needs
no network, leaves nothing behind and exits with 0.`,
		Args: none,
	}
	addColor(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		colored, err := color(cmd, std)
		if err != nil {
			return err
		}
		word := map[bool]string{true: "always", false: "never"}[colored]
		return demo(cmd.Context(), std, word)
	}
	return cmd
}

func demo(ctx context.Context, std stdio, color string) (err error) {
	dir, err := os.MkdirTemp("", "prodgate-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	registry, err := startRegistry()
	if err != nil {
		return err
	}
	defer registry.close()
	repository := registry.host + "/payments-api"
	target, err := registry.push(ctx, repository+":6b2e8d1", "payments-api 41")
	if err != nil {
		return err
	}
	digest, err := registry.push(ctx, repository+":"+demoTag, "payments-api 42")
	if err != nil {
		return err
	}
	if err := writeText(std, demoIntroduction); err != nil {
		return err
	}
	for i, s := range stories {
		e := goodEvidence(repository, digest, target, demoNow)
		if err := s.tell(ctx, std, i+1, e, dir, color); err != nil {
			return err
		}
	}
	return writeText(std, demoNext)
}

const demoIntroduction = `prodgate demo: a registry on loopback, one image, evidence in files, four decisions.
The clock is set to Tue 24 Nov 2026 11:20 in New York, so each decision is a simulation:
the result is the same every day, and it never counts.
`

// tell writes the story's evidence and decides with the command that a user would
// type.
func (s story) tell(ctx context.Context, std stdio, number int, e evidence, dir, color string) error {
	s.change(&e)
	if err := e.write(dir); err != nil {
		return err
	}
	image := e.Repository + ":" + e.Tag
	heading := fmt.Sprintf("\n%d. %s\n\n$ prodgate eval %s --at %s\n", number, s.title, image, demoNow.Format(time.RFC3339))
	if err := writeText(std, heading); err != nil {
		return err
	}
	var errs bytes.Buffer
	inner := stdio{in: strings.NewReader(""), out: std.out, err: &errs, dir: dir, env: demoEnvironment(e, std), clock: func() time.Time { return demoNow }}
	code := run(ctx, []string{"eval", image, "--at", demoNow.Format(time.RFC3339), "--color", color}, inner)
	if code != s.end {
		return fmt.Errorf("the demo's story %d ended with exit code %d instead of %d, please report it\n%s", number, code, s.end, errs.String())
	}
	return writeText(std, fmt.Sprintf("exit code %d\n", code))
}

// demoEnvironment is the environment of the demo's CI system.
func demoEnvironment(e evidence, std stdio) []string {
	return []string{
		"PRODGATE_TRIGGER=workflow_dispatch",
		"PRODGATE_REQUESTED_BY=github:583231",
		"PRODGATE_TRIGGERED_BY=github:583231",
		"PRODGATE_REQUESTED_AT=" + e.RequestedAt,
		"PRODGATE_REQUEST_ID=demo",
		"COLUMNS=" + std.getenv("COLUMNS"),
	}
}

const demoNext = `
Try next:
  prodgate policy list                       what is checked
  prodgate policy explain soak.too_short     what a code means and who can help
  prodgate init --dir my-service             a configuration, evidence, a policy pack and a workflow
  prodgate doctor                            the settings in effect, and any problems
`
