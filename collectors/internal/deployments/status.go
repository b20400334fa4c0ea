package deployments

import (
	"slices"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// The statuses of a deployment that the trail tells.
const (
	statusLive        = "live"
	statusSuperseded  = "superseded"          // another one went live after it
	statusInProgress  = "in_progress"         // it began, and no end is recorded
	statusFailed      = "failed"              // it did not go live, or it was tried to undo it
	statusRolledBack  = "rolled_back"         // it was undone
	statusNotVerified = "verification_failed" // it runs or ran, and its verification failed
)

// assurances are how writers are established, weakest first. What is only claimed
// is no good news.
var assurances = []trail.Assurance{trail.AssuranceClaimed, trail.AssuranceUser, trail.AssuranceCI, trail.AssuranceOIDC}

func rank(e event) int { return slices.Index(assurances, e.Writer.Assurance) }

func merelyClaimed(e event) bool { return rank(e) < 1 }

func claimed(a *facts.Assurance) bool { return a == nil || *a == facts.AssuranceClaimed }

// live is the best established deploy.live, the first of equals; nil if there is
// none.
func (i *item) live() *event {
	var best *event
	for n := range i.events {
		if e := &i.events[n]; e.Type == trail.TypeDeployLive && (best == nil || rank(*e) > rank(*best)) {
			best = e
		}
	}
	return best
}

// ran says whether it went live by more than somebody's claim.
func (i *item) ran() bool {
	if i.adopted != nil {
		return !claimed(i.adopted.Assurance)
	}
	live := i.live()
	return live != nil && !merelyClaimed(*live)
}

// status is the worst reading of all events, whoever wrote them.
func (i *item) status() string {
	undone, begun := false, false
	for _, e := range i.events {
		switch e.Type {
		case trail.TypeRollbackLive:
			return statusRolledBack
		case trail.TypeRollbackStarted, trail.TypeRollbackFailed:
			undone = true
		case trail.TypeDeployStarted:
			begun = true
		}
	}
	switch {
	case i.stands(trail.TypeVerificationFailed, trail.TypeVerificationPassed):
		return statusNotVerified
	case undone || i.stands(trail.TypeDeployFailed, trail.TypeDeployLive):
		return statusFailed
	case begun && !i.ran():
		return statusInProgress
	default:
		return statusLive
	}
}

// stands says whether bad news stands: no later good news by a writer who is
// established as well lifts it. Anybody's word is enough for bad news; what is only
// claimed lifts nothing.
func (i *item) stands(bad, good string) bool {
	lifted := 0 // by a writer who is established so well, of the events after this one
	for _, e := range slices.Backward(i.events) {
		switch e.Type {
		case good:
			lifted = max(lifted, rank(e))
		case bad:
			if lifted < max(rank(e), 1) {
				return true
			}
		}
	}
	return false
}
