package metrics

import (
	"slices"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// place is where something is deployed.
type place struct{ service, environment string }

// key is a deployment, a request or a digest at a place.
type key struct {
	place
	id string
}

// deployment is what is recorded about one. Instants are zero where a step is
// not recorded.
type deployment struct {
	place
	started  time.Time
	live     time.Time // the first deploy.live
	failed   time.Time // the first deploy.failed
	taken    time.Time // the first rollback of it, begun or done
	approved time.Time // the last approval that counted when it went live
	broken   bool      // its last step is deploy.failed
	hurt     bool      // an incident is linked to it
	rollback bool      // it brought an earlier version back: it is no change of its own
}

// ended is when a deployment came to its first end: live, or else failed or
// taken back. Zero: in flight, or never begun.
func (d *deployment) ended() time.Time {
	if !d.live.IsZero() {
		return d.live
	}
	return earliest(d.failed, d.taken)
}

// reached says that production, or a part of it, ran what was deployed.
func (d *deployment) reached() bool { return !d.live.IsZero() || !d.taken.IsZero() }

// succeeded says that it went live and stayed.
func (d *deployment) succeeded() bool { return !d.live.IsZero() && !d.broken && d.taken.IsZero() }

// changeFailed says that it hurt: it was taken back, or an incident came of it.
func (d *deployment) changeFailed() bool { return d.hurt || !d.taken.IsZero() }

// earliest is the earlier of two instants; zero is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// deployments joins steps to deployments, in the order of the log.
type deployments struct {
	byKey     map[key]*deployment
	byID      map[string][]*deployment // for steps that name no service and environment
	all       []*deployment
	kinds     map[key]string // what the gate was asked for
	approvals map[key][]approval
	running   map[place]*deployment // the last change that went live
	incidents []incident            // joined at the end
	repeated  int                   // deploy.live again, in the period
}

type approval struct {
	approver string
	at       time.Time
}

// incident is what hurt a deployment that is not recorded yet, or nowhere.
type incident struct {
	keys     []key
	within   bool
	rollback time.Time // it is a rollback, of then; zero: it is an incident
}

func newDeployments() *deployments {
	return &deployments{
		byKey: map[key]*deployment{}, byID: map[string][]*deployment{},
		kinds: map[key]string{}, approvals: map[key][]approval{}, running: map[place]*deployment{},
	}
}

// keys name the deployment that a step is about, the surest first: where nobody
// says which, the last one of the digest.
func keys(s step) []key {
	at := place{s.entry.Service, s.entry.Environment}
	var list []key
	for _, id := range []string{s.entry.Deployment, s.entry.Request} {
		if id != "" {
			list = append(list, key{at, trail.WithoutAttempt(id)}) // a re-run is the same deployment
		}
	}
	if len(list) == 0 && s.entry.Digest != "" {
		list = append(list, digestKey(s))
	}
	return list
}

// digestKey joins steps that name no deployment.
func digestKey(s step) key {
	return key{place{s.entry.Service, s.entry.Environment}, "digest " + s.entry.Digest}
}

// find is the recorded deployment with one of the keys; nil if there is none.
func (d *deployments) find(keys []key) *deployment {
	for _, k := range keys {
		if found := d.byKey[k]; found != nil {
			return found
		}
	}
	for _, k := range keys {
		var match []*deployment
		for _, found := range d.byID[k.id] {
			if (k.service == "" || k.service == found.service) && (k.environment == "" || k.environment == found.environment) {
				match = append(match, found)
			}
		}
		if len(match) == 1 {
			return match[0]
		}
	}
	return nil
}

// of is the deployment that a step is about, made where there is none. A step
// that names none is about one of its own.
func (d *deployments) of(s step) *deployment {
	list := keys(s)
	if found := d.find(list); found != nil {
		return found
	}
	at := place{s.entry.Service, s.entry.Environment}
	if len(list) == 0 {
		list = []key{{at, s.entry.ID}}
	}
	made := &deployment{place: at, rollback: d.kindOf(list) == string(facts.KindRollback)}
	d.byKey[list[0]] = made
	d.byID[list[0].id] = append(d.byID[list[0].id], made)
	d.all = append(d.all, made)
	return made
}

// asked notes what kind of deployment the gate was asked for.
func (d *deployments) asked(s step, kind string) {
	for _, k := range keys(s) {
		d.kinds[k] = kind
	}
}

func (d *deployments) kindOf(keys []key) string {
	for _, k := range keys {
		if kind, ok := d.kinds[k]; ok {
			return kind
		}
	}
	return ""
}

func (d *deployments) add(s step) error {
	switch s.entry.Type {
	case trail.TypeApprovalGranted, trail.TypeApprovalRejected, trail.TypeApprovalWithdrawn:
		return d.approval(s)
	case trail.TypeDeployStarted:
		found := d.of(s)
		found.started = earliest(found.started, s.at)
	case trail.TypeDeployLive:
		d.wentLive(s)
	case trail.TypeDeployFailed:
		found := d.of(s)
		found.failed, found.broken = earliest(found.failed, s.at), true
	case trail.TypeRollbackStarted, trail.TypeRollbackLive, trail.TypeRollbackFailed:
		d.rolledBack(s)
	case trail.TypeIncidentLinked:
		d.incidents = append(d.incidents, incident{keys: keys(s), within: s.within})
	}
	return nil
}

// wentLive notes the first time; what says so again counts no more. A deployment
// that brings an earlier version back takes back what was running.
func (d *deployments) wentLive(s step) {
	found := d.of(s)
	found.broken = false
	if s.entry.Digest != "" {
		d.byKey[digestKey(s)] = found
	}
	if !found.live.IsZero() {
		if s.within {
			d.repeated++
		}
		return
	}
	found.live = s.at
	if found.rollback {
		d.takeBack(d.running[found.place], s)
		return
	}
	found.approved = d.approvedBefore(s)
	d.running[found.place] = found
}

// rolledBack notes the rollback of a deployment. Its step names the deployment
// that is taken back, or the request for the rollback.
func (d *deployments) rolledBack(s step) {
	if d.kindOf(keys(s)) == string(facts.KindRollback) {
		d.takeBack(d.running[place{s.entry.Service, s.entry.Environment}], s)
		return
	}
	found := d.find(keys(s))
	if found == nil && (s.entry.Service == "" || s.entry.Environment == "") {
		d.incidents = append(d.incidents, incident{keys: keys(s), within: s.within, rollback: s.at})
		return
	}
	if found == nil {
		found = d.of(s)
	}
	d.takeBack(found, s)
}

func (d *deployments) takeBack(of *deployment, s step) {
	if of != nil {
		of.taken = earliest(of.taken, s.at)
	}
}

// approval notes who approved when, and forgets what is taken back. One that is
// recorded after the deployment went live counts if it was given before.
func (d *deployments) approval(s step) error {
	var data trail.ApprovalData
	if err := read(s.entry, &data); err != nil {
		return err
	}
	list := keys(s)
	if s.entry.Digest != "" {
		list = append(list, digestKey(s))
	}
	if s.entry.Environment == "" && s.entry.Type != trail.TypeApprovalGranted { // it is about all environments
		list = d.everywhere(list)
	}
	for _, k := range list {
		d.approvals[k] = slices.DeleteFunc(d.approvals[k], func(a approval) bool { return a.approver == data.Approver })
		if s.entry.Type == trail.TypeApprovalGranted {
			d.approvals[k] = append(d.approvals[k], approval{data.Approver, s.at})
		}
	}
	found := d.find(keys(s))
	if s.entry.Type == trail.TypeApprovalGranted && found != nil && found.approved.IsZero() && !s.at.After(found.live) {
		found.approved = s.at
	}
	return nil
}

// everywhere are the keys with approvals that differ from some in nothing but the
// environment.
func (d *deployments) everywhere(keys []key) (list []key) {
	for known := range d.approvals {
		if slices.ContainsFunc(keys, func(k key) bool { return k.service == known.service && k.id == known.id }) {
			list = append(list, known)
		}
	}
	return list
}

// approvedBefore is the last approval of the deployment, or else of its digest,
// that was given when s took place; zero if there is none.
func (d *deployments) approvedBefore(s step) (last time.Time) {
	for _, k := range append(keys(s), digestKey(s)) {
		for _, a := range d.approvals[k] {
			if !a.at.After(s.at) && a.at.After(last) {
				last = a.at
			}
		}
		if !last.IsZero() {
			return last
		}
	}
	return last
}

// settle joins the incidents, and counts those of the period that belong to no
// recorded deployment.
func (d *deployments) settle() (orphans int) {
	for _, i := range d.incidents {
		found := d.find(i.keys)
		switch {
		case found == nil && i.within:
			orphans++
		case found != nil && i.rollback.IsZero():
			found.hurt = true
		case found != nil:
			found.taken = earliest(found.taken, i.rollback)
		}
	}
	return orphans
}
