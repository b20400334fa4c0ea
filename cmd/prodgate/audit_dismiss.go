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
		Short: "Dismiss a wrong entry of an untrusted writer",
		Long: `Dismiss records that an entry with bad news is wrong: a failed verification, a
deployment, a rollback or a request by a writer who is not trusted for it. The entry
stays, and each decision shows that it was dismissed, by whom and why. The setting
audit.dismissed_by defines whose dismissal counts: the identity of that person must
be proven, and the requester of the deployment cannot dismiss.

Rejections, withdrawals, pending reviews and freezes cannot be dismissed.
Dismiss exits with 0 when the dismissal is recorded, otherwise with 2.`,
		Example: `  prodgate audit dismiss 4711 --reason "a test of the pipeline, see OPS-12"`,
		Args:    one("entry", "prodgate audit log lists all entries"),
	}
	addTrail(cmd)
	addFormat(cmd)
	addBy(cmd)
	cmd.Flags().String("reason", "", "why the entry is wrong, in one sentence")
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
			return usage("prodgate audit log lists all entries", "%w", err)
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
		return usage("only entries with bad news can be dismissed", "entry %d is %s: there is nothing to dismiss", entry.Seq, entry.Type)
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
