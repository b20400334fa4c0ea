package deployments

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// event is an entry about a deployment with its data.
type event struct {
	trail.Entry
	data trail.DeployData
}

// item is one deployment in the making: what one run brought of one digest.
type item struct {
	id      string
	digest  string
	events  []event // in the order of the trail
	target  bool    // its deploy.live is the rollback.live that brought it back
	adopted *facts.Deployment
	order   int64 // place in the history
}

// joiner joins events to deployments.
type joiner struct {
	items    []*item
	requests requests
	found    *facts.Production
}

// history makes the history of what is recorded, oldest first, of req's service and
// environment, and keeps apart what is recorded for others. What was asked for is
// the service's, in any environment.
func history(req facts.Request, entries, asked []trail.Entry) (*facts.Production, error) {
	j := &joiner{requests: requestsOf(asked), found: &facts.Production{History: []facts.Deployment{}}}
	var later []event // of deployments that have to be known first
	for _, e := range entries {
		ev := event{Entry: e}
		if err := ev.read(); err != nil {
			return nil, err
		}
		if !here(e, req) {
			later = append(later, ev)
			continue
		}
		switch e.Type {
		case trail.TypeProductionAdopted:
			if err := j.adopt(e); err != nil {
				return nil, err
			}
		case trail.TypeDeployStarted, trail.TypeDeployLive, trail.TypeDeployFailed:
			if e.Digest == "" {
				return nil, fmt.Errorf("entry %d (%s) of %s names no digest: what ran in %s is not known", e.Seq, e.Type, e.RecordedAt.Format(time.RFC3339), e.Environment)
			}
			j.own(ev)
		default:
			later = append(later, ev)
		}
	}
	for _, ev := range later {
		switch {
		case !here(ev.Entry, req):
			j.elsewhere(ev)
		case strings.HasPrefix(ev.Type, "rollback."):
			j.rollback(ev)
		default:
			j.verification(ev)
		}
	}
	j.finish()
	return j.found, nil
}

func (e *event) read() error {
	if len(e.Data) == 0 || e.Type == trail.TypeProductionAdopted {
		return nil
	}
	if err := json.Unmarshal(e.Data, &e.data); err != nil {
		return fmt.Errorf("entry %d (%s): %w", e.Seq, e.Type, err)
	}
	return nil
}

// deployment names what an event belongs to: its deployment, or itself.
func (e *event) deployment() string { return cmp.Or(recorded.Deployment(e.Entry), e.ID) }

// own adds an event to its deployment, which it makes known.
func (j *joiner) own(ev event) *item {
	for _, i := range j.items {
		if i.id == ev.deployment() && i.digest == ev.Digest && i.adopted == nil {
			i.events = append(i.events, ev)
			return i
		}
	}
	made := &item{id: ev.deployment(), digest: ev.Digest, events: []event{ev}}
	j.items = append(j.items, made)
	return made
}

// of are the known deployments that an event names: those of its digest, or else
// of any.
func (j *joiner) of(ev event) []*item {
	var all, same []*item
	for _, i := range j.items {
		if id := recorded.Deployment(ev.Entry); id == "" || i.id != id || i.adopted != nil {
			continue
		}
		all = append(all, i)
		if i.digest == ev.Digest {
			same = append(same, i)
		}
	}
	if len(same) > 0 {
		return same
	}
	return all
}

// verification adds the result of a verification to the deployments it names.
func (j *joiner) verification(ev event) {
	known := j.of(ev)
	for _, i := range known {
		i.events = append(i.events, ev)
	}
	if len(known) == 0 {
		j.found.Unjoined = append(j.found.Unjoined, ev.apart())
	}
}

// elsewhere keeps what was recorded under another service or environment. It
// belongs to no deployment here; a rollback speaks against what it would have
// undone here.
func (j *joiner) elsewhere(ev event) {
	fact := ev.apart()
	if !strings.HasPrefix(ev.Type, "rollback.") {
		j.found.Unjoined = append(j.found.Unjoined, fact)
		return
	}
	undone := j.undone(ev)
	if len(undone) == 0 {
		fact.Digest = nil
		j.found.Unjoined = append(j.found.Unjoined, fact)
	}
	for _, i := range undone {
		fact.Digest = recorded.Digest(i.digest)
		j.found.Unjoined = append(j.found.Unjoined, fact)
	}
}

// undone is what a rollback undoes: the deployment it names, or what ran before
// where it names the rollback's own run or nothing that is known.
func (j *joiner) undone(ev event) []*item {
	undone := j.of(ev)
	if j.requests.kindOf(recorded.Deployment(ev.Entry)) == facts.KindRollback {
		undone = nil
	}
	if len(undone) == 0 {
		undone = j.before(ev)
	}
	return undone
}

// rollback adds the undoing of a deployment to what it undoes. What was gone back
// to is live again.
func (j *joiner) rollback(ev event) {
	undone := j.undone(ev)
	for _, i := range undone {
		i.events = append(i.events, ev)
	}
	if len(undone) == 0 {
		fact := ev.apart()
		fact.Digest = nil // it is the one that was gone back to, and nothing speaks against that
		j.found.Unjoined = append(j.found.Unjoined, fact)
	}
	if ev.Type == trail.TypeRollbackLive && ev.Digest != "" {
		live := ev
		live.Type = trail.TypeDeployLive
		if j.requests.kindOf(recorded.Deployment(ev.Entry)) != facts.KindRollback {
			live.Deployment = "" // that is the one that was undone
		}
		j.own(live).target = true
	}
}

