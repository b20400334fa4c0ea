package examples_test

import (
	"context"
	"fmt"
	"os"

	"github.com/prodgate/prodgate/evaluator"
)

// deploy asks the gate about a saved document.
func deploy(ctx context.Context, document []byte) error {
	gate, err := evaluator.New(ctx, evaluator.Options{Packs: []string{"pack"}})
	if err != nil {
		return err // a pack that cannot be loaded, with the file and a hint
	}
	decision, err := gate.Replay(ctx, document)
	if err != nil {
		return err // no decision, which is never an allow
	}
	if decision.Outcome != evaluator.Allow {
		return fmt.Errorf("%s: %d findings", decision.Outcome, len(decision.Findings))
	}
	fmt.Println("deploying", *decision.Deploy)
	return nil
}

func Example_embedding() {
	for _, story := range []string{"allow", "wait-freeze"} {
		document, err := os.ReadFile("../fixtures/cases/" + story + "/input.json")
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := deploy(context.Background(), document); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// deploying registry.example.com/payments/payments-api@sha256:3e8a9ab5a90f51bc45965417c5829783b0df70ff7b34ba937167929cefe50559
	// deny: 1 findings
}
