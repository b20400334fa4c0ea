package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/metrics"
	"github.com/spf13/cobra"
)

func newMetrics(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "metrics",
		Short: "Report deployment metrics",
		Long: `Metrics computes deployment metrics from the audit trail and compares them with the
targets of the specification: deployment frequency, success rate, mean time from
approval to live, rollback frequency and change failure rate. It also reports which
artifacts the gate blocked and for how long, by finding, the waivers used, and the
emergencies with their reviews. Only decisions in mode enforce count.

Each number comes with its sample size. A metric without records is "no data", never
0 or 100 percent. Staging is only counted with --environment staging.

Metrics first verifies the whole trail against its signed checkpoint, and reports
nothing from an altered trail. It exits with 0, or with 2 if the trail could not be
read or was altered.`,
		Example: `  prodgate metrics --trail trail.db
  prodgate metrics --since 2026-01-01 --until 2026-07-01 --service payments-api
  prodgate metrics -o html=metrics.html -o prometheus=/var/lib/node_exporter/prodgate.prom -o json=metrics.json`,
		Args: none,
	}
	addPast(cmd, metrics.Formats)
	addSettings(cmd, "policies")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p, err := readPast(cmd, std, metrics.Formats)
		if err != nil {
			return err
		}
		counted, err := p.count(cmd.Context())
		if err != nil {
			return err
		}
		return p.write(counted.Print)
	}
	return cmd
}

// count reads the trail and counts.
func (p *past) count(ctx context.Context) (*metrics.Report, error) {
	log, reading, err := p.read(ctx)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	began, err := log.Began(ctx)
	if err != nil {
		return nil, err
	}
	counted, err := metrics.Compute(reading.Entries(ctx), metrics.Options{
		Since: p.since, Until: p.until, Now: p.now, Began: began, Service: p.service, Environment: p.environment,
		ReviewWithin: p.reviewWithin(ctx),
	})
	if err != nil {
		return nil, err
	}
	counted.Trail = metrics.Checkpoint{Size: reading.Size, Head: reading.Checkpoint}
	return counted, nil
}

// reviewWithin reads from the policies how soon an emergency must be reviewed. They
// are compiled only if needed. A service that they do not list has no settings.
func (p *past) reviewWithin(ctx context.Context) func(service, environment string) (time.Duration, error) {
	gate := sync.OnceValues(func() (*evaluator.Evaluator, error) {
		return p.std.policies(ctx, p.policies)
	})
	return func(service, environment string) (time.Duration, error) {
		e, err := gate()
		if err != nil {
			return 0, err
		}
		text, err := e.Settings(ctx, environment, service)
		if err != nil {
			return 0, ctx.Err()
		}
		var settings struct {
			Emergency struct {
				ReviewWithin string `json:"review_within"`
			} `json:"emergency"`
		}
		if err := json.Unmarshal(text, &settings); err != nil {
			return 0, fmt.Errorf("read emergency.review_within of the settings: %w", err)
		}
		return time.ParseDuration(settings.Emergency.ReviewWithin)
	}
}
