package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/fixture"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/race"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The decision on every story matches the schema: printed by the report that
// "-o json" prints and, for one story in sixteen ("make proof": all), by the command.
func TestEveryStorysDecisionMatchesTheSchema(t *testing.T) {
	schema := compileSchema(t, "decision")
	valid := func(t *testing.T, decision []byte) {
		t.Helper()
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(decision))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Error(err)
		}
	}
	all, err := fixture.All(storiesFolder)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := compiled.get(t.Context(), evaluator.Options{Packs: []string{organisation}})
	if err != nil {
		t.Fatal(err)
	}
	step := len(all) / race.Sample(len(all))
	for i, s := range all {
		if i%step > 0 {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			decision, err := rules.Replay(t.Context(), s.Document)
			if err != nil {
				t.Fatal(err)
			}
			out, err := report.Render(print.Output{Format: "json"}, &decision, report.Options{})
			if err != nil {
				t.Fatal(err)
			}
			valid(t, out)
			if i%16 > 0 && !*everyStory {
				return // each compiles the policies
			}
			std, printed, errs := alone(t)
			std.in = bytes.NewReader(s.Document)
			if code := run(t.Context(), []string{"eval", "--input", "-", "--policies", packOfStories(t), "-o", "json"}, std); code == exitNoDecision {
				t.Fatalf("no decision: %s", errs)
			}
			valid(t, printed.Bytes())
		})
	}
}

// compileSchema compiles the output of "prodgate schema NAME".
func compileSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	std, out, errs := alone(t)
	if code := run(t.Context(), []string{"schema", name}, std); code != exitAllow {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	var text any
	if err := json.Unmarshal(out.Bytes(), &text); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name+".json", text); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func TestTheSchemaRejectsInvalidDecisions(t *testing.T) {
	schema := compileSchema(t, "decision")
	for _, text := range []string{`{}`, `[]`, `{"outcome": "allow"}`} {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("%s is a decision", text)
		}
	}
}
