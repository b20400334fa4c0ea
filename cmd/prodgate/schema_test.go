package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/prodgate/prodgate/internal/fixture"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestEveryStorysDecisionMatchesTheSchema(t *testing.T) {
	compiled := compileSchema(t, "decision")
	all, err := fixture.All(storiesFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Run(s.Name, func(t *testing.T) {
			std, out, errs := alone(t)
			std.in = bytes.NewReader(s.Document)
			if code := run(t.Context(), []string{"eval", "--input", "-", "--policies", packOfStories(t), "-o", "json"}, std); code == exitNoDecision {
				t.Fatalf("no decision: %s", errs)
			}
			decision, err := jsonschema.UnmarshalJSON(out)
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(decision); err != nil {
				t.Error(err)
			}
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
	compiled := compileSchema(t, "decision")
	for _, text := range []string{`{}`, `[]`, `{"outcome": "allow"}`} {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(text)))
		if err != nil {
			t.Fatal(err)
		}
		if compiled.Validate(value) == nil {
			t.Errorf("%s is a decision", text)
		}
	}
}
