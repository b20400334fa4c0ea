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
// current has the form of an entry of history. An entry can also have id (repository
// and run), service, environment, kind, configuration (sha256:…), built_at and
// started_at. A file that does not know all of
// the history says since when it does: since: 2026-06-01T00:00:00Z.
package production

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

// Collector reads the history of deployments from File.
type Collector struct{ File strict.Path }

// Name is the section's key.
func (Collector) Name() string { return "production" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// onlyRecorded are keys that a file can't vouch for.
var onlyRecorded = map[string]string{
	"complete":  "is the audit trail's to say: a file is read whole; take the key out",
	"events":    "are entries of the audit trail; take the key out",
	"unjoined":  "are entries of the audit trail; take the key out",
	"adoption":  "is an entry of the audit trail, by \"prodgate adopt\"; take the key out",
	"adopted":   "is said by the audit trail, by \"prodgate adopt\"; take the key out",
	"writer":    "says who recorded the deployment, and a file establishes nobody; take the key out",
	"assurance": "says how a writer was established, and a file establishes nobody; take the key out",
	"reported":  "is what a platform such as GitHub reports, and no file; take the key out",
	"running":   "is what a system such as Kubernetes sees, and no file; take the key out",

	"reported_since": "is what a platform such as GitHub reports, and no file; take the key out",
}

// Collect reads the history.
func (c Collector) Collect(ctx context.Context, _ facts.Request) (facts.Section, error) {
	var section facts.Production
	evidence, err := c.File.Decode(ctx, &section, strict.Rules{Require: []string{"current"}, Refuse: onlyRecorded})
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: &section, Evidence: evidence}, nil
}
