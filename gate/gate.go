// Package gate makes one decision: it collects the facts about a request, decides
// on them by the policies, and records the decision in the audit trail. Nothing
// else puts these steps together.
//
// It takes values (sources, policies, trail, clock, request), never flags,
// environment variables or standard streams, and it prints nothing. What is
// acceptable is for the policies to define, and how a decision is shown for
// internal/report.
package gate

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
)

// Gate is what a process decides with.
type Gate struct {
	Sources  collectors.Config
	Policies *evaluator.Evaluator
	Trail    *Trail           // nil: decisions are not recorded
	Clock    func() time.Time // nil: time.Now

	// Timeout bounds each attempt to collect and decide, and recording. 0: no
	// bound but that of the context.
	Timeout time.Duration

	// Wait, if set, decides again when time alone holds the request back.
	Wait *Wait

	// Collected, if set, is called with each collected document before it is
	// decided on. Its error ends the run without a decision.
	Collected func(*facts.Document) error

	// Weakened, if set, lists what loosened this run (switches, replaced policies)
	// beyond what the document shows. It is called after each evaluation.
	Weakened func(context.Context, *evaluator.Input) ([]string, error)
}

// Request is one question: may this artifact be deployed to this environment now?
type Request struct {
	facts.Request

	// Saved is a document to decide on instead of collecting one; nil: collect.
	// Such a decision has the mode "document" and counts for nothing later.
	Saved *evaluator.Input

	// At decides as of this time instead of the clock's; nil: the clock's. Such a
	// decision has the mode "simulate" and counts for nothing later.
	At *time.Time
}

// Result is the answer to a request.
type Result struct {
	Decision evaluator.Decision
	Input    *evaluator.Input // what the decision rests on

	// Recorded is what the trail returned; nil if the gate has no trail.
	Recorded *Recorded
}

// TimeoutError is the error of a run that ended at Gate.Timeout.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string { return fmt.Sprintf("no decision within %s", e.After) }

// UnrecordedError is the error of a decision that the trail does not hold. Such
// a decision must be treated as a denial.
type UnrecordedError struct{ Err error }

func (e *UnrecordedError) Error() string { return e.Err.Error() }
func (e *UnrecordedError) Unwrap() error { return e.Err }

// Run answers a request: it collects, decides, waits if the gate is configured to, and
// records the last decision. An error means that there is no decision: treat the
// request as denied.
func (g *Gate) Run(ctx context.Context, req Request) (*Result, error) {
	result, err := g.decide(ctx, req)
	if err == nil && g.Wait != nil {
		result, err = g.Wait.until(ctx, g.now, result, func() (*Result, error) { return g.decide(ctx, req) })
	}
	if err != nil {
		return nil, err
	}
	if err := g.record(ctx, result); err != nil {
		return nil, &UnrecordedError{err}
	}
	return result, nil
}

// decide collects and decides once.
func (g *Gate) decide(ctx context.Context, req Request) (result *Result, err error) {
	err = g.Within(ctx, func(ctx context.Context) error {
		input, err := g.Input(ctx, req)
		if err != nil {
			return err
		}
		decision, err := g.Policies.Decide(ctx, input)
		if err != nil {
			return err
		}
		weakened, err := g.weakened(ctx, input)
		decision.Weakened = append(decision.Weakened, weakened...)
		result = &Result{Decision: decision, Input: input}
		return err
	})
	return result, err
}

// When searches the times at which the gate is open for a request. Nothing is
// recorded. until is called with the instant that the search begins at.
func (g *Gate) When(ctx context.Context, req Request, search func(from time.Time) (evaluator.Search, error)) (schedule evaluator.Schedule, err error) {
	err = g.Within(ctx, func(ctx context.Context) error {
		input, err := g.Input(ctx, req)
		if err != nil {
			return err
		}
		reach, err := search(input.Now())
		if err != nil {
			return err
		}
		if schedule, err = g.Policies.When(ctx, input, reach); err != nil {
			return err
		}
		weakened, err := g.weakened(ctx, input)
		schedule.Weakened = append(schedule.Weakened, weakened...)
		return err
	})
	return schedule, err
}

// Input is the document that a request is decided on: the saved one, or one that
// is collected now.
func (g *Gate) Input(ctx context.Context, req Request) (*evaluator.Input, error) {
	input := req.Saved
	if input == nil {
		doc := g.Collect(ctx, req)
		if err := ctx.Err(); err != nil {
			return nil, err // a source that was cut off looks like a broken one
		}
		if g.Collected != nil {
			if err := g.Collected(doc); err != nil {
				return nil, err
			}
		}
		var err error
		if input, err = evaluator.FromDocument(doc); err != nil {
			return nil, err
		}
	}
	if req.At != nil {
		input = input.At(*req.At)
	}
	return input, nil
}

// Collect gathers the facts about a request from every source, or from those of
// the sections in only. The image reference is resolved once, to a digest. One
// that cannot be resolved is no error here: its source reports it, and the checks
// that need it deny.
func (g *Gate) Collect(ctx context.Context, req Request, only ...string) *facts.Document {
	sources := g.Sources
	sources.Now, sources.Clock = g.now, g.now
	sources.Service, sources.Environment = req.Service, req.Environment
	if req.At != nil {
		sources.Clock = func() time.Time { return *req.At } // the calendar is collected around that instant
	}
	sources.Verifier = g.verifier(req.Request)
	if digest, err := collectors.Resolve(ctx, sources, req.Reference); err == nil {
		req.Digest = digest
	}
	from := collectors.All(sources)
	if len(only) > 0 {
		from = slices.DeleteFunc(from, func(c collectors.Collector) bool { return !slices.Contains(only, c.Name()) })
	}
	return collectors.Gather(ctx, g.now, req.Request, from)
}

func (g *Gate) weakened(ctx context.Context, input *evaluator.Input) ([]string, error) {
	if g.Weakened == nil {
		return nil, nil
	}
	return g.Weakened(ctx, input)
}

func (g *Gate) now() time.Time {
	if g.Clock == nil {
		return time.Now()
	}
	return g.Clock()
}

// Within gives do the time of one attempt, Timeout.
func (g *Gate) Within(ctx context.Context, do func(context.Context) error) error {
	if g.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, g.Timeout, &TimeoutError{g.Timeout})
		defer cancel()
	}
	err := do(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil && ctx.Err() != nil {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return err
}
