package rollback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/log"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/registry"
)

// Kind is a rollback plan of which only the procedure is written by hand: the audit
// trail knows the version to roll back to.
var Kind = source.Kind{
	Name:     "plan",
	Summary:  "a rollback procedure in prodgate.yaml; the version to roll back to is read from the audit trail, and looked for in the registry",
	Sections: []string{"rollback"},
	Needs:    source.Always(source.Image | source.Trail),
	Settings: func() any { return new(Procedure) },
	Key:      "procedure",
	Open: func(env source.Env, settings any) source.Collector {
		return Plan{Procedure: *settings.(*Procedure), Log: log.Location(env.Log), Options: env.Registry}
	},
}

// Procedure is how the service is rolled back.
type Procedure struct {
	Procedure  string     `json:"procedure" schema:"nonempty"` // the command, or the address of a runbook
	ReviewedAt *time.Time `json:"reviewed_at"`                 // when somebody last checked that it works
}

// Plan is the rollback plan for a request: its target is the version that the audit
// trail knows to have worked in the environment before.
type Plan struct {
	Procedure Procedure
	Log       log.Location
	Options   registry.Options
}

// Name is the section's key.
func (Plan) Name() string { return "rollback" }

// Kind is the kind of source.
func (Plan) Kind() string { return Kind.Name }

// Collect reads the deployments to the environment from the trail, and asks the registry
// for all of the target. The error says which of the two could not be read.
func (c Plan) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	section, err := log.Production{Log: c.Log}.Collect(ctx, req)
	if err != nil {
		return nil, err
	}
	observed := section.(facts.Observed)
	plan := &facts.Rollback{Service: &req.Service, Procedure: &c.Procedure.Procedure, ReviewedAt: c.Procedure.ReviewedAt}
	if d := target(observed.Section.(*facts.Production), req); d != nil {
		if strings.HasPrefix(req.Reference, "tarball:") {
			return nil, errors.New("rollback target: an archive holds the artifact alone; name the target in a file (rollback: {file: …})")
		}
		available, err := available(ctx, req.Reference, d.Digest, c.Options)
		if err != nil {
			return nil, fmt.Errorf("rollback target: %w", err)
		}
		plan.Target = &facts.RollbackTarget{Version: d.Version, Digest: d.Digest, Configuration: d.Configuration, Available: available}
	}
	return facts.Observed{Section: plan, Evidence: observed.Evidence}, nil
}

// target is the deployment that a request can be undone with; nil: there is none. The
// policies decide whether it worked.
func target(p *facts.Production, req facts.Request) *facts.Deployment {
	fits := func(d facts.Deployment) bool {
		switch req.Kind {
		case facts.KindRollback: // the target is what is asked for
			return d.Digest == req.Digest && same(d.Configuration, req.Configuration)
		case facts.KindConfiguration:
			return d.Digest != req.Digest || !same(d.Configuration, req.Configuration)
		}
		return d.Digest != req.Digest
	}
	if req.Kind == facts.KindInitial {
		return nil
	}
	if p.Current != nil && fits(*p.Current) {
		return p.Current
	}
	worked := func(d facts.Deployment) bool { return fits(d) && (d.Status == "live" || d.Status == "superseded") }
	if i := slices.IndexFunc(p.History, worked); i >= 0 {
		return &p.History[i]
	}
	return nil
}

func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
