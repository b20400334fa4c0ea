// Package metrics counts what the trail holds: how often production is deployed,
// how often that goes well, how long it takes, what the gate held back and for
// how long (production-readiness.md, "Production Deployment Metrics").
//
// It computes from entries and prints; it opens no trail, reads no clock and
// judges no deployment. What nobody recorded is "no data", never zero or all.
package metrics

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/prodgate/prodgate/trail"
)

// Staging is the environment that is left out unless it is requested by name:
// what is deployed there is no change to production.
const Staging = "staging"

// Options say what is counted.
type Options struct {
	Since, Until time.Time // [Since, Until), by when a step occurred
	Now          time.Time // an emergency whose review was due before is overdue
	Service      string    // "" counts all
	Environment  string    // "" counts all but Staging

	// ReviewWithin is by when the settings ask for the review of an emergency,
	// where none is recorded; zero: they do not say. Nil: not known.
	ReviewWithin func(service, environment string) (time.Duration, error)

	// Began is when the trail's first entry was recorded: before, nobody wrote
	// down anything. Nil: the trail is empty.
	Began *time.Time
}

// Types are the types of entries that are counted. Decisions on saved documents
// and simulations are not among them.
var Types = []string{
	trail.TypeGateRequested, trail.TypeGateEvaluated,
	trail.TypeApprovalGranted, trail.TypeApprovalRejected, trail.TypeApprovalWithdrawn,
	trail.TypeDeployStarted, trail.TypeDeployLive, trail.TypeDeployFailed,
	trail.TypeRollbackStarted, trail.TypeRollbackLive, trail.TypeRollbackFailed,
	trail.TypeIncidentLinked, trail.TypeEmergencyUsed, trail.TypeEmergencyReviewed,
}

// Compute counts entries, which come in the order of the log. It needs all of
// them, also those before the period: an approval belongs to a deployment that
// went live later, and a rollback to one that went live before. An error is one
// of the iterator's, or an entry that cannot be read.
func Compute(entries iter.Seq2[trail.Entry, error], options Options) (*Report, error) {
	c := newCounter(options)
	for entry, err := range entries {
		if err != nil {
			return nil, fmt.Errorf("read the trail: %w", err)
		}
		if err := c.add(&entry); err != nil {
			return nil, fmt.Errorf("read entry %d of the trail (%s %s): %w", entry.Seq, entry.Type, entry.ID, err)
		}
	}
	return c.report()
}

// counter is the state of a count.
type counter struct {
	options     Options
	first       time.Time // when the first step occurred: before the trail began, where somebody wrote down earlier ones
	deployments *deployments
	gate        *gate
	emergencies *emergencies
	claimsAhead int // steps that claim to have occurred after they were recorded
}

func newCounter(options Options) *counter {
	return &counter{options: options, deployments: newDeployments(), gate: newGate(), emergencies: newEmergencies(options.ReviewWithin)}
}

// add counts one entry.
func (c *counter) add(entry *trail.Entry) error {
	if !c.asked(entry) {
		return nil
	}
	at := entry.OccurredAt
	if at.IsZero() {
		at = entry.RecordedAt
	}
	if at.After(entry.RecordedAt) {
		at = entry.RecordedAt // nobody records what is yet to come
		if c.within(at) {
			c.claimsAhead++
		}
	}
	c.first = earliest(c.first, at)
	s := step{entry: entry, at: at, within: c.within(at)}
	switch entry.Type {
	case trail.TypeGateEvaluated:
		var data trail.GateData
		if err := read(entry, &data); err != nil {
			return err
		}
		if entry.Mode == "enforce" {
			c.deployments.asked(s, data.Kind)
			c.gate.add(s, &data)
		}
	case trail.TypeGateRequested:
		var data trail.RequestData
		if err := read(entry, &data); err != nil {
			return err
		}
		c.deployments.asked(s, data.Kind)
	case trail.TypeEmergencyUsed, trail.TypeEmergencyReviewed:
		var data trail.EmergencyData
		if err := read(entry, &data); err != nil {
			return err
		}
		c.emergencies.add(s, &data)
	default:
		return c.deployments.add(s)
	}
	return nil
}

// asked reports whether an entry is about what is counted. A rejection without an
// environment is about all of them. An incident, a rollback or a review that names no
// service or environment is joined by what it names.
func (c *counter) asked(entry *trail.Entry) bool {
	joined := false
	switch entry.Type {
	case trail.TypeApprovalRejected, trail.TypeApprovalWithdrawn, trail.TypeIncidentLinked, trail.TypeEmergencyReviewed, trail.TypeRollbackStarted, trail.TypeRollbackLive, trail.TypeRollbackFailed:
		joined = true
	}
	if o := c.options; o.Service != "" && entry.Service != o.Service && (entry.Service != "" || !joined) {
		return false
	}
	if c.options.Environment == "" {
		return entry.Environment != Staging
	}
	return entry.Environment == c.options.Environment || entry.Environment == "" && joined
}

// began is from when on the period can be counted: not before the trail began,
// or the first step that somebody wrote down in it.
func (c *counter) began() time.Time {
	began := c.options.Since
	if b := c.options.Began; b != nil && earliest(*b, c.first).After(began) {
		began = earliest(*b, c.first)
	}
	return began
}

// within reports whether an instant is in the period.
func (c *counter) within(at time.Time) bool {
	return !at.Before(c.options.Since) && at.Before(c.options.Until)
}

// step is an entry with when it took place: by its own word, but not after it
// was recorded.
type step struct {
	entry  *trail.Entry
	at     time.Time
	within bool // the period
}

func read(entry *trail.Entry, into any) error {
	if len(entry.Data) == 0 {
		return nil
	}
	return json.Unmarshal(entry.Data, into)
}
