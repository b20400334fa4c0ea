# METADATA
# title: Attempts
# description: >-
#   The attempts of this deployment that the trail knows. A re-run of failed jobs
#   is another attempt of the same deployment: whoever asked for or started any
#   attempt is a requester, whoever recorded it, unless the entry is dismissed; and
#   the deployment was asked for when the first attempt was, if a writer who counts
#   recorded that.
package prodgate.v1.lib.attempts

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.writers

# As the trail lists them. Absent: the trail knows no attempts.
default all := []

all := input.trail.requests

# The ids of everybody who asked for or started an attempt. An attempt that does
# not name somebody adds null, which is nobody's id. Undefined for what is no list.
people := _named(standing) if is_array(all)

_named(attempts) := {object.get(attempt, key, null) |
	some attempt in attempts
	some key in ["requested_by", "triggered_by"]
}

# The attempts that nobody has dismissed, and those that somebody who may has.
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

# The ids that attempts name, dismissed or not: all of them, and those by writers who
# count.
named := _named(all)

witnessed := _named([attempt | some attempt in all; _counts(attempt)])

_counts(attempt) if writers.counts("trail", "gate.requested", attempt)

# The name of the deployment that the attempts are of. A request that names none
# is its own deployment.
deployment := name if {
	name := input.request.deployment
	name != null
} else := input.request.id

# What a fact may call this request; null where it names none.
names := {null, input.request.id, deployment} | {attempt.id | some attempt in _recorded}

# When the deployment was asked for first.
requested_at := min({clock.past(attempt.at) | some attempt in _recorded} | {requested}) if requested := clock.past(input.request.requested_at)

# Earlier attempts that count, and are no older than a request may be.
_recorded := {attempt |
	some attempt in all
	_same(attempt)
	_counts(attempt)
	clock.now - clock.past(attempt.at) < time.parse_duration_ns(settings.effective.request.max_age)
}

# An attempt that asks for the same as this one.
_same(attempt) if {
	attempt.digest == input.artifact.digest
	attempt.environment == input.request.environment
	attempt.kind == input.request.kind
	object.get(attempt, "configuration", null) == object.get(input.request, "configuration", null)
}
