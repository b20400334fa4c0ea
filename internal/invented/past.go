// Package invented makes up a plausible past: requests, decisions, approvals,
// deployments and what went wrong with them, the same for the same seed. It is
// for tests and benchmarks of what reads the trail. Its decisions are real ones
// where it is given documents to decide on.
//
// Nothing that runs for a user may use it.
package invented

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/prodgate/prodgate/trail"
)

// Past says what to make up.
type Past struct {
	Seed        uint64
	From        time.Time // begins on the Monday of its week
	Weeks       int
	Deployments int // how many are requested, over all weeks

	// Service and Environment are whose past it is.
	Service, Environment string

	// Judge decides for real. Nil: what the gate said is made up, too, and there
	// are no blobs.
	Judge *Judge
}

// step is an event and when it is recorded.
type step struct {
	at    time.Time
	event trail.Event
}

// Record writes the past into the trail at location, which it makes, and
// returns how many entries that were. A trail has one clock, so the steps of all
// deployments come in the order of time.
func (p Past) Record(ctx context.Context, location string) (entries int, err error) {
	var now time.Time
	log, err := trail.Open(ctx, location, trail.Options{Clock: func() time.Time { return now }})
	if err != nil {
		return 0, err
	}
	defer log.Close()
	steps, err := p.steps(ctx)
	if err != nil {
		return 0, err
	}
	for batch := range byDay(steps) {
		events := make([]trail.Event, 0, len(batch))
		for _, s := range batch {
			events = append(events, s.event)
		}
		now = batch[len(batch)-1].at
		if _, err := log.Append(ctx, events...); err != nil {
			return 0, err
		}
	}
	return len(steps), nil
}

// byDay returns steps, those of one day at once.
func byDay(steps []step) iter.Seq[[]step] {
	return func(yield func([]step) bool) {
		for begin, i := 0, 1; i <= len(steps); i++ {
			if i < len(steps) && i-begin < 512 && steps[i].at.YearDay() == steps[begin].at.YearDay() {
				continue
			}
			if !yield(steps[begin:i]) {
				return
			}
			begin = i
		}
	}
}

// Entries are the past as a trail would hand it out, without blobs.
func (p Past) Entries(ctx context.Context) ([]trail.Entry, error) {
	steps, err := p.steps(ctx)
	entries := make([]trail.Entry, 0, len(steps))
	for i, s := range steps {
		s.event.Blobs = nil
		entries = append(entries, trail.Entry{Event: s.event, Seq: int64(i), RecordedAt: s.at})
	}
	return entries, err
}

// steps makes everything up, in the order of time.
func (p Past) steps(ctx context.Context) ([]step, error) {
	w := &writer{Past: p, random: rand.New(rand.NewPCG(p.Seed, 1))} //nolint:gosec // made up on purpose, and the same each time
	for i := range p.Deployments {
		if err := w.deployment(ctx, i); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(w.steps, func(a, b step) int { return a.at.Compare(b.at) })
	for i := range w.steps {
		if w.steps[i].event.ID == "" {
			w.steps[i].event.ID = w.id(w.steps[i].at)
		}
	}
	return w.steps, nil
}

// writer is a past in the making.
type writer struct {
	Past
	random *rand.Rand
	steps  []step
}

// id is a UUIDv7 that follows from the seed.
func (w *writer) id(at time.Time) string {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|uint64(w.random.Uint32()&0xffff)) //nolint:gosec // after 1970
	binary.BigEndian.PutUint64(id[8:], w.random.Uint64())
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id.String()
}

func (w *writer) chance(percent int) bool { return w.random.IntN(100) < percent }

func (w *writer) minutes(least, most int) time.Duration {
	return time.Duration(least*60+w.random.IntN((most-least)*60+1)) * time.Second
}

// attempt is one requested deployment.
type attempt struct {
	number    int
	digest    string
	request   string
	emergency bool
	kind      string
}

// add records a step of a.
func (w *writer) add(a *attempt, at time.Time, kind string, data any, change ...func(*trail.Event)) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	e := trail.Event{
		Type: kind, OccurredAt: at, Service: w.Service, Environment: w.Environment,
		Artifact: "registry.example.com/payments/" + w.Service, Digest: a.digest, Request: a.request, Deployment: a.request,
		Run:    fmt.Sprintf("https://ci.example.com/runs/%d", 1000+a.number),
		Writer: trail.Writer{Subject: "repo:acme/" + w.Service, Issuer: "https://ci.example.com", Assurance: trail.AssuranceCI},
		Data:   text,
	}
	for _, c := range change {
		c(&e)
	}
	w.steps = append(w.steps, step{at: at.Add(time.Second), event: e})
	return nil
}

