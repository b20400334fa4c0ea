// Package incidents reads the incident tracker's entries, from one file:
//
//	# incidents.yaml
//	- id: INC-1042
//	  service: payments-api
//	  environment: production # optional: without it, every environment
//	  status: resolved        # as the tracker words it; anything else is active
//	  opened_at: 2026-11-20T08:12:00Z
//
// [] says that there are none.
package incidents

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

// Collector reads the incidents from File.
type Collector struct {
	File strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "incidents" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.Incidents
	evidence, err := c.File.Decode(ctx, &section, strict.Rules{})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: evidence}, nil
}
