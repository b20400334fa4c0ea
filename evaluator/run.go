package evaluator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/prodgate/prodgate/facts"
)

// run is one decision while it is made.
type run struct {
	*Evaluator
	ctx context.Context
	in  *Input

	inForce   *inForce   // the settings
	recording *recording // the results of the first evaluation
}

func (e *Evaluator) start(ctx context.Context, in *Input) (*run, error) {
	inForce, err := e.settingsFor(ctx, in.doc.Request)
	if err != nil {
		return nil, err
	}
	return &run{Evaluator: e, ctx: ctx, in: in, inForce: inForce}, nil
}

// begin is the cache of a first evaluation: it knows the settings.
func (r *run) begin() *recording {
	recording := newRecording(r.known, nil, !r.in.now.Before(r.in.doc.CollectedAt))
	recording.before = r.inForce.settled.Load()
	return recording
}

// later is the cache of an evaluation as of a later instant: it knows what does
// not depend on now.
func (r *run) later() *recording {
	recording := newRecording(r.known, r.recording.root(), r.recording.settled)
	recording.before = r.recording.before
	return recording
}

// whole evaluates the whole decision as of instant, recomputes its outcome and
// finds that they agree.
func (r *run) whole(instant time.Time, cache *recording) (*result, error) {
	value, err := r.query1(r.ctx, r.query, r.in.term(instant), cache)
	if err != nil {
		return nil, err
	}
	found, err := decodeResult(value)
	if err != nil {
		return nil, err
	}
	return found, r.requiresLoaded(found)
}

// requiresLoaded returns an error if a check of a loaded pack is not required. The
// rules of a recorded bundle may be older than that promise.
func (r *run) requiresLoaded(found *result) error {
	if r.rules.recorded {
		return nil
	}
	for _, name := range r.rules.checks {
		if !slices.Contains(found.required, name) {
			return fmt.Errorf("the policies do not require %s, which a pack has", name)
		}
	}
	return nil
}

// query1 evaluates a query that binds one variable and must have exactly one
// result. Built-in errors are errors; ctx ends it.
func (e *Evaluator) query1(ctx context.Context, query ast.Body, input *ast.Term, cache topdown.VirtualCache) (ast.Value, error) {
	txn, err := e.store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("evaluate policies: %w", err)
	}
	defer e.store.Abort(ctx, txn)
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	results, err := topdown.NewQuery(query).
		WithCompiler(e.compiler).
		WithBuiltins(ownZones()).
		WithStore(e.store).
		WithTransaction(txn).
		WithInput(input).
		WithCancel(cancel).
		WithTime(time.Unix(0, 0)).
		WithSeed(zeros{}).
		WithStrictBuiltinErrors(true).
		WithVirtualCache(cache).
		Run(ctx)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("evaluate policies: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("evaluate policies: %w", err)
	}
	if len(results) != 1 || len(results[0]) != 1 {
		return nil, errNoResult
	}
	for _, bound := range results[0] {
		return bound.Value, nil
	}
	return nil, errNoResult
}

// errNoResult means that the query is undefined.
var errNoResult = errors.New("evaluate policies: they gave no result; is the kind of request known?")

// zeros is the seed: no rule can use randomness.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// decide evaluates as of the input's now and then searches time.
func (r *run) decide() (Decision, error) {
	r.recording = r.begin()
	first, err := r.whole(r.in.now, r.recording)
	if err != nil {
		return Decision{}, err
	}
	findings, err := r.explain(first)
	if err != nil {
		return Decision{}, err
	}
	r.inForce.learn(r.recording)
	decision := r.assemble(first, findings)
	if decision.Outcome == Allow {
		err = r.findValidUntil(&decision)
	} else {
		err = r.findOpening(&decision)
	}
	if err != nil {
		return Decision{}, err
	}
	decision.ExitCode = exitCode(&decision)
	return decision, nil
}

func (r *run) assemble(from *result, findings []Finding) Decision {
	doc := r.in.doc
	d := Decision{
		Outcome: from.outcome,
		Mode:    r.in.mode,
		Request: Subject{
			ID:          doc.Request.ID,
			Service:     doc.Request.Service,
			Environment: doc.Request.Environment,
			Kind:        string(doc.Request.Kind),
			Emergency:   doc.Request.Emergency,
		},
		Now:           r.in.now,
		Required:      from.required,
		Passed:        from.passed,
		NotApplicable: from.notApplicable,
		Findings:      findings,
		Then:          []Finding{},
		Policy:        r.policy,
		Input:         InputID{Digest: r.in.digest},
		Sources:       doc.Sources,
		Weakened:      []string{},
	}
	if r.rules.recorded && d.Mode == ModeEnforce {
		d.Mode = ModeDocument
	}
	if a := doc.Artifact; a != nil {
		deploy := a.Repository + "@" + a.Digest
		d.Deploy, d.Platforms = &deploy, platformsOf(a)
	}
	return d
}

// platformsOf are the digests of the platforms of an index, sorted.
func platformsOf(a *facts.Artifact) []string {
	var digests []string
	for _, p := range a.Platforms {
		if p.Digest != a.Digest {
			digests = append(digests, p.Digest)
		}
	}
	slices.Sort(digests)
	return slices.Compact(digests)
}

// exitCode is the process's exit code for a decision (DESIGN: 0, 1, 3).
func exitCode(d *Decision) int {
	switch {
	case d.Outcome == Allow:
		return 0
	case d.OpensAt != nil:
		return 3
	default:
		return 1
	}
}

// sortFindings puts denials first. Within an effect, causes come before
// consequences: a source that could not be read comes before its consequences. Then
// comes what must be fixed, what must be asked for and what must be waited for.
func sortFindings(findings []Finding) {
	slices.SortFunc(findings, func(a, b Finding) int {
		return compareAll(
			rank(a.Effect, EffectDeny, EffectWarn, EffectWaived)-rank(b.Effect, EffectDeny, EffectWarn, EffectWaived),
			causes(b)-causes(a),
			rank(a.Cure, CureFix, CureAsk, CureWait)-rank(b.Cure, CureFix, CureAsk, CureWait),
			compareText(a.Code, b.Code),
			compareText(text(a.Item), text(b.Item)),
			compareText(a.Path, b.Path),
			compareText(a.Message, b.Message),
		)
	})
}

// causes is 1 for a finding that others may follow from, else 0.
func causes(f Finding) int {
	if strings.HasPrefix(f.Code, "source.") {
		return 1
	}
	return 0
}
