package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/policies"
)

// plain is the shipped policies as a Go program would use them without
// prodgate's evaluator: a prepared query of v1/rego, fed with a decoded
// document. It finds the outcome and searches for no instants.
type plain struct {
	query rego.PreparedEvalQuery
}

func newPlain(ctx context.Context) (*plain, error) {
	options := []func(*rego.Rego){rego.Query("data.prodgate.v1.deploy.decision"), rego.StrictBuiltinErrors(true)}
	err := fs.WalkDir(policies.FS, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".rego" || strings.HasSuffix(name, "_test.rego") {
			return err
		}
		text, err := fs.ReadFile(policies.FS, name)
		options = append(options, rego.Module(name, string(text)))
		return err
	})
	if err != nil {
		return nil, err
	}
	text, err := fs.ReadFile(policies.FS, "prodgate/v1/settings/data.yaml")
	if err != nil {
		return nil, err
	}
	var settings map[string]any
	if err := yaml.Unmarshal(text, &settings); err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	text, err = os.ReadFile("fixtures/organisation/data.yaml")
	if err != nil {
		return nil, fmt.Errorf("read the organisation's settings: %w", err)
	}
	var own struct{ Prodgate map[string]any }
	if err := yaml.Unmarshal(text, &own); err != nil {
		return nil, fmt.Errorf("read the organisation's settings: %w", err)
	}
	data := map[string]any{"prodgate": map[string]any{
		"v1": map[string]any{"settings": settings}, "organisation": own.Prodgate["organisation"],
	}}
	query, err := rego.New(append(options, rego.Store(inmem.NewFromObject(data)))...).PrepareForEval(ctx)
	return &plain{query}, err
}

// decide is the outcome for a decoded document.
func (p *plain) decide(ctx context.Context, document map[string]any) (string, error) {
	results, err := p.query.Eval(ctx, rego.EvalInput(document))
	if err != nil {
		return "", err
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return "", errors.New("there is not exactly one result")
	}
	decision, _ := results[0].Expressions[0].Value.(map[string]any)
	outcome, _ := decision["outcome"].(string)
	return outcome, nil
}
