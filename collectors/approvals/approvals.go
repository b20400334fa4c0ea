// Package approvals reads recorded decisions of reviewers, from one file: a
// list of entries (or one lone entry) in the specification's form, with what
// binds an approval to an artifact added:
//
//	# approvals.yaml
//	- artifact: 7a3f9c2                       # the tag the reviewer saw; binds nothing
//	  approver: platform-lead@example.com     # or github:583231, entra:…
//	  role: platform-lead                     # as claimed; the directory's role counts
//	  digest: sha256:…                        # what was approved
//	  service: payments-api
//	  environment: production
//	  kind: promotion                         # of the request that was approved
//	  decision: approved                      # anything else is a rejection
//	  approved_at: 2026-11-24T11:00:00-05:00
//	  deployment_window: business-hours
//	  approval_duration_seconds: 300
//	  comment: looks good
//	  configuration: sha256:…                 # what was approved, of a request of kind configuration
//	  request: acme/payments-api/runs/123     # the request that was approved
//	  ticket: INC-1042                        # the incident that an emergency or rollback answers
//	  lifts: [jane@example.com]               # rejections that the approval lifts: who rejected
//
// Only approver, decision and approved_at must be there; what is left out is
// not known, and the policies deny on it. [] says that nobody decided yet.
package approvals

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

// Collector reads the approvals from File.
type Collector struct {
	File strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "approvals" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.Approvals
	evidence, err := c.File.Decode(ctx, &section, strict.Rules{
		One:    true,
		Refuse: strict.OwnWord,
		Cure: map[string]string{
			"decision": "write approved, rejected or withdrawn: an entry that does not say so is no approval",
		},
	})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: evidence}, nil
}
