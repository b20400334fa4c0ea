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
		Short: "Print the trail's public key, with which anybody verifies it",
		Long: `Key prints the public key as the trail names it. Give it to auditors once, over a
way that whoever could alter the trail cannot reach: a trail's own word about its
key proves nothing.`,
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
		Short: "Print the trail's newest checkpoint, to be kept elsewhere",
		Long: `Checkpoint prints the signed note that says how many entries the trail has and what
their hash is. Keep it where whoever could alter the trail cannot: in another
repository, with the auditor, on paper. "prodgate audit verify --since FILE" then
shows whether the trail still holds all that it held.`,
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
