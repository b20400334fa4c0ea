# METADATA
# title: Deployments
# description: >-
#   The current and earlier deployments in the environment, from the production history
#   and the audit trail. Success needs an accepted source. Failure, or a deployment in
#   progress, counts from anyone unless it is dismissed.
package prodgate.v1.lib.deployments

import data.prodgate.v1.lib.adoption
import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.reported
import data.prodgate.v1.lib.running
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Whether the history is complete, so that a missing deployment proves something.
default complete := false

complete if {
	"production" in writers.complete
	sound
	count(unknown_events) == 0
	count(reported.unaccounted) == 0
	reported.complete
}

# Unknown event types. Such an event could be bad news.
unknown_events contains type if {
	some deployment in all
	some event in _events(deployment)
	type := event.type
	not type in event_types
}

unknown_events contains type if {
	some event in _loose
	type := event.type
	not type in event_types
}

# Whether every list, deployment and event is valid. An invalid one could be bad news.
default sound := false

sound if {
	reported.sound("production")
	running.sound
	is_array(input.production.history)
	every path in [["production", "unjoined"], ["trail", "deployments"], ["trail", "unjoined"]] {
		is_array(object.get(input, path, []))
	}
	every deployments in [input.production.history, object.get(input, ["trail", "deployments"], [])] {
		every deployment in deployments {
			_well_formed(deployment)
		}
	}
	every path in [["production", "unjoined"], ["trail", "unjoined"]] {
		every event in object.get(input, path, []) {
			text.given(event.type)
			_names_a_digest_or_none(event)
		}
	}
}

_well_formed(deployment) if {
	text.digest(deployment.digest)
	text.given(deployment.status)
	is_array(_events(deployment))
	every event in _events(deployment) {
		text.given(event.type)
	}
}

_names_a_digest_or_none(event) if text.digest(event.digest)

_names_a_digest_or_none(event) if object.get(event, "digest", null) == null

# The known event types of a deployment.
event_types := {
	"deploy.started",
	"deploy.live",
	"deploy.failed",
	"rollback.started",
	"rollback.live",
	"rollback.failed",
	"verification.passed",
	"verification.failed",
}

# Every deployment that is not shown to be of another service or environment, by
# position. Positions are paths in the document.
all[position] := deployment if {
	some position, deployment in _listed
	not binding.elsewhere(deployment)
	not _hollow(deployment)
}

# A deployment with only good news, all by writers that are not accepted.
_hollow(deployment) if {
	count(_events(deployment)) > 0
	every event in _events(deployment) {
		event.type in {"deploy.live", "verification.passed"}
		not _good_news(deployment, event, event.type)
	}
}

_listed[path] := object.union(deployment, {"section": "production"}) if {
	some position, deployment in input.production.history
	path := sprintf("/production/history/%d", [position])
}

_listed[path] := object.union(deployment, {"section": "trail"}) if {
	some position, deployment in input.trail.deployments
	path := sprintf("/trail/deployments/%d", [position])
}

# The status of a deployment: from its events, or as the source reports it if the
# source lists no events.
status[position] := word if {
	some position, deployment in all
	count(_events(deployment)) > 0
	word := _by_events(position)
}

status[position] := deployment.status if {
	some position, deployment in all
	count(_events(deployment)) == 0
}

_by_events(position) := "in_progress" if {
	_running(position)
} else := "rolled_back" if {
	_happened[position]["rollback.live"]
} else := "verification_failed" if {
	_stands(all[position], "verification.failed", "verification.passed")
} else := "failed" if {
	_tried_to_undo(position)
} else := "failed" if {
	_stands(all[position], "deploy.failed", "deploy.live")
} else := "live" if {
	_went_live(all[position])
} else := "failed"

# A deployment or its rollback started and has not ended since. Only an accepted writer
# can report the end.
_running(position) if _open_since(position, "deploy.started", {"deploy.failed", "deploy.live", "rollback.live"})

_running(position) if _open_since(position, "rollback.started", {"rollback.failed", "rollback.live"})

_open_since(position, start, ends) if {
	some event in _standing(all[position])
	event.type == start
	not _ended_since(position, event, ends)
}

_ended_since(position, started, ends) if {
	some event in _ends(position, ends)
	_not_before(event, started, _instant(started))
}

_ends(position, types) := [event |
	some event in all[position].events
	event.type in types
	writers.counts(all[position].section, event.type, event)
	clock.fact(event.at)
]

# Events in the same second are ordered as in the trail.
_not_before(event, _, instant) if clock.fact(event.at) > instant

_not_before(event, other, instant) if {
	clock.fact(event.at) == instant
	not _recorded_before(event, other)
}

