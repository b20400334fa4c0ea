package main

import (
	"context"
	"fmt"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/spf13/cobra"
)

func newPolicy(std stdio) *cobra.Command {
	return group("policy", "List, explain, create and test checks",
		newPolicyList(std), newPolicyExplain(std), newPolicyNew(std), newPolicyTest(std))
}

// loadChecks compiles the shipped policies and the configured packs, and
// returns what they check.
func loadChecks(cmd *cobra.Command, std stdio) ([]evaluator.Check, error) {
	cfg, err := loadConfig(cmd, std)
	if err != nil {
		return nil, err
	}
	gate, err := load(cmd.Context(), std, cfg.Get("policies").List)
	if err != nil {
		return nil, err
	}
	checks, err := gate.Checks()
	if err != nil {
		return nil, fmt.Errorf("read the policies' annotations: %w", err)
	}
	return checks, nil
}

// load compiles the shipped policies and packs.
func load(ctx context.Context, std stdio, packs []string) (*evaluator.Evaluator, error) {
	gate, err := std.policies(ctx, packs)
	if err != nil {
		return nil, fmt.Errorf("load the policies: %w", err)
	}
	return gate, nil
}
