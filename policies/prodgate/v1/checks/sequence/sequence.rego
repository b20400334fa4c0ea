# METADATA
# title: Order of deployments
# description: >-
#   Deployments go forward, one at a time. A promotion must be newer than the live
#   version and must not have failed or been replaced in this environment. A
#   configuration request changes the live version. No other deployment is in
#   progress. An older version requires a rollback request
#   (production-readiness.md, "Production deployments are intentional, gated, and
#   boring").
package prodgate.v1.checks.sequence

import data.prodgate.v1.lib.adoption
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.deployments
import data.prodgate.v1.lib.reported
import data.prodgate.v1.lib.running
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.waivers
import data.prodgate.v1.lib.writers

default pass := false

pass if {
	_readable
	deployments.complete
	text.given(input.artifact.digest)
	count(deployments.in_progress) == 0
	count(deployments.begun) == 0
	count(reported.in_progress) == 0
	not deployments.disputed
	count(running.unexpected) == 0
	not running.absent
	_forward
}

needs := {"artifact", "production", "trail"}

_readable if count(needs - sources.readable) == 0

# The rollback check shows that a first release has nothing before it.
_forward if {
	input.request.kind == "initial"
	_unspoiled
}

_forward if {
	input.request.kind == "promotion"
	_unspoiled
	not _replaced
	_newer
}

_forward if {
	input.request.kind == "configuration"
	_runs
}

_unspoiled if {
	count(deployments.spoiled) == 0
	count(deployments.unjoined) == 0
	count(reported.failed) == 0
}

_unspoiled if waivers.covers("sequence.known_bad", input.artifact.digest)

_runs if deployments.current.digest == input.artifact.digest

# Was deployed here before, and another version is live now.
_replaced if {
	some position in deployments.good
	deployments.all[position].digest == input.artifact.digest
	not _runs
	not waivers.covers("sequence.known_bad", input.artifact.digest)
}

# Nothing is live, so nothing is newer.
_newer if deployments.nothing_live

_newer if _built > _live_built

_newer if {
	_unordered
	settings.effective.sequence.unknown == "warn"
}

_ordered if {
	_built
	_live_built
}

_built := clock.fact(input.build.built_at)

_live_built := clock.fact(deployments.current.built_at)

default _live_digest := null

_live_digest := deployments.current.digest

default _failing := false

_failing if {
	_readable
	not pass
}

# METADATA
# title: Production history incomplete
# description: >-
#   Only a part of the history was read, or an entry is invalid, so an earlier failure
#   of this digest may be missing.
# custom:
#   code: sequence.history_incomplete
#   cure: fix
#   remedy: Read the complete production history, or correct the entry that the message names.
#   who: [owner of prodgate.yaml]
deny contains {
	"code": "sequence.history_incomplete",
	"path": "/production/complete",
	"message": "the production history was not read completely",
	"observed": object.get(input.production, "complete", null),
	"required": true,
} if {
	_failing
	not "production" in writers.complete
}

deny contains {
	"code": "sequence.history_incomplete",
	"path": "/production/history",
	"message": "invalid deployment or event in the production history or the trail: digest, status or event type is missing or malformed",
	"observed": "invalid",
	"required": "a digest, a status and a type for each event",
} if {
	_failing
	"production" in writers.complete
	not deployments.sound
}

deny contains {
	"code": "sequence.history_incomplete",
	"item": type,
	"path": "/production/history",
	"message": sprintf("unknown event type %q in the production history or the trail; it may be a failure", [type]),
	"observed": type,
	"required": deployments.event_types,
} if {
	_failing
	"production" in writers.complete
	deployments.sound
	some type in deployments.unknown_events
}

deny contains {
	"code": "sequence.history_incomplete",
	"path": "/production/reported_since",
	"message": sprintf("the reported deployments go back to %v only, and it is unknown what went live before that", [input.production.reported_since]),
	"observed": input.production.reported_since,
	"required": "every deployment since the live version was deployed",
} if {
	_failing
	not reported.complete
}

# METADATA
# title: Deployment that the audit trail does not have
# description: >-
#   The platform reports a successful deployment to this environment after the last one
#   that is known, and no accepted writer recorded what it deployed. It is unknown which
#   version is live.
# custom:
#   code: sequence.unaccounted
#   cure: fix
#   remedy: >-
#     Record what it deployed ("prodgate audit record deploy.live --deployment RUN"), or
#     what runs now ("prodgate adopt").
#   who: [owner of that deployment]
deny contains {
	"code": "sequence.unaccounted",
	"item": report.id,
	"path": "/production/reported",
	"message": sprintf("%v%s succeeded at %v, and no accepted writer recorded what it deployed", [report.id, _by_run(report), report.succeeded_at]),
	"observed": report,
	"required": "deploy.live in the audit trail, for that run",
} if {
	_failing
	some report in reported.unaccounted
}

