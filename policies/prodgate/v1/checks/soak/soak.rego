# METADATA
# title: Soak time
# description: >-
#   This digest ran in staging for the minimum time, counted from its latest
#   deployment or restart storm that any source knows of. A stay that another
#   digest ended counts for a while (production-readiness.md, "Staging Soak Time
#   Completed").
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

# A stay that has ended counts only with its verification, and not for ever.
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
#   remedy: Leave it running in staging; a new deployment or restart storm starts the time again.
#   who: [nobody; time alone]
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
# title: The stay in staging is over
# description: >-
#   Another digest replaced this one in staging before it had soaked or passed its
#   verification, or too long ago.
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
# title: Soak time cannot be known
# description: Staging runs another digest, or the times that it reports are missing or lie in the future.
# custom:
#   code: soak.unknown
#   cure: fix
#   remedy: Deploy this digest to staging, or mend what reports the deployment there.
#   who: [whoever runs staging]
deny contains {
	"code": "soak.unknown",
	"path": "/staging/deployed_at",
	"message": "it is not known since when the artifact runs in staging",
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
