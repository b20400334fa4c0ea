package evaluator_test

import (
	"context"
	"os"
	"testing"

	"github.com/prodgate/prodgate/evaluator"
)

func TestAllowStoryIsAllowed(t *testing.T) {
	e, err := evaluator.New(context.Background(), evaluator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../fixtures/cases/allow/input.json")
	if err != nil {
		t.Fatal(err)
	}
	decision, err := e.Replay(context.Background(), document)
	if err != nil {
		t.Fatal(err)
	}
	if decision.Outcome != evaluator.Allow || decision.ExitCode != 0 {
		t.Errorf("outcome %q, exit code %d, findings %v", decision.Outcome, decision.ExitCode, decision.Findings)
	}
}
