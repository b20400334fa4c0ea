# METADATA
# title: Staging
# description: >-
#   The latest stay of this digest in a staging environment, from all sources. A stay is
#   the time during which one digest runs in one environment. The latest deployment and
#   the worst verification count, whichever source reports them. That a stay began or a
#   verification passed needs an accepted source or, in the audit trail, an accepted
#   writer.
package prodgate.v1.lib.staging

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.reported
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.signers
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.trail
import data.prodgate.v1.lib.writers

# The latest stay of this digest in each staging environment:
#   deployed   when it was deployed, from the staging source only
#   redeployed the latest deployment in any source
#   since      start of the time without a restart storm
#   ended      when another digest replaced it; null while it runs
#   seen       until when its source saw it run; now if the source does not say
#   signer     whose signature on it was verified; null if no one's
stays[environment] := {
	"deployed": _deployed(environment),
	"redeployed": redeployed,
	"since": max([redeployed, _restarted(environment)]),
	"ended": _ended(environment),
	"seen": _seen(environment),
	"signer": object.get(_record(environment), "verified_by", null),
} if {
	"staging" in writers.complete
	_dated
	reported.sound("staging")
	some environment in settings.effective.staging.environments
	redeployed := _redeployed(environment)
	reported.covers("staging", _began(environment))
}

# When the first verification of a current stay passed, in any environment. An earlier
# approval could not be based on it.
passed_at := min({verification.instant |
	some environment, stay in stays
	some verification in _passes(environment, stay)
})

# When a verification of a stay last passed.
passed(environment) := max({verification.instant | some verification in _passes(environment, stays[environment])})

# The verification of a stay: the last one that passed, or else the last report.
verification(environment) := last[0] if {
	last := [pass |
		some pass in _passes(environment, stays[environment])
		pass.instant == passed(environment)
	]
} else := _record(environment).verification if {
	is_object(_record(environment).verification)
	_vouched_verification(_record(environment).verification)
} else := entries[count(entries) - 1] if {
	entries := _entries(environment)
}

# Where the settings ask for signatures, those with one count.
_passes(environment, stay) := signed if {
	signed := {pass | some pass in _passing(environment, stay); signers.counts("staging", pass.verified_by)}
	count(signed) > 0
} else := _passing(environment, stay)

_passing(environment, stay) := {object.union(verification, {"instant": instant}) |
	some verification in _reports(environment)
	verification.result == "PASSED"
	instant := clock.past(verification.finished_at)
	stay.deployed <= instant
	stay.redeployed <= instant + _tolerance
}

# The verifications that count: of the stays that count, and those recorded by accepted
# writers.
_reports(environment) := array.concat(_entries(environment), [stay.verification |
	some stay in _own(environment)
	_vouched_verification(stay.verification)
])

_entries(environment) := [object.union(verification, {"finished_at": verification.at, "verified_by": null}) |
	"staging" in writers.recorded
	some verification in _recorded
	_exactly_here(verification, environment)
	writers.counts("staging", "staging.verified", verification)
]

_vouched_verification(_) if writers.whole("staging")

_vouched_verification(verification) if signers.accepted("staging", verification.verified_by)

# Entries of this digest that would be good news by an accepted writer.
uncounted[environment] contains entry if {
	some environment in settings.effective.staging.environments
	some stay in _all
	stay.digest == input.artifact.digest
	_here(stay, environment)
	not _vouched(stay)
	not writers.counts("staging", "staging.deployed", stay)
	not _dismissed(stay)
	entry := _entry(stay)
}

uncounted[environment] contains entry if {
	some environment in settings.effective.staging.environments
	some verification in _recorded
	_exactly_here(verification, environment)
	_good(verification)
	not writers.counts("staging", "staging.verified", verification)
	entry := object.union(verification, {"type": "staging.verified"})
}

_recorded := object.get(input.staging, "verifications", [])

