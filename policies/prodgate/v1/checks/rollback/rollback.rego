# METADATA
# title: Rollback plan
# description: >-
#   There is a documented procedure for a rollback to a version that worked in
#   production and that the registry still has (production-readiness.md, "Rollback
#   Readiness"). A first release has no such version and must show that.
package prodgate.v1.checks.rollback

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.deployments
import data.prodgate.v1.lib.incidents
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

default pass := false

pass if {
	_kind == "promotion"
	_readable
	_documented
	_reviewed
	_own_plan
	_target_ready
	_target_differs
}

pass if {
	_kind == "configuration"
	_readable
	_documented
	_reviewed
	_own_plan
	_target_ready
	_target_differs
}

pass if {
	_kind == "initial"
	_readable
	_documented
	_reviewed
	_own_plan
	_nothing_before
	_known_long_enough
}

pass if {
	_kind == "rollback"
	_readable
	_own_plan
	_target_ready
	_is_target
	_lies_before
	_ticketed
}

needs := {"artifact", "production", "rollback"} | _tracker

_tracker := {"incidents"} if {
	_kind == "rollback"
} else := set()

_kind := input.request.kind

_readable if count(needs - sources.readable) == 0

_documented if text.given(input.rollback.procedure)

# A rollback procedure that was not checked for a long time may no longer work.
_reviewed if {
	clock.now - clock.past(input.rollback.reviewed_at) < time.parse_duration_ns(settings.effective.rollback.max_age)
}

_own_plan if binding.ours_service(input.rollback)

_available if input.rollback.target.available == true

# Deployments of the target: with its digest, and with its configuration if the plan
# names one.
_of_target contains position if {
	text.given(input.rollback.target.digest)
	some position, deployment in deployments.all
	deployment.digest == input.rollback.target.digest
	_same_configuration(deployment)
}

_same_configuration(deployment) if {
	text.given(input.rollback.target.configuration)
	deployment.configuration == input.rollback.target.configuration
}

_same_configuration(_) if object.get(input.rollback.target, "configuration", null) == null

_last_began := max({deployments.began[position] | some position in _of_target})

# The latest of them was successful. One without a valid date might be the latest.
_worked if {
	deployments.sound
	_platforms_known
	count(_of_target) > 0
	every position in _of_target {
		_earlier_or_good(position)
	}
	some position in _of_target
	position in deployments.good
	not _spoiled_since
}

_platforms_known if {
	is_array(object.get(input.artifact, "platforms", []))
	every platform in object.get(input.artifact, "platforms", []) {
		text.digest(platform.digest)
	}
}

# Bad news about the target since its latest deployment: about one of its platforms,
# or about an unknown deployment.
_spoiled_since if {
	_kind == "rollback"
	some position, deployment in deployments.all
	deployment.digest in {platform.digest | some platform in input.artifact.platforms}
	not _working(position)
	not _began_before_last(position)
}

_spoiled_since if {
	some event in deployments.loose
	event.digest == input.rollback.target.digest
	not _before_last(event)
}

_working(position) if deployments.status[position] in settings.effective.rollback.working_statuses

_began_before_last(position) if deployments.began[position] < _last_began

_before_last(event) if clock.fact(event.at) < _last_began

_earlier_or_good(position) if deployments.began[position] < _last_began

_earlier_or_good(position) if {
	deployments.began[position] == _last_began
	position in deployments.good
}

_ever_worked if {
	some position in _of_target
	position in deployments.good
}

_target_ready if {
	_available
	_worked
}

_target_differs if {
	is_string(input.rollback.target.digest)
	input.rollback.target.digest != input.artifact.digest
}

# The same image with the previous configuration.
_target_differs if {
	_kind == "configuration"
	text.given(input.rollback.target.configuration)
	text.given(input.request.configuration)
	input.rollback.target.configuration != input.request.configuration
}

_is_target if {
	input.rollback.target.digest == input.artifact.digest
	_configuration_asked_for
}

_configuration_asked_for if {
	object.get(input.rollback.target, "configuration", null) == object.get(input.request, "configuration", null)
}

# A rollback undoes the newest deployment that began. The target must have gone live
# and been recorded before it.
_undone := max({instant |
	some position, _ in deployments.all
	not position in _of_target
	instant := deployments.began[position]
})

