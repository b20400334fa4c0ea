// Package notifications reads which teams were told of the deployment, from one
// file:
//
//	# notifications.yaml
//	- team: on-call
//	  channel: "slack:#on-call"
//	  sent_at: 2026-11-24T10:30:00-05:00
//	  service: payments-api       # optional: what it is about, as are
//	  environment: production
//	  digest: sha256:…
//	  request: acme/payments-api/runs/123
//
// [] says that nobody was told.
package notifications

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

// Collector reads the notifications from File.
type Collector struct {
	File strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "notifications" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.Notifications
	evidence, err := c.File.Decode(ctx, &section, strict.Rules{})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: evidence}, nil
}
