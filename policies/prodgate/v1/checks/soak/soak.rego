# METADATA
# title: Soak time
# description: >-
#   This digest has run in staging for the minimum time, counted from its latest
#   deployment or restart storm in any source. If another digest has replaced it in
#   staging, the completed soak counts for a limited time (production-readiness.md,
#   "Staging Soak Time Completed").
package prodgate.v1.checks.soak

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.staging
import data.prodgate.v1.lib.trail
import data.prodgate.v1.lib.waivers

default pass := false

pass if {
	count(needs - sources.readable) == 0
	trail.complete
	some environment, _ in staging.stays
	_soaked(environment)
}

needs := {"artifact", "staging", "trail"}

_soaked(environment) if {
	_long_enough(staging.stays[environment])
	_recent(environment)
}

_long_enough(stay) if _ran(stay) >= _minimum

_long_enough(stay) if {
	_ran(stay) >= 0
	waivers.suspends("soak.too_short")
}

_ran(stay) := clock.now - stay.since if {
	stay.ended == null
} else := min([clock.now, stay.ended]) - stay.since

# A stay that has ended counts only if it was verified, and only for a limited time.
_recent(environment) if staging.stays[environment].ended == null

_recent(environment) if {
	input.request.kind in {"configuration", "rollback"}
	staging.passed(environment)
}

_recent(environment) if {
	staging.passed(environment)
	clock.now - staging.stays[environment].ended < time.parse_duration_ns(settings.effective.soak.valid)
}

_minimum := time.parse_duration_ns(settings.effective.soak.minimum)

deny contains finding if some finding in trail.partial

# METADATA
# title: Soak time not met
# description: The artifact has not run in staging for the minimum time.
# custom:
#   code: soak.too_short
#   cure: wait
#   remedy: Leave it running in staging. A new deployment or restart storm restarts the soak time.
#   who: ["no one: it clears by itself"]
#   waivable: true
deny contains object.union(_too_short, {
	"message": sprintf("in staging for %s", [_words(_ran(stay))]),
	"observed": _words(_ran(stay)),
}) if {
	_failing
	some stay in staging.stays
	stay.ended == null
	not _long_enough(stay)
}

# METADATA
# title: Replaced in staging
# description: >-
#   Another digest replaced this one in staging, either before it completed its soak
#   time and verification, or too long ago.
# custom:
#   code: soak.ended
#   cure: fix
#   remedy: Deploy this digest to staging again and leave it running.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "soak.ended",
	"path": "/staging/deployed_at",
	"message": sprintf("in staging for %s, until %s", [_words(_ran(stay)), time.format([stay.ended, "UTC", "RFC3339"])]),
	"observed": _words(_ran(stay)),
	"required": {"minimum": settings.effective.soak.minimum, "valid": settings.effective.soak.valid, "verification": "PASSED"},
} if {
	_failing
	some stay in staging.stays
	stay.ended != null
}

# METADATA
# title: Soak time unknown
# description: Staging runs another digest, or the reported times are missing or in the future.
# custom:
#   code: soak.unknown
#   cure: fix
#   remedy: Deploy this digest to staging, or correct the source that reports the staging deployment.
#   who: [owner of staging]
deny contains {
	"code": "soak.unknown",
	"path": "/staging/deployed_at",
	"message": "it is unknown since when the artifact has run in staging",
	"required": {"not_after": input.collected_at},
} if {
	count(needs - sources.readable) == 0
	count(staging.stays) == 0
}

waived contains object.union(_too_short, {"message": "the soak time is waived"}) if {
	waivers.suspends("soak.too_short")
}

_too_short := {
	"code": "soak.too_short",
	"path": "/staging/deployed_at",
	"required": settings.effective.soak.minimum,
}

default _failing := false

_failing if {
	count(needs - sources.readable) == 0
	not pass
}

_words(ns) := sprintf("%dm", [floor(ns / 60000000000)])
