// Package trail reads what is recorded of a promotion from a file of JSON lines. A
// line is a step that was taken, or a debt that an emergency left:
//
//	{"type": "staging.verified", "at": "2026-11-24T09:40:00Z", "digest": "sha256:…", "result": "PASSED"}
//	{"debt": {"type": "emergency.review", "service": "payments-api", "due_at": "2026-11-27T09:00:00Z", "settled_at": null}}
//
// A debt without service is every service's; one without settled_at is open. An
// empty file is a trail in which nothing is recorded. A step can also have service,
// environment, kind, approver, request, deployment, configuration and ticket. Only
// the audit trail itself (collectors/log) can say who recorded what.
package trail

import (
	"context"
	_ "embed" // the skeleton

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// Skeleton is a file to begin with.
//
//go:embed skeleton.jsonl
var Skeleton string

// Collector reads the trail from File.
type Collector struct{ File strict.Path }

// Name is the section's key.
func (Collector) Name() string { return "trail" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// onlyRecorded are keys that a file can't vouch for.
var onlyRecorded = map[string]string{
	"writer":      "says who recorded the step, and a file establishes nobody; take the key out",
	"assurance":   "says how a writer was established, and a file establishes nobody; take the key out",
	"seq":         "is an entry's place in the audit trail, and a file has none; take the key out",
	"id":          "is an entry of the audit trail, and a file has none; take the key out",
	"outcome":     "is the outcome of a gate, which only the audit trail records; take the key out",
	"settlements": "are entries of the audit trail; write settled_at",
}

// Collect reads the steps and debts. One bad line makes the whole file an error: a
// trail with a gap is none.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	t, err := c.File.Read(ctx)
	if err != nil {
		return nil, err
	}
	section := &facts.Trail{Steps: []facts.Step{}, Debts: []facts.Debt{}}
	rules := strict.Rules{
		Refuse:  onlyRecorded,
		Require: []string{"due_at"},
		Cure:    map[string]string{"due_at": "write it, or null together with incurred_at to use the deadline in the settings"},
	}
	err = strict.DecodeLines(t, rules, func(l strict.Line) error {
		if l.Has("debt") {
			var d struct {
				Debt facts.Debt `json:"debt"`
			}
			err := l.Decode(&d)
			section.Debts = append(section.Debts, d.Debt)
			return err
		}
		var step facts.Step
		err := l.Decode(&step)
		section.Steps = append(section.Steps, step)
		return err
	})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: t.Evidence}, nil
}
