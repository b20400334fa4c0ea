package trail

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

const (
	zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	step  = `{"type":"staging.verified","at":"2026-11-24T09:40:00Z","digest":"` + zeros + `"}`
	debt  = `{"debt":{"type":"emergency.review","due_at":"2026-11-27T09:00:00Z"}}`
)

// collect reads a trail.
func collect(t testing.TB, content string) (*facts.Trail, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "t.jsonl"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	section, err := Collector{File: strict.Path{Dir: dir, Name: "t.jsonl"}}.Collect(context.Background(), facts.Request{})
	if err != nil {
		return nil, err
	}
	return section.(facts.Observed).Section.(*facts.Trail), nil
}

func TestStepsAndDebtsAreReadFromTheirLines(t *testing.T) {
	got, err := collect(t, step+"\n\n"+debt+"\r\n"+step)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Steps) != 2 || len(got.Debts) != 1 || got.Steps[0].Type != "staging.verified" || got.Debts[0].Service != nil || got.Debts[0].SettledAt != nil {
		t.Errorf("read %+v", got)
	}
}

func TestAStepMaySayWhatItIsAbout(t *testing.T) {
	got, err := collect(t, strings.Replace(step, "{", `{"result":"FAILED","kind":"promotion","approver":"lead@example.com","request":"r/1","configuration":"`+zeros+`","service":"payments-api",`, 1))
	if err != nil || len(got.Steps) != 1 || got.Complete != nil {
		t.Fatal(got, err)
	}
	if s := got.Steps[0]; *s.Result != "FAILED" || *s.Kind != "promotion" || *s.Approver != "mailto:lead@example.com" || *s.Request != "r/1" || *s.Configuration != zeros || *s.Service != "payments-api" {
		t.Errorf("read %+v", s)
	}
}

func TestAStepMaySayWhereItWasTakenAndADebtWhenItWasIncurred(t *testing.T) {
	got, err := collect(t, strings.Replace(step, "{", `{"environment":"Staging",`, 1)+"\n"+`{"debt":{"type":"emergency.review","incurred_at":"2026-11-24T09:00:00Z","due_at":null}}`)
	if err != nil || *got.Steps[0].Environment != "staging" || got.Debts[0].DueAt != nil || got.Debts[0].IncurredAt == nil {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestAnEmptyTrailSaysThatNothingIsRecorded(t *testing.T) {
	got, err := collect(t, "\n")
	if err != nil || got.Steps == nil || got.Debts == nil || len(got.Steps)+len(got.Debts) != 0 {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestOneBadLineIsAnErrorThatNamesIt(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"cut off", step[:40], "t.jsonl:2: not JSON: ends too early"},
		{"no JSON", "staging.verified", "t.jsonl:2: not JSON"},
		{"two on one line", step + step, "t.jsonl:2: the line holds 2 values"},
		{"a key missing", `{"type":"x","at":"2026-11-24T09:40:00Z"}`, "t.jsonl:2: digest is missing"},
		{"a key too many", strings.Replace(step, "{", `{"by":"me",`, 1), "t.jsonl:2: by is an unknown key"},
		{"a step and a debt", strings.Replace(debt, "{", `{"type":"x",`, 1), "t.jsonl:2: type is an unknown key"},
		{"a debt without a date", `{"debt":{"type":"emergency.review"}}`, "t.jsonl:2: debt.due_at is missing"},
		{"an entry's id", strings.Replace(step, "{", `{"id":"x",`, 1), "t.jsonl:2: id is an entry of the audit trail"},
		{"an entry's place", strings.Replace(step, "{", `{"seq":7,`, 1), "t.jsonl:2: seq is an entry's place in the audit trail"},
		{"a writer", strings.Replace(step, "{", `{"writer":"repo:acme/web",`, 1), "t.jsonl:2: writer says who recorded the step, and a file establishes nobody"},
		{"an assurance", strings.Replace(step, "{", `{"assurance":"oidc",`, 1), "t.jsonl:2: assurance says how a writer was established"},
		{"a gate's outcome", strings.Replace(step, "{", `{"outcome":"allow",`, 1), "t.jsonl:2: outcome is the outcome of a gate"},
		{"settlements", strings.Replace(debt, `{"type"`, `{"settlements":[],"type"`, 1), "t.jsonl:2: debt.settlements are entries of the audit trail"},
		{"no digest", strings.Replace(step, zeros, "latest", 1), `t.jsonl:2: digest is "latest"`},
		{"a list", "[]", "t.jsonl:2: the file is a list"},
		{"null", "null", "t.jsonl:2: the file is null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, step+"\n"+tt.line+"\n"+step+"\n")
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// FuzzTrail shows that no file makes the reader panic, and that no line that is
// not blank goes missing.
func FuzzTrail(f *testing.F) {
	f.Add(step + "\n" + debt + "\n")
	f.Add(`{"debt":null}`)
	f.Fuzz(func(t *testing.T, content string) {
		got, err := collect(t, content)
		if err != nil {
			return
		}
		lines := 0
		for _, line := range strings.Split(content, "\n") {
			if strings.TrimSpace(line) != "" {
				lines++
			}
		}
		if len(got.Steps)+len(got.Debts) != lines {
			t.Errorf("%d steps and %d debts were read from %d lines", len(got.Steps), len(got.Debts), lines)
		}
	})
}
