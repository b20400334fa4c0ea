// Package staging reads the record of the deployment to staging and of its
// verification, from one file:
//
//	digest: sha256:…                      # of the image that was deployed
//	deployed_at: 2026-11-24T09:00:00Z     # its latest deployment
//	restarted_at: null                    # latest restart storm or redeployment; null: looked, none seen
//	verification:                         # leave out until it is verified
//	  result: PASSED                      # as the verifying system words it
//	  finished_at: 2026-11-24T09:40:00Z
//	service: payments-api                 # optional, as is environment: staging
//	ended_at: null                        # optional: when another image replaced it
//	earlier: []                           # optional: stays before this one, each with all of the above
package staging

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

// Collector reads the staging record from File.
type Collector struct {
	File strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "staging" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.Staging
	evidence, err := c.File.Decode(ctx, &section, strict.Rules{Require: []string{"restarted_at"}, Refuse: strict.OwnWord})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: &section, Evidence: evidence}, nil
}