_lies_before if {
	_last_began < _undone
	every position in _of_target {
		_written_before(deployments.all[position])
	}
}

_written_before(deployment) if object.get(deployment, "recorded_at", null) == null

_written_before(deployment) if clock.fact(deployment.recorded_at) < _undone

# Only a complete and empty history shows that nothing ran before.
_nothing_before if {
	deployments.complete
	count(deployments.all) == 0
	input.production.history == []
	object.get(input.production, "current", "") == null
	object.get(input.production, "adoption", null) == null
	count(object.get(input.production, "unjoined", [])) == 0
	count(object.get(input.trail, "unjoined", [])) == 0
}

# A new trail has no deployments, even if there were some before it was set up.
_known_long_enough if {
	writers.whole("production")
	object.get(input.production, "since", null) == null
}

_known_long_enough if {
	known := clock.collected - clock.fact(input.production.since)
	known >= time.parse_duration_ns(settings.effective.rollback.first_release.minimum_history)
}

_ticketed if incidents.ticket

_back := {"promotion", "configuration", "rollback"}

# METADATA
# title: No documented rollback procedure
# description: The rollback plan names no procedure.
# custom:
#   code: rollback.not_documented
#   cure: fix
#   remedy: Document the rollback command or runbook in the rollback plan (procedure). For a first release, document how to uninstall or scale to zero.
#   who: [owner of the service]
deny contains {
	"code": "rollback.not_documented",
	"path": "/rollback/procedure",
	"message": "the rollback plan names no procedure",
	"required": "a command or runbook",
} if {
	_readable
	_kind != "rollback"
	not _documented
}

# METADATA
# title: Rollback procedure not checked recently
# description: The documented rollback procedure was not checked within the time that the settings allow.
# custom:
#   code: rollback.not_reviewed
#   cure: ask
#   remedy: Check that the documented rollback procedure still works, and record the time (reviewed_at).
#   who: [owner of the service]
deny contains {
	"code": "rollback.not_reviewed",
	"path": "/rollback/reviewed_at",
	"message": sprintf("the rollback procedure was last checked at %v", [object.get(input.rollback, "reviewed_at", "an unknown time")]),
	"observed": object.get(input.rollback, "reviewed_at", null),
	"required": {"max_age": settings.effective.rollback.max_age},
} if {
	_readable
	_kind != "rollback"
	not _reviewed
}

# METADATA
# title: Rollback plan of another service
# description: The rollback plan names another service.
# custom:
#   code: rollback.foreign_plan
#   cure: fix
#   remedy: Configure the rollback plan of this service in prodgate.yaml.
#   who: [owner of prodgate.yaml]
deny contains {
	"code": "rollback.foreign_plan",
	"path": "/rollback/service",
	"message": sprintf("the rollback plan belongs to %v", [input.rollback.service]),
	"required": input.request.service,
} if {
	_readable
	not _own_plan
}

# METADATA
# title: Rollback target not available
# description: The registry does not have the rollback target, or the plan names no target.
# custom:
#   code: rollback.not_available
#   cure: fix
#   remedy: Name a target that worked and that the registry still has, or push it again.
#   who: [owner of the service, owner of the registry]
deny contains {
	"code": "rollback.not_available",
	"path": "/rollback/target",
	"message": "the rollback target is not in the registry, or the plan names no target",
	"required": {"available": true},
} if {
	_readable
	_kind in _back
	not _available
}

# METADATA
# title: Rollback target never worked in production
# description: >-
#   The production history has no successful deployment of the rollback target. If the
#   history comes from the audit trail, the deployment must be recorded by an accepted
#   writer.
# custom:
#   code: rollback.not_proven
#   cure: fix
#   remedy: Name a target that worked in production before.
#   who: [owner of the service]
deny contains {
	"code": "rollback.not_proven",
	"path": "/rollback/target",
	"message": "no successful deployment in production has the target's digest",
	"required": {"status": settings.effective.rollback.working_statuses},
} if {
	_readable
	_kind in _back
	not _ever_worked
}

