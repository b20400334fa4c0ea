# METADATA
# title: Used approvals
# description: >-
#   An approval is for one deployment. It is used up when that deployment is live, was
#   rolled back or failed its verification, or when another run has deployed the
#   artifact since. After a failed attempt, the same run can use the approval again, a
#   limited number of times and for a limited time. Entries by any writer count here:
#   they can only use an approval up.
package prodgate.v1.lib.used

import data.prodgate.v1.lib.attempts
import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Whether the production history shows which approvals were used. A partially read one
# does not, but that does not block a rollback.
default known := false

known if {
	_listed
	"production" in writers.complete
}

known if {
	_listed
	input.request.kind == "rollback"
}

_listed if {
	"production" in sources.readable
	is_array(input.production.history)
	every path in [["production", "unjoined"], ["trail", "deployments"], ["trail", "unjoined"]] {
		is_array(object.get(input, path, []))
	}
}

# The reasons why an approval given at this time is used up, as text. Undefined if that
# is unknown.
by(given) := ((_by_another_run(given) | _by_this_run(given)) | (_by_retries(given) | _by_rollback(given))) | (_by_unjoined(given) | _live) if known

# The number of attempts of this deployment since an approval was given.
attempts_since(given) := max([
	count(_events_since(given, "deploy.started")),
	count(_events_since(given, "deploy.failed")),
	count(_failed_since(given)),
])

# The deployments, by position, except for those that are shown to be of another
# artifact, kind or configuration.
_deployments contains position if {
	some position, deployment in _history
	binding.concerns(deployment)
	not _of_another_kind(deployment)
	not _of_another_configuration(deployment)
}

_digests := {input.artifact.digest} | {platform.digest | some platform in input.artifact.platforms}

_of_another_kind(deployment) if {
	deployment.kind in {"initial", "promotion", "configuration", "rollback"}
	deployment.kind != input.request.kind
}

_of_another_configuration(deployment) if {
	input.request.kind == "configuration"
	text.differs_digest(deployment.configuration, input.request.configuration)
}

_own contains position if {
	some position in _deployments
	text.given(attempts.deployment)
	_history[position].id == attempts.deployment
}

_by_another_run(given) := {words |
	some position in (_deployments - _own)
	deployment := _history[position]
	not _began_before(deployment, given)
	words := sprintf("was used by the deployment %v", [_name(deployment)])
}

_name(deployment) := deployment.id if {
	text.given(deployment.id)
} else := sprintf("of version %v, which has no id", [deployment.version]) if {
	deployment.version
} else := "that has no id"

_began_before(deployment, given) if _began(deployment) < given

_began(deployment) := clock.fact(deployment.started_at) if {
	is_string(deployment.started_at)
} else := clock.fact(deployment.live_at) if {
	is_string(deployment.live_at)
} else := clock.fact(deployment.events[0].at)

_by_this_run(given) := {words |
	some position in _own
	some word in (_ended_since(position, given) | _events_beyond_attempts(position, given))
	words := sprintf("was used by the deployment %v: %v", [attempts.deployment, word])
}

# A deployment that did not go live.
_unfinished(deployment) if deployment.status in {"failed", "in_progress", "started"}

_ended_since(position, given) := {object.get(deployment, "status", "it ended") |
	deployment := _history[position]
	not _unfinished(deployment)
	not _live_before(deployment, given)
}

_live_before(deployment, given) if clock.fact(deployment.live_at) < given

_events_beyond_attempts(position, given) := {_type(event) |
	some event in _history[position].events
	not _of_an_attempt(event)
	not _before(event, given)
}

_of_an_attempt(event) if event.type in {"deploy.started", "deploy.failed"}

_type(event) := event.type if {
	event.type
} else := "an event"

_before(event, given) if clock.fact(event.at) < given

_by_retries(given) := set() if {
	attempts_since(given) == 0
} else := set() if {
	is_number(settings.effective.approval.retries)
	attempts_since(given) <= settings.effective.approval.retries
	clock.now - _first_attempt(given) < time.parse_duration_ns(settings.effective.approval.retry_within)
} else := {sprintf("was used by %d attempts of the deployment %v; %v more are allowed, within %v of the first", [
	attempts_since(given),
	attempts.deployment,
	settings.effective.approval.retries,
	settings.effective.approval.retry_within,
])}

_events_since(given, type) := {[event.type, event.at] |
	some position in _own
	some event in _history[position].events
	event.type == type
	not _before(event, given)
}

# A history without events has only the status of the last attempt.
_failed_since(given) := {position |
	some position in _own
	deployment := input.production.history[position]
	deployment.status == "failed"
	not _live_before(deployment, given)
}

# When the first attempt with an approval began. Undefined if unknown.
_first_attempt(given) := min({at |
	some at in _starts
	at >= given
})

_starts contains clock.fact(attempt.at) if some attempt in attempts.standing

_starts contains clock.fact(_history[position].started_at) if some position in _own

_starts contains clock.fact(_history[position].live_at) if some position in _own

_starts contains clock.fact(event.at) if {
	some position in _own
	some event in _history[position].events
}

# In the history, a rollback is an event of the deployment that was rolled back, not of
# the rollback target.
_by_rollback(given) := {"was used by a completed rollback" |
	input.request.kind == "rollback"
	some event in _history[_].events
	event.type == "rollback.live"
	not _before(event, given)
} | {"was used by a completed rollback" |
	input.request.kind == "rollback"
	some event in _unjoined
	event.type == "rollback.live"
	not _before(event, given)
}

_by_unjoined(given) := {sprintf("was used by a deployment that is not in the history: event %v", [_type(event)]) |
	some event in _unjoined
	binding.concerns(event)
	not _before(event, given)
}

# Promoting the live version again is another deployment.
_live := {"was used: the artifact is live"} if {
	input.request.kind == "promotion"
	input.production.current.digest in _digests
} else := set()

# Deployments in the trail count too.
_history := array.concat(
	[deployment | some deployment in input.production.history],
	[deployment | some deployment in input.trail.deployments],
)

_unjoined := array.concat(
	[event | some event in input.production.unjoined; not binding.elsewhere(event)],
	[event | some event in input.trail.unjoined; not binding.elsewhere(event)],
)
