package deployments

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// requests are what the gate was asked for.
type requests struct {
	kinds          map[string]facts.Kind          // by deployment
	configurations map[string]*string             // by deployment
	builtAt        map[string]*time.Time          // by digest
	plans          map[string]*facts.RecordedPlan // by deployment: the way back that the latest allow named
}

// requestsOf reads gate.requested and gate.evaluated entries. Of several requests
// the first says what kind of deployment it is, and the latest time of a build
// counts, so that none looks older than it is. The last allow says the way back.
func requestsOf(entries []trail.Entry) requests {
	r := requests{kinds: map[string]facts.Kind{}, configurations: map[string]*string{}, builtAt: map[string]*time.Time{}, plans: map[string]*facts.RecordedPlan{}}
	for _, e := range entries {
		if e.Type == trail.TypeGateEvaluated {
			r.plan(e)
			continue
		}
		var data trail.RequestData
		if json.Unmarshal(e.Data, &data) != nil || e.Writer.Assurance == trail.AssuranceClaimed {
			continue // it says nothing about a deployment that could be good news
		}
		if id := recorded.Deployment(e); id != "" {
			if kind := facts.Kind(data.Kind); r.kinds[id] == "" && slices.Contains(facts.Kinds, kind) {
				r.kinds[id] = kind
			}
			if data.Configuration != nil && r.configurations[id] == nil {
				r.configurations[id] = recorded.Digest(*data.Configuration)
			}
		}
		if at := recorded.Instant(data.BuiltAt); at != nil && e.Digest != "" && (r.builtAt[e.Digest] == nil || at.After(*r.builtAt[e.Digest])) {
			r.builtAt[e.Digest] = at
		}
	}
	return r
}

// kindOf is what kind of request a deployment answers; "" where it is not known.
func (r requests) kindOf(deployment string) facts.Kind { return r.kinds[deployment] }

// plan keeps the way back that an allow recorded.
func (r requests) plan(e trail.Entry) {
	var data trail.GateData
	id := recorded.Deployment(e)
	if json.Unmarshal(e.Data, &data) != nil || data.Outcome != "allow" || data.Rollback == nil || id == "" {
		return
	}
	digest, version := recorded.Digest(data.Rollback.Digest), recorded.Text(data.Rollback.Version)
	if digest == nil || version == nil {
		return
	}
	plan := &facts.RecordedPlan{
		Version: *version, Digest: *digest, At: recorded.OccurredAt(e),
		Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
	}
	if data.Rollback.Configuration != nil {
		plan.Configuration = recorded.Digest(*data.Rollback.Configuration)
	}
	if data.Rollback.Procedure != nil {
		plan.Procedure = recorded.Text(*data.Rollback.Procedure)
	}
	r.plans[id] = plan
}
