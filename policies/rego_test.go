package policies_test

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/race"
	"github.com/prodgate/prodgate/policies"
)

// data is what stock OPA loads from the only data file.
func data(t *testing.T) map[string]any {
	t.Helper()
	text, err := fs.ReadFile(policies.FS, settingsFile)
	if err != nil {
		t.Fatal(err)
	}
	var settings map[string]any
	if err := yaml.Unmarshal(text, &settings); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"prodgate": map[string]any{"v1": map[string]any{"settings": settings}}}
}

// TestRego runs the Rego tests, as "opa test policies --coverage
// --threshold 100" does, without the built-in functions that no rule may use.
func TestRego(t *testing.T) {
	race.SkipSweep(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	store := inmem.NewFromObject(data(t))
	txn, err := store.NewTransaction(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Abort(ctx, txn)
	modules := parse(t)
	coverage := cover.New()
	results, err := tester.NewRunner().
		SetCompiler(ast.NewCompiler().WithCapabilities(evaluator.Capabilities())).
		SetStore(store).
		SetModules(modules).
		SetCoverageQueryTracer(coverage).
		SetTimeout(time.Minute).
		RunTests(ctx, txn)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for result := range results {
		count++
		switch {
		case result.Error != nil:
			t.Errorf("%s %s.%s: %v", result.Location, result.Package, result.Name, result.Error)
		case !result.Pass():
			t.Errorf("%s %s.%s failed", result.Location, result.Package, result.Name)
		}
	}
	if count < 250 {
		t.Errorf("only %d tests were run", count)
	}
	report := coverage.Report(modules)
	for name, file := range report.Files {
		for _, lines := range file.NotCovered {
			t.Errorf("%s:%d-%d is not covered by a test", name, lines.Start.Row, lines.End.Row)
		}
	}
	if report.Coverage < 100 {
		t.Errorf("the tests cover %.2f %% of the rules", report.Coverage)
	}
}
