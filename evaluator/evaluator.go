// Package evaluator makes decisions: it compiles the policies once and evaluates them
// over input documents, without I/O, clock or randomness.
//
// It must not gather facts (package collectors) and must not judge by itself:
// every rule is Rego, in package policies or in a policy pack.
package evaluator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/policies"
)

// Options lists what decides in addition to the shipped policies.
type Options struct {
	// Packs are folders or bundle.tar.gz files with an organisation's own
	// checks (prodgate.v1.checks.<org>_<name>) and settings
	// (data.prodgate.organisation). They add; they cannot replace.
	Packs []string
}

// Evaluator decides on documents. It is safe for concurrent use.
type Evaluator struct {
	rules    *ruleSet
	compiler *ast.Compiler
	query    ast.Body
	store    storage.Store
	policy   PolicyID
	names    names // the environments and services that settings list
	known    *ruleTree
	queries  sync.Map // text → compiled ast.Body
	warm     sync.Map // subject's environment and service → *inForce
	catalog  catalog

	originsOnce  sync.Once
	originsFound map[string]*origin // see pair.go
}

// New compiles the shipped policies and the packs. It fails, with file and
// remedy, if a pack leaves its packages, contains an unknown or malformed
// setting, lacks a required part of a check, or uses a built-in function whose
// result does not depend only on the document.
func New(ctx context.Context, options Options) (*Evaluator, error) {
	return newFrom(ctx, policies.FS, options)
}

// newFrom is New with the shipped policies from elsewhere.
func newFrom(ctx context.Context, shipped fs.FS, options Options) (*Evaluator, error) {
	rules, err := loadRules(shipped, options.Packs)
	if err != nil {
		return nil, err
	}
	if err := checkSettings(rules); err != nil {
		return nil, err
	}
	e := &Evaluator{rules: rules, names: listedNames(rules)}
	if e.policy, err = rules.identity(); err != nil {
		return nil, err
	}
	if err := e.compile(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("compile policies: %w", err)
	}
	e.catalog.rules = rules
	if len(rules.packs) > 0 {
		if err := e.checkPackChecks(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// decisionQuery binds the one result.
const decisionQuery = "decision = data.prodgate.v1.deploy.decision"

func (e *Evaluator) compile() error {
	capabilities := Capabilities()
	modules, err := e.rules.parse(capabilities)
	if err != nil {
		return err
	}
	if err := checkImports(modules); err != nil {
		return err
	}
	e.compiler = ast.NewCompiler().WithCapabilities(capabilities)
	if len(e.rules.packs) == 0 && !e.rules.recorded {
		e.compiler.WithSkipStages(provenStages...)
	}
	e.compiler.Compile(modules)
	if e.compiler.Failed() {
		return fmt.Errorf("compile policies: %w", e.compiler.Errors)
	}
	if err := useOwnZones(e.compiler); err != nil {
		return fmt.Errorf("compile policies: %w", err)
	}
	data, err := normalise(e.rules.data())
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	e.store = inmem.NewFromObjectWithOpts(data.(map[string]any), inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	if e.query, err = e.compileQuery(decisionQuery); err != nil {
		return err
	}
	e.known = newRuleTree(e.compiler)
	return nil
}

// compileQuery compiles a query that binds one variable; each only once.
func (e *Evaluator) compileQuery(text string) (ast.Body, error) {
	if found, ok := e.queries.Load(text); ok {
		return found.(ast.Body), nil
	}
	body, err := ast.ParseBody(text)
	if err != nil {
		return nil, fmt.Errorf("compile query %q: %w", text, err)
	}
	compiled, err := e.compiler.QueryCompiler().Compile(body)
	if err != nil {
		return nil, fmt.Errorf("compile query %q: %w", text, err)
	}
	e.queries.Store(text, compiled)
	return compiled, nil
}

// provenStages are the compiler's checks that find mistakes in rules and
// change nothing in their meaning. The shipped rules, alone, have passed them:
// a test compiles them with every stage, and with all of OPA's strictness.
var provenStages = []ast.StageID{
	ast.StageCheckUnusedImports,
	ast.StageCheckKeywordOverrides,
	ast.StageCheckDuplicateImports,
	ast.StageCheckVoidCalls,
	ast.StageCheckRuleConflicts,
	ast.StageCheckUndefinedFuncs,
	ast.StageCheckSafetyRuleHeads,
	ast.StageCheckRecursion,
	ast.StageCheckTypes,
	ast.StageCheckUnsafeBuiltins,
	ast.StageCheckDeprecatedBuiltins,
	ast.StageBuildRequiredCapabilities,
}

// Policy identifies the rules that decide.
func (e *Evaluator) Policy() PolicyID { return e.policy }

// Zones is the release of the time zone data that Policy's digest covers, such
// as "2025c"; empty for a bundle from before it was covered. Whatever it is,
// decisions are made with the binary's own.
func (e *Evaluator) Zones() string { return e.rules.zones }

// ErrNoDecision is in every error that means: there is no decision, which is
// never an allow.
var ErrNoDecision = errors.New("no decision")

// Evaluate decides on doc as of its own now. The decision's mode is enforce if
// this process collected doc, else document. An error means no decision.
func (e *Evaluator) Evaluate(ctx context.Context, doc *facts.Document) (Decision, error) {
	input, err := FromDocument(doc)
	if err != nil {
		return Decision{}, err
	}
	return e.Decide(ctx, input)
}

// EvaluateAt decides on doc as of another instant, all facts but now
// unchanged. The decision's mode is simulate.
func (e *Evaluator) EvaluateAt(ctx context.Context, doc *facts.Document, at time.Time) (Decision, error) {
	input, err := FromDocument(doc)
	if err != nil {
		return Decision{}, err
	}
	return e.Decide(ctx, input.At(at))
}

// Replay decides on a saved document, given as the bytes of its file. The
// decision's mode is document.
func (e *Evaluator) Replay(ctx context.Context, document []byte) (Decision, error) {
	input, err := Read("input", document)
	if err != nil {
		return Decision{}, err
	}
	return e.Decide(ctx, input)
}

// ReplayAt is Replay as of another instant. The decision's mode is simulate.
func (e *Evaluator) ReplayAt(ctx context.Context, document []byte, at time.Time) (Decision, error) {
	input, err := Read("input", document)
	if err != nil {
		return Decision{}, err
	}
	return e.Decide(ctx, input.At(at))
}

// Decide decides on a prepared input. It may be called again and concurrently
// with the same input.
func (e *Evaluator) Decide(ctx context.Context, in *Input) (Decision, error) {
	if err := e.names.check(in.doc.Request); err != nil {
		return Decision{}, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	run, err := e.start(ctx, in)
	if err != nil {
		return Decision{}, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	decision, err := run.decide()
	if err != nil {
		return Decision{}, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	return decision, nil
}
