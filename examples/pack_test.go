// Package examples_test tests the example pack through the evaluator, as an embedding
// program uses it. "make policy-test" tests the same pack with stock OPA.
package examples_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
)

// allowed is a story that the shipped settings allow.
const allowed = "../fixtures/cases/allow/input.json"

func TestTheExamplePack(t *testing.T) {
	tests := []struct {
		name    string
		change  func(d *facts.Document)
		outcome evaluator.Outcome
		codes   []string
	}{
		{"allows what it has no objection to", func(*facts.Document) {}, evaluator.Allow, nil},
		{"has a check of its own", func(d *facts.Document) { d.Production.Current.LiveAt = d.Now.Add(-29 * time.Minute) },
			evaluator.Deny, []string{"acme_pace.too_soon"}},
		{"asks more of one service", func(d *facts.Document) { d.Request.Service = "web-shop"; soaked(d, 119*time.Minute) },
			evaluator.Deny, []string{"soak.too_short"}},
		{"asks no more of another", func(d *facts.Document) { soaked(d, 61*time.Minute) },
			evaluator.Allow, nil},
		{"asks less of another environment", func(d *facts.Document) { preview(d); soaked(d, 16*time.Minute) },
			evaluator.Allow, nil},
		{"knows the hours of another environment", func(d *facts.Document) {
			preview(d)
			d.Now = d.Now.Add(-5 * time.Hour) // 06:20 in New York
		}, evaluator.Deny, []string{"window.closed"}},
		{"lets a service override its environment", func(d *facts.Document) {
			preview(d)
			d.Request.Service = "web-shop"
			soaked(d, 16*time.Minute)
		}, evaluator.Deny, []string{"soak.too_short"}},
	}
	gate := open(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			document := read(t)
			tt.change(document)
			decision, err := gate.Evaluate(context.Background(), document)
			if err != nil {
				t.Fatal(err)
			}
			if decision.Outcome != tt.outcome {
				t.Errorf("outcome %s, want %s: %v", decision.Outcome, tt.outcome, codes(decision))
			}
			for _, code := range tt.codes {
				if !slices.Contains(codes(decision), code) {
					t.Errorf("no finding %s among %v", code, codes(decision))
				}
			}
			if !slices.Contains(decision.Required, "acme_pace") {
				t.Errorf("acme_pace is not required: %v", decision.Required)
			}
		})
	}
}

func TestTheStrictReadingNeedsOneLine(t *testing.T) {
	text, err := os.ReadFile("pack/data.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const comment = "# vulnerabilities: {deny: [CRITICAL, HIGH]}"
	if !strings.Contains(string(text), comment) {
		t.Fatalf("pack/data.yaml does not contain %q", comment)
	}
	gate := withSettings(t, strings.Replace(string(text), comment, strings.TrimPrefix(comment, "# "), 1))
	document := read(t)
	document.Vulnerabilities.Scans[0].Findings[0].Severity = "HIGH"
	decision, err := gate.Evaluate(context.Background(), document)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(codes(decision), "vulnerabilities.denied") || decision.Outcome != evaluator.Deny {
		t.Errorf("a HIGH vulnerability: %s %v", decision.Outcome, codes(decision))
	}
	decision, err = open(t).Evaluate(context.Background(), document)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(codes(decision), "vulnerabilities.high") || decision.Outcome != evaluator.Allow {
		t.Errorf("without the line: %s %v", decision.Outcome, codes(decision))
	}
}

func TestTheLooserChoicesCanBeTaken(t *testing.T) {
	text, err := os.ReadFile("pack/data.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const begins, ends = "    # vulnerabilities:\n", "\n\n"
	_, rest, found := strings.Cut(string(text), begins)
	block, _, closed := strings.Cut(rest, ends)
	if !found || !closed {
		t.Fatalf("pack/data.yaml does not contain %q", begins)
	}
	taken := strings.ReplaceAll(begins+block, "    # ", "    ")
	gate := withSettings(t, strings.Replace(string(text), begins+block, taken, 1))
	document := read(t)
	finding := &document.Vulnerabilities.Scans[0].Findings[0]
	published := document.CollectedAt.Add(-23 * time.Hour)
	finding.Severity, finding.PublishedAt = "CRITICAL", &published
	decision, err := gate.Evaluate(context.Background(), document)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(codes(decision), "vulnerabilities.leeway") || decision.Outcome != evaluator.Allow {
		t.Errorf("a CRITICAL vulnerability of 23 hours: %s %v", decision.Outcome, codes(decision))
	}
}

// withSettings returns an evaluator with the changed settings of the example pack,
// without its check.
func withSettings(t *testing.T, text string) *evaluator.Evaluator {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(folder+"/data.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	gate, err := evaluator.New(context.Background(), evaluator.Options{Packs: []string{folder}})
	if err != nil {
		t.Fatal(err)
	}
	return gate
}

// open returns an evaluator with the example pack.
func open(t *testing.T) *evaluator.Evaluator {
	t.Helper()
	gate, err := evaluator.New(context.Background(), evaluator.Options{Packs: []string{"pack"}})
	if err != nil {
		t.Fatal(err)
	}
	return gate
}

// read reads the allowed story.
func read(t *testing.T) *facts.Document {
	t.Helper()
	text, err := os.ReadFile(allowed)
	if err != nil {
		t.Fatal(err)
	}
	document := &facts.Document{}
	if err := json.Unmarshal(text, document); err != nil {
		t.Fatal(err)
	}
	return document
}

// soaked sets the soak time of the artifact in staging.
func soaked(d *facts.Document, long time.Duration) {
	d.Staging.DeployedAt = d.Now.Add(-long)
	d.Staging.Verification.FinishedAt = d.Staging.DeployedAt.Add(time.Minute)
	d.Approvals[0].ApprovedAt = d.Now.Add(-5 * time.Minute)
	for i := range d.Trail.Steps {
		switch d.Trail.Steps[i].Type {
		case "staging.deployed":
			d.Trail.Steps[i].At = d.Staging.DeployedAt
		case "staging.verified":
			d.Trail.Steps[i].At = d.Staging.Verification.FinishedAt
		case "approval.granted":
			d.Trail.Steps[i].At = d.Approvals[0].ApprovedAt
		}
	}
}

// preview changes the request to the environment preview.
func preview(d *facts.Document) {
	d.Request.Environment = "preview"
	for i := range d.Approvals {
		d.Approvals[i].Environment = &d.Request.Environment
	}
}

func codes(d evaluator.Decision) []string {
	list := []string{}
	for _, finding := range d.Findings {
		list = append(list, finding.Code)
	}
	return list
}
