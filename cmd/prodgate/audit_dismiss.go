package main

import (
	"context"
	"slices"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

// dismissible are the types of entries that can be bad news by somebody who does
// not count, and that nothing else takes back.
var dismissible = []string{
	trail.TypeGateRequested, trail.TypeStagingDeployed, trail.TypeStagingVerified,
	trail.TypeDeployStarted, trail.TypeDeployLive, trail.TypeDeployFailed, trail.TypeVerificationFailed,
	trail.TypeRollbackStarted, trail.TypeRollbackLive, trail.TypeRollbackFailed, trail.TypeIncidentLinked,
}

// takenBackBy is what takes back an entry that cannot be dismissed.
var takenBackBy = map[string]string{
	trail.TypeApprovalRejected:  "record an approval.granted that names it with --lifts",
	trail.TypeApprovalWithdrawn: "record another approval.granted",
	trail.TypeEmergencyUsed:     "review it: prodgate audit record emergency.reviewed --settles ID",
	trail.TypeFreezeDeclared:    "use prodgate freeze lift",
}

func newAuditDismiss(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dismiss SEQ|ID",
		Short: "Dismiss an entry of bad news by a writer who does not count",
		Long: `Dismiss records that an entry of bad news does not hold: a failed verification, a
deployment, a rollback or a request that somebody recorded who does not count for it. The entry
stays, and a decision shows that it was dismissed, by whom and why. Whether a
dismissal counts is a setting of the policies (audit.dismissed_by): the person must
be established, and must not be the one who asked for the deployment.

Rejections, withdrawals, debts and freezes are not dismissed.
It exits with 0 once the dismissal is recorded, else with 2.`,
		Example: `  prodgate audit dismiss 4711 --reason "a test of the pipeline, see OPS-12"`,
		Args:    one("entry", "prodgate audit log lists them"),
	}
	addTrail(cmd)
	addFormat(cmd)
	addBy(cmd)
	cmd.Flags().String("reason", "", "why the entry does not hold, in a sentence")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		s := said{cmd: cmd, std: std}
		data := trail.DismissalData{Reason: s.text("reason", true), By: s.by(writer(std))}
		if s.err != nil {
			return s.err
		}
		return withTrail(cmd, std, false, func(ctx context.Context, _ *config.Config, log *trail.Log) error {
			return dismiss(ctx, std, log, args[0], data, asJSON)
		})
	}
	return cmd
}

func dismiss(ctx context.Context, std stdio, log *trail.Log, name string, data trail.DismissalData, asJSON bool) error {
	entry, err := entryOf(ctx, log, name)
	if err != nil {
		return usage("prodgate audit log lists them", "%w", err)
	}
	if _, err := proved(ctx, log, entry); err != nil {
		return err
	}
	if cure := takenBackBy[entry.Type]; cure != "" {
		return usage(cure, "entry %d is %s, which cannot be dismissed", entry.Seq, entry.Type)
	}
	if !slices.Contains(dismissible, entry.Type) {
		return usage("only bad news is dismissed", "entry %d is %s: there is nothing to dismiss", entry.Seq, entry.Type)
	}
	data.Entry = entry.ID
	event, err := stepOf(std, trail.TypeEntryDismissed, data)
	if err != nil {
		return err
	}
	event.Service, event.Environment, event.Artifact, event.Digest = entry.Service, entry.Environment, entry.Artifact, entry.Digest
	event.Deployment = entry.Deployment
	return appendStep(ctx, std, log, event, asJSON)
}
