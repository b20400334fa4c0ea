// Package rollback reads the rollback plan: the target from the audit trail (Plan), or
// all of it from one file (Collector):
//
//	target:                             # null: none named (a first release)
//	  version: "41"
//	  digest: sha256:…
//	  repository: registry.example.com/payments-api   # optional; else the artifact's
//	  configuration: sha256:…           # optional: of the configuration to go back to
//	procedure: helm rollback payments-api 41 -n production
//	reviewed_at: 2026-11-02T10:00:00-05:00                 # when somebody last checked that it works
//	service: payments-api                                  # optional
//
// and asks the registry whether it still has all of the target: the manifests of
// the index and of every platform, their configurations and their layers.
package rollback

import (
	"context"
	_ "embed" // the skeleton
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/registry"
)

// Skeleton is an annotated file to begin with.
//
//go:embed skeleton.yaml
var Skeleton string

// Collector reads the rollback plan from File and looks for its target in the
// registry.
type Collector struct {
	File    strict.Path
	Options registry.Options
}

// plan is what the file says.
type plan struct {
	Service *string `json:"service" schema:"identifier"`
	Target  *struct {
		Version       string  `json:"version" schema:"nonempty"`
		Digest        string  `json:"digest" schema:"digest"`
		Repository    *string `json:"repository" schema:"nonempty"`
		Configuration *string `json:"configuration" schema:"digest"`
	} `json:"target"`
	Procedure  *string    `json:"procedure" schema:"nonempty"`
	ReviewedAt *time.Time `json:"reviewed_at"`
}

// Name is the section's key.
func (Collector) Name() string { return "rollback" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads the plan and asks for all of the target. A registry that answers
// that a part is not there makes the target unavailable; one that cannot say
// whether a part is there is an error.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	var p plan
	evidence, err := c.File.Decode(ctx, &p, strict.Rules{
		Require: []string{"target", "procedure"},
		Refuse:  map[string]string{"available": "is what the registry says, and no file; take the key out"},
	})
	if err != nil {
		return nil, err
	}
	section := &facts.Rollback{Service: p.Service, Procedure: p.Procedure, ReviewedAt: p.ReviewedAt}
	if p.Target != nil {
		where := req.Reference
		if p.Target.Repository != nil {
			where = *p.Target.Repository
		} else if strings.HasPrefix(where, "tarball:") {
			return nil, errors.New("rollback target: an archive holds the artifact alone; name target.repository in the plan")
		}
		available, err := available(ctx, where, p.Target.Digest, c.Options)
		if err != nil {
			return nil, fmt.Errorf("rollback target: %w", err)
		}
		section.Target = &facts.RollbackTarget{Version: p.Target.Version, Repository: p.Target.Repository, Digest: p.Target.Digest, Configuration: p.Target.Configuration, Available: available}
	}
	return facts.Observed{Section: section, Evidence: evidence}, nil
}

// available reports whether the repository of the image reference where has all
// of digest.
func available(ctx context.Context, where, digest string, options registry.Options) (bool, error) {
	ref, err := registry.Parse(where, options)
	if err != nil {
		return false, err
	}
	err = ref.Complete(ctx, digest)
	if errors.Is(err, registry.ErrAbsent) {
		return false, nil
	}
	return err == nil, err
}
