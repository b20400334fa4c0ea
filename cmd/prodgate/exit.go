package main

import (
	"errors"
	"fmt"
)

// The exit codes. No flag and no output format changes their meaning.
const (
	// exitAllow: the decision is allow and every output is written; for a
	// command that makes no decision: it succeeded.
	exitAllow = 0

	// exitDeny: the decision is deny, and something must be fixed or someone
	// must act; or a policy test failed.
	exitDeny = 1

	// exitNoDecision: nothing was decided, because of usage, configuration,
	// broken input, an interruption or an error. Treat it as blocked. A Go
	// panic ends with the same code.
	exitNoDecision = 2

	// exitWait: the decision is deny, and the denial clears by itself.
	exitWait = 3
)

// verdict is a result that is not an error but is returned to run as one: the command
// has already printed everything.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("exit code %d", int(v)) }

// exitCode returns the exit code for the result of a command.
func exitCode(err error) int {
	var v verdict
	switch {
	case err == nil:
		return exitAllow
	case errors.As(err, &v):
		return int(v)
	default:
		return exitNoDecision
	}
}

// hinted is an error with a next step, which is printed on its own line.
type hinted struct {
	err  error
	hint string
}

func (h hinted) Error() string { return h.err.Error() }
func (h hinted) Unwrap() error { return h.err }

// usage is an error in how the command was called.
func usage(hint, format string, args ...any) error {
	return hinted{err: fmt.Errorf(format, args...), hint: hint}
}
