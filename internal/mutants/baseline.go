package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// baseline runs every test without a mutant and notes which rules each of them
// looks up: a test that never looks a rule up cannot notice that it changed. An
// error if a test fails, or there is none.
func (s *suite) baseline(ctx context.Context, workers int) error {
	packages := s.testPackages()
	found := make([][]test, len(packages))
	errs := make([]error, len(packages))
	inParallel(len(packages), workers, func(i int) {
		found[i], errs[i] = s.observe(ctx, packages[i])
	})
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("without a mutant: %w", err)
	}
	s.tests = slices.Concat(found...)
	if len(s.tests) == 0 {
		return fmt.Errorf("%s has no tests", s.folder)
	}
	return nil
}

// testPackages are the packages of the tests, sorted.
func (s *suite) testPackages() []ast.Ref {
	var packages []ast.Ref
	for _, m := range s.modules {
		if strings.HasSuffix(lastOf(m.Package.Path), "_test") {
			packages = append(packages, m.Package.Path)
		}
	}
	slices.SortFunc(packages, func(a, b ast.Ref) int { return a.Compare(b) })
	return slices.CompactFunc(packages, func(a, b ast.Ref) bool { return a.Equal(b) })
}

// observe runs the tests of one package.
func (s *suite) observe(ctx context.Context, path ast.Ref) ([]test, error) {
	name := path.String()
	lookups := &lookups{path: path, of: map[string]map[string]bool{}, keys: map[string]string{}}
	runner := s.runner(s.needed([]test{{module: name}})).SetCoverageQueryTracer(lookups)
	results, err := s.results(ctx, runner, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	tests := make([]test, 0, len(results))
	for _, r := range results {
		if !r.Pass() {
			return nil, fmt.Errorf("%s.%s fails", r.Package, r.Name)
		}
		ref := path.Extend(ast.Ref{ast.VarTerm(r.Name)})
		tests = append(tests, test{ref: ref, module: name, took: r.Duration, reaches: lookups.of[r.Name]})
	}
	slices.SortFunc(tests, func(a, b test) int { return a.ref.Compare(b.ref) })
	return tests, nil
}

// lookups notes the rules that are looked up while each test runs. The tests run
// one after the other, and each begins with the lookup of itself.
type lookups struct {
	path    ast.Ref // the package of the tests
	current map[string]bool
	of      map[string]map[string]bool // by the test's name
	keys    map[string]string          // by the reference
}

// Enabled, TraceEvent and Config make it a topdown.QueryTracer.
func (l *lookups) Enabled() bool { return true }

// Config asks for no bindings.
func (l *lookups) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent notes the lookup of a rule.
func (l *lookups) TraceEvent(e topdown.Event) {
	if e.Op != topdown.IndexOp || e.Ref == nil {
		return
	}
	ref := *e.Ref
	if len(ref) == len(l.path)+1 && ref.HasPrefix(l.path) && strings.HasPrefix(nameOf(ref[len(l.path)]), "test_") {
		l.current = map[string]bool{}
		l.of[nameOf(ref[len(l.path)])] = l.current
	}
	if l.current == nil {
		return
	}
	// The rule's name is one of the reference's terms; which, the length of the
	// package's path decides. Every prefix is noted: a wrong one is no rule's.
	text := ref.String()
	if l.current[text] {
		return
	}
	l.current[text] = true
	for i := 1; i < len(ref); i++ {
		l.current[ref[:i].String()+" "+nameOf(ref[i])] = true
	}
}
