# METADATA
# title: Staging
# description: >-
#   The latest stay of this digest in a staging environment, from all sources. A stay is
#   the time during which one digest runs in one environment. The latest deployment and
#   the worst verification count, whichever source reports them.
package prodgate.v1.lib.staging

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.trail

# The latest stay of this digest in each staging environment:
#   deployed   when it was deployed, from the staging source only
#   redeployed the latest deployment in any source
#   since      start of the time without a restart storm
#   ended      when another digest replaced it; null while it runs
#   seen       until when its source saw it run; now if the source does not say
#   signer     whose signature on it was verified; null if no one's
#   record     the stay as reported by the source
stays[environment] := {
	"deployed": _deployed(environment),
	"redeployed": redeployed,
	"since": max([redeployed, _restarted(environment)]),
	"ended": _ended(environment, redeployed),
	"seen": _seen(environment),
	"signer": object.get(_record(environment), "verified_by", null),
	"record": _record(environment),
} if {
	"staging" in sources.readable
	_dated
	some environment in settings.effective.staging.environments
	redeployed := _redeployed(environment)
}

# When the first verification of a current stay passed, in any environment. An earlier
# approval could not be based on it.
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

# Entries with a failed verification of this digest, and stays with one that may have
# been in this environment.
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

failures[environment] contains step if {
	some environment, _ in stays
	some stay in _stray(environment)
	stay.verification.result != "PASSED"
	step := {
		"type": "staging.verified",
		"at": stay.verification.finished_at,
		"result": stay.verification.result,
		"digest": stay.digest,
		"writer": sprintf("the staging source, for %v in %v,", [object.get(stay, "service", "an unknown service"), object.get(stay, "environment", "an unknown environment")]),
	}
	not _lifted(environment, step)
}

# A verification without a result has not passed.
_good(step) if step.result == "PASSED"

_failed_steps contains step if some step in trail.steps("verification.failed")

# Every stay must have valid times: one without might end the current stay.
_dated if {
	every stay in _all {
		clock.fact(stay.deployed_at)
		_ended_soundly(stay)
	}
}

_ended_soundly(stay) if object.get(stay, "ended_at", null) == null

_ended_soundly(stay) if clock.fact(stay.ended_at)

# A failure is superseded by a later passed verification from an accepted source, or by
# a later deployment, which must be verified itself.
_lifted(environment, step) if clock.fact(step.at) < passed(environment)

_lifted(environment, step) if clock.fact(step.at) + _tolerance < stays[environment].redeployed

# Dismissed failures.
dismissed[environment] contains step if {
	some environment, steps in failures
	some step in steps
	dismissals.dismissed("trail", step)
}

_all := array.concat(
	[object.remove(input.staging, ["earlier"]) | is_object(input.staging)],
	[stay | some stay in object.get(input.staging, "earlier", [])],
)

# Stays of this digest that apply to an environment.
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

# Stays of this digest elsewhere that may have been in this environment: the settings
# know no other place with these names. They count as bad news.
_stray(environment) := [stay |
	some stay in _all
	stay.digest == input.artifact.digest
	not _here(stay, environment)
	not _elsewhere(stay, environment)
	not _other_service(stay)
]

# Every stay of this digest must be valid: one with an invalid time might be the latest.
_deployed(environment) := max([clock.fact(stay.deployed_at) | some stay in own]) if {
	own := _own(environment)
	count(own) > 0
	every stay in own {
		clock.fact(stay.deployed_at)
		_restart(stay)
	}
}

# The latest restart storm of the latest stay. Only null means that there was none.
_restarted(environment) := max({_restart(_record(environment))} | {_restart(stay) | some stay in _stray(environment)})

_restart(stay) := clock.fact(stay.deployed_at) if {
	object.get(stay, "restarted_at", "") == null
} else := clock.fact(stay.restarted_at)

_record(environment) := record if {
	latest := _deployed(environment)
	records := [stay | some stay in _own(environment); clock.fact(stay.deployed_at) == latest]
	count(records) == 1
	record := records[0]
}

# A deployment in the trail restarts the stay, whichever writer recorded it.
_redeployed(environment) := max((({_deployed(environment)} | {instant |
	some step in _redeployments(environment)
	instant := clock.fact(step.at)
}) | {clock.fact(stay.deployed_at) | some stay in _stray(environment)})) if {
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

# A source that reads signed records knows only what was true when they were signed. A
# signed record that does not say when is as old as the deployment.
_seen(environment) := min([clock.now, clock.fact(_record(environment).as_of)]) if {
	_as_of(environment) != null
} else := clock.now if {
	_as_of(environment) == null
	object.get(_record(environment), "verified_by", null) == null
} else := _redeployed(environment) if {
	_as_of(environment) == null
}

_as_of(environment) := object.get(_record(environment), "as_of", null)

# The earliest report that the stay has ended. A report from before the stay began is
# about another stay.
_ended(environment, since) := min(ends) if {
	ends := _ends(environment, since)
	count(ends) > 0
} else := null

_ends(environment, since) := ({instant |
	some stay in array.concat(_own(environment), _stray(environment))
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

# Whether a record names the artifact or one of its platforms. A record without a digest
# may be about another one.
_ours(step) if step.digest == input.artifact.digest

_ours(step) if {
	some platform in input.artifact.platforms
	step.digest == platform.digest
}

# A step with an unknown time, or a time after the collection, may have happened as soon
# as the stay began.
_taken(step, _) := clock.fact(step.at)

_taken(step, since) := since if not _timed(step)

_timed(step) if clock.fact(step.at)

# Whether a step is shown to be about another environment.
_elsewhere(fact, environment) if {
	fact.environment != environment
	fact.environment in listed.environments
}

# Staging steps do not happen in the target environment. A step that names it has a
# wrong label and may be about any stay.
_taken_elsewhere(step, environment) if {
	_elsewhere(step, environment)
	step.environment != input.request.environment
}

# A verification.failed step can be about the target environment.
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
