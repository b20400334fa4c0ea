package production

import (
	"context"
	"slices"
	"strings"
	"time"

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

// collectRecorded reads the history of deployments from the trail. What the trail
// does not know of went before it: Since says from when on it knows.
func (c Collector) collectRecorded(ctx context.Context, req facts.Request) (section facts.Section, err error) {
	reading, err := c.Log.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := reading.Close(); err == nil && closed != nil {
			section, err = nil, closed
		}
	}()
	began, err := reading.Began(ctx)
	if err != nil {
		return nil, err
	}
	since := time.Now()
	if began != nil {
		since = *began
	}
	since = recorded.Second(since)
	entries, err := reading.Entries(ctx, recorded.OfService(req.Service, types...)...)
	if err != nil {
		return nil, err
	}
	// Without a request, the kind, configuration and build of its deployment are
	// not known, and nothing is concluded from that.
	requests, _, err := reading.Newest(ctx, recorded.OfService(req.Service, trail.TypeGateRequested)...)
	if err != nil {
		return nil, err
	}
	elsewhere := func(e trail.Entry) bool {
		nowhere := e.Environment == "" && (e.Type == trail.TypeVerificationFailed || strings.HasPrefix(e.Type, "rollback."))
		return e.Environment != req.Environment && !nowhere
	}
	found, err := history(slices.DeleteFunc(entries, elsewhere), requests)
	if err != nil {
		return nil, err
	}
	complete := reading.Complete
	found.Since, found.Complete = &since, &complete
	return facts.Observed{Section: found, Kind: recorded.Kind, Evidence: reading.Evidence()}, nil
}