_by_run(report) := sprintf(" by %s", [report.run]) if is_string(report.run)

else := ""

# METADATA
# title: Sources disagree about the live version
# description: The history and the audit trail name different digests as live, so it is unknown which version would be replaced.
# custom:
#   code: sequence.disputed
#   cure: fix
#   remedy: Find out which version runs. Correct the history, or record the missing deployment in the trail.
#   who: [owner of the service, owner of prodgate.yaml]
deny contains {
	"code": "sequence.disputed",
	"path": "/production/current",
	"message": sprintf("the history says that %v is live; the trail names another digest", [_live_digest]),
	"observed": {"history": _live_digest, "trail": {deployment.digest | some deployment in input.trail.deployments}},
	"required": "one digest",
} if {
	_failing
	deployments.disputed
}

# METADATA
# title: Another version runs than recorded
# description: >-
#   The cluster runs a version that is neither the live one nor that of a deployment since
#   then, or the live version does not run. It is unknown which version would be replaced.
# custom:
#   code: sequence.drift
#   cure: fix
#   remedy: >-
#     Find out who changed it. Deploy the live version again, or record what runs now
#     ("prodgate audit record deploy.live", or "prodgate adopt" for a service without
#     records). If it runs elsewhere, correct namespace or selector in prodgate.yaml.
#   who: [owner of the service, owner of prodgate.yaml]
deny contains {
	"code": "sequence.drift",
	"item": version.digest,
	"path": "/production/running",
	"message": sprintf("%v runs %v since %v; %s", [version.workload, version.digest, version.since, _recorded_live]),
	"observed": version,
	"required": {"live": _live_digest},
} if {
	_failing
	some version in running.unexpected
}

deny contains {
	"code": "sequence.drift",
	"path": "/production/running",
	"message": sprintf("nothing runs; %s", [_recorded_live]),
	"observed": [],
	"required": {"live": _live_digest},
} if {
	_failing
	running.absent
}

_recorded_live := sprintf("%v is recorded as live", [_live_digest]) if _live_digest != null

else := "no version is recorded as live"

# METADATA
# title: Another deployment is in progress
# description: A deployment of this service to this environment has started and not ended.
# custom:
#   code: sequence.in_progress
#   cure: wait
#   remedy: Wait until that deployment has ended, or record how it ended (prodgate audit record deploy.failed).
#   who: [owner of that deployment]
deny contains {
	"code": "sequence.in_progress",
	"item": _name(position),
	"path": "/production/history",
	"message": sprintf("%s has been in progress since %s", [_name(position), _since(position)]),
	"observed": _shown(position),
	"required": {"max_duration": settings.effective.deploy.max_duration},
} if {
	_failing
	some position in deployments.in_progress
}

deny contains {
	"code": "sequence.in_progress",
	"item": object.get(event, "deployment", object.get(event, "id", event.type)),
	"path": "/production/history",
	"message": sprintf("%s at %s%s has not ended", [event.type, event.at, _where(event)]),
	"observed": event,
	"required": {"max_duration": settings.effective.deploy.max_duration},
} if {
	_failing
	some event in deployments.begun
}

deny contains {
	"code": "sequence.in_progress",
	"item": report.id,
	"path": "/production/reported",
	"message": sprintf("%v%s has been in progress since %v", [report.id, _by_run(report), report.created_at]),
	"observed": report,
	"required": {"max_duration": settings.effective.deploy.max_duration},
} if {
	_failing
	some report in reported.in_progress
}

# METADATA
# title: Digest failed or was replaced here
# description: >-
#   In this environment, the digest failed, was rolled back, did not pass its
#   verification, or was replaced by another version. It cannot be promoted again.
# custom:
#   code: sequence.known_bad
#   cure: fix
#   remedy: Fix the cause and build a new version. To return to this version, request a rollback (--kind rollback).
#   who: [the engineer who wants to deploy]
#   waivable: true
deny contains object.union(_known_bad, {
	"observed": _shown(position),
	"message": sprintf("%s ended with status %s here", [_name(position), deployments.status[position]]),
}) if {
	_failing
	input.request.kind in {"initial", "promotion"}
	not _unspoiled
	some position in deployments.spoiled
}

deny contains object.union(_known_bad, {
	"observed": event,
	"message": sprintf("%s at %s%s, of an unknown deployment", [event.type, event.at, _where(event)]),
}) if {
	_failing
	input.request.kind in {"initial", "promotion"}
	not _unspoiled
	some event in deployments.unjoined
}

deny contains object.union(_known_bad, {
	"observed": report,
	"message": sprintf("%v%s ended with state %v, after the gate allowed this digest", [report.id, _by_run(report), report.state]),
}) if {
	_failing
	input.request.kind in {"initial", "promotion"}
	not _unspoiled
	some report in reported.failed
}

