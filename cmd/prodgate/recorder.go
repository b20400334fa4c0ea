package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/config"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
	"github.com/prodgate/prodgate/trail"
)

// recorder records the decision of one run in the trail. A nil recorder belongs
// to a run without a trail, and does nothing.
type recorder struct {
	e   *evaluation
	log *trail.Log

	// The events' ids are made once: whatever is tried again is the same event.
	changed, requested, evaluated, used string
}

// unrecorded is the error of a decision that the trail does not hold.
func unrecorded(err error) error {
	return usage("the decision counts only if it is recorded: treat it as blocked; make the trail writable, or name another with --trail", "%w", err)
}

// openTrail opens the trail for writing, before anything is collected; nil if
// nobody named one. An error means that there will be no decision.
func (e *evaluation) openTrail(ctx context.Context) (*recorder, error) {
	location := e.cfg.Get("trail")
	if !location.Given() {
		return nil, nil
	}
	if vanishes(e.std, location.Text) {
		warnVanishing(e.std, location)
	}
	var log *trail.Log
	err := e.within(ctx, func(ctx context.Context) (err error) {
		log, err = trail.Open(ctx, location.Text, trail.Options{Key: e.cfg.Get("trail-key").Text, Clock: e.std.clock})
		return err
	})
	if err != nil {
		return nil, unrecorded(err)
	}
	if e.trail, err = nameOf(ctx, log); err != nil {
		return nil, unrecorded(err)
	}
	return &recorder{e: e, log: log, changed: trail.NewID(), requested: trail.NewID(), evaluated: trail.NewID(), used: trail.NewID()}, nil
}

// vanishes says whether the trail is a file of a CI system's runner.
func vanishes(std stdio, location string) bool {
	ci := std.getenv("CI")
	return ci != "" && ci != "false" && ci != "0" && !strings.Contains(location, "://")
}

// warnVanishing says so, however quiet the run is to be.
func warnVanishing(std stdio, location config.Value) {
	fmt.Fprintf(std.err, "warning: the trail %s (%s) is a file on a CI runner: on a hosted one it is gone with the job, and with it what is recorded now. Name a trail that stays, such as postgres://…\n",
		print.Text(std.short(location.Text)), location.Origin)
}

func (r *recorder) close() {
	if r != nil {
		_ = r.log.Close() // what was acknowledged is durable before
	}
}

// decision records d and what goes with it, all or nothing, and notes in d where.
func (r *recorder) decision(ctx context.Context, gate *evaluator.Evaluator, d *evaluator.Decision) error {
	if r == nil {
		return nil
	}
	var receipts []trail.Receipt
	err := r.e.within(ctx, func(ctx context.Context) error {
		events, err := r.events(ctx, gate, d)
		if err != nil {
			return err
		}
		receipts, err = r.log.Append(ctx, events...)
		return err
	})
	if err != nil {
		return unrecorded(fmt.Errorf("record the decision: %w", err))
	}
	at := slices.IndexFunc(receipts, func(receipt trail.Receipt) bool { return receipt.ID == r.evaluated })
	if at < 0 {
		return unrecorded(errors.New("record the decision: the trail gave no receipt for it"))
	}
	receipt := receipts[at]
	d.Trail = &evaluator.Recorded{Seq: receipt.Seq, LeafHash: receipt.LeafHash, Checkpoint: receipt.Checkpoint}
	if owes(d) {
		r.e.say("this emergency owes a review: record it with prodgate audit record emergency.reviewed --settles %s", r.used)
	}
	if r.e.receipt == "" {
		return nil
	}
	text, err := json.MarshalIndent(receipt, "", "  ")
	if err == nil {
		err = os.WriteFile(r.e.receipt, append(text, '\n'), 0o644)
	}
	if err != nil {
		return usage("the decision is recorded, but counts only where it is written: treat it as blocked", "write the receipt: %w", err)
	}
	return nil
}

// owes says whether d lets an emergency through that is to be reviewed.
func owes(d *evaluator.Decision) bool {
	if d.Mode != evaluator.ModeEnforce || d.Outcome != evaluator.Allow {
		return false
	}
	return d.Request.Emergency || slices.ContainsFunc(d.Findings, func(f evaluator.Finding) bool { return f.Code == "approval.preapproved" })
}

// events are what a decision leaves in the trail, in their order. A decision that
// does not enforce leaves itself alone, under a name that nothing counts.
func (r *recorder) events(ctx context.Context, gate *evaluator.Evaluator, d *evaluator.Decision) ([]trail.Event, error) {
	evaluated, err := r.gateEvent(gate, d)
	if err != nil || d.Mode != evaluator.ModeEnforce {
		return []trail.Event{evaluated}, err
	}
	request := r.e.decided.Document().Request
	requested, err := r.event(r.requested, trail.TypeGateRequested, r.requestData())
	if err != nil {
		return nil, err
	}
	requested.OccurredAt = request.RequestedAt
	events := []trail.Event{requested, evaluated}
	changed, err := r.policyChanged(ctx, gatePolicy(d.Policy))
	if err != nil {
		return nil, err
	}
	if changed != nil {
		events = slices.Insert(events, 0, *changed)
	}
	if owes(d) {
		used, err := r.event(r.used, trail.TypeEmergencyUsed, emergencyData(r.e.decided.Document(), evaluated.Digest))
		if err != nil {
			return nil, err
		}
		events = append(events, used)
	}
	return events, nil
}

