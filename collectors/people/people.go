// Package people reads the directory: who is who, with which roles, teams and
// second factor, from one file:
//
//	# people.yaml
//	- ids: [github:583231, platform-lead@example.com]  # all spellings of one human being
//	  roles: [platform-lead]                            # the directory's
//	  teams: [production-approvers]                     # active memberships only
//	  mfa: true                                         # null: not known
//	  as_of: 2026-11-24T06:00:00Z                       # when the directory was read
package people

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

// Collector reads the directory from File.
type Collector struct {
	File strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "people" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the file.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.People
	evidence, err := c.File.Decode(ctx, &section, strict.Rules{Require: []string{"mfa"}})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: evidence}, nil
}
