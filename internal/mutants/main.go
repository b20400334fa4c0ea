// Mutants tests the tests of the shipped policies: it breaks one thing in one
// rule, runs the Rego tests with stock OPA's runner, and reports the broken
// rules ("mutants") that every test still passes.
//
//	go run ./internal/mutants [-sample 60 -seed 1] [-only PATTERN] [-time 1h]
//
// A mutant drops one expression of a body or one "not", turns one comparison,
// or flips one constant boolean. Tests, their documents and METADATA stay as
// they are, and so do assignments, whose variable the rest of the body needs.
//
// A mutant that changes no answer is equivalent to the rule. policies/mutants.txt
// lists those that a person has reviewed, each with the reason.
//
// It exits with 1 if a mutant survives that is not listed, if a listed one is
// killed or no longer exists, if the time was too short to try all, or if the
// tests fail without any mutant; with 2 if it cannot run. It changes no file, and
// must not decide: nothing that decides imports it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"time"
)

// options are what the command line says.
type options struct {
	policies   string // folder of the rules and their tests
	equivalent string // file of the reviewed mutants that change no answer
	sample     int    // how many mutants to try; 0 for all
	seed       uint64 // which sample
	only       *regexp.Regexp
	time       time.Duration // bound of the whole run
	workers    int
	progress   io.Writer
}

// errFound means that the run came to its end and something must be done.
var errFound = errors.New("see above")

func main() {
	var o options
	var only string
	flag.StringVar(&o.policies, "policies", "policies", "`folder` of the rules and their tests")
	flag.StringVar(&o.equivalent, "equivalent", "policies/mutants.txt", "`file` that lists the equivalent mutants")
	flag.IntVar(&o.sample, "sample", 0, "try `N` mutants that are not listed as equivalent (default all)")
	flag.Uint64Var(&o.seed, "seed", 1, "which sample")
	flag.StringVar(&only, "only", "", "try the mutants whose \"file: rule: change\" matches this `regexp`")
	flag.DurationVar(&o.time, "time", 2*time.Hour, "end after this `duration`")
	flag.IntVar(&o.workers, "workers", runtime.NumCPU(), "how many mutants to try at a time")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(only); err != nil {
		fmt.Fprintln(os.Stderr, "error: -only:", err)
		os.Exit(2)
	}
	o.progress = os.Stderr
	os.Exit(exit(o))
}

// exit runs the program and returns its exit code.
func exit(o options) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Stdout, o)
	switch {
	case errors.Is(err, errFound):
		return 1
	case err != nil:
		fmt.Fprintln(os.Stderr, "error:", err)
		return 2
	}
	return 0
}

// run tries the mutants that o chooses and writes what came of them to out.
func run(ctx context.Context, out io.Writer, o options) error {
	if o.workers < 1 || o.sample < 0 {
		return fmt.Errorf("-workers must be at least 1 and -sample at least 0")
	}
	ctx, cancel := context.WithTimeout(ctx, o.time)
	defer cancel()
	listed, err := readList(o.equivalent)
	if err != nil {
		return err
	}
	tests, err := load(o.policies)
	if err != nil {
		return err
	}
	all, err := tests.mutants()
	if err != nil {
		return err
	}
	chosen := choose(all, listed, o)
	if len(chosen) == 0 {
		return fmt.Errorf("no mutant to try: -only %q matches none of %d", o.only, len(all))
	}
	if err := tests.baseline(ctx, o.workers); err != nil {
		return err
	}
	fmt.Fprintf(o.progress, "%d of %d mutants to try, with %d tests\n", len(chosen), len(all), len(tests.tests))
	verdicts, err := tests.try(ctx, chosen, o.workers, o.progress)
	if err != nil {
		return err
	}
	if !report(out, all, chosen, verdicts, listed) {
		return errFound
	}
	return nil
}
