package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/prodgate/prodgate/evaluator"
)

// maxTest bounds one test. A mutant's test that takes longer counts as failed, so
// it is far more than any test needs.
const maxTest = 5 * time.Minute

// suite is the rules with their tests.
type suite struct {
	folder  string
	modules map[string]*ast.Module // parsed; a compiler copies them
	store   storage.Store
	tests   []test
}

// test is a Rego test that passes without a mutant.
type test struct {
	ref     ast.Ref
	module  string // the package that it is in
	took    time.Duration
	reaches map[string]bool // the rules that it looks up, by ruleKey
}

// verdict is what came of a mutant.
type verdict int

const (
	notTried verdict = iota
	invalid          // does not compile
	killed           // a test failed
	survived
)

// load reads the folder as "opa test" does.
func load(folder string) (*suite, error) {
	modules, store, err := tester.Load([]string{folder}, nil)
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	return &suite{folder: folder, modules: modules, store: store}, nil
}

// isTest reports whether a module is not shipped: tests and their documents.
func (s *suite) isTest(module *ast.Module) bool {
	last := lastOf(module.Package.Path)
	return strings.HasSuffix(last, "_test") || last == "testing"
}

func (s *suite) relative(key string) string {
	if name, err := filepath.Rel(s.folder, key); err == nil {
		return filepath.ToSlash(name)
	}
	return key
}

// ruleKey names a rule with its package.
func ruleKey(path ast.Ref, rule *ast.Rule) string {
	return path.String() + " " + nameOf(rule.Head.Ref()[0])
}

func lastOf(path ast.Ref) string { return nameOf(path[len(path)-1]) }

func nameOf(t *ast.Term) string {
	switch v := t.Value.(type) {
	case ast.Var:
		return string(v)
	case ast.String:
		return string(v)
	}
	return t.String()
}

// runner compiles modules at its first run of tests; afterwards give it nil.
func (s *suite) runner(modules map[string]*ast.Module) *tester.Runner {
	return tester.NewRunner().
		SetCompiler(ast.NewCompiler().WithCapabilities(evaluator.Capabilities())).
		SetStore(s.store).
		SetModules(modules).
		CapturePrintOutput(false).
		SetTimeout(maxTest).
		SetParallel(1)
}

// results runs the tests below ref and waits for all of them.
func (s *suite) results(ctx context.Context, runner *tester.Runner, ref ast.Ref) ([]*tester.Result, error) {
	txn, err := s.store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	defer s.store.Abort(ctx, txn)
	ch, err := runner.SetPrefixMatchers(ref).RunTests(ctx, txn)
	if err != nil {
		return nil, err
	}
	runner.SetModules(nil)
	var all []*tester.Result
	for r := range ch {
		all = append(all, r)
	}
	return all, ctx.Err()
}

// try runs the tests against each of the mutants and returns the verdicts in
// their order. When ctx ends, the rest is not tried.
func (s *suite) try(ctx context.Context, mutants []mutant, workers int, progress io.Writer) ([]verdict, error) {
	verdicts := make([]verdict, len(mutants))
	errs := make([]error, len(mutants))
	var done int
	var mutex sync.Mutex
	inParallel(len(mutants), workers, func(i int) {
		v, err := s.verdict(ctx, mutants[i])
		mutex.Lock()
		defer mutex.Unlock()
		verdicts[i], errs[i] = v, err
		done++
		if v == survived {
			fmt.Fprintf(progress, "%d of %d: survived: %s\n", done, len(mutants), mutants[i])
		} else if done%50 == 0 {
			fmt.Fprintf(progress, "%d of %d\n", done, len(mutants))
		}
	})
	return verdicts, errors.Join(errs...)
}

// inParallel calls work for 0 to n-1, so many at a time, and waits for all.
func inParallel(n, workers int, work func(i int)) {
	queue := make(chan int)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := range queue {
				work(i)
			}
		})
	}
	for i := range n {
		queue <- i
	}
	close(queue)
	group.Wait()
}

// verdict runs the tests that reach the mutant's rule, one after the other, up
// to the first that fails.
func (s *suite) verdict(ctx context.Context, m mutant) (verdict, error) {
	if ctx.Err() != nil {
		return notTried, nil //nolint:nilerr // time is up, which is no error of the mutant
	}
	module := s.modules[m.module].Copy()
	if _, err := sites(module, m.site); err != nil {
		return notTried, err
	}
	tests := s.reaching(m)
	modules := s.needed(tests)
	modules[m.module] = module
	runner := s.runner(modules)
	for _, t := range tests {
		results, err := s.results(ctx, runner, t.ref)
		switch {
		case ctx.Err() != nil:
			return notTried, nil //nolint:nilerr // time is up, which is no error of the mutant
		case errors.As(err, &ast.Errors{}):
			return invalid, nil
		case err != nil:
			return notTried, fmt.Errorf("test %s: %w", m, err)
		}
		if len(results) == 0 {
			return notTried, fmt.Errorf("test %s: %s did not run", m, t.ref)
		}
		if slices.ContainsFunc(results, func(r *tester.Result) bool { return !r.Pass() }) {
			return killed, nil
		}
	}
	return survived, nil
}

// needed is the rules and those test modules that hold tests.
func (s *suite) needed(tests []test) map[string]*ast.Module {
	modules := maps.Clone(s.modules)
	maps.DeleteFunc(modules, func(_ string, m *ast.Module) bool {
		return strings.HasSuffix(lastOf(m.Package.Path), "_test") && !slices.ContainsFunc(tests, func(t test) bool {
			return t.module == m.Package.Path.String()
		})
	})
	return modules
}

// reaching are the tests that look up the mutant's rule: first those of its own
// package, then the others, the fastest first.
func (s *suite) reaching(m mutant) []test {
	own := s.modules[m.module].Package.Path.String() + "_test"
	var tests []test
	for _, t := range s.tests {
		if t.reaches[m.rule] {
			tests = append(tests, t)
		}
	}
	slices.SortStableFunc(tests, func(a, b test) int {
		if (a.module == own) != (b.module == own) {
			if a.module == own {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.took, b.took)
	})
	return tests
}
