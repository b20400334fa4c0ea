package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

func newAuditKey(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Print the public key that verifies the trail",
		Long: `Key prints the public key that the trail names. Send it to auditors once, over a
channel that nobody with write access to the trail controls: the trail itself is not
proof of its key.`,
		Args: none,
	}
	addTrail(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withTrail(cmd, std, true, func(ctx context.Context, _ *config.Config, log *trail.Log) error {
			public, err := log.PublicKey(ctx)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(std.out, print.Line(strings.TrimSpace(public)))
			return err
		})
	}
	return cmd
}

func newAuditCheckpoint(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "checkpoint",
		Short: "Print the latest checkpoint of the trail",
		Long: `Checkpoint prints a signed note with the number of entries and the root hash of the
trail. Keep it where nobody with write access to the trail can change it: in another
repository, with the auditor or on paper. "prodgate audit verify --since FILE" then
checks that the trail still contains everything the checkpoint covers.`,
		Example: `  prodgate audit checkpoint > checkpoint.txt`,
		Args:    none,
	}
	addTrail(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withTrail(cmd, std, true, func(ctx context.Context, _ *config.Config, log *trail.Log) error {
			reading, err := log.Read(ctx)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(std.out, print.Text(reading.Checkpoint))
			return err
		})
	}
	return cmd
}
