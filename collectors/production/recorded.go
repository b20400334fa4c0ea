package production

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// maxHistory is how many entries of the trail are looked at, newest first. More
// is no way back any more.
const maxHistory = 300

// The statuses of a deployment that the trail tells.
const (
	statusLive        = "live"
	statusSuperseded  = "superseded"          // another one went live after it
	statusFailed      = "failed"              // it did not go live
	statusRolledBack  = "rolled_back"         // it was undone
	statusNotVerified = "verification_failed" // it runs or ran, and its verification failed
)

// types are what the history is read from.
var types = []string{
	trail.TypeDeployLive, trail.TypeDeployFailed, trail.TypeRollbackLive, trail.TypeRollbackFailed,
	trail.TypeVerificationPassed, trail.TypeVerificationFailed,
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
	evidence, err := reading.Evidence(ctx)
	if err != nil {
		return nil, err
	}
	began, err := reading.Began(ctx)
	if err != nil {
		return nil, err
	}
	since := time.Now()
	if began != nil {
		since = *began
	}
	since = recorded.Second(since)
	entries, err := reading.Entries(ctx, trail.Filter{
		Service: req.Service, Environment: req.Environment, Types: types, NewestFirst: true, Limit: maxHistory,
	})
	if err != nil {
		return nil, err
	}
	found, err := history(entries)
	if err != nil {
		return nil, err
	}
	found.Since = &since
	return facts.Observed{Section: found, Kind: recorded.Kind, Evidence: evidence}, nil
}

// history reads entries, newest first.
func history(entries []trail.Entry) (*facts.Production, error) {
	found := &facts.Production{History: []facts.Deployment{}}
	undone := map[string]bool{} // deployments that a later rollback undid
	verified := verifications{}
	for _, e := range entries {
		switch e.Type {
		case trail.TypeVerificationPassed, trail.TypeVerificationFailed:
			verified.add(&e)
			continue
		}
		d, err := deployment(e)
		if err != nil {
			return nil, err
		}
		switch {
		case e.Type == trail.TypeDeployFailed || e.Type == trail.TypeRollbackFailed:
			d.Status = statusFailed
		case e.Type == trail.TypeDeployLive && e.Deployment != "" && undone[e.Deployment]:
			d.Status = statusRolledBack
		case e.Type == trail.TypeDeployLive && e.Deployment != "" && verified[e.Deployment].failed:
			d.Status = statusNotVerified
		case found.Current != nil:
			d.Status = statusSuperseded
		}
		if e.Type == trail.TypeRollbackLive {
			undone[e.Deployment] = true
		}
		found.History = append(found.History, d)
		if found.Current == nil && (d.Status == statusLive || d.Status == statusNotVerified) {
			current := d
			found.Current = &current
		}
	}
	return found, nil
}

// verifications are what is known of deployments, by their ids. Entries are
// added newest first.
type verifications map[string]verification

type verification struct {
	failed bool // and no later one that passed lifts that
	passed int  // how well the best established writer of one that passed is
}

// assurances are how writers are established, weakest first. What is only
// claimed never counts, so it lifts nothing.
var assurances = []trail.Assurance{trail.AssuranceClaimed, trail.AssuranceUser, trail.AssuranceCI, trail.AssuranceOIDC}

// add takes in a verification. Anybody's word is enough that one failed; that it
// passed after that counts by a writer who is established as well as the one who
// said that it failed.
func (v verifications) add(e *trail.Entry) {
	known, rank := v[e.Deployment], slices.Index(assurances, e.Writer.Assurance)
	if e.Type == trail.TypeVerificationPassed {
		known.passed = max(known.passed, rank)
	} else if known.passed < max(rank, 1) {
		known.failed = true
	}
	v[e.Deployment] = known
}

// deployment is an entry as a document tells it.
func deployment(e trail.Entry) (facts.Deployment, error) {
	if e.Digest == "" {
		return facts.Deployment{}, fmt.Errorf("entry %d (%s) of %s names no digest: what ran in %s is not known", e.Seq, e.Type, e.RecordedAt.Format(time.RFC3339), e.Environment)
	}
	var data trail.DeployData
	if len(e.Data) > 0 {
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return facts.Deployment{}, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
	}
	d := facts.Deployment{
		Version: data.Version, Digest: e.Digest, LiveAt: recorded.Second(e.OccurredAt), Status: statusLive, Approvers: []string{},
		Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
	}
	if strings.TrimSpace(d.Version) == "" {
		d.Version = strings.TrimPrefix(e.Digest, "sha256:")[:12]
	}
	for _, approver := range data.Approvers {
		if p := recorded.Person(approver); p != nil && !slices.Contains(d.Approvers, *p) {
			d.Approvers = append(d.Approvers, *p)
		}
	}
	return d, nil
}
