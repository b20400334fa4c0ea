package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

func newAdopt(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "adopt SERVICE",
		Short: "Take over a service that runs already when the gate arrives",
		Long: `Adopt records what runs in an environment and what ran there before, once for each
service and environment. The first gated deployment then has a history and a way
back. Another person than the requester approves it, as a promotion; a setting of the
policies says whose approval counts.

It is refused if the trail knows a deployment or an adoption of that service and
environment. It exits with 0 once the adoption is recorded, else with 2.`,
		Example: `  prodgate adopt payments-api --environment production --digest sha256:… --version 41 \\
    --previous-digest sha256:… --previous-version 40 --requested-by jane@example.com \\
    --approver platform-lead@example.com --approved-at 2026-11-24T10:00:00-05:00 --reason "the gate arrives"`,
		Args: one("service", "prodgate adopt SERVICE"),
	}
	addTrail(cmd)
	addFormat(cmd)
	addSettings(cmd, "environment", "requested-by")
	flags := cmd.Flags()
	flags.String("digest", "", "the image that runs, sha256:…")
	flags.String("version", "", "its version, as people call it")
	flags.String("live-at", "", "since when it runs (RFC 3339), if that is known")
	flags.String("previous-digest", "", "the image that ran before it, sha256:…; without one there is no way back")
	flags.String("previous-version", "", "its version")
	flags.String("previous-live-at", "", "since when that ran (RFC 3339), if that is known")
	flags.String("approver", "", "who approved, as an e-mail address or scheme:value")
	flags.String("approved-at", "", "when it was approved (RFC 3339)")
	flags.String("reason", "", "why, in a sentence")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return adopt(cmd, std, args[0]) }
	return cmd
}

func adopt(cmd *cobra.Command, std stdio, service string) error {
	asJSON, err := format(cmd)
	if err != nil {
		return err
	}
	if wanted, ok := facts.Accepts("identifier", service); !ok {
		return usage("", "invalid service %q: it must be %s", service, wanted)
	}
	s := said{cmd: cmd, std: std}
	digest := s.digest("digest", true)
	data := trail.AdoptionData{
		Version: s.text("version", true), LiveAt: s.past("live-at", false),
		PreviousDigest: s.digest("previous-digest", false), PreviousVersion: s.text("previous-version", false), PreviousLiveAt: s.past("previous-live-at", false),
		Approver: s.person("approver", true), Reason: s.text("reason", true),
	}
	if at := s.past("approved-at", true); at != nil {
		data.ApprovedAt = *at
	}
	if s.err != nil {
		return s.err
	}
	return withLocation(cmd, std, func(ctx context.Context, at located) error {
		environment := at.cfg.Get("environment").Text
		if environment == "" || at.cfg.Get("requested-by").Text == "" {
			return usage("name them by flag, variable or "+config.Filename, "missing --environment or --requested-by")
		}
		if data.RequestedBy, err = step.Person.ReadText(at.cfg.Get("requested-by").Text); err != nil {
			return usage("", "--requested-by %w", err)
		}
		event, err := stepOf(std, trail.TypeProductionAdopted, data)
		if err != nil {
			return err
		}
		event.Service, event.Environment, event.Digest = service, environment, digest
		if err := event.Check(); err != nil {
			return inFlags(err)
		}
		err = at.open(ctx, true, func(log *trail.Log) error { return unknownYet(ctx, log, service, environment) })
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a trail that is not there yet knows nothing
			return err
		}
		return appendStep(ctx, at, event, asJSON)
	})
}

// unknownYet returns an error if the trail knows a deployment or an adoption of a
// service to an environment.
func unknownYet(ctx context.Context, log *trail.Log, service, environment string) error {
	var keys []trail.Key
	for _, t := range []string{
		trail.TypeProductionAdopted, trail.TypeDeployStarted, trail.TypeDeployLive, trail.TypeDeployFailed,
		trail.TypeRollbackStarted, trail.TypeRollbackLive, trail.TypeRollbackFailed,
	} {
		keys = append(keys, trail.ByServiceType(service, t))
	}
	known, err := recordedOf(ctx, log, keys...)
	if err != nil {
		return err
	}
	known = slices.DeleteFunc(known, func(e trail.Entry) bool { return e.Environment != environment })
	if len(known) == 0 {
		return nil
	}
	return usage("adopt only what the trail does not know", "%s in %s is known already: entry %d is %s", service, environment, known[0].Seq, known[0].Type)
}
