package server

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/trail"
	"github.com/prodgate/prodgate/trail/step"
)

// maxEvents bounds the events of one append; a decision has at most four, and one for each
// review that it rests on.
const maxEvents = 64

// gateTypes are the entries of a run about its own request.
var gateTypes = []string{trail.TypeGateRequested, trail.TypeGateEvaluated, trail.TypeGateDocument, trail.TypeGateSimulated, trail.TypeEmergencyUsed}

// append records events of a writer. What of them it may write, and who it is, is decided
// here and not by the client.
func (s *Server) append(r *http.Request, c *caller) (any, error) {
	if c.id == nil || len(c.writer) == 0 {
		return nil, refuse(http.StatusForbidden, "%s may read, not write: add the job to writers of the server", c.name)
	}
	asked, err := askedOf(r)
	if err != nil {
		return nil, err
	}
	events, err := readEvents(r.Body)
	if err != nil {
		return nil, err
	}
	for n := range events {
		if err := s.admit(r, c, events, n); err != nil {
			return nil, err
		}
	}
	receipts, err := s.log.Append(r.Context(), events...)
	var wrong *step.Error
	if errors.As(err, &wrong) {
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	if err != nil {
		return nil, err
	}
	done := trail.Appended{Receipts: receipts}
	seqs := make([]int64, len(receipts))
	for n := range receipts {
		seqs[n] = receipts[n].Seq
	}
	if done.Leaves, err = s.log.Leaves(r.Context(), seqs); err != nil {
		return nil, err
	}
	if done.Head, err = s.log.Head(r.Context(), asked); err != nil {
		return nil, err
	}
	s.metrics.appended(len(events))
	s.logger.Info("recorded", "caller", c.name, "run", c.id.Run, "first", seqs[0], "entries", len(seqs), "type", events[len(events)-1].Type)
	return done, nil
}

// readEvents reads the body of an append.
func readEvents(body io.Reader) ([]trail.Event, error) {
	var sent struct {
		Events []trail.Event `json:"events"`
	}
	if err := decode(body, &sent); err != nil {
		return nil, err
	}
	if len(sent.Events) == 0 || len(sent.Events) > maxEvents {
		return nil, refuse(http.StatusUnprocessableEntity, "an append has 1 to %d events, not %d", maxEvents, len(sent.Events))
	}
	return sent.Events, nil
}

// decode reads one JSON value without unknown keys.
func decode(body io.Reader, into any) error {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the JSON value")
		}
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	if err != nil {
		return refuse(http.StatusUnprocessableEntity, "the body is not what is expected: %v", err)
	}
	return nil
}

// admit returns an error unless the writer may write event n of an append, and sets who
// wrote it.
func (s *Server) admit(r *http.Request, c *caller, events []trail.Event, n int) error {
	e := &events[n]
	if err := s.permitEvent(c, e, events); err != nil {
		return err
	}
	if err := c.sameRun(e); err != nil {
		return refuse(http.StatusForbidden, "%s: %v", e.Type, err)
	}
	if e.Writer.Assurance == trail.AssuranceClaimed {
		// The token proves who passes the claim on, and nothing about the claim.
		e.Writer.Issuer = c.id.Subject()
	} else {
		e.Writer = trail.Writer{Subject: c.id.Subject(), Issuer: c.id.URL, Assurance: trail.AssuranceOIDC}
	}
	if e.Run == "" {
		e.Run = c.id.Run
	}
	if err := e.Check(); err != nil {
		return refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	return s.permitReference(r, c, e, events[:n])
}

// permitEvent returns an error unless a rule covers the event, or it is an approval that
// the gate's allow in the same append rests on. The gate read that approval from the CI
// system; the entry is only a step for the audit. All events of an append must be admitted,
// so whoever writes the approval may write the allow, and the allow is of the token's run.
func (s *Server) permitEvent(c *caller, e *trail.Event, events []trail.Event) error {
	err := s.permit(c, e.Type, e.Service, e.Environment)
	if err == nil || e.Type != trail.TypeApprovalGranted || s.permit(c, trail.TypeGateEvaluated, e.Service, e.Environment) != nil {
		return err
	}
	if !slices.ContainsFunc(events, func(d trail.Event) bool { return allowOf(d, e) }) {
		return refuse(http.StatusForbidden, "%s may write %s only together with its allow of the same request and digest", c.id.Subject(), e.Type)
	}
	var data trail.ApprovalData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return refuse(http.StatusUnprocessableEntity, "%s: read its data: %v", e.Type, err)
	}
	if strings.EqualFold(data.Approver, c.id.Actor) || strings.EqualFold(data.Approver, c.id.Login) {
		return refuse(http.StatusForbidden, "%s: the approver %s started the run", e.Type, data.Approver)
	}
	if len(data.Lifts) > 0 {
		return refuse(http.StatusForbidden, "%s: a review of a run lifts no rejection", e.Type)
	}
	return nil
}

