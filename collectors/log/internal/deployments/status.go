package deployments

import (
	"slices"

	"github.com/prodgate/prodgate/collectors/log/internal/recorded"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// The statuses of a deployment that the trail records.
const (
	statusLive        = "live"
	statusSuperseded  = "superseded"          // another one went live after it
	statusInProgress  = "in_progress"         // it or its rollback began, and no end is recorded
	statusFailed      = "failed"              // it did not go live, or it serves and somebody tried to undo it
	statusRolledBack  = "rolled_back"         // it was undone
	statusNotVerified = "verification_failed" // it runs or ran, and its verification failed
)

// assurances are how writers are established, weakest first. What is only claimed
// is no good news.
var assurances = []trail.Assurance{trail.AssuranceClaimed, trail.AssuranceUser, trail.AssuranceCI, trail.AssuranceWebhook, trail.AssuranceOIDC}

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

// ran reports whether it went live by more than somebody's claim.
func (i *item) ran() bool {
	if i.adopted != nil {
		return !claimed(i.adopted.Assurance)
	}
	live := i.live()
	return live != nil && !merelyClaimed(*live)
}

// status is the worst reading of all events, whoever wrote them: the same words as
// lib/deployments.rego has, for the assurances that count as shipped.
func (i *item) status() string {
	switch {
	case i.running(trail.TypeDeployStarted, trail.TypeDeployFailed, trail.TypeDeployLive, trail.TypeRollbackLive),
		i.running(trail.TypeRollbackStarted, trail.TypeRollbackFailed, trail.TypeRollbackLive):
		return statusInProgress
	case i.has(trail.TypeRollbackLive):
		return statusRolledBack
	case i.stands(trail.TypeVerificationFailed, trail.TypeVerificationPassed):
		return statusNotVerified
	case i.has(trail.TypeRollbackStarted, trail.TypeRollbackFailed), i.stands(trail.TypeDeployFailed, trail.TypeDeployLive):
		return statusFailed
	case i.ran(), i.merelyPraised():
		return statusLive
	default:
		return statusFailed
	}
}

func (i *item) has(types ...string) bool {
	return slices.ContainsFunc(i.events, func(e event) bool { return slices.Contains(types, e.Type) })
}

// merelyPraised reports whether somebody claims good news, and that is all.
func (i *item) merelyPraised() bool {
	return !slices.ContainsFunc(i.events, func(e event) bool {
		return e.Type != trail.TypeDeployLive && e.Type != trail.TypeVerificationPassed || !merelyClaimed(e)
	})
}

// running reports whether something began, and nothing by more than a claim says that
// it ended since.
func (i *item) running(start string, ends ...string) bool {
	return slices.ContainsFunc(i.events, func(began event) bool {
		return began.Type == start && !slices.ContainsFunc(i.events, func(e event) bool {
			return slices.Contains(ends, e.Type) && !merelyClaimed(e) && !e.before(began)
		})
	})
}

// before reports whether an event happened before another one. The order of the trail
// tells those of the same second apart.
func (e *event) before(other event) bool {
	at, since := recorded.OccurredAt(e.Entry), recorded.OccurredAt(other.Entry)
	return at.Before(since) || at.Equal(since) && e.Seq < other.Seq
}

// stands reports whether bad news stands: no later good news by a writer who is
// established as well lifts it. Anybody's word is enough for bad news; what is only
// claimed lifts nothing.
func (i *item) stands(bad, good string) bool {
	return slices.ContainsFunc(i.events, func(e event) bool { return e.Type == bad && !i.lifted(e, good) })
}

func (i *item) lifted(bad event, good string) bool {
	return slices.ContainsFunc(i.events, func(e event) bool {
		return e.Type == good && rank(e) >= max(rank(bad), 1) && !e.before(bad)
	})
}
