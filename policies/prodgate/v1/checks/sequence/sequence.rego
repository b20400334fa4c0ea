# METADATA
# title: Order of deployments
# description: >-
#   Deployments go forward, one at a time: a promotion is newer than what is live
#   and has not failed or been replaced here, a configuration changes what runs,
#   and no other deployment is in progress. Going back is a rollback
#   (production-readiness.md, "Production deployments are intentional, gated, and
#   boring").
package prodgate.v1.checks.sequence

import data.prodgate.v1.lib.adoption
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.deployments
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
	not deployments.disputed
	_forward
}

needs := {"artifact", "production", "trail"}

_readable if count(needs - sources.readable) == 0

# A first release has nothing before it, which the check of the way back shows.
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
}

_unspoiled if waivers.covers("sequence.known_bad", input.artifact.digest)

_runs if deployments.current.digest == input.artifact.digest

# Deployed here before, and something else is live now.
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
# title: The production history was not read as a whole
# description: >-
#   The history was read only in part, or an entry of it cannot be understood, so an
#   earlier failure of this digest may be missing.
# custom:
#   code: sequence.history_incomplete
#   cure: fix
#   remedy: Read the whole production history, or correct the entry that the message names.
#   who: [owner of prodgate.yaml]
deny contains {
	"code": "sequence.history_incomplete",
	"path": "/production/complete",
	"message": "the production history was not read as a whole",
	"observed": object.get(input.production, "complete", null),
	"required": true,
} if {
	_failing
	not "production" in writers.complete
}

deny contains {
	"code": "sequence.history_incomplete",
	"path": "/production/history",
	"message": "a deployment or an event in the production history or the trail is not valid: digest, status or type of event is missing or malformed",
	"observed": "not valid",
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
	"message": sprintf("the production history or the trail has an event of the unknown type %q, which may be bad news", [type]),
	"observed": type,
	"required": deployments.event_types,
} if {
	_failing
	"production" in writers.complete
	deployments.sound
	some type in deployments.unknown_events
}

# METADATA
# title: Sources differ on what is live
# description: The history and the audit trail name different digests as live, so what would be replaced is not known.
# custom:
#   code: sequence.disputed
#   cure: fix
#   remedy: Find out what runs, and mend the history or record the deployment that is missing in the trail.
#   who: [owner of the service, owner of prodgate.yaml]
deny contains {
	"code": "sequence.disputed",
	"path": "/production/current",
	"message": sprintf("the history says that %v is live, the trail knows another", [_live_digest]),
	"observed": {"history": _live_digest, "trail": {deployment.digest | some deployment in input.trail.deployments}},
	"required": "one digest",
} if {
	_failing
	deployments.disputed
}

# METADATA
# title: Another deployment is in progress
# description: A deployment of this service to this environment has begun and not ended.
# custom:
#   code: sequence.in_progress
#   cure: wait
#   remedy: Wait until that deployment has ended, or record how it ended (prodgate audit record deploy.failed).
#   who: [whoever runs that deployment]
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
	"message": sprintf("%s at %s%s, has not ended", [event.type, event.at, _where(event)]),
	"observed": event,
	"required": {"max_duration": settings.effective.deploy.max_duration},
} if {
	_failing
	some event in deployments.begun
}

# METADATA
# title: This digest did not do well here
# description: >-
#   A promotion of a digest that failed, was rolled back or did not pass its
#   verification in this environment, or that a newer one has replaced.
# custom:
#   code: sequence.known_bad
#   cure: fix
#   remedy: Build a new version with the cause fixed; to go back to this one, request a rollback (--kind rollback).
#   who: [the engineer who wants to deploy]
#   waivable: true
deny contains object.union(_known_bad, {
	"observed": _shown(position),
	"message": sprintf("%s ended as %s here", [_name(position), deployments.status[position]]),
}) if {
	_failing
	input.request.kind in {"initial", "promotion"}
	not _unspoiled
	some position in deployments.spoiled
}

deny contains object.union(_known_bad, {
	"observed": event,
	"message": sprintf("%s at %s%s, of a deployment that is not known", [event.type, event.at, _where(event)]),
}) if {
	_failing
	input.request.kind in {"initial", "promotion"}
	not _unspoiled
	some event in deployments.unjoined
}

deny contains object.union(_known_bad, {
	"observed": {"live": deployments.current.digest},
	"message": sprintf("it was live here before, and %s has replaced it", [deployments.current.version]),
}) if {
	_failing
	input.request.kind == "promotion"
	_replaced
}

waived contains object.union(_known_bad, {"message": "what happened to this digest here is waived"}) if {
	waivers.covers("sequence.known_bad", input.artifact.digest)
}

_known_bad := {
	"code": "sequence.known_bad",
	"item": input.artifact.digest,
	"path": "/production/history",
	"required": "a digest without a failed, undone or replaced deployment here",
}

# METADATA
# title: Not newer than what is live
# description: A promotion goes forward, to a build that is newer than what runs.
# custom:
#   code: sequence.backwards
#   cure: fix
#   remedy: Promote a newer build; to go back, request a rollback (--kind rollback).
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "sequence.backwards",
	"path": "/build/built_at",
	"message": sprintf("built at %v, and what is live was built at %v", [input.build.built_at, deployments.current.built_at]),
	"observed": input.build.built_at,
	"required": {"after": deployments.current.built_at},
} if {
	_failing
	input.request.kind == "promotion"
	_ordered
	not _newer
}

# METADATA
# title: This version is live already
# description: A promotion of what runs changes nothing that a promotion is for.
# custom:
#   code: sequence.live_already
#   cure: fix
#   remedy: To change its configuration, request that (--kind configuration).
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "sequence.live_already",
	"path": "/artifact/digest",
	"message": "this digest is live already",
	"required": {"other_than": deployments.current.digest},
} if {
	_failing
	input.request.kind == "promotion"
	not _ordered
	_runs
}

# METADATA
# title: The order of builds is not known
# description: No source says when this artifact and what is live were built.
# custom:
#   code: sequence.unknown
#   cure: fix
#   remedy: Let the build's provenance say when it was made, and record it with the deployment.
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
	"message": "it is not known whether this artifact was built after what is live",
	"observed": {
		"built_at": object.get(input.build, "built_at", null),
		"live": _live_digest,
	},
	"required": "the times of both builds",
}

# METADATA
# title: The configuration is for another digest
# description: A configuration request keeps the digest that runs in production.
# custom:
#   code: sequence.not_running
#   cure: fix
#   remedy: Request a promotion for a new image (--kind promotion).
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "sequence.not_running",
	"path": "/artifact/digest",
	"message": "this digest is not what runs in production",
	"observed": input.artifact.digest,
	"required": _live_digest,
} if {
	_failing
	input.request.kind == "configuration"
	not _runs
}

# METADATA
# title: The service was taken over
# description: What ran before the gate was recorded by an adoption; no gated deployment has gone live since.
# custom:
#   code: sequence.adopted
#   effect: warn
#   cure: ask
#   remedy: Nothing to do; the first gated deployment that goes live ends this.
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
	"required": "no bad news that stands",
} if {
	some event in deployments.dismissed
}

# Where an event was recorded that no deployment here has.
_where(event) := sprintf(" for %s, which the settings do not list", [concat(" and ", names)]) if {
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
