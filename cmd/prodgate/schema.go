package main

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/spf13/cobra"
)

func newSchema(std stdio) *cobra.Command {
	subjects := []string{"input", "decision"}
	return &cobra.Command{
		Use:       "schema input|decision",
		Short:     "Write the JSON Schema of the input document or of the decision",
		ValidArgs: subjects,
		Args:      oneOf("schema", subjects),
		RunE: func(_ *cobra.Command, args []string) error {
			if args[0] == "decision" {
				return writeJSON(std.out, decisionSchema())
			}
			if _, err := std.out.Write(facts.Schema()); err != nil {
				return fmt.Errorf("write the schema: %w", err)
			}
			return nil
		},
	}
}

// decisionSchema is the JSON Schema of a decision, generated from its Go types. It is
// open: later versions add keys and never remove one.
func decisionSchema() map[string]any {
	schema := schemaOf(reflect.TypeFor[evaluator.Decision]())
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "prodgate decision"
	return schema
}

// words are the values of the decision's enums.
var words = map[reflect.Type][]any{
	reflect.TypeFor[evaluator.Outcome](): {evaluator.Allow, evaluator.Deny},
	reflect.TypeFor[evaluator.Mode]():    {evaluator.ModeEnforce, evaluator.ModeDocument, evaluator.ModeSimulate},
	reflect.TypeFor[evaluator.Effect]():  {evaluator.EffectDeny, evaluator.EffectWarn, evaluator.EffectWaived},
	reflect.TypeFor[evaluator.Cure]():    {evaluator.CureFix, evaluator.CureAsk, evaluator.CureWait},
	reflect.TypeFor[facts.Status]():      {facts.StatusOK, facts.StatusError, facts.StatusUnconfigured},
}

func schemaOf(t reflect.Type) map[string]any {
	if accepted, ok := words[t]; ok {
		return map[string]any{"type": "string", "enum": accepted}
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return map[string]any{"anyOf": []any{schemaOf(t.Elem()), map[string]any{"type": "null"}}}
	case t.Kind() == reflect.Struct:
		return objectSchema(t)
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case t.Kind() == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	}
	switch t.Kind() {
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	default: // any: observed and required values
		return map[string]any{}
	}
}

func objectSchema(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		properties[name] = schemaOf(field.Type)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required}
}
