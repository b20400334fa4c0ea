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
import data.prodgate.v1.lib.signers
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
	_signed(staging.stays[environment])
}

_signed(stay) if signers.counts("staging", stay.signer)

_long_enough(stay) if _ran(stay) >= _minimum

_long_enough(stay) if {
	_ran(stay) >= 0
	waivers.suspends("soak.too_short")
}

_ran(stay) := stay.seen - stay.since if {
	stay.ended == null
} else := min([stay.seen, stay.ended]) - stay.since

# A stay that was not seen since counts for a limited time, and one that has ended only
# if it was verified, too.
_recent(environment) if {
	staging.stays[environment].ended == null
	_counts_until_now(staging.stays[environment])
}

_counts_until_now(stay) if stay.seen == clock.now

_counts_until_now(stay) if clock.now - stay.seen < time.parse_duration_ns(settings.effective.soak.valid)

_recent(environment) if {
	input.request.kind in {"configuration", "rollback"}
	staging.passed(environment)
}

_recent(environment) if {
	staging.passed(environment)
	stay := staging.stays[environment]
	clock.now - min([stay.seen, stay.ended]) < time.parse_duration_ns(settings.effective.soak.valid)
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
	_needs_time(stay)
}

_needs_time(stay) if stay.seen == clock.now

_needs_time(stay) if clock.now - stay.since < _minimum

# METADATA
# title: Not seen in staging since
# description: >-
#   The last signed record of this stay is from before the end of the soak time, or from
#   too long ago. What has happened in staging since is unknown.
# custom:
#   code: soak.not_seen
#   cure: fix
#   remedy: >-
#     When the soak time has passed, sign the result of the verification, or a new record
#     of the stay with the current time as as_of ("prodgate attest").
#   who: [owner of staging]
deny contains {
	"code": "soak.not_seen",
	"path": "/staging/as_of",
	"message": sprintf("last seen in staging at %s, after %s", [time.format([stay.seen, "UTC", "RFC3339"]), _words(_ran(stay))]),
	"observed": _words(_ran(stay)),
	"required": {"minimum": settings.effective.soak.minimum, "valid": settings.effective.soak.valid},
} if {
	_failing
	some environment, stay in staging.stays
	stay.ended == null
	stay.seen < clock.now
	not _seen_enough(environment)
}

_seen_enough(environment) if {
	_long_enough(staging.stays[environment])
	_recent(environment)
}

# METADATA
# title: Stay in staging not signed
# description: The settings require a verified signature by a listed key on the record of the stay in staging, and it has none.
# custom:
#   code: soak.unsigned
#   cure: fix
#   remedy: Configure the system that deploys to staging to sign what it deployed ("prodgate attest").
#   who: [owner of staging]
deny contains {
	"code": "soak.unsigned",
	"path": "/staging/verified_by",
	"message": sprintf("the record of the stay in staging %s", [signers.objection(stay.signer)]),
	"observed": stay.signer,
	"required": signers.required("staging"),
} if {
	_failing
	some stay in staging.stays
	not _signed(stay)
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
	"message": sprintf("in staging for %s, until %s%s", [_words(_ran(stay)), time.format([stay.ended, "UTC", "RFC3339"]), _replaced_by(environment)]),
	"observed": _words(_ran(stay)),
	"required": {"minimum": settings.effective.soak.minimum, "valid": settings.effective.soak.valid, "verification": "PASSED"},
} if {
	_failing
	some environment, stay in staging.stays
	stay.ended != null
}

_replaced_by(environment) := "" if count(staging.replaced_by(environment)) == 0

else := sprintf(" (%s, of a digest that no accepted writer recorded)", [concat(", ", staging.replaced_by(environment))])

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

_words(ns) := sprintf("%dm", [floor(max([ns, 0]) / 60000000000)])
