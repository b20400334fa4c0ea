package report_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
)

func TestJSONIsTheDecision(t *testing.T) {
	for name, build := range cases {
		want, err := json.Marshal(build())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parse(t, string(want)), parse(t, render("json", build(), options()))); diff != "" {
			t.Errorf("%s (-decision +report):\n%s", name, diff)
		}
	}
}

func TestYAMLHasTheContentOfJSON(t *testing.T) {
	d := denied()
	d.Findings[0].Observed = map[string]any{
		"yes": "yes", "no": "NO", "null": "null", "~": "~", "number": "1e3", "hex": "0x1f", "octal": "0o7", "date": "2026-11-24",
		"empty": "", "spaces": "  a  ", "list": "- a", "map": "a: b", "comment": "a # b", "merge": "<<", "anchor": "&a *a !a",
		"lines": "a\nb\n", "1": 1, "float": 1.5, "big": 1e30, "small": 1e-7, "deep": []any{[]any{}, map[string]any{}, nil, true},
	}
	same(t, d)
}

func FuzzYAML(f *testing.F) {
	f.Add(attack)
	f.Add("\U0001F600\U000E0041 é\u0085\ufeff")
	f.Add("? - : #")
	f.Add("::0")
	f.Fuzz(func(t *testing.T, s string) { same(t, hostile(s)) })
}

func FuzzJSON(f *testing.F) {
	f.Add(attack)
	f.Add("\U0001F600\U000E0041\u0085\ufeff###[#[")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(hostile(s))
		if err != nil {
			t.Fatal(err)
		}
		got := render("json", hostile(s), report.Options{})
		if diff := cmp.Diff(parse(t, string(want)), parse(t, got)); diff != "" {
			t.Errorf("(-decision +report):\n%s", diff)
		}
		plain(t, got)
	})
}

// same fails unless yaml and json say the same, harmlessly.
func same(t *testing.T, d *evaluator.Decision) {
	t.Helper()
	got := render("yaml", d, report.Options{})
	var fromYAML any
	if err := yaml.Unmarshal([]byte(got), &fromYAML); err != nil {
		t.Fatalf("%v in\n%s", err, got)
	}
	again, err := json.Marshal(fromYAML)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parse(t, render("json", d, report.Options{})), parse(t, string(again))); diff != "" {
		t.Errorf("(-json +yaml):\n%s\n%s", diff, got)
	}
	plain(t, got)
}

func parse(t *testing.T, document string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(document), &v); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	return v
}

func TestAValueThatJSONCannotCarryIsAnError(t *testing.T) {
	d := denied()
	d.Findings[0].Observed = func() {}
	for _, format := range report.Formats.Names {
		if out, err := report.Render(print.Output{Format: format}, d, report.Options{}); err == nil {
			t.Errorf("%s printed %s", format, out)
		}
	}
}
