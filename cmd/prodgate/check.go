package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/recheck"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

func newCheck(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check DECISION",
		Short: "Check that an allow is still valid just before the deployment",
		Long: `Check reads a decision that "prodgate eval -o json=FILE" wrote (- is standard input)
and exits with 0 only if it is an allow in mode enforce that is still valid by the
clock of this machine. With --image or --digest, --service and --environment, the
decision must be about exactly these. If a trail is configured, it must contain this
exact decision and no later bad news about the image.

Check collects no facts: if the decision is no longer valid, run "prodgate eval"
again. Exit codes: 0 (still valid), 1 (no longer valid), 2 (no answer: treat it as
blocked).`,
		Example: `  prodgate check decision.json --image registry.example.com/payments-api@sha256:…
  prodgate check decision.json --digest sha256:… --environment production -o json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usage("prodgate check DECISION", "expected exactly one decision: a file, or - for standard input")
			}
			return nil
		},
	}
	addTrail(cmd)
	addFormat(cmd)
	flags := cmd.Flags()
	flags.String("image", "", "the image that is about to be deployed, REPOSITORY@sha256:…")
	flags.String("digest", "", "the digest of that image, sha256:…")
	flags.String("service", "", "the service that is about to be deployed")
	flags.String("environment", "", "the environment to deploy to")
	flags.String("at", "", "check as of this time (RFC 3339), as a simulation (flag only)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkDecision(cmd, std, args[0]); err != nil {
			return blocked(err)
		}
		return nil
	}
	return cmd
}

// blocked adds to an error that it means "do not deploy".
func blocked(err error) error {
	if _, ok := err.(verdict); ok { //nolint:errorlint // it is never wrapped here
		return err
	}
	return usage("no decision was checked: treat it as blocked", "%w", err)
}

func checkDecision(cmd *cobra.Command, std stdio, file string) error {
	asJSON, err := format(cmd)
	if err != nil {
		return err
	}
	question, err := checkQuestion(cmd, std)
	if err != nil {
		return err
	}
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return err
	}
	ctx, cancel, err := within(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	defer cancel()
	name, content, err := readNamed(ctx, std, file, recheck.MaxBytes+1)
	if err != nil {
		return err
	}
	decision, err := recheck.Read(content)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if question.Log, err = checkedTrail(ctx, std, cfg); err != nil {
		return caused(ctx, err)
	}
	if question.Log != nil {
		defer question.Log.Close()
	}
	answer, err := recheck.Check(ctx, decision, question)
	if err != nil {
		return caused(ctx, err)
	}
	if asJSON {
		err = writeJSON(std.out, answer)
	} else {
		s := newSheet(std)
		answer.Print(s)
		err = writeSheet(std, s)
	}
	if err == nil && answer.ExitCode != exitAllow {
		return verdict(exitDeny)
	}
	return err
}

// checkedTrail opens the trail that the settings name; nil if they name none.
func checkedTrail(ctx context.Context, std stdio, cfg *config.Config) (*trail.Log, error) {
	location := cfg.Get("trail").Text
	if location == "" {
		return nil, nil
	}
	return trail.Open(ctx, location, trailOptions(std, cfg, true))
}

// checkQuestion reads the flags.
func checkQuestion(cmd *cobra.Command, std stdio) (q recheck.Question, err error) {
	flags := cmd.Flags()
	given := map[string]string{}
	for _, name := range []string{"image", "digest", "service", "environment", "at"} {
		given[name], _ = flags.GetString(name)
		if flags.Changed(name) && given[name] == "" {
			return q, usage("omit the flag, or give it a value", "--%s needs a value", name)
		}
	}
	q = recheck.Question{Digest: given["digest"], Service: given["service"], Environment: given["environment"], Now: std.clock()}
	if image := given["image"]; image != "" {
		repository, digest, ok := strings.Cut(image, "@")
		switch {
		case !ok || repository == "":
			return q, usage("REPOSITORY@sha256:…, as in the decision's deploy", "--image %q names no digest", image)
		case q.Digest != "" && q.Digest != digest:
			return q, usage("omit one of them", "--image and --digest name two images")
		}
		q.Repository, q.Digest = repositoryOf(repository), digest
	}
	if q.Digest != "" {
		if _, err := step.Digest.Read(q.Digest); err != nil {
			return q, usage("", "--digest %w", err)
		}
	}
	if given["at"] != "" {
		q.Simulated = true
		q.Now, err = instant(given["at"], "--at")
	}
	return q, err
}
