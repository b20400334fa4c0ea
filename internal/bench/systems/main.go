// Systems measures a whole "prodgate eval" that reads approvals, people and production
// from GitHub and Microsoft Graph, each of whose answers takes a fixed time.
//
//	go run ./internal/bench/systems [-rounds 9] [-latency 50ms] [-bin bin/bench]
//
// Requests that wait for each other cost their latencies one after another, whatever
// prodgate does. It counts the longest such chain that it saw, and writes how the wall time
// compares with it, and what remains. It judges nothing.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/prodgate/prodgate/internal/bench/measure"
)

func main() {
	rounds := flag.Int("rounds", 9, "how often each configuration is measured")
	latency := flag.Duration("latency", 50*time.Millisecond, "how long each answer takes")
	bin := flag.String("bin", "bin/bench", "folder for the program that is measured")
	flag.Parse()
	if err := run(os.Stdout, *rounds, *latency, *bin); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, rounds int, latency time.Duration, bin string) error {
	if rounds < 1 {
		return fmt.Errorf("-rounds is %d; it is at least 1", rounds)
	}
	program, err := filepath.Abs(filepath.Join(bin, "prodgate"))
	if err != nil {
		return fmt.Errorf("find %q: %w", bin, err)
	}
	if text, err := exec.Command("go", "build", "-o", program, "./cmd/prodgate").CombinedOutput(); err != nil {
		return fmt.Errorf("build prodgate: %w\n%s", err, text)
	}
	fmt.Fprintf(out, "## GitHub and Graph\n\n%s. Medians of %d runs of `prodgate eval`. Each answer takes %s.\n\n", measure.Machine(), rounds, latency)
	fmt.Fprintln(out, "| sources | requests | longest chain | its latency, ms | wall ms | ÷ latency | remaining ms | more than with none, ms | cpu ms |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	rows, err := race(program, rounds, latency)
	if err != nil {
		return err
	}
	for _, r := range rows {
		waited := time.Duration(r.chain) * latency
		own, alone := r.cost.Wall-waited, rows[0].cost.Wall
		fmt.Fprintf(out, "| %s | %d | %d | %s | %s | %s | %s | %s | %s |\n", r.name, r.requests, r.chain,
			measure.Millis(waited), measure.Millis(r.cost.Wall), measure.Ratio(r.cost.Wall, waited), measure.Millis(own), measure.Millis(own-alone), measure.Millis(r.cost.CPU))
	}
	return nil
}

// row is what was measured of a configuration.
type row struct {
	name            string
	requests, chain int
	cost            measure.Cost
}

// race runs the program once a round with every configuration, so that whatever else the
// machine does hits all of them alike.
func race(program string, rounds int, latency time.Duration) ([]row, error) {
	work, err := os.MkdirTemp("", "prodgate-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the configurations: %w", err)
	}
	defer os.RemoveAll(work)
	worlds := make([]world, 0, len(cases))
	for i, c := range cases {
		w, err := c.start(filepath.Join(work, fmt.Sprint(i)), latency)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		defer w.close()
		worlds = append(worlds, w)
	}
	rows, costs := make([]row, len(cases)), make([][]measure.Cost, len(cases))
	for range rounds + 1 {
		for i, w := range worlds {
			w.reset()
			cost, err := eval(program, w)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			costs[i] = append(costs[i], cost)
			rows[i].name = w.name
			rows[i].requests, rows[i].chain = w.chain()
		}
	}
	for i := range rows {
		rows[i].cost = measure.Median(costs[i][1:]) // the first round fills the page cache
	}
	return rows, nil
}

// document is the file for what was collected.
const document = "input.json"

// eval runs prodgate in the folder of a world. It must deny, since only some sections have
// a source, and read those.
func eval(program string, w world) (measure.Cost, error) {
	var text bytes.Buffer
	cmd := exec.Command(program, "eval", "tarball:none.tar", "--save-input", document)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.folder, w.environment, &text, &text
	cost, code, err := measure.Command(cmd)
	if err != nil {
		return cost, err
	}
	if code != 1 {
		return cost, fmt.Errorf("prodgate eval ended with exit code %d, want 1\n%s", code, text.String())
	}
	return cost, allRead(filepath.Join(w.folder, document), w.sections)
}