// before is the newest deployment that began before a rollback. What another
// entry says was brought back by the same rollback is not what it undid.
func (j *joiner) before(ev event) []*item {
	var newest *item
	for _, i := range j.items {
		again := i.target && i.digest == ev.Digest
		if again || i.id == recorded.Deployment(ev.Entry) || i.adopted != nil || i.events[0].Seq > ev.Seq {
			continue
		}
		if newest == nil || i.place() > newest.place() {
			newest = i
		}
	}
	if newest == nil {
		return nil
	}
	return []*item{newest}
}

// finish orders what was joined, newest first, and finds what runs now.
func (j *joiner) finish() {
	for _, i := range j.items {
		slices.SortStableFunc(i.events, func(a, b event) int { return cmp.Compare(a.Seq, b.Seq) })
		i.order = i.place()
	}
	slices.SortStableFunc(j.items, func(a, b *item) int { return cmp.Compare(b.order, a.order) })
	for _, i := range j.items {
		d := i.fact(j.requests)
		if d.Status == statusLive && !claimed(d.Assurance) && j.found.Current != nil {
			d.Status = statusSuperseded
		}
		j.found.History = append(j.found.History, d)
		if j.found.Current == nil && i.ran() {
			current := d
			j.found.Current = &current
		}
	}
}

// place is the position of a deployment in the history: when it went live, by the
// order of the trail, or else its last step of its own.
func (i *item) place() int64 {
	if live := i.live(); live != nil && !merelyClaimed(*live) {
		return live.Seq
	}
	place := i.order
	for _, e := range i.events {
		if strings.HasPrefix(e.Type, "deploy.") {
			place = e.Seq
		}
	}
	return place
}

// fact returns the deployment as in the document.
func (i *item) fact(requests requests) facts.Deployment {
	if i.adopted != nil {
		d := *i.adopted
		d.BuiltAt = requests.builtAt[d.Digest]
		return d
	}
	first, told := i.events[0], i.events[0]
	d := facts.Deployment{
		ID: &i.id, Service: recorded.Identifier(first.Service), Environment: recorded.Identifier(first.Environment),
		Digest: i.digest, Approvers: []string{}, Status: i.status(),
		BuiltAt: requests.builtAt[i.digest], Configuration: requests.configurations[i.id], Kind: i.kind(requests), Plan: requests.plans[i.id],
	}
	for _, e := range i.events {
		if e.Type == trail.TypeDeployStarted {
			at := recorded.OccurredAt(e.Entry)
			d.StartedAt = &at
			break
		}
	}
	if live := i.live(); live != nil {
		told = *live
		recordedAt := recorded.Second(told.RecordedAt)
		d.RecordedAt = &recordedAt
	} else {
		for _, e := range i.events {
			if strings.HasPrefix(e.Type, "deploy.") {
				told = e
			}
		}
	}
	d.Version, d.LiveAt, d.Approvers = told.data.Version, recorded.OccurredAt(told.Entry), recorded.Persons(told.data.Approvers)
	d.Writer, d.Assurance = recorded.Person(told.Writer.Subject), recorded.Assurance(told.Writer)
	if strings.TrimSpace(d.Version) == "" {
		d.Version = versionOf(i.digest)
	}
	for _, e := range i.events {
		d.Events = append(d.Events, e.fact())
	}
	return d
}

// versionOf names a version without a name.
func versionOf(digest string) string { return strings.TrimPrefix(digest, "sha256:")[:12] }

// kind is what kind of request the deployment answers; nil where it is not known.
func (i *item) kind(requests requests) *facts.Kind {
	kind := requests.kindOf(i.id)
	for _, e := range i.events {
		if k := facts.Kind(e.data.Kind); kind == "" && strings.HasPrefix(e.Type, "deploy.") && slices.Contains(facts.Kinds, k) {
			kind = k
		}
	}
	if i.target {
		kind = facts.KindRollback
	}
	if kind == "" {
		return nil
	}
	return &kind
}

// apart returns the event, as in the document, of an unknown deployment.
func (e *event) apart() facts.DeploymentEvent {
	fact := e.fact()
	fact.Service, fact.Environment = recorded.Identifier(e.Service), recorded.Identifier(e.Environment)
	fact.Deployment = recorded.Text(recorded.Deployment(e.Entry))
	return fact
}

// fact returns the event as in the document.
func (e *event) fact() facts.DeploymentEvent {
	fact := facts.DeploymentEvent{
		Type: e.Type, At: recorded.OccurredAt(e.Entry), ID: &e.ID, Seq: recorded.Seq(e.Entry),
		Digest: recorded.Digest(e.Digest), Attempt: e.data.Attempt,
		Writer: recorded.Person(e.Writer.Subject), Assurance: recorded.Assurance(e.Writer),
	}
	for _, id := range []string{e.Deployment, e.Request} {
		if n := trail.Attempt(id); fact.Attempt == nil && n > 0 {
			fact.Attempt = &n
		}
	}
	return fact
}
