// Package oncall reads when the on-call team was told, from one file:
//
//	notified_at: 2026-11-24T11:05:00-05:00   # null: not told
//	service: payments-api                    # optional: what it was told about, as is
//	ticket: INC-1042
package oncall

import (
	"context"
	_ "embed" // the skeleton

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// Skeleton is an annotated file to begin with.
//
//go:embed skeleton.yaml
var Skeleton string

// Collector reads the on-call record from File.
type Collector struct {
	File strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "on_call" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.OnCall
	evidence, err := c.File.Decode(ctx, &section, strict.Rules{Require: []string{"notified_at"}})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: &section, Evidence: evidence}, nil
}