_recorded_before(event, other) if event.seq < other.seq

# A rollback that failed or never ended: the version keeps running, but it does not
# count as a version that worked.
_tried_to_undo(position) if _happened[position][{"rollback.started", "rollback.failed"}[_]]

_went_live(deployment) if {
	some event in deployment.events
	_good_news(deployment, event, "deploy.live")
}

_good_news(deployment, event, type) if {
	event.type == type
	writers.counts(deployment.section, type, event)
}

# Bad news without later good news by an accepted writer with the same or a higher
# assurance.
_stands(deployment, bad, good) if {
	some event in _standing(deployment)
	event.type == bad
	not _lifted(deployment, event, good)
}

_lifted(deployment, bad, good) if {
	some event in deployment.events
	_good_news(deployment, event, good)
	_not_before(event, bad, clock.fact(bad.at))
	_ranks[event.assurance] >= _ranks[bad.assurance]
}

_ranks := {"claimed": 0, "user": 1, "ci": 2, "webhook": 3, "oidc": 4}

# The times of each event type that is not dismissed.
_happened[position][type] contains instant if {
	some position, deployment in all
	some event in _standing(deployment)
	type := event.type
	instant := _instant(event)
}

# An event with an invalid time has happened too.
_instant(event) := clock.fact(event.at)

_instant(event) := clock.collected if not _dated(event)

_dated(event) if clock.fact(event.at)

_events(deployment) := object.get(deployment, "events", [])

_standing(deployment) := [event |
	some event in _events(deployment)
	not dismissals.dismissed(deployment.section, event)
]

dismissed contains event if {
	some deployment in all
	some event in _events(deployment)
	dismissals.dismissed(deployment.section, event)
}

# When a deployment began, at its first attempt.
began[position] := clock.fact(deployment.started_at) if {
	some position, deployment in all
	is_string(deployment.started_at)
}

began[position] := clock.fact(deployment.live_at) if {
	some position, deployment in all
	object.get(deployment, "started_at", null) == null
}

# The newest deployments that began: live, failed or in progress.
newest contains position if {
	latest := max({instant | some instant in began})
	some position, instant in began
	instant == latest
}

# The positions of successful deployments, from an accepted source. A deployment that
# was recorded later counts from the time of its record.
good contains position if {
	some position, deployment in all
	status[position] in settings.effective.rollback.working_statuses
	_witnessed(deployment)
	binding.ours(deployment)
	every event in _events(deployment) {
		event.type in event_types
	}
}

_witnessed(deployment) if {
	object.get(deployment, "adopted", null) in {null, false}
	writers.counts(deployment.section, "deploy.live", deployment)
}

# Adopted deployments count if the adoption is valid.
_witnessed(deployment) if {
	deployment.adopted == true
	adoption.valid
}

# The position of the live deployment: the newest that went live according to an
# accepted source and was not rolled back. A plain file names the live version itself.
# The trail and the history name different live versions.
default disputed := false

disputed if {
	writers.whole("production")
	count(_recorded_serving) > 0
	not _agreed
}

_recorded_serving := {position | some position in _serving; all[position].section == "trail"}

_agreed if all[_newest(_recorded_serving)].digest == input.production.current.digest

current := input.production.current if writers.whole("production")

current := all[_newest(_serving)] if not writers.whole("production")

# Nothing is live only if the source says so or has no live deployment.
default nothing_live := false

nothing_live if {
	writers.whole("production")
	input.production.current == null
	count(reported.unaccounted) == 0
}

nothing_live if {
	complete
	not writers.whole("production")
	count(_serving) == 0
}

_serving contains position if {
	some position, deployment in all
	_serves(position)
	_witnessed(deployment)
	binding.ours(deployment)
}

# A rollback makes the earlier version live again, which is good news, so it needs an
# accepted writer.
_serves(position) if {
	count(_events(all[position])) == 0
	status[position] in (_working | {"verification_failed"})
}

_serves(position) if {
	_went_live(all[position])
	count(_ends(position, {"rollback.live"})) == 0
}

_working := {word | some word in settings.effective.rollback.working_statuses}

# The history and the trail may have the same deployment. If two different ones went
# live in the same second, or the time of one is unknown, the live version is unknown.
_newest(positions) := min(latest) if {
	every position in positions {
		clock.fact(all[position].live_at)
	}
	last := max({clock.fact(all[position].live_at) | some position in positions})
	latest := {position |
		some position in positions
		clock.fact(all[position].live_at) == last
	}
	count({all[position].digest | some position in latest}) == 1
}

