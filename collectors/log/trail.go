package log

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prodgate/prodgate/collectors/log/internal/deployments"
	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// review is the type of the debt that an emergency leaves.
const review = "emergency.review"

// Trail collects the steps, debts, freezes and delegations of the audit trail, the
// section "trail".
type Trail struct {
	Log        Location
	Signatures Signatures
}

// Name is the section's key.
func (Trail) Name() string { return "trail" }

// Kind is the kind of source.
func (Trail) Kind() string { return Kind }

// Collect reads the section. An error means that the trail could not be read or
// proved.
func (c Trail) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	return c.Log.Collect(ctx, func(reading *recorded.Reading) (facts.Section, error) {
		r := reader{ctx: ctx, Reading: reading, req: req, signatures: c.Signatures}
		found := &facts.Trail{}
		for _, read := range []func(*facts.Trail) error{r.dismissals, r.steps, r.requests, r.reviews, r.debts, r.stops, r.delegations, r.deployments, r.allowed} {
			if err := read(found); err != nil {
				return nil, err
			}
		}
		origin, complete := reading.Origin(), reading.Complete
		found.Origin, found.Complete = &origin, &complete
		key, err := reading.PublicKey(ctx)
		if err != nil {
			return nil, err
		}
		found.Key = &key
		return found, nil
	})
}

// deployments are those that the trail knows, whose bad news counts against a
// production history from elsewhere.
func (r *reader) deployments(found *facts.Trail) error {
	known, err := deployments.Read(r.ctx, r.Reading, r.req)
	if err != nil {
		return err
	}
	found.Deployments, found.Unjoined = known.History, known.Unjoined
	return nil
}

// reader reads the parts of the section.
type reader struct {
	*recorded.Reading
	ctx context.Context
	req facts.Request

	signatures Signatures

	dismissed map[string]bool // ids of entries
	artifact  []trail.Entry   // about the request's digest, of any service
}

// fields are what entries' data can say of a step, where they are text.
type fields map[string]json.RawMessage

func fieldsOf(e trail.Entry) (fields, error) {
	f := fields{}
	if len(e.Data) == 0 {
		return f, nil
	}
	if err := json.Unmarshal(e.Data, &f); err != nil {
		return nil, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
	}
	return f, nil
}

// text is a field's text; nil where it is blank or something else.
func (f fields) text(name string) *string {
	var s string
	if json.Unmarshal(f[name], &s) != nil {
		return nil
	}
	return recorded.Text(s)
}

// texts is a field's list of texts; nil if it is something else.
func (f fields) texts(name string) []string {
	var list []string
	if json.Unmarshal(f[name], &list) != nil {
		return nil
	}
	return list
}

// dismissals are what persons said of entries about this service or artifact.
func (r *reader) dismissals(found *facts.Trail) error {
	keys := append(recorded.OfService(r.req.Service, trail.TypeEntryDismissed), recorded.OfService("", trail.TypeEntryDismissed)...)
	entries, err := r.Entries(r.ctx, keys...)
	if err != nil {
		return err
	}
	if r.req.Digest != "" {
		if r.artifact, err = r.Entries(r.ctx, trail.ByDigest(r.req.Digest)); err != nil {
			return err
		}
	}
	r.dismissed = map[string]bool{}
	found.Dismissals = []facts.Dismissal{}
	told := map[int64]bool{} // by place in the trail
	for _, e := range append(entries, r.artifact...) {
		if e.Type != trail.TypeEntryDismissed || told[e.Seq] {
			continue
		}
		told[e.Seq] = true
		var data trail.DismissalData
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		by, writer := recorded.Person(data.By), recorded.Person(e.Writer.Subject)
		d := facts.Dismissal{
			Entry: data.Entry, Seq: recorded.Seq(e), At: recorded.OccurredAt(e), Reason: data.Reason,
			Assurance: facts.Assurance(e.Writer.Assurance),
		}
		if by == nil || writer == nil || d.Entry == "" || recorded.Text(d.Reason) == nil {
			continue // it dismisses nothing
		}
		d.By, d.Writer = *by, *writer
		found.Dismissals = append(found.Dismissals, d)
		r.dismissed[d.Entry] = true
	}
	return nil
}

// requests are the attempts of the request's deployment, of any service: a review of the
// run does not say which of them it is about.
func (r *reader) requests(found *facts.Trail) error {
	found.Requests = []facts.RecordedRequest{}
	deployment := r.deployment()
	entries, err := r.Entries(r.ctx, trail.ByDeployment(deployment))
	if err != nil {
		return err
	}
	seen := map[int64]bool{}
	for _, e := range append(entries, r.artifact...) {
		if e.Type != trail.TypeGateRequested || seen[e.Seq] || recorded.Deployment(e) != deployment {
			continue
		}
		seen[e.Seq] = true
		request, err := r.request(e)
		if err != nil {
			return err
		}
		found.Requests = append(found.Requests, request)
	}
	slices.SortStableFunc(found.Requests, func(a, b facts.RecordedRequest) int { return a.At.Compare(b.At) })
	return nil
}

