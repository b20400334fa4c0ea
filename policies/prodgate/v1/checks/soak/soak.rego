# METADATA
# title: Soak time
# description: >-
#   This digest ran in staging for the minimum time, counted from its latest
#   deployment or restart storm (production-readiness.md, "Staging Soak Time
#   Completed").
package prodgate.v1.checks.soak

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.waivers

default pass := false

pass if {
	count(needs - sources.readable) == 0
	_soaked
}

needs := {"artifact", "staging"}

_soaked if clock.now - _since >= _minimum

_soaked if {
	clock.now >= _since
	waivers.suspends("soak.too_short")
}

_minimum := time.parse_duration_ns(settings.effective.soak.minimum)

# Another digest's time in staging says nothing about this one.
_since := max([clock.fact(input.staging.deployed_at), _restarted]) if {
	input.staging.digest == input.artifact.digest
}

# No restart is a fact only where staging says null.
_restarted := 0 if {
	object.get(input.staging, "restarted_at", "") == null
} else := clock.fact(input.staging.restarted_at)

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
	"message": sprintf("in staging for %s", [_words(clock.now - _since)]),
	"observed": _words(clock.now - _since),
}) if {
	not _soaked
	_since
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
	not _since
	"staging" in sources.readable
}

waived contains object.union(_too_short, {"message": "the soak time is waived"}) if {
	waivers.suspends("soak.too_short")
}

_too_short := {
	"code": "soak.too_short",
	"path": "/staging/deployed_at",
	"required": settings.effective.soak.minimum,
}

_words(ns) := sprintf("%dm", [floor(ns / 60000000000)])