_exactly_here(fact, environment) if {
	fact.digest == input.artifact.digest
	fact.service == input.request.service
	fact.environment == environment
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

# A recorded verification that the section trail does not have.
_failed_steps contains object.union(verification, {"type": "staging.verified"}) if {
	some verification in _recorded
	not _good(verification)
	count({object.get(verification, "id", "")} & {step.id | some step in input.trail.steps}) == 0
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

# Stays of this digest in an environment that count.
_own(environment) := [stay |
	some stay in _all
	stay.digest == input.artifact.digest
	_here(stay, environment)
	_vouched(stay)
]

_vouched(_) if writers.whole("staging")

# An entry that does not name its place may be of any place.
_vouched(stay) if {
	text.given(stay.environment)
	writers.counts("staging", "staging.deployed", stay)
}

_vouched(stay) if signers.accepted("staging", stay.verified_by)

# A stay as an entry of the trail.
_entry(stay) := object.union(stay, {"type": "staging.deployed", "at": stay.deployed_at})

_dismissed(stay) if {
	_recorded_stay(stay)
	dismissals.dismissed("staging", _entry(stay))
}

_here(stay, environment) if {
	binding.ours_service(stay)
	stay.environment == environment
}

_here(stay, _) if {
	binding.ours_service(stay)
	object.get(stay, "environment", null) == null
}

# Stays of this digest, or of one of its platforms, that count as bad news only: by a
# writer that is not accepted, or in a place that the settings do not know.
_stray(environment) := [stay |
	some stay in _all
	_ours(stay)
	not _counts(stay, environment)
	not _elsewhere(stay, environment)
	not _other_service(stay)
	not _dismissed(stay)
]

_counts(stay, environment) if stay in _own(environment)

# Every stay of this digest must be valid: one with an invalid time might be the latest.
_deployed(environment) := max([clock.fact(stay.deployed_at) | some stay in _records(environment)]) if {
	own := _own(environment)
	count(own) > 0
	every stay in own {
		clock.fact(stay.deployed_at)
		_restart(stay)
	}
}

# Where the settings ask for signatures, stays with one count.
_records(environment) := signed if {
	signed := [stay | some stay in _own(environment); signers.counts("staging", object.get(stay, "verified_by", null))]
	count(signed) > 0
} else := _own(environment)

# The latest restart storm of the latest stay. Only null means that there was none.
_restarted(environment) := max({_restart(_record(environment))} | {_restart(stay) | some stay in _stray(environment)})

_restart(stay) := clock.fact(stay.deployed_at) if {
	object.get(stay, "restarted_at", "") == null
} else := clock.fact(stay.restarted_at)

# Entries of the trail in the same second as another report add nothing to it. Two other
# reports of the same second contradict each other.
_record(environment) := _at_latest(environment)[0] if {
	count(_plain(environment)) == 0
} else := _plain(environment)[0] if {
	count(_plain(environment)) == 1
}

_plain(environment) := [stay | some stay in _at_latest(environment); not _recorded_stay(stay)]

_recorded_stay(stay) if {
	"staging" in writers.recorded
	stay.id
}

_at_latest(environment) := [stay |
	some stay in _records(environment)
	clock.fact(stay.deployed_at) == _deployed(environment)
]

# A deployment in the trail restarts the stay, whichever writer recorded it.
_redeployed(environment) := max(((({_began(environment)} | {instant |
	some step in _redeployments(environment)
	instant := clock.fact(step.at)
}) | {clock.fact(stay.deployed_at) | some stay in _stray(environment)}) | {clock.fact(report.created_at) |
	some report in _platform(environment)
	_names_ours(report, environment)
})) if {
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

# The latest deployment by an accepted source or writer. Only that can make the artifact
# run again after another one replaced it.
_began(environment) := max((({_deployed(environment)} | {clock.fact(stay.deployed_at) | some stay in _own(environment)}) | {instant |
	some step in _redeployments(environment)
	_accepted_here(step, environment)
	instant := clock.fact(step.at)
}))

# Deployments that a platform reports. One that is not shown to be of this digest may be
# of another one.
_platform(environment) := [report |
	some report in object.get(input.staging, "reported", [])
	reported.started(report)
	not _elsewhere(report, environment)
]

# The reported deployments that ended a stay.
replaced_by(environment) := {report.id |
	some report in _platform(environment)
	not _names_ours(report, environment)
	clock.fact(report.created_at) == stays[environment].ended
}

# A deployment of this digest: whoever created it says so, or an accepted writer recorded
# the deployment in that run.
_names_ours(report, _) if _ours(report)

_names_ours(report, environment) if {
	text.given(report.run)
	some step in trail.steps("staging.deployed")
	step.deployment == report.run
	_accepted_here(step, environment)
}

_accepted_here(step, environment) if {
	step.digest == input.artifact.digest
	binding.ours_service(step)
	step.environment == environment
	writers.counts("trail", "staging.deployed", step)
}

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
_ended(environment) := min(ends) if {
	ends := _ends(environment, _began(environment))
	count(ends) > 0
} else := null

_ends(environment, since) := (({instant |
	some stay in array.concat(_own(environment), _stray(environment))
	instant := clock.fact(stay.ended_at)
	since <= instant
} | {instant |
	some stay in _all
	not _ours(stay)
	not _elsewhere(stay, environment)
	not _dismissed(stay)
	instant := clock.fact(stay.deployed_at)
	since <= instant
}) | {instant |
	some report in _platform(environment)
	not _names_ours(report, environment)
	instant := clock.fact(report.created_at)
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
