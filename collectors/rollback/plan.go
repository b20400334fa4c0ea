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
	plan.Target, err = c.first(ctx, req, targets(observed.Section.(*facts.Production), req))
	if err != nil {
		return nil, fmt.Errorf("rollback target: %w", err)
	}
	return facts.Observed{Section: plan, Evidence: observed.Evidence}, nil
}

// first is the first of the deployments that the registry still has all of; if it has none
// of them, the first. nil: there are none.
func (c Plan) first(ctx context.Context, req facts.Request, list []facts.Deployment) (*facts.RollbackTarget, error) {
	if len(list) > 0 && strings.HasPrefix(req.Reference, "tarball:") {
		return nil, errors.New("an archive holds the artifact alone; name the target in a file (rollback: {file: …})")
	}
	var first *facts.RollbackTarget
	for _, d := range list[:min(len(list), mostTargets)] {
		available, err := available(ctx, req.Reference, d.Digest, c.Options)
		if err != nil {
			return nil, err
		}
		t := &facts.RollbackTarget{Version: d.Version, Digest: d.Digest, Configuration: d.Configuration, Available: available}
		if available {
			return t, nil
		}
		if first == nil {
			first = t
		}
	}
	return first, nil
}

// mostTargets is how many deployments are looked for in the registry.
const mostTargets = 10

// targets are the deployments that a request can be undone with, the newest first: those
// that worked, with another artifact or configuration. A rollback undoes the newest
// deployment, and its targets are those before it.
func targets(p *facts.Production, req facts.Request) []facts.Deployment {
	digest, configuration := req.Digest, req.Configuration
	var list []facts.Deployment
	if p.Current != nil {
		list = append(list, *p.Current)
	}
	list = append(list, p.History...)
	switch {
	case req.Kind == facts.KindInitial:
		return nil
	case req.Kind == facts.KindRollback && len(p.History) == 0:
		return nil
	case req.Kind == facts.KindRollback:
		digest, configuration = p.History[0].Digest, p.History[0].Configuration
	}
	return slices.DeleteFunc(list, func(d facts.Deployment) bool {
		other := d.Digest != digest
		if req.Kind == facts.KindConfiguration || req.Kind == facts.KindRollback {
			other = other || !same(d.Configuration, configuration)
		}
		return !other || d.Status != "live" && d.Status != "superseded"
	})
}

func same(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
