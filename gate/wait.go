package gate

import (
	"context"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/evaluator"
)

// Wait says how long to wait for a gate that time alone opens.
type Wait struct {
	For   time.Duration                              // from the first decision on
	Sleep func(context.Context, time.Duration) error // nil: real time passes
	Tell  func(Waiting)                              // nil: no progress is reported
}

// Waiting is what a run that waits is about to do.
type Waiting struct {
	Step     Step
	OpensAt  time.Time     // when the gate opens
	Deadline time.Time     // when Wait.For ends
	Left     time.Duration // until OpensAt
	Decision *evaluator.Decision
}

// Step is a step of waiting.
type Step int

// The steps of waiting.
const (
	TooFar   Step = iota // the gate opens after the deadline: no waiting
	Sleeps               // waits until OpensAt
	Collects             // collects and decides again
)

// MovedError is the error of a reference that named another image after waiting.
type MovedError struct{ Before, After string } // repository@digest

func (e *MovedError) Error() string {
	return fmt.Sprintf("while waiting for %s, the reference has come to name %s", e.Before, e.After)
}

// exitWait is the exit code of a denial that time alone ends.
const exitWait = 3

// glance is how often a waiting process looks at the clock: a machine that was
// asleep, or whose clock was set, must not oversleep.
const glance = 30 * time.Second

// until decides again while time alone holds the request back and the opening is
// not further away than w.For. It returns the last result.
func (w *Wait) until(ctx context.Context, now func() time.Time, result *Result, again func() (*Result, error)) (*Result, error) {
	deadline := now().Add(w.For)
	for d := &result.Decision; d.ExitCode == exitWait && d.OpensAt != nil; d = &result.Decision {
		tell := Waiting{OpensAt: *d.OpensAt, Deadline: deadline, Left: d.OpensAt.Sub(now()), Decision: d}
		if d.OpensAt.After(deadline) {
			w.tell(tell, TooFar)
			return result, nil
		}
		w.tell(tell, Sleeps)
		if err := w.sleepUntil(ctx, now, *d.OpensAt); err != nil {
			return nil, fmt.Errorf("wait for the gate to open: %w", err)
		}
		w.tell(tell, Collects)
		next, err := again()
		if err != nil {
			return nil, err
		}
		if err := sameArtifact(d, &next.Decision); err != nil {
			return nil, err
		}
		result = next
	}
	return result, nil
}

func (w *Wait) tell(what Waiting, step Step) {
	if w.Tell != nil {
		what.Step = step
		w.Tell(what)
	}
}

// sameArtifact refuses another image than the one that was waited for: the tag
// was moved in the meantime. An artifact that can no longer be read is denied by
// its checks.
func sameArtifact(was, is *evaluator.Decision) error {
	if was.Deploy != nil && is.Deploy != nil && *was.Deploy != *is.Deploy {
		return &MovedError{Before: *was.Deploy, After: *is.Deploy}
	}
	return nil
}

// sleepUntil returns when the clock shows at, or with ctx's error. It takes at
// least a second, so that a clock behind the evaluator's cannot make it spin.
func (w *Wait) sleepUntil(ctx context.Context, now func() time.Time, at time.Time) error {
	sleep := w.Sleep
	if sleep == nil {
		sleep = rest
	}
	left := max(at.Sub(now()), time.Second)
	for left > 0 {
		if err := sleep(ctx, min(left, glance)); err != nil {
			return err
		}
		left = at.Sub(now())
	}
	return nil
}

// rest lets real time pass.
func rest(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