deny contains object.union(_known_bad, {
	"observed": {"live": deployments.current.digest},
	"message": sprintf("it was live here before and was replaced by %s", [deployments.current.version]),
}) if {
	_failing
	input.request.kind == "promotion"
	_replaced
}

waived contains object.union(_known_bad, {"message": "the earlier failure or replacement of this digest here is waived"}) if {
	waivers.covers("sequence.known_bad", input.artifact.digest)
}

_known_bad := {
	"code": "sequence.known_bad",
	"item": input.artifact.digest,
	"path": "/production/history",
	"required": "a digest without a failed, rolled back or replaced deployment here",
}

# METADATA
# title: Not newer than the live version
# description: A promotion must be a newer build than the live version.
# custom:
#   code: sequence.backwards
#   cure: fix
#   remedy: Promote a newer build. To return to an older one, request a rollback (--kind rollback).
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "sequence.backwards",
	"path": "/build/built_at",
	"message": sprintf("built at %v; the live version was built at %v", [input.build.built_at, deployments.current.built_at]),
	"observed": input.build.built_at,
	"required": {"after": deployments.current.built_at},
} if {
	_failing
	input.request.kind == "promotion"
	_ordered
	not _newer
}

# METADATA
# title: Version already live
# description: The live version cannot be promoted again.
# custom:
#   code: sequence.live_already
#   cure: fix
#   remedy: To change its configuration, request a configuration change (--kind configuration).
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "sequence.live_already",
	"path": "/artifact/digest",
	"message": "this digest is already live",
	"required": {"other_than": deployments.current.digest},
} if {
	_failing
	input.request.kind == "promotion"
	not _ordered
	_runs
}

# METADATA
# title: Build order unknown
# description: No source gives the build times of both this artifact and the live version.
# custom:
#   code: sequence.unknown
#   cure: fix
#   remedy: Include the build time in the provenance, and record it with the deployment.
#   who: [owner of the build]
deny contains _unknown if {
	_failing
	input.request.kind == "promotion"
	_unordered
	settings.effective.sequence.unknown != "warn"
}

warn contains _unknown if {
	input.request.kind == "promotion"
	_unordered
	settings.effective.sequence.unknown == "warn"
}

_unordered if {
	text.given(deployments.current.digest)
	not _ordered
	not _runs
}

_unknown := {
	"code": "sequence.unknown",
	"path": "/build/built_at",
	"message": "it is unknown whether this artifact was built after the live version",
	"observed": {
		"built_at": object.get(input.build, "built_at", null),
		"live": _live_digest,
	},
	"required": "the build times of both",
}

# METADATA
# title: Configuration for another digest
# description: A configuration request must name the digest that runs in production.
# custom:
#   code: sequence.not_running
#   cure: fix
#   remedy: Request a promotion for a new image (--kind promotion).
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "sequence.not_running",
	"path": "/artifact/digest",
	"message": "this digest does not run in production",
	"observed": input.artifact.digest,
	"required": _live_digest,
} if {
	_failing
	input.request.kind == "configuration"
	not _runs
}

# METADATA
# title: Service adopted
# description: The deployments from before the gate were recorded by an adoption. No gated deployment has gone live since.
# custom:
#   code: sequence.adopted
#   effect: warn
#   cure: ask
#   remedy: No action is required. This warning ends with the first gated deployment that goes live.
#   who: [owner of the service]
warn contains {
	"code": "sequence.adopted",
	"path": "/production/adoption",
	"message": sprintf("the history begins with an adoption, approved by %v at %v", [input.production.adoption.approver, input.production.adoption.approved_at]),
	"required": "a gated deployment",
} if {
	adoption.valid
	every position in deployments.good {
		deployments.all[position].adopted == true
	}
}

waived contains {
	"code": "sequence.known_bad",
	"item": object.get(event, "id", event.type),
	"path": "/production/history",
	"message": sprintf("%s at %s is dismissed", [event.type, event.at]),
	"observed": event,
	"required": "no open bad news",
} if {
	some event in deployments.dismissed
}

# The service and environment of an event without a deployment, if they differ from the
# request.
_where(event) := sprintf(" for %s, which is not in the settings", [concat(" and ", names)]) if {
	names := [sprintf("the %s %s", [key, event[key]]) | some key in ["service", "environment"]; not _ours(event, key)]
	count(names) > 0
} else := ""

_ours(event, key) if object.get(event, key, null) in {null, input.request[key]}

_name(position) := sprintf("%v (%v)", [
	object.get(deployments.all[position], "version", "a version"),
	object.get(deployments.all[position], "id", "unknown run"),
])

_since(position) := object.get(deployments.all[position], "started_at", deployments.all[position].live_at)

_shown(position) := {key: value |
	some key in ["id", "version", "digest", "started_at", "live_at", "writer", "assurance"]
	value := deployments.all[position][key]
}