// event is one of this run, about the document decided on.
func (r *recorder) event(id, kind string, data any) (trail.Event, error) {
	doc := r.e.decided.Document()
	e := trail.Event{
		ID: id, Type: kind, OccurredAt: r.e.std.clock(),
		Service: doc.Request.Service, Environment: doc.Request.Environment,
		Request: doc.Request.ID, Deployment: deploymentID(doc.Request),
		Run: runAddress(r.e.std), Writer: writer(r.e.std),
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

// gateTypes are the names that decisions have in the trail, by their mode.
var gateTypes = map[evaluator.Mode]string{
	evaluator.ModeEnforce:  trail.TypeGateEvaluated,
	evaluator.ModeDocument: trail.TypeGateDocument,
	evaluator.ModeSimulate: trail.TypeGateSimulated,
}

// gateEvent is the decision, with all that is needed to make it again.
func (r *recorder) gateEvent(gate *evaluator.Evaluator, d *evaluator.Decision) (trail.Event, error) {
	kind, ok := gateTypes[d.Mode]
	if !ok {
		return trail.Event{}, fmt.Errorf("the decision's mode %q has no name in the trail", d.Mode)
	}
	data := gateData(d)
	if d.Outcome == evaluator.Allow {
		data.Rollback = gateRollback(r.e.decided.Document())
	}
	e, err := r.event(r.evaluated, kind, data)
	if err != nil {
		return e, err
	}
	e.Mode, e.Now = string(d.Mode), d.Now
	printed, err := report.Output{Format: "json"}.Render(d, report.Options{})
	if err != nil {
		return e, err
	}
	bundle, err := gate.Bundle()
	if err != nil {
		return e, err
	}
	e.Blobs = map[string]trail.Blob{
		trail.BlobInput:    {MediaType: "application/json", Content: r.e.decided.Canonical()},
		trail.BlobDecision: {MediaType: "application/json", Content: printed},
		trail.BlobPolicy:   {MediaType: "application/gzip", Content: bundle},
	}
	return e, nil
}

func gatePolicy(id evaluator.PolicyID) trail.GatePolicy {
	return trail.GatePolicy{Version: id.Version, Revision: id.Revision, Digest: id.Digest}
}

// What an entry has room for; the decision itself is stored beside the trail.
const (
	findingsRoom = 40 << 10 // bytes of JSON
	longestItem  = 256      // bytes of what a finding is about
)

// gateData are the fields by which decisions are counted. Of too many findings
// those that deny come first.
func gateData(d *evaluator.Decision) trail.GateData {
	data := trail.GateData{
		Kind: d.Request.Kind, Emergency: d.Request.Emergency, Outcome: string(d.Outcome), ExitCode: d.ExitCode,
		Required: d.Required, Passed: d.Passed, Findings: []trail.GateFinding{}, Weakened: d.Weakened, OpensAt: d.OpensAt,
		Policy: gatePolicy(d.Policy), InputDigest: d.Input.Digest, Prodgate: programVersion(),
	}
	room := findingsRoom
	for _, effect := range []evaluator.Effect{evaluator.EffectDeny, evaluator.EffectWaived, evaluator.EffectWarn} {
		for _, f := range d.Findings {
			if f.Effect != effect {
				continue
			}
			finding := trail.GateFinding{Code: f.Code, Check: f.Check, Effect: string(f.Effect), Item: shortItem(f.Item), Cure: string(f.Cure)}
			text, err := json.Marshal(finding)
			if room -= len(text) + 1; err != nil || room < 0 {
				data.LeftOut++
				continue
			}
			data.Findings = append(data.Findings, finding)
		}
	}
	return data
}

// shortItem is what a finding is about, as an entry can hold it.
func shortItem(item *string) *string {
	if item == nil {
		return nil
	}
	text := shortText(*item, longestItem)
	return &text
}

// policyChanged is the event of other rules than those that decided here before;
// nil if they are the same.
func (r *recorder) policyChanged(ctx context.Context, now trail.GatePolicy) (*trail.Event, error) {
	request := r.e.decided.Document().Request
	var before *trail.GatePolicy
	for entry, err := range r.log.Entries(ctx, trail.Filter{
		Service: request.Service, Environment: request.Environment, Types: []string{trail.TypePolicyChanged}, NewestFirst: true, Limit: 1,
	}) {
		if err != nil {
			return nil, fmt.Errorf("look which rules decided before: %w", err)
		}
		var data trail.PolicyData
		if err := json.Unmarshal(entry.Data, &data); err != nil {
			return nil, fmt.Errorf("look which rules decided before: entry %d: %w", entry.Seq, err)
		}
		before = &data.To
	}
	if before != nil && *before == now {
		return nil, nil
	}
	e, err := r.event(r.changed, trail.TypePolicyChanged, trail.PolicyData{From: before, To: now})
	e.Artifact, e.Digest = "", "" // it is about no artifact
	return &e, err
}
