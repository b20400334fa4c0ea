package log

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// Staging collects the stays in staging from the audit trail, the section "staging".
type Staging struct{ Log Location }

// Name is the section's key.
func (Staging) Name() string { return "staging" }

// Kind is the kind of source.
func (Staging) Kind() string { return Kind }

// Collect reads the stays and the verifications of the request's artifact, and the
// stays of other artifacts that replaced it. Each has its writer; which writers count is
// a setting. An error means that the trail could not be read or proved, or has no
// deployment of the service to staging.
func (c Staging) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	return c.Log.Collect(ctx, func(reading *recorded.Reading) (facts.Section, error) {
		r := reader{ctx: ctx, Reading: reading, req: req}
		if err := r.dismissals(&facts.Trail{}); err != nil {
			return nil, err
		}
		found, err := r.staging()
		if err != nil {
			return nil, err
		}
		complete := reading.Complete
		found.Complete = &complete
		return found, nil
	})
}

// errNotStaged says what to do if nothing is recorded.
var errNotStaged = errors.New("the trail has no deployment of the service to staging: record it (prodgate audit record staging.deployed)")

func (r *reader) staging() (*facts.Staging, error) {
	deployed, err := r.Entries(r.ctx, recorded.OfService(r.req.Service, trail.TypeStagingDeployed)...)
	if err != nil {
		return nil, err
	}
	if len(deployed) == 0 {
		return nil, errNotStaged
	}
	verified, err := r.Entries(r.ctx, recorded.OfService(r.req.Service, trail.TypeStagingVerified)...)
	if err != nil {
		return nil, err
	}
	newest := slices.MaxFunc(deployed, inOrder)
	entries := append(r.replacements(deployed), newest)
	for _, e := range deployed {
		if e.Digest == r.req.Digest {
			entries = append(entries, e)
		}
	}
	slices.SortStableFunc(entries, func(a, b trail.Entry) int { return cmp.Compare(b.Seq, a.Seq) })
	entries = slices.CompactFunc(entries, func(a, b trail.Entry) bool { return a.Seq == b.Seq })
	var stays []facts.Stay
	for _, e := range entries {
		stay, err := stayOf(e)
		if err != nil {
			return nil, err
		}
		stays = append(stays, stay)
	}
	found := facts.NewStaging(stays)
	found.Verifications, err = r.verifications(verified)
	return found, err
}

// stayOf is the stay that a deployment began. The rules say when it ended: the entry of
// another artifact may be dismissed. A stay in a place whose name is no identifier, which
// older versions recorded, names none: the rules take it for bad news only.
func stayOf(e trail.Entry) (facts.Stay, error) {
	if recorded.Digest(e.Digest) == nil {
		return facts.Stay{}, fmt.Errorf("entry %d (%s) does not name the digest: what runs in staging is unknown", e.Seq, e.Type)
	}
	return facts.Stay{
		Digest: e.Digest, Service: &e.Service, Environment: recorded.Identifier(e.Environment), DeployedAt: recorded.OccurredAt(e),
		ID: &e.ID, Seq: recorded.Seq(e), Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
	}, nil
}

// verifications are those of the request's artifact, oldest first.
func (r *reader) verifications(entries []trail.Entry) ([]facts.RecordedVerification, error) {
	list := []facts.RecordedVerification{}
	for _, e := range entries {
		environment := recorded.Identifier(e.Environment)
		if e.Digest != r.req.Digest || environment == nil {
			continue // the section trail has it
		}
		data, err := fieldsOf(e)
		if err != nil {
			return nil, err
		}
		list = append(list, facts.RecordedVerification{
			Digest: e.Digest, Service: e.Service, Environment: *environment, Result: data.text("result"), At: recorded.OccurredAt(e),
			ID: e.ID, Seq: int(e.Seq), Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
		})
	}
	slices.SortStableFunc(list, func(a, b facts.RecordedVerification) int { return a.At.Compare(b.At) })
	return list, nil
}
