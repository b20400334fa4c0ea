package evaluator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
)

// Compile the policies once; decide as often as you like, from any goroutine.
func ExampleNew() {
	gate, err := evaluator.New(context.Background(), evaluator.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("rules of contract", gate.Policy().Version)
	// Output:
	// rules of contract v1
}

// Decide on a document that is in memory. An error means that there is no
// decision, which is never an allow.
func ExampleEvaluator_Evaluate() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	gate, err := evaluator.New(ctx, evaluator.Options{Packs: []string{"../fixtures/organisation"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	saved, err := os.ReadFile("../fixtures/cases/deny-critical-cve/input.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	parsed, err := facts.Parse("input.json", saved)
	if err != nil {
		fmt.Println(err)
		return
	}
	decision, err := gate.Evaluate(ctx, parsed.Document())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(decision.Outcome, decision.ExitCode)
	for _, finding := range decision.Findings {
		fmt.Printf("%s: %s (%s)\n", finding.Code, finding.Message, finding.Cure)
	}
	// Output:
	// deny 1
	// vulnerabilities.denied: CRITICAL CVE-2026-10432 in openssl 3.0.14-1~deb12u1, fixed in 3.0.15-1~deb12u1 (fix)
}

// Decide again on a saved document: the same rules give the same decision, on
// any machine, years later.
func ExampleEvaluator_Replay() {
	gate, err := evaluator.New(context.Background(), evaluator.Options{Packs: []string{"../fixtures/organisation"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	saved, err := os.ReadFile("../fixtures/cases/wait-freeze/input.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	decision, err := gate.Replay(context.Background(), saved)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(decision.Outcome, decision.ExitCode)
	fmt.Println("opens at", decision.OpensAt.Format(time.RFC3339))
	// Output:
	// deny 3
	// opens at 2026-11-24T13:00:00-05:00
}

// What is no document gets no decision.
func ExampleErrNoDecision() {
	gate, err := evaluator.New(context.Background(), evaluator.Options{Packs: []string{"../fixtures/organisation"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	decision, err := gate.Replay(context.Background(), []byte(`{}`))
	fmt.Println(errors.Is(err, evaluator.ErrNoDecision), decision.Outcome == evaluator.Allow)
	// Output:
	// true false
}
