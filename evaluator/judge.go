package evaluator

import (
	"context"
	"fmt"
)

// Judgement is a decision without the results of a search of time.
type Judgement struct {
	Outcome       Outcome
	Required      []string
	Passed        []string
	NotApplicable []string
	Findings      []Finding // as Decide's, except OpensAt, which is always nil
}

// Judge decides on a prepared input as of its now, and searches no time: what it
// gives equals what Decide gives, in a fraction of the time where Decide would
// look for the instant at which a gate opens or shuts. It may be called again
// and concurrently with the same input. An error means no decision.
func (e *Evaluator) Judge(ctx context.Context, in *Input) (Judgement, error) {
	judgement, _, err := e.judge(ctx, in, nil)
	return judgement, err
}

// judge also returns what it evaluated on the way. Where base
// is there, it says what is known already, and of which rules.
func (e *Evaluator) judge(ctx context.Context, in *Input, base func(*run) (*resultNode, agreement, error)) (judgement Judgement, cache *recording, err error) {
	defer func() {
		if caught := recover(); caught != nil {
			judgement, cache, err = Judgement{}, nil, fmt.Errorf("%w: the rules cannot be evaluated: %v", ErrNoDecision, caught)
		}
	}()
	if err := e.names.check(in.doc.Request); err != nil {
		return Judgement{}, nil, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	run, err := e.start(ctx, in)
	if err != nil {
		return Judgement{}, nil, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	cache = run.begin()
	if base != nil {
		if cache.base, cache.agreed, err = base(run); err != nil {
			return Judgement{}, nil, fmt.Errorf("%w: %w", ErrNoDecision, err)
		}
	}
	result, err := run.whole(in.now, cache)
	if err != nil {
		return Judgement{}, nil, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	findings, err := run.explain(result)
	if err != nil {
		return Judgement{}, nil, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	run.inForce.learn(cache)
	return Judgement{
		Outcome: result.outcome, Required: result.required, Passed: result.passed,
		NotApplicable: result.notApplicable, Findings: findings,
	}, cache, nil
}
