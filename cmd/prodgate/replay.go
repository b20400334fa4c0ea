package main

import (
	"context"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/replay"
	"github.com/spf13/cobra"
)

func newReplay(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Which past decisions would other policies have flipped?",
		Long: `Replay takes every decision in mode enforce that the trail holds, with the input
and the instant of then, and decides it again: first by the policies of then, to
show that the past reproduces, and then by the shipped policies of this prodgate
with the packs of --policies. It lists which decisions flip, from allow to deny
and back, and the findings that did it. Run it on a pull request that changes a
policy: -o markdown is fit for a comment.

The whole trail is read and compared with its signed checkpoint: of a trail that
was altered nothing is told. An input or a policy that was erased cannot be
replayed, nor one that was never recorded; --allow-missing passes over both, and
over a period without any decision.

It ends with 0 (none flips), 1 (some do) or 2 (some could not be replayed, the
past does not reproduce, or the new policies give no decision where there was
one).`,
		Example: `  prodgate replay --trail trail.db --policies policies/acme
  prodgate replay --policies policies/acme --since 30d -o text -o markdown=replay.md`,
		Args: none,
	}
	addPast(cmd, replay.Formats)
	addSettings(cmd, "policies")
	cmd.Flags().Bool("allow-missing", false, "pass over decisions whose input or policy was erased or never recorded, and a period without any")
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
	gate, err := evaluator.New(ctx, evaluator.Options{Packs: p.policies})
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