// allowOf reports whether d is an allow for what an approval is about.
func allowOf(d trail.Event, approval *trail.Event) bool {
	var data trail.GateData
	return d.Type == trail.TypeGateEvaluated && json.Unmarshal(d.Data, &data) == nil && data.Outcome == "allow" &&
		d.Digest != "" && d.Digest == approval.Digest && d.Service == approval.Service && d.Environment == approval.Environment &&
		d.Request == approval.Request && d.Deployment == approval.Deployment
}

// permit returns an error unless one of the writer's rules covers an entry.
func (s *Server) permit(c *caller, typ, service, environment string) error {
	names := make([]string, len(c.writer))
	for n, w := range c.writer {
		if w.May.allows(typ, service, environment) {
			return nil
		}
		names[n] = w.Name
	}
	return refuse(http.StatusForbidden, "%s may not write %s of service %q in %q: see may of writer %s on the server", c.id.Subject(), typ, service, environment, strings.Join(names, ", "))
}

// permitReference returns an error if an event ends or settles an entry that the writer
// could not write: a freeze, a debt or bad news of another service.
func (s *Server) permitReference(r *http.Request, c *caller, e *trail.Event, before []trail.Event) error {
	_, id, refers := step.Refers(step.Step{Type: e.Type, Data: e.Data})
	if !refers || slices.ContainsFunc(before, func(b trail.Event) bool { return b.ID == id }) {
		return nil
	}
	to, err := s.log.Entry(r.Context(), id)
	if err != nil {
		return err
	}
	return s.permit(c, e.Type, to.Service, to.Environment)
}

// sameRun returns an error if an event names another run than the token's. A decision and
// its request are always of the run that records them: with another run's name, an
// approval of that run would count.
func (c *caller) sameRun(e *trail.Event) error {
	run, _, _ := strings.Cut(c.id.Run, "/attempts/")
	if e.Run != "" && e.Run != c.id.Run && e.Run != run {
		return fmt.Errorf("run %.150q is not the one of the token, %s", e.Run, c.id.Run)
	}
	if !slices.Contains(gateTypes, e.Type) {
		return nil
	}
	if err := c.sameRequest(e); err != nil {
		return err
	}
	return c.sameActor(e)
}

// sameRequest returns an error if an event names the request or the deployment of another
// run or pipeline. A request and a decision must name the deployment of the token exactly: a
// reader that looks for two requests of a run would miss one under another name.
func (c *caller) sameRequest(e *trail.Event) error {
	for _, of := range []struct{ what, name, own string }{
		{"request", e.Request, c.id.Request},
		{"deployment", e.Deployment, c.id.Deployment},
	} {
		name := strings.ToLower(of.name)
		if named := strings.Contains(name, "/runs/") || strings.Contains(name, "/pipelines/"); named && of.name != of.own {
			return fmt.Errorf("%s %.150q is not the one of the token, %s", of.what, of.name, of.own)
		}
	}
	if exact := e.Type == trail.TypeGateRequested || e.Type == trail.TypeGateEvaluated; exact && e.Deployment != c.id.Deployment {
		return fmt.Errorf("deployment %.60q must be %s, the run of the token: set PRODGATE_DEPLOYMENT to it", e.Deployment, c.id.Deployment)
	}
	return nil
}

// sameActor returns an error if a request leaves out who started the run, or gives the
// attempt another number: who asks for a deployment cannot approve it.
func (c *caller) sameActor(e *trail.Event) error {
	if e.Type != trail.TypeGateRequested {
		return nil
	}
	var data trail.RequestData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return fmt.Errorf("read its data: %w", err)
	}
	if c.id.Attempt > 0 && data.Attempt != nil && *data.Attempt != c.id.Attempt {
		return fmt.Errorf("attempt %d is not the one of the token, %d", *data.Attempt, c.id.Attempt)
	}
	named := func(person string) bool {
		return person != "" && (data.RequestedBy == person || data.TriggeredBy == person)
	}
	switch {
	case c.id.Actor == "" && c.id.Login == "":
		return errors.New("the token does not say who started the run")
	case !named(c.id.Actor) && !named(c.id.Login):
		return fmt.Errorf("the run was started by %s, who is neither requested_by nor triggered_by: set PRODGATE_TRIGGERED_BY", cmp.Or(c.id.Actor, c.id.Login))
	}
	return nil
}
