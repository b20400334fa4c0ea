package policies_test

import (
	"context"
	"io/fs"
	"os"
	"runtime/debug"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/race"
	"github.com/prodgate/prodgate/policies"
)

// TestMain collects garbage less often: compiled policies are large and live long.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

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

// TestRego runs the Rego tests, as "opa test policies" does, without the built-in
// functions that no rule may use. "make policy-test" asks stock OPA whether they
// cover every line, which takes four times as long.
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
	results, err := tester.NewRunner().
		SetCompiler(ast.NewCompiler().WithCapabilities(evaluator.Capabilities())).
		SetStore(store).
		SetModules(parse(t)).
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
}