# METADATA
# title: Latest deployment of the rollback target failed
# description: The latest deployment of the rollback target failed, was rolled back or did not pass its verification.
# custom:
#   code: rollback.target_spoiled
#   cure: fix
#   remedy: Name a target whose latest deployment was successful.
#   who: [owner of the service]
deny contains {
	"code": "rollback.target_spoiled",
	"path": "/rollback/target",
	"message": "the target worked before, but its latest deployment was not successful",
	"observed": [deployments.status[position] | some position in _of_target],
	"required": {"status": settings.effective.rollback.working_statuses},
} if {
	_readable
	_kind in _back
	_ever_worked
	not _worked
}

# METADATA
# title: Nothing to roll back
# description: >-
#   A rollback undoes the newest deployment that began. Its target must have gone live,
#   and been recorded, before that deployment.
# custom:
#   code: rollback.not_before
#   cure: fix
#   remedy: Name a target that ran before the newest deployment. For a newer version, request a promotion (--kind promotion).
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "rollback.not_before",
	"path": "/rollback/target",
	"message": "the target did not run before the newest deployment",
	"observed": [object.filter(deployment, ["id", "digest", "status", "started_at", "live_at", "recorded_at"]) | some deployment in deployments.all],
	"required": "a deployment that went live and was recorded before the one to roll back",
} if {
	_readable
	_kind == "rollback"
	_worked
	not _lies_before
}

# METADATA
# title: Rollback target is the artifact itself
# description: The rollback target must differ from the version that is being deployed.
# custom:
#   code: rollback.same_artifact
#   cure: fix
#   remedy: Name the version that worked before this one as the target.
#   who: [owner of the service]
deny contains {
	"code": "rollback.same_artifact",
	"path": "/rollback/target/digest",
	"message": "the rollback target is the artifact to deploy",
	"required": "another digest than the artifact's",
} if {
	_readable
	_kind in {"configuration", "promotion"}
	not _target_differs
	_available
}

# METADATA
# title: Not the rollback target
# description: The artifact to roll back to is not the target that the plan names.
# custom:
#   code: rollback.not_target
#   cure: fix
#   remedy: Roll back to the target that the plan names, or change the plan.
#   who: [owner of the service]
deny contains {
	"code": "rollback.not_target",
	"path": "/artifact/digest",
	"message": "the artifact is not the rollback target",
	"required": input.rollback.target,
} if {
	_readable
	_kind == "rollback"
	not _is_target
}

# METADATA
# title: Rollback without an incident ticket
# description: The request's ticket is not an open incident of this service.
# custom:
#   code: rollback.no_ticket
#   cure: ask
#   remedy: Open an incident for this service and name it in the request.
#   who: [On-Call SRE]
deny contains {
	"code": "rollback.no_ticket",
	"path": "/request/ticket",
	"message": sprintf("ticket %v is not an open incident of %s", [object.get(input.request, "ticket", null), input.request.service]),
	"required": "an open incident of this service",
} if {
	_readable
	_kind == "rollback"
	not _ticketed
}

# METADATA
# title: Not a first release
# description: The production history is not empty, so this must be a promotion.
# custom:
#   code: rollback.not_initial
#   cure: fix
#   remedy: Request a promotion (--kind promotion), with a rollback target.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "rollback.not_initial",
	"path": "/production",
	"message": sprintf("%d earlier deployments", [count(input.production.history)]),
	"observed": count(input.production.history),
	"required": "an empty production history",
} if {
	_readable
	_kind == "initial"
	not _nothing_before
}

# METADATA
# title: Production history too short
# description: >-
#   The source of the production history has no deployments, but it does not reach back
#   far enough to show that there were none. A new or empty trail proves nothing.
# custom:
#   code: rollback.history_too_short
#   cure: fix
#   remedy: >-
#     Read the production history from a source that has all of it, such as a file
#     written by the deployment system.
#   who: [owner of the service, owner of prodgate.yaml]
deny contains {
	"code": "rollback.history_too_short",
	"path": "/production/since",
	"message": "the production history is empty and does not reach back far enough to show that nothing ran before",
	"observed": object.get(input.production, "since", "unknown"),
	"required": {"minimum_history": settings.effective.rollback.first_release.minimum_history},
} if {
	_readable
	_kind == "initial"
	_nothing_before
	not _known_long_enough
}
