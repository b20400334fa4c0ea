// Cold measures whole processes, side by side in one interleaved run: prodgate
// against opa eval and conftest, on the same policies and input documents.
//
//	go run ./internal/bench/cold [-rounds 21] [-bin bin/bench]
//
// It builds prodgate, installs the other two by "go install" into -bin, and
// writes Markdown tables to standard output. It judges nothing: a ratio over
// its budget is a number, not a failure. A program whose answer is not the
// story's ends it, since its time would mean nothing.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/prodgate/prodgate/internal/bench/measure"
)

// stories are the input documents and prodgate's exit code for each.
var stories = []struct {
	name string
	exit int
}{
	{"allow", 0},
	{"deny-critical-cve", 1},
	{"wait-soak", 3},
}

func main() {
	rounds := flag.Int("rounds", 21, "how often each program runs on each story")
	bin := flag.String("bin", "bin/bench", "folder for the programs that are measured")
	flag.Parse()
	if err := run(os.Stdout, *rounds, *bin); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, rounds int, bin string) error {
	if rounds < 1 {
		return fmt.Errorf("-rounds is %d; it is at least 1", rounds)
	}
	work, err := os.MkdirTemp("", "prodgate-bench-")
	if err != nil {
		return fmt.Errorf("make a folder for the policies: %w", err)
	}
	defer os.RemoveAll(work)
	programs, err := prepare(bin, work)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "## Cold start\n\n%s. Medians of %d interleaved runs.\n", measure.Machine(), rounds)
	floor, err := floor()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Peak memory under %.1f MiB cannot be distinguished from this program's own.\n", mebi(floor))
	for _, story := range stories {
		costs, err := race(programs, filepath.Join("fixtures/cases", story.name, "input.json"), story.exit, rounds)
		if err != nil {
			return fmt.Errorf("story %s: %w", story.name, err)
		}
		table(out, story.name, programs, costs)
	}
	return nil
}

// race runs every program once a round, so that whatever else the machine does
// hits all of them alike.
func race(programs []program, input string, exit, rounds int) ([]measure.Cost, error) {
	costs := make([][]measure.Cost, len(programs))
	for range rounds + 1 {
		for i, p := range programs {
			cost, err := p.run(input, exit)
			if err != nil {
				return nil, err
			}
			costs[i] = append(costs[i], cost)
		}
	}
	medians := make([]measure.Cost, 0, len(programs))
	for _, c := range costs {
		medians = append(medians, measure.Median(c[1:])) // the first round fills the page cache
	}
	return medians, nil
}

// table shows each program's cost and prodgate's share of it. Prodgate is the
// first.
func table(out io.Writer, story string, programs []program, costs []measure.Cost) {
	fmt.Fprintf(out, "\n| %s | wall ms | cpu ms | peak MiB | prodgate ÷ this: wall | cpu | peak |\n| --- | --- | --- | --- | --- | --- | --- |\n", story)
	mine := costs[0]
	for i, p := range programs {
		c := costs[i]
		fmt.Fprintf(out, "| %s | %s | %s | %.1f | %s | %s | %s |\n", p.name, measure.Millis(c.Wall), measure.Millis(c.CPU), mebi(c.Peak),
			measure.Ratio(mine.Wall, c.Wall), measure.Ratio(mine.CPU, c.CPU), measure.Ratio(mine.Peak, c.Peak))
	}
}

// floor is the peak memory that the system reports for a program that uses
// none: a process begins as its parent's twin.
func floor() (int64, error) {
	cost, _, err := measure.Command(exec.Command("true"))
	return cost.Peak, err
}

func mebi(kibi int64) float64 { return float64(kibi) / 1024 }
