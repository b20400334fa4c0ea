package log

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// maxAllowed is how many runs are listed, the newest first.
const maxAllowed = 200

// allowed are the runs whose deployment of the service to the environment the gate
// allowed. A platform's deployments name the run and no digest.
func (r *reader) allowed(found *facts.Trail) error {
	evaluated, _, err := r.Newest(r.ctx, recorded.OfService(r.req.Service, trail.TypeGateEvaluated)...)
	if err != nil {
		return err
	}
	requested, _, err := r.Newest(r.ctx, recorded.OfService(r.req.Service, trail.TypeGateRequested)...)
	if err != nil {
		return err
	}
	asked := map[string]trail.RequestData{} // by deployment and digest
	for _, e := range requested {
		var data trail.RequestData
		if json.Unmarshal(e.Data, &data) == nil && e.Writer.Assurance != trail.AssuranceClaimed {
			asked[recorded.Deployment(e)+" "+e.Digest] = data
		}
	}
	found.Allowed = []facts.AllowedRun{}
	for _, e := range slices.Backward(evaluated) {
		var data trail.GateData
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		run := recorded.Deployment(e)
		if data.Outcome != "allow" || e.Environment != r.req.Environment || recorded.Text(run) == nil || recorded.Digest(e.Digest) == nil {
			continue
		}
		if len(found.Allowed) == maxAllowed {
			return nil
		}
		allowed := facts.AllowedRun{
			Deployment: run, Digest: e.Digest, At: recorded.OccurredAt(e), ID: e.ID, Seq: int(e.Seq),
			Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
		}
		of := asked[run+" "+e.Digest]
		allowed.BuiltAt = recorded.Instant(of.BuiltAt)
		if of.Configuration != nil {
			allowed.Configuration = recorded.Digest(*of.Configuration)
		}
		found.Allowed = append(found.Allowed, allowed)
	}
	return nil
}
