package main

import (
	"context"
	"fmt"

	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
	"github.com/spf13/cobra"
)

func newAuditExport(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "Export the trail as files that only need the public key to verify",
		Long: `Export writes the trail's entries, hashes and latest checkpoint to DIR as C2SP
tlog-tiles (https://c2sp.org/tlog-tiles). It continues an existing export. Input
documents and decisions are not exported, only their digests. To verify an export
without access to the trail, run "prodgate audit verify --export DIR --key
PUBLIC-KEY" or any other tlog-tiles reader.`,
		Example: `  prodgate audit export tiles
  prodgate audit verify --export tiles --key trail.db.pub`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return usage("prodgate audit export DIR", "expected exactly one folder")
			}
			return nil
		},
	}
	addTrail(cmd)
	addFormat(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := format(cmd)
		if err != nil {
			return err
		}
		return withTrail(cmd, std, true, func(ctx context.Context, _ *config.Config, log *trail.Log) error {
			done, err := log.Export(ctx, std.path(args[0]))
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(std.out, map[string]any{"size": done.Size, "before": done.Before, "checkpoint": done.Checkpoint})
			}
			return writeText(std, fmt.Sprintf("exported %d entries, %d of them new, to %s\n", done.Size, done.Size-done.Before, print.Line(args[0])))
		})
	}
	return cmd
}
