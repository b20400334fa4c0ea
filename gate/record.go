package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/trail"
)

// Trail is where decisions are recorded, and who records them.
type Trail struct {
	Log     *trail.Log
	Writer  trail.Writer
	Run     string // address of the CI run; empty: none
	Program string // version of the program that decides
}

// Recorded is what the trail returned for a decision.
type Recorded struct {
	Receipt trail.Receipt // of the decision's entry
	Owes    string        // id of the entry of an emergency that must be reviewed; empty: none
}

// record appends a decision and the events that belong to it, all or nothing, and
// sets its position in the decision.
func (g *Gate) record(ctx context.Context, result *Result) error {
	if g.Trail == nil {
		return nil
	}
	r := &recording{Trail: g.Trail, policies: g.Policies, now: g.now, input: result.Input, decision: &result.Decision}
	var receipts []trail.Receipt
	err := g.Within(ctx, func(ctx context.Context) error {
		events, err := r.events(ctx)
		if err != nil {
			return err
		}
		receipts, err = g.Trail.Log.Append(ctx, events...)
		return err
	})
	if err != nil {
		return fmt.Errorf("record the decision: %w", err)
	}
	at := slices.IndexFunc(receipts, func(receipt trail.Receipt) bool { return receipt.ID == r.evaluated })
	if at < 0 {
		return errors.New("record the decision: the trail returned no receipt for it")
	}
	receipt := receipts[at]
	result.Decision.Trail = &evaluator.Recorded{Seq: receipt.Seq, LeafHash: receipt.LeafHash, Checkpoint: receipt.Checkpoint}
	result.Recorded = &Recorded{Receipt: receipt, Owes: r.used}
	return nil
}

// recording is one decision that is being recorded.
type recording struct {
	*Trail
	policies *evaluator.Evaluator
	now      func() time.Time
	input    *evaluator.Input
	decision *evaluator.Decision

	evaluated, used string // ids of the events
}

// owesReview reports whether d lets a deployment through that must be reviewed
// afterwards.
func owesReview(d *evaluator.Decision) bool {
	if d.Mode != evaluator.ModeEnforce || d.Outcome != evaluator.Allow {
		return false
	}
	return d.Request.Emergency || slices.ContainsFunc(d.Findings, func(f evaluator.Finding) bool { return f.Code == "approval.preapproved" })
}

// events are what a decision leaves in the trail, in their order. A decision that
// does not enforce leaves only itself, under a type that nothing counts.
func (r *recording) events(ctx context.Context) ([]trail.Event, error) {
	evaluated, err := r.gateEvent()
	if err != nil || r.decision.Mode != evaluator.ModeEnforce {
		return []trail.Event{evaluated}, err
	}
	requested, err := r.event(trail.TypeGateRequested, requestData(r.input))
	if err != nil {
		return nil, err
	}
	requested.OccurredAt = r.input.Document().Request.RequestedAt
	events := []trail.Event{requested}
	for _, data := range reviewData(r.input.Document(), r.decision) {
		granted, err := r.event(trail.TypeApprovalGranted, data)
		if err != nil {
			return nil, err
		}
		granted.OccurredAt = data.ApprovedAt
		events = append(events, granted)
	}
	events = append(events, evaluated)
	changed, err := r.policyChanged(ctx, gatePolicy(r.decision.Policy))
	if err != nil {
		return nil, err
	}
	if changed != nil {
		events = slices.Insert(events, 0, *changed)
	}
	if owesReview(r.decision) {
		used, err := r.event(trail.TypeEmergencyUsed, emergencyData(r.input.Document(), evaluated.Digest))
		if err != nil {
			return nil, err
		}
		r.used = used.ID
		events = append(events, used)
	}
	return events, nil
}

// event is an entry about the document decided on.
func (r *recording) event(kind string, data any) (trail.Event, error) {
	doc := r.input.Document()
	e := trail.Event{
		ID: trail.NewID(), Type: kind, OccurredAt: r.now(),
		Service: doc.Request.Service, Environment: doc.Request.Environment,
		Request: doc.Request.ID, Deployment: DeploymentID(doc.Request),
		Run: r.Run, Writer: r.Writer,
	}
	if doc.Artifact != nil {
		e.Artifact, e.Digest = doc.Artifact.Repository, doc.Artifact.Digest
	}
	var err error
	if e.Data, err = json.Marshal(data); err != nil {
		return e, fmt.Errorf("write %s as JSON: %w", kind, err)
	}
	return e, nil
}

// gateTypes are the types of entries for decisions, by their mode.
var gateTypes = map[evaluator.Mode]string{
	evaluator.ModeEnforce:  trail.TypeGateEvaluated,
	evaluator.ModeDocument: trail.TypeGateDocument,
	evaluator.ModeSimulate: trail.TypeGateSimulated,
}

// gateEvent is the decision, with everything that is needed to make it again.
func (r *recording) gateEvent() (trail.Event, error) {
	d := r.decision
	kind, ok := gateTypes[d.Mode]
	if !ok {
		return trail.Event{}, fmt.Errorf("the trail has no type of entry for a decision with mode %q", d.Mode)
	}
	data := gateData(d, r.Program)
	if d.Outcome == evaluator.Allow {
		data.Rollback = gateRollback(r.input.Document())
	}
	e, err := r.event(kind, data)
	if err != nil {
		return e, err
	}
	r.evaluated = e.ID
	e.Mode, e.Now = string(d.Mode), d.Now
	printed, err := print.JSON(d)
	if err != nil {
		return e, err
	}
	bundle, err := r.policies.Bundle()
	if err != nil {
		return e, err
	}
	e.Blobs = map[string]trail.Blob{
		trail.BlobInput:    {MediaType: "application/json", Content: r.input.Canonical()},
		trail.BlobDecision: {MediaType: "application/json", Content: printed},
		trail.BlobPolicy:   {MediaType: "application/gzip", Content: bundle},
	}
	return e, nil
}

// policyChanged is the event of other policies than those that decided here
// before; nil if they are the same.
func (r *recording) policyChanged(ctx context.Context, now trail.GatePolicy) (*trail.Event, error) {
	request := r.input.Document().Request
	var before *trail.GatePolicy
	for entry, err := range r.Log.Entries(ctx, trail.Filter{
		Service: request.Service, Environment: request.Environment, Types: []string{trail.TypePolicyChanged}, NewestFirst: true, Limit: 1,
	}) {
		if err != nil {
			return nil, fmt.Errorf("read which policies decided before: %w", err)
		}
		var data trail.PolicyData
		if err := json.Unmarshal(entry.Data, &data); err != nil {
			return nil, fmt.Errorf("read which policies decided before: entry %d: %w", entry.Seq, err)
		}
		before = &data.To
	}
	if before != nil && *before == now {
		return nil, nil
	}
	e, err := r.event(trail.TypePolicyChanged, trail.PolicyData{From: before, To: now})
	e.Artifact, e.Digest = "", "" // it is about no artifact
	return &e, err
}

// DeploymentID is what joins the attempts of a request's deployment.
func DeploymentID(request facts.Request) string {
	if request.Deployment != nil {
		return *request.Deployment
	}
	return trail.WithoutAttempt(request.ID)
}
