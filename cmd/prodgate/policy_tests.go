package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/prodgate/prodgate/policies"
	"github.com/spf13/cobra"
	"gopkg.in/yaml.v3"
)

func newPolicyTest(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test DIR",
		Short: "Run the Rego tests of a policy pack",
		Long: `Test loads the pack together with the shipped policies, as "prodgate eval --policies
DIR" does, then runs every rule with a name that starts with test_. It exits with 1
if a test failed, and with 2 if the pack cannot be loaded or contains no test.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("prodgate policy test DIR", "expected exactly one folder")
			}
			return nil
		},
	}
	coverage := cmd.Flags().Bool("coverage", false, "show the lines of the pack that no test covers")
	run := cmd.Flags().String("run", "", "run only tests with a name that matches this regular expression")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir := std.path(args[0])
		if _, err := load(cmd.Context(), std, []string{dir}); err != nil {
			return err
		}
		t := packTest{std: std, dir: dir, filter: *run}
		if *coverage {
			t.cover = cover.New()
		}
		return t.run(cmd.Context())
	}
	return cmd
}

// packTest is one run of a pack's tests.
type packTest struct {
	std    stdio
	dir    string
	filter string
	cover  *cover.Cover // nil: not asked for
}

// run runs the tests and writes their results. A failed test is
// verdict(exitDeny).
func (t packTest) run(ctx context.Context) error {
	own, store, err := tester.Load([]string{t.dir}, nil)
	if err != nil {
		return fmt.Errorf("read the pack: %w", err)
	}
	modules, err := withShipped(ctx, own, store)
	if err != nil {
		return err
	}
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		return fmt.Errorf("run the tests: %w", err)
	}
	defer store.Abort(ctx, txn)
	x := examiner{compiler: ast.NewCompiler().WithEnablePrintStatements(true), store: store, txn: txn}
	results, err := t.results(ctx, modules, x)
	if err != nil {
		return fmt.Errorf("run the tests: %w", err)
	}
	return t.conclude(ctx, results, own, x)
}

// results are the results of every test, by place.
func (t packTest) results(ctx context.Context, modules map[string]*ast.Module, x examiner) ([]*tester.Result, error) {
	runner := tester.NewRunner().SetCompiler(x.compiler).SetStore(x.store).SetModules(modules).
		CapturePrintOutput(true).RaiseBuiltinErrors(true).Filter(t.filter)
	if t.cover != nil {
		runner.SetCoverageQueryTracer(t.cover)
	} else {
		runner.EnableTracing(true)
	}
	stream, err := runner.RunTests(ctx, x.txn)
	if err != nil {
		return nil, err
	}
	var results []*tester.Result
	for r := range stream {
		results = append(results, r)
	}
	slices.SortFunc(results, func(a, b *tester.Result) int {
		return cmp.Or(cmp.Compare(a.Location.File, b.Location.File), cmp.Compare(a.Location.Row, b.Location.Row), cmp.Compare(a.Name, b.Name))
	})
	return results, ctx.Err()
}

// conclude writes the results and a count. No test at all is an error: it
// reads like success and is none.
func (t packTest) conclude(ctx context.Context, results []*tester.Result, own map[string]*ast.Module, x examiner) error {
	var b bytes.Buffer
	passed, failed, skipped := 0, 0, 0
	for _, r := range results {
		switch {
		case r.Pass():
			passed++
		case r.Skip:
			skipped++
			fmt.Fprintf(&b, "SKIP  %s.%s  %s\n", r.Package, r.Name, r.Location)
		default:
			failed++
			x.failure(ctx, &b, r)
		}
	}
	if t.cover != nil {
		uncovered(&b, t.cover.Report(own))
		if failed > 0 {
			b.WriteString("Run it without --coverage to see what the failed tests expected.\n")
		}
	}
	fmt.Fprintf(&b, "%d tests: %d passed, %d failed, %d skipped\n", len(results), passed, failed, skipped)
	if err := writeText(t.std, b.String()); err != nil {
		return err
	}
	switch {
	case failed > 0:
		return verdict(exitDeny)
	case passed == 0:
		return usage("name the rules test_…, in a file that ends with _test.rego", "no test ran in %s", t.dir)
	}
	return nil
}

// uncovered writes how much of each file of the pack the tests reached.
func uncovered(b *bytes.Buffer, report cover.Report) {
	for _, name := range slices.Sorted(maps.Keys(report.Files)) {
		file := report.Files[name]
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		fmt.Fprintf(b, "%5.1f %%  %s\n", file.Coverage, name)
		for _, r := range file.NotCovered {
			fmt.Fprintf(b, "         %s:%d-%d\n", name, r.Start.Row, r.End.Row)
		}
	}
}

// withShipped returns modules together with the shipped ones, and puts the
// shipped settings into the store.
func withShipped(ctx context.Context, own map[string]*ast.Module, store storage.Store) (map[string]*ast.Module, error) {
	modules := map[string]*ast.Module{}
	for name, module := range own {
		modules[name] = module
	}
	err := fs.WalkDir(policies.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(policies.FS, name)
		switch {
		case err != nil:
			return err
		case path.Base(name) == "data.yaml":
			return putData(ctx, store, path.Dir(name), content)
		case !strings.HasSuffix(name, ".rego"), strings.HasSuffix(name, "_test.rego"):
			return nil
		}
		module, err := ast.ParseModule("shipped/"+name, string(content))
		modules["shipped/"+name] = module
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the shipped policies: %w", err)
	}
	return modules, nil
}

// putData puts a YAML file's content into the store, under the path that its
// folder names.
func putData(ctx context.Context, store storage.Store, folder string, content []byte) error {
	var data any
	if err := yaml.Unmarshal(content, &data); err != nil {
		return err
	}
	at, ok := storage.ParsePath("/" + folder)
	if !ok {
		return errors.New("no path for " + folder)
	}
	return storage.Txn(ctx, store, storage.WriteParams, func(txn storage.Transaction) error {
		if err := storage.MakeDir(ctx, store, txn, at[:len(at)-1]); err != nil {
			return err
		}
		return store.Write(ctx, txn, storage.AddOp, at, data)
	})
}
