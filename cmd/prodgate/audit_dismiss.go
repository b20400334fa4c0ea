package main

import (
	"context"

	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
	"github.com/spf13/cobra"
)

func newAuditDismiss(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dismiss SEQ|ID",
		Short: "Dismiss an entry of bad news by a writer who does not count",
		Long: `Dismiss records that an entry of bad news is wrong: a failed verification, a
deployment, a rollback or a request by a writer who does not count for it. The entry
stays, and a decision shows that it was dismissed, by whom and why. A setting of the
policies says whose dismissal counts (audit.dismissed_by): that person must be
proven, and must not be the one who asked for the deployment.

Rejections, withdrawals, debts and freezes are not dismissed.
It exits with 0 once the dismissal is recorded, else with 2.`,
		Example: `  prodgate audit dismiss 4711 --reason "a test of the pipeline, see OPS-12"`,
		Args:    one("entry", "prodgate audit log lists them"),
	}
	addTrail(cmd)
	addFormat(cmd)
	addBy(cmd)
	cmd.Flags().String("reason", "", "why the entry is wrong, in a sentence")
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
		return withLocation(cmd, std, func(ctx context.Context, at located) error { return dismiss(ctx, at, args[0], data, asJSON) })
	}
	return cmd
}

func dismiss(ctx context.Context, at located, name string, data trail.DismissalData, asJSON bool) error {
	var entry trail.Entry
	err := at.open(ctx, true, func(log *trail.Log) (err error) {
		if entry, err = entryOf(ctx, log, name); err != nil {
			return usage("prodgate audit log lists them", "%w", err)
		}
		_, err = proved(ctx, log, entry)
		return err
	})
	if err != nil {
		return err
	}
	if typ, err := step.Find(entry.Type); err == nil && typ.Undo != "" {
		return usage(typ.Undo, "entry %d is %s, which cannot be dismissed", entry.Seq, entry.Type)
	} else if err != nil || !typ.BadNews {
		return usage("only bad news is dismissed", "entry %d is %s: there is nothing to dismiss", entry.Seq, entry.Type)
	}
	data.Entry = entry.ID
	event, err := stepOf(at.std, trail.TypeEntryDismissed, data)
	if err != nil {
		return err
	}
	event.Service, event.Environment, event.Artifact, event.Digest = entry.Service, entry.Environment, entry.Artifact, entry.Digest
	event.Deployment = entry.Deployment
	return appendStep(ctx, at, event, asJSON)
}
