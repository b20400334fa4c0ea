package main

import (
	"context"

	"github.com/prodgate/prodgate/internal/replay"
	"github.com/spf13/cobra"
)

func newReplay(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Show which past decisions would change under other policies",
		Long: `Replay evaluates every decision in mode enforce in the trail again, with its recorded
input and time: first with the recorded policies, to show that the result is
reproducible, then with the shipped policies of this prodgate and the packs of
--policies. It lists the decisions that change between allow and deny, and the
findings that cause the change. Run it on a pull request that changes a policy: the
output of -o markdown fits a comment.

Replay first verifies the whole trail against its signed checkpoint, and reports
nothing from an altered trail. A decision cannot be replayed if its input or policy
was erased or never recorded; --allow-missing skips such decisions, and also accepts
a period without decisions.

It exits with 0 (no decision changes), 1 (some change) or 2 (some could not be
replayed, a recorded result is not reproducible, or the new policies give no decision
where there was one).`,
		Example: `  prodgate replay --trail trail.db --policies policies/acme
  prodgate replay --policies policies/acme --since 30d -o text -o markdown=replay.md`,
		Args: none,
	}
	addPast(cmd, replay.Formats)
	addSettings(cmd, "policies")
	cmd.Flags().Bool("allow-missing", false, "skip decisions with an erased or unrecorded input or policy, and accept a period without decisions")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p, err := readPast(cmd, std, replay.Formats)
		if err != nil {
			return err
		}
		allowMissing, _ := cmd.Flags().GetBool("allow-missing")
		shown, err := p.replay(cmd.Context())
		if err != nil {
			return err
		}
		if err := p.write(shown.Print); err != nil {
			return err
		}
		if end := shown.Verdict(allowMissing); end != replay.NoneFlips {
			return verdict(end)
		}
		return nil
	}
	return cmd
}

// replay reads the trail and decides again.
func (p *past) replay(ctx context.Context) (*replay.Report, error) {
	gate, err := p.std.policies(ctx, p.policies)
	if err != nil {
		return nil, err
	}
	log, reading, err := p.read(ctx)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	shown, err := replay.Run(ctx, replay.Past{Entries: reading.Entries(ctx), Blob: log.Blob}, gate, replay.Options{
		Since: p.since, Until: p.until, Service: p.service, Environment: p.environment,
	})
	if err != nil {
		return nil, err
	}
	shown.Trail = replay.Checkpoint{Size: reading.Size, Head: reading.Checkpoint}
	return shown, nil
}
