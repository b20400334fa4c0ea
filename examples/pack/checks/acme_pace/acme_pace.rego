# METADATA
# title: Pace
# description: >-
#   The version in production must run for half an hour before the next version
#   replaces it. This makes it possible to see which release caused a problem.
#   Rollbacks and emergencies are not affected.
package prodgate.v1.checks.acme_pace

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.sources

default pass := false

# The pass condition comes first. The gate opens only if this rule is true. The denials
# below explain the decision; they do not make it.
pass if {
	count(needs - sources.readable) == 0
	_settled
}

# The sections that this check reads. If one could not be read, the gate denies.
needs := {"production"}

_settled if clock.now - _live_at >= _minimum

# Only null means that no version runs in production.
_settled if input.production.current == null

_settled if input.request.kind == "rollback"

_settled if input.request.emergency == true

_live_at := clock.fact(input.production.current.live_at)

_minimum := time.parse_duration_ns("30m")

# METADATA
# title: Version in production too recent
# description: The version in production has not run for half an hour.
# custom:
#   code: acme_pace.too_soon
#   cure: wait
#   remedy: Wait, and observe the version in production. To undo it, request a rollback (--kind rollback).
#   who: ["no one: it clears by itself"]
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
# title: Start time of the version in production unknown
# description: The time when the version in production went live is missing or in the future.
# custom:
#   code: acme_pace.unknown
#   cure: fix
#   remedy: Correct the source that reports the deployments to production.
#   who: [owner of the deployment records]
deny contains {
	"code": "acme_pace.unknown",
	"path": "/production/current/live_at",
	"message": "it is unknown since when the version in production has run",
	"observed": object.get(input, ["production", "current", "live_at"], null),
	"required": "a time in the past",
} if {
	not _settled
	not _live_at
}
