// Package waivers reads what was waived, from one file:
//
//	# waivers.yaml
//	- code: vulnerabilities.denied
//	  item: CVE-2026-12345                # what is waived, where a denial has items
//	  service: payments-api
//	  environment: production
//	  digest: sha256:…                    # null only where item names what is waived
//	  reason: not reachable from the outside
//	  ticket: SEC-77
//	  issued_at: 2026-11-20T09:00:00Z
//	  expires_at: 2026-12-04T09:00:00Z
//	  approver: vp-engineering@example.com
//
// [] says that nothing is.
package waivers

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

// Collector reads the waivers from File.
type Collector struct {
	File strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "waivers" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.Waivers
	evidence, err := c.File.Decode(ctx, &section, strict.Rules{Refuse: strict.OwnWord})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: evidence}, nil
}
