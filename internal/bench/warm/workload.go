package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
)

// workload is one size and kind of document.
type workload struct {
	name      string
	findings  int // of severities that are tolerated
	freezes   int // after now
	approvals int
	change    func(*facts.Document)
	outcome   evaluator.Outcome
	wide      bool // try two goroutines too
}

var workloads = []workload{
	{"allow: 60 findings, 20 freezes, 4 approvals", 60, 20, 4, func(*facts.Document) {}, evaluator.Allow, true},
	{"deny, one reason: critical vulnerability", 60, 20, 4, critical, evaluator.Deny, true},
	{"deny, five reasons", 60, 20, 4, troubled, evaluator.Deny, false},
	{"wait: soak too short", 60, 20, 4, young, evaluator.Deny, false},
	{"allow: 6,000 findings", 6000, 20, 4, func(*facts.Document) {}, evaluator.Allow, false},
	{"deny: 6,000 findings", 6000, 20, 4, critical, evaluator.Deny, false},
	{"allow: 2,000 freezes", 60, 2000, 4, func(*facts.Document) {}, evaluator.Allow, false},
	{"deny: 2,000 freezes", 60, 2000, 4, critical, evaluator.Deny, false},
}

func critical(d *facts.Document) { d.Vulnerabilities.Scans[0].Findings[0].Severity = "CRITICAL" }

func young(d *facts.Document) { d.Staging.DeployedAt = d.Now.Add(-41 * time.Minute); fresh(d) }

// fresh moves the verification to after the deployment.
func fresh(d *facts.Document) {
	d.Staging.Verification.FinishedAt = d.Staging.DeployedAt.Add(10 * time.Minute)
	for i := range d.Trail.Steps {
		switch d.Trail.Steps[i].Type {
		case "staging.deployed":
			d.Trail.Steps[i].At = d.Staging.DeployedAt
		case "staging.verified":
			d.Trail.Steps[i].At = d.Staging.Verification.FinishedAt
		}
	}
}

func troubled(d *facts.Document) {
	critical(d)
	young(d)
	d.Rollback.Target.Available = false
	d.Monitoring.Alerts = []facts.Alert{}
	d.Notifications = d.Notifications[:1]
}

// document is the story allow, grown to the workload's size.
func (w workload) document() (*facts.Document, error) {
	text, err := os.ReadFile("fixtures/cases/allow/input.json")
	if err != nil {
		return nil, fmt.Errorf("read the story: %w", err)
	}
	parsed, err := facts.Parse("allow", text)
	if err != nil {
		return nil, err
	}
	d := parsed.Document()
	d.Vulnerabilities.Scans[0].Findings = findings(w.findings)
	d.Calendar.Freezes = freezes(d, w.freezes)
	d.Approvals = approvals(d, w.approvals)
	w.change(d)
	return d, nil
}

func findings(n int) []facts.Vulnerability {
	list := make([]facts.Vulnerability, 0, n)
	for i := range n {
		list = append(list, facts.Vulnerability{ID: fmt.Sprintf("CVE-2026-%d", 10000+i), Package: fmt.Sprintf("lib%d", i%97),
			InstalledVersion: "1.2.3-4", Severity: []string{"MEDIUM", "LOW"}[i%2], Status: "affected"})
	}
	return list
}

// freezes spreads n freezes of half a minute over the calendar, from tomorrow
// on.
func freezes(d *facts.Document, n int) []facts.Interval {
	list := make([]facts.Interval, 0, n)
	begin := d.Now.Add(24 * time.Hour).Truncate(time.Second)
	step := (d.Calendar.Horizon.Sub(begin) / time.Duration(n+1)).Truncate(time.Second)
	for i := range n {
		start := begin.Add(time.Duration(i) * step)
		list = append(list, facts.Interval{Name: fmt.Sprintf("freeze %d", i), Start: start, End: start.Add(30 * time.Second), Source: "calendar.yaml"})
	}
	return list
}

// approvals repeats the approval for other people who may approve.
func approvals(d *facts.Document, n int) []facts.Approval {
	list := make([]facts.Approval, 0, n)
	for i := range n {
		approval := d.Approvals[0]
		approval.Approver = d.People[1+i%(len(d.People)-1)].IDs[0]
		list = append(list, approval)
	}
	return list
}

// variants are the ways to decide on the workload. Each decides once before it
// is measured, and must come to the workload's outcome.
func (w workload) variants(ctx context.Context, gate *evaluator.Evaluator, plain *plain) ([]variant, error) {
	d, err := w.document()
	if err != nil {
		return nil, err
	}
	input, err := evaluator.FromDocument(d)
	if err != nil {
		return nil, err
	}
	decision, err := gate.Decide(ctx, input)
	if err != nil {
		return nil, err
	}
	if decision.Outcome != w.outcome {
		return nil, fmt.Errorf("outcome %s instead of %s: %v", decision.Outcome, w.outcome, decision.Findings)
	}
	generic, err := asMap(d)
	if err != nil {
		return nil, err
	}
	if got, err := plain.decide(ctx, generic); err != nil || got != string(w.outcome) {
		return nil, fmt.Errorf("v1/rego says %q instead of %q: %w", got, w.outcome, err)
	}
	mine := func() error { _, err := gate.Decide(ctx, input); return err }
	theirs := func() error { _, err := plain.decide(ctx, generic); return err }
	list := []variant{
		{"evaluator, with opens_at and valid_until", mine, 1},
		{"v1/rego on a map, outcome alone", theirs, 1},
	}
	if w.wide {
		list = append(list, variant{"evaluator, two goroutines", mine, 2},
			variant{"evaluator, when is it open, 90 days", func() error {
				_, err := gate.When(ctx, input, evaluator.Search{Until: d.Now.AddDate(0, 0, 90)})
				return err
			}, 1})
	}
	return list, nil
}

func asMap(d *facts.Document) (map[string]any, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("write the document: %w", err)
	}
	var m map[string]any
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	return m, nil
}
