// Package trail reads what is recorded of a promotion, from a file of JSON
// lines. A line is a step that was done, or a debt that an emergency left:
//
//	{"type": "staging.verified", "at": "2026-11-24T09:40:00Z", "digest": "sha256:…"}
//	{"debt": {"type": "emergency.review", "service": "payments-api", "due_at": "2026-11-27T09:00:00Z", "settled_at": null}}
//
// A debt without service is every service's; one without settled_at is open. An
// empty file is a trail in which nothing is recorded.
package trail

import (
	"context"
	_ "embed" // the skeleton

	"github.com/prodgate/prodgate/collectors/internal/file"
	"github.com/prodgate/prodgate/facts"
)

// Skeleton is a file to begin with.
//
//go:embed skeleton.jsonl
var Skeleton string

// Collector reads the trail from File.
type Collector struct {
	File file.Path
}

// Name is the section's key.
func (Collector) Name() string { return "trail" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file. One bad line is an error: a trail with a gap is none.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	t, err := c.File.Read(ctx)
	if err != nil {
		return nil, err
	}
	section := &facts.Trail{Steps: []facts.Step{}, Debts: []facts.Debt{}}
	err = file.DecodeLines(t, file.Rules{}, func(l file.Line) error {
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
