// Warm measures single decisions inside a process that has compiled the
// policies and read the document: prodgate's evaluator against the same
// policies evaluated as OPA's own Go interface does it.
//
//	go run ./internal/bench/warm [-rounds 9]
//
// It writes Markdown tables to standard output and judges nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/bench/measure"
)

// slice is how long one variant runs before it is the next one's turn.
const slice = 300 * time.Millisecond

func main() {
	rounds := flag.Int("rounds", 9, "how often each variant has its turn")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// variant is one way to make a decision.
type variant struct {
	name   string
	decide func() error
	lanes  int // goroutines that decide at once
}

func run(ctx context.Context, out io.Writer, rounds int) error {
	if rounds < 1 {
		return fmt.Errorf("-rounds is %d; it is at least 1", rounds)
	}
	gate, err := evaluator.New(ctx, evaluator.Options{Packs: []string{"fixtures/organisation"}})
	if err != nil {
		return fmt.Errorf("compile the policies: %w", err)
	}
	plain, err := newPlain(ctx)
	if err != nil {
		return fmt.Errorf("compile the policies with v1/rego: %w", err)
	}
	fmt.Fprintf(out, "## One decision in process, warm\n\n%s. Medians of %d interleaved rounds of %s.\n", measure.Machine(), rounds, slice)
	for _, w := range workloads {
		variants, err := w.variants(ctx, gate, plain)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		costs, err := race(variants, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		table(out, w.name, variants, costs)
	}
	return nil
}

// race gives every variant its turn in every round, and returns the costs of one
// decision in each.
func race(variants []variant, rounds int) ([][]measure.Cost, error) {
	costs := make([][]measure.Cost, len(variants))
	for range rounds + 1 {
		for i, v := range variants {
			cost, err := v.turn()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", v.name, err)
			}
			costs[i] = append(costs[i], cost)
		}
	}
	for i := range costs {
		costs[i] = costs[i][1:] // the first round warms up
	}
	return costs, nil
}

// turn decides for one slice of time on every lane, and returns what one
// decision cost: the time that passed for each, however many ran at once.
func (v variant) turn() (measure.Cost, error) {
	counts, errs := make([]int, v.lanes), make([]error, v.lanes)
	cost, err := measure.Here(func() error {
		end := time.Now().Add(slice)
		var group sync.WaitGroup
		for lane := range v.lanes {
			group.Go(func() {
				for errs[lane] == nil && time.Now().Before(end) {
					errs[lane] = v.decide()
					counts[lane]++
				}
			})
		}
		group.Wait()
		return nil
	})
	if err != nil {
		return cost, err
	}
	total := 0
	for lane := range v.lanes {
		if errs[lane] != nil {
			return cost, errs[lane]
		}
		total += counts[lane]
	}
	return measure.Cost{Wall: cost.Wall / time.Duration(total), CPU: cost.CPU / time.Duration(total)}, nil
}

// table shows the median and the least of each variant's costs, and the
// median's ratio to the first variant's.
func table(out io.Writer, name string, variants []variant, costs [][]measure.Cost) {
	fmt.Fprintf(out, "\n| %s | wall ms | cpu ms | least cpu ms | decisions/s | ÷ first: cpu |\n| --- | --- | --- | --- | --- | --- |\n", name)
	first := measure.Median(costs[0])
	for i, v := range variants {
		median := measure.Median(costs[i])
		fmt.Fprintf(out, "| %s | %s | %s | %s | %d | %s |\n", v.name, measure.Millis(median.Wall), measure.Millis(median.CPU),
			measure.Millis(measure.Least(costs[i]).CPU), time.Second/max(median.Wall, 1), measure.Ratio(median.CPU, first.CPU))
	}
}
