# METADATA
# title: Pace
# description: >-
#   The version in production has run for half an hour before the next one
#   replaces it, so that trouble can be told from the release that brought it.
#   Nothing holds back a rollback or an emergency.
package prodgate.v1.checks.acme_pace

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.sources

default pass := false

# What good is, first and positively. The gate opens only if this is true;
# a denial below explains, it does not decide.
pass if {
	count(needs - sources.readable) == 0
	_settled
}

# The sections this check reads. One that could not be read denies by itself.
needs := {"production"}

_settled if clock.now - _live_at >= _minimum

# Nothing runs is a fact only where production says null.
_settled if input.production.current == null

_settled if input.request.kind == "rollback"

_settled if input.request.emergency == true

_live_at := clock.fact(input.production.current.live_at)

_minimum := time.parse_duration_ns("30m")

# METADATA
# title: The version in production is too young
# description: The version in production has not run for half an hour.
# custom:
#   code: acme_pace.too_soon
#   cure: wait
#   remedy: Wait, and watch the version that runs; to take it back, request a rollback.
#   who: [nobody; time alone]
deny contains {
	"code": "acme_pace.too_soon",
	"path": "/production/current/live_at",
	"message": sprintf("version %s went live less than 30m ago", [input.production.current.version]),
	"observed": input.production.current.live_at,
	"required": "live for 30m",
} if {
	not _settled
	_live_at
}

# METADATA
# title: It is not known since when production runs
# description: The time at which the version in production went live is missing or lies in the future.
# custom:
#   code: acme_pace.unknown
#   cure: fix
#   remedy: Mend what reports the deployments to production.
#   who: [owner of the deployment records]
deny contains {
	"code": "acme_pace.unknown",
	"path": "/production/current/live_at",
	"message": "it is not known since when the version in production runs",
	"observed": object.get(input, ["production", "current", "live_at"], null),
	"required": "a time that has passed",
} if {
	not _settled
	not _live_at
}
