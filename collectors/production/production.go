// Package production reads what runs and ran in the environment, from one file:
//
//	current: {…}        # the deployment that runs now; null: looked, nothing runs
//	history:            # newest first; [] says that nothing ever ran
//	  - version: "41"
//	    digest: sha256:…
//	    live_at: 2026-11-17T16:05:00Z
//	    status: superseded           # as the deploying system words it; settings say which words count
//	    approvers: [platform-lead@example.com]
//
// current has the form of an entry of history.
package production

import (
	"context"
	_ "embed" // the skeleton

	"github.com/prodgate/prodgate/collectors/internal/file"
	"github.com/prodgate/prodgate/facts"
)

// Skeleton is an annotated file to begin with.
//
//go:embed skeleton.yaml
var Skeleton string

// Collector reads the history of deployments from File.
type Collector struct {
	File file.Path
}

// Name is the section's key.
func (Collector) Name() string { return "production" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.Production
	evidence, err := c.File.Decode(ctx, &section, file.Rules{Require: []string{"current"}})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: &section, Evidence: evidence}, nil
}
