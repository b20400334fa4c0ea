# METADATA
# title: Request
# description: >-
#   When this request began, and the names it goes by. A re-run of failed jobs is
#   another attempt of the same deployment, so what people did since the first
#   attempt still counts.
package prodgate.v1.lib.request

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# The first attempt that a writer who counts recorded, or this one.
began := min({_requested} | {instant |
	some attempt in attempts
	writers.counts("trail", "gate.requested", attempt)
	instant := clock.past(attempt.at)
})

_requested := clock.past(input.request.requested_at)

# The recorded attempts of this very deployment: the same digest, environment,
# kind and configuration.
attempts contains attempt if {
	text.given(input.request.deployment)
	some attempt in input.trail.requests
	attempt.digest == input.artifact.digest
	attempt.environment == input.request.environment
	attempt.kind == input.request.kind
	object.get(attempt, "configuration", null) == object.get(input.request, "configuration", null)
}

# What a fact may call this request. A fact that names none is bound otherwise.
names := {null, input.request.id, _deployment}

_deployment := object.get(input.request, "deployment", input.request.id)
