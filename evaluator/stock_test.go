package evaluator

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"gopkg.in/yaml.v3"
)

// stock evaluates the rules as the opa command does: every built-in function,
// their errors undefined, the document as it is.
type stock struct {
	query rego.PreparedEvalQuery
}

// newStock reads the rules and an organisation's settings, as "opa -d policies -d
// FOLDER" does, without the evaluator's own loading.
func newStock(t testing.TB, from fs.FS, organisation string) *stock {
	t.Helper()
	files, err := regoFiles(from)
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(from, settingsFile)
	if err != nil {
		t.Fatal(err)
	}
	var settings any
	if err := yaml.Unmarshal(text, &settings); err != nil {
		t.Fatal(err)
	}
	text, err = os.ReadFile(organisation)
	if err != nil {
		t.Fatal(err)
	}
	var own struct{ Prodgate map[string]any }
	if err := yaml.Unmarshal(text, &own); err != nil {
		t.Fatal(err)
	}
	own.Prodgate["v1"] = map[string]any{"settings": settings}
	data, err := normalise(map[string]any{"prodgate": own.Prodgate})
	if err != nil {
		t.Fatal(err)
	}
	options := []func(*rego.Rego){
		rego.Query("data.prodgate.v1.deploy.decision"),
		rego.Store(inmem.NewFromObject(data.(map[string]any))),
	}
	for _, file := range files {
		options = append(options, rego.Module(file.name, file.text))
	}
	query, err := rego.New(options...).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return &stock{query: query}
}

// outcome is what the decision says; nil where there is none.
func (s *stock) outcome(t testing.TB, document []byte) any {
	t.Helper()
	var input any
	if err := json.Unmarshal(document, &input); err != nil {
		t.Fatal(err)
	}
	results, err := s.query.Eval(context.Background(), rego.EvalInput(input))
	if err != nil {
		t.Fatal(err)
	}
	if len(results) == 0 {
		return nil
	}
	decision, _ := results[0].Expressions[0].Value.(map[string]any)
	return decision["outcome"]
}
