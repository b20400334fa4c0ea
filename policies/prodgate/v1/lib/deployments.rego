# METADATA
# title: Deployments
# description: >-
#   What runs and ran in the environment, by the production history and by what
#   the audit trail knows of it. That a deployment went well needs a source that
#   counts; that it went wrong, or is still going on, counts from anyone, unless
#   it is dismissed.
package prodgate.v1.lib.deployments

import data.prodgate.v1.lib.adoption
import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Whether every deployment is here, so that absence proves something.
default complete := false

complete if {
	"production" in writers.complete
	sound
	count(unknown_events) == 0
}

# The types of events that are not known. Such an event could be bad news.
unknown_events contains event.type if {
	some deployment in all
	some event in _events(deployment)
	not event.type in event_types
}

unknown_events contains event.type if {
	some event in _loose
	not event.type in event_types
}

# Whether each list, deployment and event can be read. One that cannot could be bad
# news.
default sound := false

sound if {
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

# The types of events of a deployment.
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

# Every deployment of this service to this environment, or that is not shown to
# be another's, by their positions: paths in the document.
all[position] := deployment if {
	some position, deployment in _listed
	not binding.elsewhere(deployment)
	not _hollow(deployment)
}

# All that is said of it is good news, by writers who do not count.
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

# How a deployment stands, by its events where the source lists them and by the
# source's word where it does not.
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

# A deployment or its rollback started, and has not ended after that. Whoever waits
# for the end takes it from a writer who counts.
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

# The order of the trail tells events of the same second apart.
_not_before(event, _, instant) if clock.fact(event.at) > instant

_not_before(event, other, instant) if {
	clock.fact(event.at) == instant
	not _recorded_before(event, other)
}

_recorded_before(event, other) if event.seq < other.seq

# A rollback that failed, or never ended: what was to be undone serves on, and is
# no version that worked.
_tried_to_undo(position) if _happened[position][{"rollback.started", "rollback.failed"}[_]]

_went_live(deployment) if {
	some event in deployment.events
	_good_news(deployment, event, "deploy.live")
}

_good_news(deployment, event, type) if {
	event.type == type
	writers.counts(deployment.section, type, event)
}

# Bad news, and no later good news by a writer who counts and who is established as
# well.
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

_ranks := {"claimed": 0, "user": 1, "ci": 2, "oidc": 3}

# The instants of each type of event that stands.
_happened[position][type] contains instant if {
	some position, deployment in all
	some event in _standing(deployment)
	type := event.type
	instant := _instant(event)
}

# An event whose time is no time has happened as well.
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

# When a deployment began: its first attempt.
began[position] := clock.fact(deployment.started_at) if {
	some position, deployment in all
	is_string(deployment.started_at)
}

began[position] := clock.fact(deployment.live_at) if {
	some position, deployment in all
	object.get(deployment, "started_at", null) == null
}

# The newest deployments that began, whether live, failed or in progress.
newest contains position if {
	latest := max({instant | some instant in began})
	some position, instant in began
	instant == latest
}

# The deployments that worked, by a source that counts: positions. What was
# written down after the fact is as old as its record.
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

# What was adopted counts by its adoption.
_witnessed(deployment) if {
	deployment.adopted == true
	adoption.valid
}

# The position of what serves: the newest that went live, by a source that
# counts, and was not undone. A plain file says itself what runs.
# What the trail knows to serve, and the history says that something else does.
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

# Only a source that says so, or in which nothing serves, says that nothing runs.
default nothing_live := false

nothing_live if {
	writers.whole("production")
	input.production.current == null
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

# That it was undone is no good news for what ran before, so it takes a writer who
# counts.
_serves(position) if {
	count(_events(all[position])) == 0
	status[position] in (_working | {"verification_failed"})
}

_serves(position) if {
	_went_live(all[position])
	count(_ends(position, {"rollback.live"})) == 0
}

_working := {word | some word in settings.effective.rollback.working_statuses}

# The history and the trail may know the same deployment. Of two that differ and
# went live in the same second, neither is known to be what runs; nor is any where
# it is not known when one of them went live.
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

# Deployments of others that have begun and not ended, and are not so old that
# they must have.
in_progress contains position if {
	some position, deployment in all
	not status[position] in _ends_known
	not _earlier_attempt(position, deployment)
	not _outlasted(position)
}

_outlasted(position) if {
	clock.now - _latest_start(position) >= time.parse_duration_ns(settings.effective.deploy.max_duration)
}

# A status that is not known to be an end is none.
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

# Deployments of the artifact that did not end well, but for earlier attempts of
# this run that failed.
spoiled contains position if {
	some position, deployment in all
	binding.concerns(deployment)
	_ended_badly(position)
	not _own_failure(position)
}

_ended_badly(position) if not status[position] in _harmless

_ended_badly(position) if _undone_or_refused(position)

_ended_badly(position) if _stands(all[position], "deploy.failed", "deploy.live")

_undone_or_refused(position) if _happened[position]["rollback.live"]

_undone_or_refused(position) if _tried_to_undo(position)

_undone_or_refused(position) if _stands(all[position], "verification.failed", "verification.passed")

_harmless := _working | {"in_progress"}

_own_failure(position) if {
	_same_run(all[position])
	status[position] in {"failed", "in_progress"}
	not _undone_or_refused(position)
}

# Bad news that names the artifact and no known deployment, until a later
# deployment of it is verified by a writer who counts.
unjoined contains event if {
	some event in loose
	binding.concerns(event)
	not _verified_since(event)
	not _own_attempt(event, "deploy.failed")
}

# All bad news that could not be joined.
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

# What has begun of no known deployment, and has not ended.
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

# A rollback of an unknown deployment speaks against no digest that it does not name.
_no_bad_news(event) if {
	startswith(event.type, "rollback.")
	object.get(event, "digest", null) == null
}

# What names a service or an environment that the settings do not list is not shown
# to be about another one.
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
