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
		Short: "Register a service that already runs in an environment",
		Long: `Adopt records what runs in an environment and what ran there before, once for each
service and environment. The first gated deployment then has a history and a version
to roll back to. A person other than the requester approves the adoption; a setting
of the policies defines whose approval counts.

Adopt fails if the trail already has a deployment or an adoption of that service and
environment. It exits with 0 when the adoption is recorded, otherwise with 2.`,
		Example: `  prodgate adopt payments-api --environment production --digest sha256:… --version 41 \\
    --previous-digest sha256:… --previous-version 40 --requested-by jane@example.com \\
    --approver platform-lead@example.com --approved-at 2026-11-24T10:00:00-05:00 --reason "the gate arrives"`,
		Args: one("service", "prodgate adopt SERVICE"),
	}
	addTrail(cmd)
	addFormat(cmd)
	addSettings(cmd, "environment", "requested-by")
	flags := cmd.Flags()
	flags.String("digest", "", "the digest of the running image, sha256:…")
	flags.String("version", "", "the version of the running image")
	flags.String("live-at", "", "when the running image went live (RFC 3339), if known")
	flags.String("previous-digest", "", "the digest of the previous image, sha256:…; without it, a rollback is not possible")
	flags.String("previous-version", "", "the version of the previous image")
	flags.String("previous-live-at", "", "when the previous image went live (RFC 3339), if known")
	flags.String("approver", "", "who approved, as an e-mail address or scheme:value")
	flags.String("approved-at", "", "when it was approved (RFC 3339)")
	flags.String("reason", "", "the reason, in one sentence")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return adopt(cmd, std, args[0]) }
	return cmd
}

func adopt(cmd *cobra.Command, std stdio, service string) error {
	asJSON, err := format(cmd)
	if err != nil {
		return err
	}
	if accepted, ok := facts.Accepts("identifier", service); !ok {
		return usage("", "invalid service %q: it must be %s", service, accepted)
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
			return usage("set them with a flag, a variable or "+config.Filename, "missing --environment or --requested-by")
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
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a trail that does not exist yet has no records
			return err
		}
		return appendStep(ctx, at, event, asJSON)
	})
}

// unknownYet returns an error if the trail has a deployment or an adoption of a
// service in an environment.
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
	return usage("adopt a service only once, before its first recorded deployment", "%s in %s is already in the trail: entry %d is %s", service, environment, known[0].Seq, known[0].Type)
}
