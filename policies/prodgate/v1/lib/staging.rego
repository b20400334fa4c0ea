# METADATA
# title: Staging
# description: >-
#   The latest stay of this digest in an environment that may verify, by all that
#   any source knows of it. The later deployment counts, whoever reports it, and a
#   verification that did not pass counts against the stay (DESIGN: latest, worst).
package prodgate.v1.lib.staging

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.trail

# The latest stay of this digest in each environment that may verify:
#   deployed   when it was deployed, by the staging source alone
#   redeployed the latest deployment that any source knows of
#   since      since when it has run without a restart storm
#   ended      when another digest replaced it; null while it runs
#   record     the stay as the source has it
stays[environment] := {
	"deployed": _deployed(environment),
	"redeployed": redeployed,
	"since": max([redeployed, _restarted(environment)]),
	"ended": _ended(environment, redeployed),
	"record": _record(environment),
} if {
	"staging" in sources.readable
	_dated
	some environment in settings.effective.staging.environments
	redeployed := _redeployed(environment)
}

# When the first verification of a current stay passed, in any environment: an
# approval given before could not be informed by it.
passed_at := min({instant |
	some environment, stay in stays
	some instant in _passes(environment, stay)
})

# When the verification of a stay passed.
passed(environment) := min(_passes(environment, stays[environment]))

_passes(_, stay) := {instant |
	verification := stay.record.verification
	verification.result == "PASSED"
	instant := clock.past(verification.finished_at)
	stay.deployed <= instant
	stay.redeployed <= instant + _tolerance
}

# Entries and stays that say that a verification of this digest did not pass, or
# that somebody reported another result than the staging source.
failures[environment] contains step if {
	some environment, _ in stays
	some step in _failed_steps
	binding.concerns(step)
	not _taken_elsewhere(step, environment)
	not _lifted(environment, step)
}

_failed_steps contains step if {
	some step in trail.steps("staging.verified")
	not _good(step)
}

# A verification that reports no result has not passed.
_good(step) if step.result == "PASSED"

_failed_steps contains step if some step in trail.steps("verification.failed")

# Every stay has times that are times: one that has none might end the stay at hand.
_dated if {
	every stay in _all {
		clock.fact(stay.deployed_at)
		_ended_soundly(stay)
	}
}

_ended_soundly(stay) if object.get(stay, "ended_at", null) == null

_ended_soundly(stay) if clock.fact(stay.ended_at)

# A later verification that passed, by a source that counts, lifts a failure; so
# does a later deployment, which has to be verified itself.
_lifted(environment, step) if clock.fact(step.at) < passed(environment)

_lifted(environment, step) if clock.fact(step.at) + _tolerance < stays[environment].redeployed

# Failures that somebody who may has dismissed.
dismissed[environment] contains step if {
	some environment, steps in failures
	some step in steps
	dismissals.dismissed("trail", step)
}

_all := array.concat(
	[object.remove(input.staging, ["earlier"]) | is_object(input.staging)],
	[stay | some stay in object.get(input.staging, "earlier", [])],
)

# Stays of this digest that may speak for an environment.
_own(environment) := [stay |
	some stay in _all
	stay.digest == input.artifact.digest
	_here(stay, environment)
]

_here(stay, environment) if {
	binding.ours_service(stay)
	stay.environment == environment
}

_here(stay, _) if {
	binding.ours_service(stay)
	object.get(stay, "environment", null) == null
}

# Every own stay has to be sound: one with a time that is no time might be the
# latest.
_deployed(environment) := max([clock.fact(stay.deployed_at) | some stay in own]) if {
	own := _own(environment)
	count(own) > 0
	every stay in own {
		clock.fact(stay.deployed_at)
		_restart(stay)
	}
}

# The latest restart storm of the latest stay. No restart is a fact only where the
# source says null.
_restarted(environment) := _restart(_record(environment))

_restart(stay) := clock.fact(stay.deployed_at) if {
	object.get(stay, "restarted_at", "") == null
} else := clock.fact(stay.restarted_at)

_record(environment) := record if {
	latest := _deployed(environment)
	records := [stay | some stay in _own(environment); clock.fact(stay.deployed_at) == latest]
	count(records) == 1
	record := records[0]
}

# A deployment that the trail knows begins the stay again, whoever recorded it.
_redeployed(environment) := max({_deployed(environment)} | {instant |
	some step in _redeployments(environment)
	instant := clock.fact(step.at)
}) if {
	every step in _redeployments(environment) {
		clock.fact(step.at)
	}
}

_redeployments(environment) := [step |
	some step in trail.steps("staging.deployed")
	binding.concerns(step)
	not _taken_elsewhere(step, environment)
	not dismissals.dismissed("trail", step)
]

# The earliest word that the stay is over. What ended before the stay began ended
# another one.
_ended(environment, since) := min(ends) if {
	ends := _ends(environment, since)
	count(ends) > 0
} else := null

_ends(environment, since) := ({instant |
	some stay in _own(environment)
	instant := clock.fact(stay.ended_at)
	since <= instant
} | {instant |
	some stay in _all
	stay.digest != input.artifact.digest
	not _elsewhere(stay, environment)
	instant := clock.fact(stay.deployed_at)
	since <= instant
}) | {instant |
	some step in trail.steps("staging.deployed")
	not _ours(step)
	not _taken_elsewhere(step, environment)
	not _other_service(step)
	not dismissals.dismissed("trail", step)
	instant := _taken(step, since)
	since <= instant
}

# Of the artifact or one of its platforms. What names no digest may be another's.
_ours(step) if step.digest == input.artifact.digest

_ours(step) if {
	some platform in input.artifact.platforms
	step.digest == platform.digest
}

# A step whose time is not known, or is later than the facts, may have been taken as
# soon as the stay began.
_taken(step, _) := clock.fact(step.at)

_taken(step, since) := since if not clock.fact(step.at)

# Shown to be about another environment than this one.
_elsewhere(fact, environment) if {
	fact.environment != environment
	fact.environment in listed.environments
}

# A step of staging is not taken in the environment that is deployed to: one that
# names it is mislabelled, and may be about any stay.
_taken_elsewhere(step, environment) if {
	_elsewhere(step, environment)
	step.environment != input.request.environment
}

# A verification after a deployment is.
_taken_elsewhere(step, environment) if {
	_elsewhere(step, environment)
	_after_deployment(step)
}

_after_deployment(step) if lower(trim_space(step.type)) == "verification.failed"

_other_service(fact) if {
	fact.service in listed.services
	fact.service != input.request.service
}

_tolerance := time.parse_duration_ns(settings.effective.sources.clock_tolerance)
