// Package deployments reads from the audit trail which deployments of a service
// to an environment there were. Two collectors need it: the production history,
// and the trail, whose word counts against a history from elsewhere. It reports
// what is recorded and judges nothing.
package deployments

import (
	"context"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// types are what the history is read from.
var types = []string{
	trail.TypeDeployStarted, trail.TypeDeployLive, trail.TypeDeployFailed,
	trail.TypeVerificationPassed, trail.TypeVerificationFailed,
	trail.TypeRollbackStarted, trail.TypeRollbackLive, trail.TypeRollbackFailed,
	trail.TypeProductionAdopted,
}

// Read returns the deployments of req's service to its environment. Its error
// means that the trail could not be read or proved.
func Read(ctx context.Context, reading *recorded.Reading, req facts.Request) (*facts.Production, error) {
	entries, err := reading.Entries(ctx, recorded.OfService(req.Service, types...)...)
	if err != nil {
		return nil, err
	}
	// Without a request or a decision, the kind, configuration, build and rollback
	// plan of a deployment are not known, and nothing is concluded from that.
	asked, _, err := reading.Newest(ctx, recorded.OfService(req.Service, trail.TypeGateRequested, trail.TypeGateEvaluated)...)
	if err != nil {
		return nil, err
	}
	elsewhere := func(e trail.Entry) bool {
		nowhere := e.Environment == "" && (e.Type == trail.TypeVerificationFailed || strings.HasPrefix(e.Type, "rollback."))
		return e.Environment != req.Environment && !nowhere
	}
	return history(slices.DeleteFunc(entries, elsewhere), asked)
}