# Other deployments that began and have not ended, within the maximum duration.
in_progress contains position if {
	some position, deployment in all
	not _ended(position)
	not _earlier_attempt(position, deployment)
	not _outlasted(position)
}

_ended(position) if status[position] in _ends_known

_outlasted(position) if {
	clock.now - _latest_start(position) >= time.parse_duration_ns(settings.effective.deploy.max_duration)
}

# A status that is not known to be final counts as in progress.
_ends_known := _working | {word | some word in settings.effective.deploy.ended_statuses}

# An attempt of this run, unless it is being rolled back.
_earlier_attempt(position, deployment) if {
	_same_run(deployment)
	not _open_since(position, "rollback.started", {"rollback.failed", "rollback.live"})
}

_latest_start(position) := max(_happened[position]["deploy.started"] | object.get(_happened[position], "rollback.started", set()))

_latest_start(position) := began[position] if not _starts(position)

_starts(position) if _happened[position]["deploy.started"]

_same_run(deployment) if {
	text.given(deployment.id)
	deployment.id == input.request.deployment
}

# Unsuccessful deployments of the artifact, except for failed earlier attempts of this
# run.
spoiled contains position if {
	some position, deployment in all
	binding.concerns(deployment)
	_ended_badly(position)
	not _own_failure(position)
}

# A deployment without a known status may have ended in any way.
_ended_badly(position) if not _ended_well(position)

_ended_badly(position) if _undone_or_refused(position)

_ended_badly(position) if _stands(all[position], "deploy.failed", "deploy.live")

_undone_or_refused(position) if _happened[position]["rollback.live"]

_undone_or_refused(position) if _tried_to_undo(position)

_undone_or_refused(position) if _stands(all[position], "verification.failed", "verification.passed")

_ended_well(position) if status[position] in _harmless

_harmless := _working | {"in_progress"}

_own_failure(position) if {
	_same_run(all[position])
	status[position] in {"failed", "in_progress"}
	not _undone_or_refused(position)
}

# Bad news about the artifact without a known deployment, until an accepted writer
# records that a later deployment of it was verified.
unjoined contains event if {
	some event in loose
	binding.concerns(event)
	not _verified_since(event)
	not _own_attempt(event, "deploy.failed")
}

# All bad news that could not be assigned to a deployment.
loose contains event if {
	some event in _loose
	not _no_bad_news(event)
	not dismissals.dismissed(event.section, event)
}

dismissed contains event if {
	some event in _loose
	not _no_bad_news(event)
	binding.concerns(event)
	dismissals.dismissed(event.section, event)
}

# Events of unknown deployments that began and have not ended.
begun contains event if {
	some event in _loose
	some ends in _ends_by_start[event.type]
	not dismissals.dismissed(event.section, event)
	not _own_attempt(event, "deploy.started")
	not _loose_ended(event, ends)
	not _long_ago(event)
}

_long_ago(event) if {
	clock.now - _instant(event) >= time.parse_duration_ns(settings.effective.deploy.max_duration)
}

_ends_by_start := {
	"deploy.started": [{"deploy.failed", "deploy.live", "rollback.live"}],
	"rollback.started": [{"rollback.failed", "rollback.live"}],
}

_loose_ended(started, ends) if {
	some event in _loose
	event.type in ends
	_same_deployment(event.deployment, started)
	writers.counts(event.section, event.type, event)
	_not_before(event, started, _instant(started))
}

_loose_ended(started, ends) if {
	some position, deployment in all
	_same_deployment(deployment.id, started)
	_ended_since(position, started, ends)
}

_same_deployment(name, event) if {
	text.given(name)
	name == event.deployment
}

_own_attempt(event, type) if {
	event.type == type
	_same_deployment(input.request.deployment, event)
}

_no_bad_news(event) if event.type in {"deploy.started", "deploy.live", "verification.passed"}

# A rollback of an unknown deployment counts only against the digest that it names.
_no_bad_news(event) if {
	startswith(event.type, "rollback.")
	object.get(event, "digest", null) == null
}

# An event for a service or an environment that is not in the settings may be about
# this one.
_loose := [event |
	some event in array.concat(
		[object.union(event, {"section": "production"}) | some event in input.production.unjoined],
		[object.union(event, {"section": "trail"}) | some event in input.trail.unjoined],
	)
	not binding.elsewhere(event)
]

_verified_since(loose) if {
	some deployment in all
	deployment.digest == input.artifact.digest
	clock.fact(deployment.live_at) > clock.fact(loose.at)
	some event in deployment.events
	event.type == "verification.passed"
	writers.counts(deployment.section, event.type, event)
	clock.fact(event.at) > clock.fact(loose.at)
}
