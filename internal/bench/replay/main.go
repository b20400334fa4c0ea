// Replay measures how many past decisions a second prodgate replays: from a trail
// on disk that it makes up first, by real rules on the stories of the fixtures.
//
//	go run ./internal/bench/replay [-deployments 3000] [-rounds 3]
//
// It writes a Markdown table to standard output and judges nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/bench/measure"
	"github.com/prodgate/prodgate/internal/invented"
	"github.com/prodgate/prodgate/internal/replay"
	"github.com/prodgate/prodgate/trail"
)

func main() {
	deployments := flag.Int("deployments", 3000, "how many deployments to make up")
	rounds := flag.Int("rounds", 3, "how often each variant has its turn")
	flag.Parse()
	debug.SetGCPercent(-1) // as the command does
	debug.SetMemoryLimit(512 << 20)
	if err := run(context.Background(), os.Stdout, *deployments, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// variant is one way to replay.
type variant struct {
	name    string
	gate    *evaluator.Evaluator
	workers int
}

func run(ctx context.Context, out io.Writer, deployments, rounds int) error {
	if deployments < 1 || rounds < 1 {
		return fmt.Errorf("-deployments is %d and -rounds %d; each is at least 1", deployments, rounds)
	}
	folder, err := os.MkdirTemp("", "prodgate-replay-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	location := filepath.Join(folder, "trail.db")
	shipped, err := evaluator.New(ctx, evaluator.Options{Packs: []string{filepath.Join("fixtures", "organisation")}})
	if err != nil {
		return err
	}
	entries, err := record(ctx, shipped, location, deployments)
	if err != nil {
		return err
	}
	other, err := stricter(ctx, folder)
	if err != nil {
		return err
	}
	variants := []variant{
		{"by the rules of then and by others, every processor", other, 0},
		{"by the rules of then and by others, one processor", other, 1},
		{"the new rules are those of then: decided once, every processor", shipped, 0},
	}
	return race(ctx, out, location, entries, variants, rounds)
}

// record makes up the past.
func record(ctx context.Context, gate *evaluator.Evaluator, location string, deployments int) (entries int, err error) {
	judge := &invented.Judge{Gate: gate}
	if err := judge.Stories(filepath.Join("fixtures", "cases")); err != nil {
		return 0, fmt.Errorf("%w; run it in the project's folder", err)
	}
	return invented.Past{
		Seed: 1, From: begin, Weeks: 50, Deployments: deployments, Service: "payments-api", Environment: "production", Judge: judge,
	}.Record(ctx, location)
}

var begin = time.Date(2026, 1, 6, 0, 0, 0, 0, time.UTC)

// stricter are the shipped rules with a pack of settings that flips some
// decisions.
func stricter(ctx context.Context, folder string) (*evaluator.Evaluator, error) {
	pack := filepath.Join(folder, "pack")
	if err := os.MkdirAll(filepath.Join(pack, "prodgate", "organisation"), 0o755); err != nil {
		return nil, err
	}
	settings := filepath.Join(pack, "prodgate", "organisation", "data.json")
	if err := os.WriteFile(settings, []byte(`{"vulnerabilities": {"deny": ["CRITICAL", "HIGH"]}, "services": {"payments-api": {"repositories": ["registry.example.com/payments/payments-api"]}}}`), 0o644); err != nil {
		return nil, err
	}
	return evaluator.New(ctx, evaluator.Options{Packs: []string{pack}})
}

// race gives every variant its turn in every round.
func race(ctx context.Context, out io.Writer, location string, entries int, variants []variant, rounds int) error {
	info, err := os.Stat(location)
	if err != nil {
		return err
	}
	walls := make([][]time.Duration, len(variants))
	cpus := make([][]time.Duration, len(variants))
	var last *replay.Report
	for range rounds {
		for i, v := range variants {
			cost, err := measure.Here(func() (err error) {
				last, err = once(ctx, location, v)
				return err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
			walls[i], cpus[i] = append(walls[i], cost.Wall), append(cpus[i], cost.CPU)
		}
	}
	fmt.Fprintf(out, "## Replay\n\n%s. %d decisions among %d entries, %d MB on disk; the whole log is proved as it is read. Medians of %d rounds.\n\n",
		measure.Machine(), last.Decisions, entries, info.Size()>>20, rounds)
	fmt.Fprintf(out, "| variant | decisions a second | wall | CPU per decision |\n| --- | ---: | ---: | ---: |\n")
	for i, v := range variants {
		wall, cpu := median(walls[i]), median(cpus[i])
		fmt.Fprintf(out, "| %s | %.0f | %s | %s |\n", v.name, float64(last.Decisions)/wall.Seconds(), wall.Round(time.Millisecond), (cpu / time.Duration(last.Decisions)).Round(time.Microsecond))
	}
	return parts(ctx, out, variants[0].gate)
}

// parts measures what a replay is made of: reading a document and judging it,
// each once for every story, without any trail.
func parts(ctx context.Context, out io.Writer, gate *evaluator.Evaluator) error {
	files, err := filepath.Glob(filepath.Join("fixtures", "cases", "*", "input.json"))
	if err != nil {
		return err
	}
	var inputs []*evaluator.Input
	read, err := measure.Here(func() error {
		for _, file := range files {
			document, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			input, err := evaluator.Read(file, document)
			if err != nil {
				return err
			}
			inputs = append(inputs, input)
		}
		return nil
	})
	if err != nil {
		return err
	}
	judged, err := measure.Here(func() error {
		for _, input := range inputs {
			if _, err := gate.Judge(ctx, input); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	each := time.Duration(len(inputs))
	fmt.Fprintf(out, "\nIn the same run, without a trail: reading and checking a document takes %s of CPU, judging it once %s.\n",
		(read.CPU / each).Round(time.Microsecond), (judged.CPU / each).Round(time.Microsecond))
	return nil
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// once replays everything.
func once(ctx context.Context, location string, v variant) (*replay.Report, error) {
	log, err := trail.Open(ctx, location, trail.Options{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer log.Close()
	reading, err := log.Read(ctx)
	if err != nil {
		return nil, err
	}
	report, err := replay.Run(ctx, replay.Past{Entries: reading.Entries(ctx), Blob: log.Blob}, v.gate, replay.Options{
		Since: begin.AddDate(-1, 0, 0), Until: begin.AddDate(3, 0, 0), Workers: v.workers,
	})
	if err != nil {
		return nil, err
	}
	if report.Verdict(false) == replay.Cannot {
		return nil, fmt.Errorf("it could not replay %d of %d: %v", report.Decisions-report.Replayed, report.Decisions, report.NotReproduced)
	}
	return report, nil
}
