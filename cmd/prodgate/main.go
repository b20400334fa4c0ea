package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
)

// stdio is everything that a command uses besides files.
type stdio struct {
	in        io.Reader
	out, err  io.Writer
	dir       string   // the working folder
	env       []string // as os.Environ
	clock     func() time.Time
	sleep     func(context.Context, time.Duration) error                             // nil: real time
	exchanges *exchanges                                                             // with systems; nil: they are neither recorded nor replayed
	tokens    *jobTokens                                                             // nil: none is remembered
	compile   func(context.Context, evaluator.Options) (*evaluator.Evaluator, error) // nil: evaluator.New
}

func main() {
	// A run takes milliseconds: it needs no garbage collection unless its input is
	// huge.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(512 << 20)
	// A closed pipe must be a failed write, with exit code 2; SIGPIPE would end the
	// process with another code.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	os.Exit(run(ctx, os.Args[1:], stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr, dir: dir, env: os.Environ(), clock: time.Now}))
}

// policies compiles the shipped policies and packs.
func (s stdio) policies(ctx context.Context, packs []string) (*evaluator.Evaluator, error) {
	compile := s.compile
	if compile == nil {
		compile = evaluator.New
	}
	return compile(ctx, evaluator.Options{Packs: packs})
}

// run does what args say and returns the exit code. It never ends the process
// and never panics.
func run(ctx context.Context, args []string, std stdio) (code int) {
	std.tokens = &jobTokens{}
	std.err = print.NewWriter(std.err) // errors, warnings and progress quote untrusted text
	defer func() {
		if r := recover(); r != nil {
			code = exitNoDecision
			fmt.Fprintf(std.err, "error: prodgate has a bug: %v\nNo decision was made: treat it as blocked. Please report this with the command and these lines:\n%s", r, debug.Stack())
		}
	}()
	root := newRoot(std)
	root.SetArgs(args)
	err := clearOutputs(root, args, std)
	if err == nil {
		err = root.ExecuteContext(ctx)
	}
	code = exitCode(err)
	var v verdict
	if err != nil && !errors.As(err, &v) {
		complain(ctx, std.err, err)
	}
	return code
}

// complain writes err, and what to do about it.
func complain(ctx context.Context, w io.Writer, err error) {
	if context.Cause(ctx) != nil {
		err = fmt.Errorf("interrupted: %w", err)
	}
	fmt.Fprintf(w, "error: %s\n", err.Error())
	for h := (hinted{}); errors.As(err, &h); err = h.err {
		if h.hint != "" {
			fmt.Fprintf(w, "help: %s\n", h.hint)
		}
	}
}
