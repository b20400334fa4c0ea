# METADATA
# title: Attempts
# description: >-
#   The attempts of this deployment in the trail. A re-run of failed jobs is another
#   attempt of the same deployment. Everyone who requested or started an attempt is a
#   requester, whichever writer recorded it, unless the entry is dismissed. The time of
#   the request is that of the first attempt, if an accepted writer recorded it.
package prodgate.v1.lib.attempts

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.writers

# As the trail lists them. If absent, the trail has no attempts.
default all := []

all := input.trail.requests

# The ids of everyone who requested or started an attempt. An attempt that names no
# person adds null, which matches no id. Undefined if the attempts are not a list.
people := _named(standing) if is_array(all)

_named(attempts) := {object.get(attempt, key, null) |
	some attempt in attempts
	some key in ["requested_by", "triggered_by"]
}

# The attempts that are not dismissed, and those that are.
standing := [attempt |
	some attempt in all
	not _dismissed(attempt)
]

dismissed contains attempt if {
	some attempt in all
	_dismissed(attempt)
}

_dismissed(attempt) if {
	dismissals.dismissed("trail", object.union(attempt, {"type": "gate.requested", "id": attempt.entry}))
}

# The ids that attempts name, dismissed or not: all of them, and those by accepted
# writers.
named := _named(all)

witnessed := _named([attempt | some attempt in all; _counts(attempt)])

_counts(attempt) if writers.counts("trail", "gate.requested", attempt)

# The name of the deployment that the attempts belong to. A request without one is its
# own deployment.
deployment := name if {
	name := input.request.deployment
	name != null
} else := input.request.id

# The names that a fact may use for this request; null if it names none.
names := {null, input.request.id, deployment} | {attempt.id | some attempt in _recorded}

# When the deployment was first requested.
requested_at := min({clock.past(attempt.at) | some attempt in _recorded} | {requested}) if requested := clock.past(input.request.requested_at)

# Earlier attempts by accepted writers, within the maximum age of a request.
_recorded := {attempt |
	some attempt in all
	_same(attempt)
	_counts(attempt)
	clock.now - clock.past(attempt.at) < time.parse_duration_ns(settings.effective.request.max_age)
}

# An attempt with the same request as this one.
_same(attempt) if {
	binding.ours_service(attempt)
	attempt.digest == input.artifact.digest
	attempt.environment == input.request.environment
	attempt.kind == input.request.kind
	object.get(attempt, "configuration", null) == object.get(input.request, "configuration", null)
}
