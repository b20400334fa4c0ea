// Package deployments reads from the audit trail which deployments of a service
// to an environment there were. Two collectors need it: the production history,
// and the trail, whose word counts against a history from elsewhere. It reports
// what is recorded and judges nothing.
package deployments

import (
	"context"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
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

// Read returns the deployments of req's service to its environment. What was
// recorded for another environment, or of req's artifact for another service, and
// could be bad news under a wrong name, is in Unjoined: the policies know which
// names there are. Its error means that the trail could not be read or proved.
func Read(ctx context.Context, reading *recorded.Reading, req facts.Request) (*facts.Production, error) {
	keys := append(recorded.OfService(req.Service, types...), recorded.OfService("", types...)...)
	if req.Digest != "" {
		keys = append(keys, trail.ByDigest(req.Digest))
	}
	entries, err := reading.Entries(ctx, keys...)
	if err != nil {
		return nil, err
	}
	// Without a request or a decision, the kind, configuration, build and rollback
	// plan of a deployment are not known, and nothing is concluded from that.
	asked, _, err := reading.Newest(ctx, recorded.OfService(req.Service, trail.TypeGateRequested, trail.TypeGateEvaluated)...)
	if err != nil {
		return nil, err
	}
	useless := func(e trail.Entry) bool {
		return !slices.Contains(types, e.Type) || !here(e, req) && goodNews(e)
	}
	return history(req, slices.DeleteFunc(entries, useless), asked)
}

// here reports whether an entry is of req's service and environment. What speaks
// against a deployment need not name the environment.
func here(e trail.Entry, req facts.Request) bool {
	nowhere := e.Environment == "" && (e.Type == trail.TypeVerificationFailed || strings.HasPrefix(e.Type, "rollback."))
	return e.Service == req.Service && (e.Environment == req.Environment || nowhere)
}

// goodNews reports whether an entry can only be good news. A deployment that went
// live under another name can have used an approval up.
func goodNews(e trail.Entry) bool {
	return e.Type == trail.TypeVerificationPassed || e.Type == trail.TypeProductionAdopted
}