// deployment makes up one: perhaps denied first, then allowed, and what became
// of it. It is requested on a Tuesday, Wednesday or Thursday around noon in New
// York, mostly.
func (w *writer) deployment(ctx context.Context, number int) error {
	a := &attempt{number: number, request: fmt.Sprintf("%d-1", 20000000000+number), kind: "promotion"}
	for range 64 {
		a.digest += string("0123456789abcdef"[w.random.IntN(16)])
	}
	a.digest = "sha256:" + a.digest
	week := w.random.IntN(w.Weeks)
	day := w.From.AddDate(0, 0, 7*week+w.random.IntN(3))
	at := day.Add(w.minutes(15*60+10, 17*60+50)) // UTC
	if err := w.add(a, at.Add(-w.minutes(10, 50)), trail.TypeGateRequested, trail.RequestData{
		Kind: a.kind, Trigger: "workflow_dispatch", RequestedBy: "github:583231", TriggeredBy: "github:583231",
	}); err != nil {
		return err
	}
	if w.chance(35) {
		allowed, err := w.gate(ctx, a, at.Add(-w.minutes(5, 300)), false)
		if err != nil || !allowed && w.chance(20) {
			return err // given up
		}
	}
	reason, window, took := "", "business-hours", 300.0
	if err := w.add(a, at.Add(-w.minutes(2, 40)), trail.TypeApprovalGranted, trail.ApprovalData{
		Artifact: "v" + fmt.Sprint(number), Approver: "entra:platform-lead-" + fmt.Sprint(number%3), ApprovedAt: at,
		DeploymentWindow: &window, ApprovalDurationSeconds: &took, Reason: &reason,
	}); err != nil {
		return err
	}
	allowed, err := w.gate(ctx, a, at, true)
	if err != nil || !allowed {
		return err
	}
	return w.carriedOut(a, at)
}

// carriedOut is what follows an allow.
func (w *writer) carriedOut(a *attempt, at time.Time) error {
	data := trail.DeployData{Version: fmt.Sprintf("1.%d.0", a.number), Approvers: []string{"entra:platform-lead"}}
	type later struct {
		after time.Duration
		kind  string
		data  any
	}
	live := w.minutes(3, 14)
	list := []later{{time.Minute, trail.TypeDeployStarted, data}}
	switch {
	case w.chance(2):
		list = append(list, later{live, trail.TypeDeployFailed, data})
	case w.chance(1):
		// nobody wrote down how it ended
	default:
		list = append(list, later{live, trail.TypeDeployLive, data})
		switch {
		case w.chance(3):
			list = append(list, later{live + w.minutes(2, 40), trail.TypeVerificationFailed, data},
				later{live + w.minutes(41, 50), trail.TypeRollbackStarted, data}, later{live + w.minutes(51, 70), trail.TypeRollbackLive, data})
		case w.chance(1):
			list = append(list, later{live + w.minutes(60, 600), trail.TypeIncidentLinked, trail.IncidentData{Incident: fmt.Sprintf("INC-%d", a.number)}})
		default:
			list = append(list, later{live + 5*time.Minute, trail.TypeVerificationPassed, data})
		}
	}
	for _, l := range list {
		if err := w.add(a, at.Add(l.after), l.kind, l.data); err != nil {
			return err
		}
	}
	if !a.emergency {
		return nil
	}
	return w.emergency(a, at)
}

// emergency leaves a debt, which is mostly settled.
func (w *writer) emergency(a *attempt, at time.Time) error {
	due := at.Add(7 * 24 * time.Hour)
	id := w.id(at)
	err := w.add(a, at, trail.TypeEmergencyUsed, trail.EmergencyData{Ticket: "INC-7", DueAt: &due}, func(e *trail.Event) { e.ID = id })
	if err != nil || w.chance(30) {
		return err
	}
	return w.add(a, at.Add(w.minutes(60, 9000)), trail.TypeEmergencyReviewed, trail.EmergencyData{Ticket: "INC-7", Settles: id, Reviewer: "entra:sre-lead"})
}