// deployment identifies the attempts of the deployment.
func (r *reader) deployment() string {
	if r.req.Deployment != nil {
		return *r.req.Deployment
	}
	return trail.WithoutAttempt(r.req.ID)
}

func (r *reader) request(e trail.Entry) (facts.RecordedRequest, error) {
	var data trail.RequestData
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return facts.RecordedRequest{}, fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
	}
	by, started := recorded.Person(data.RequestedBy), recorded.Person(data.TriggeredBy)
	if by == nil || started == nil || data.Kind == "" {
		return facts.RecordedRequest{}, fmt.Errorf("entry %d (%s) does not say who asked for what", e.Seq, e.Type)
	}
	request := facts.RecordedRequest{
		ID: e.Request, Entry: &e.ID, Seq: recorded.Seq(e), At: recorded.OccurredAt(e), Attempt: data.Attempt, Kind: data.Kind,
		Digest: recorded.Digest(e.Digest), Environment: recorded.Identifier(e.Environment),
		Service: recorded.Text(e.Service), RecordedAt: recorded.Instant(&e.RecordedAt), Emergency: &data.Emergency, Ticket: data.Ticket,
		RequestedBy: *by, TriggeredBy: *started,
		Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
	}
	if request.ID == "" {
		request.ID = e.ID
	}
	if n := trail.Attempt(e.Request); request.Attempt == nil && n > 0 {
		request.Attempt = &n
	}
	if data.Configuration != nil {
		request.Configuration = recorded.Digest(*data.Configuration)
	}
	return request, nil
}

// debts are the reviews that emergencies of the service left, in any environment,
// with whatever entries say that they were held.
func (r *reader) debts(found *facts.Trail) error {
	entries, err := r.Entries(r.ctx, recorded.OfService(r.req.Service, trail.TypeEmergencyUsed, trail.TypeEmergencyReviewed)...)
	if err != nil {
		return err
	}
	list, at := []facts.Debt{}, map[string]int{}
	for _, e := range entries {
		var data trail.EmergencyData
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		if e.Type == trail.TypeEmergencyUsed {
			// Nobody records what is yet to come, and no review could settle it.
			incurred := recorded.OccurredAt(e)
			at[e.ID] = len(list)
			list = append(list, facts.Debt{
				Type: review, ID: &e.ID, Service: recorded.Identifier(e.Service), Ticket: recorded.Text(data.Ticket),
				RequestedBy: recorded.Persons(data.RequestedBy), ApprovedBy: recorded.Persons(data.ApprovedBy),
				IncurredAt: &incurred, DueAt: recorded.Instant(data.DueAt), Settlements: []facts.Settlement{},
			})
			continue
		}
		position, known := at[data.Settles]
		writer := recorded.Person(e.Writer.Subject)
		if !known || writer == nil {
			continue // it settles nothing
		}
		list[position].Settlements = append(list[position].Settlements, facts.Settlement{
			At: recorded.Told(e), By: recorded.Person(data.Reviewer), Writer: *writer, Assurance: facts.Assurance(e.Writer.Assurance),
		})
	}
	found.Debts = list
	return nil
}

// stops are the freezes that were declared in the trail, for any service, with
// whatever entries say that they were lifted.
func (r *reader) stops(found *facts.Trail) error {
	entries, err := r.Entries(r.ctx, trail.ByType(trail.TypeFreezeDeclared), trail.ByType(trail.TypeFreezeLifted))
	if err != nil {
		return err
	}
	list, at := []facts.Stop{}, map[string]int{}
	for _, e := range entries {
		writer := recorded.Person(e.Writer.Subject)
		if e.Type == trail.TypeFreezeLifted {
			var data trail.LiftData
			if err := json.Unmarshal(e.Data, &data); err != nil {
				return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
			}
			if position, known := at[data.Freeze]; known && writer != nil {
				list[position].Lifted = append(list[position].Lifted, facts.Settlement{
					At: recorded.OccurredAt(e), By: recorded.Person(data.By), Writer: *writer, Assurance: facts.Assurance(e.Writer.Assurance),
				})
			}
			continue
		}
		var data trail.FreezeData
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
		}
		stop := facts.Stop{
			ID: e.ID, Seq: recorded.Seq(e), Reason: data.Reason, Services: data.Services, Environments: data.Environments,
			From: recorded.OccurredAt(e), Until: recorded.Instant(data.Until), By: recorded.Person(data.By),
			Writer: writer, Assurance: recorded.Assurance(e.Writer), Lifted: []facts.Settlement{},
		}
		if recorded.Text(stop.Reason) == nil {
			stop.Reason = "no reason is recorded"
		}
		at[e.ID] = len(list)
		list = append(list, stop)
	}
	found.Stops = list
	return nil
}
