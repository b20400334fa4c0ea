package prodgate.v1.lib.used_test

import data.prodgate.v1.lib.used
import data.prodgate.v1.testing

# An approval was given at eleven. After that, the same run deployed the artifact; its
# first attempt began at 11:10.
_given := time.parse_rfc3339_ns("2026-11-24T11:00:00-05:00")

_run := "acme/payments-api/1"

_base := json.patch(testing.recorded, [{"op": "add", "path": "/request/deployment", "value": _run}])

_after(entry) := _beside(_base, entry)

_beside(document, entry) := json.patch(document, [{"op": "add", "path": "/production/history/0", "value": object.union(_deployment, entry)}])

_deployment := {
	"id": _run,
	"version": "7a3f9c2",
	"digest": testing.artifact,
	"live_at": "2026-11-24T11:12:00-05:00",
	"status": "failed",
	"approvers": [],
	"writer": "anybody",
	"assurance": "claimed",
}

_other_run := {"id": "acme/payments-api/2"}

_event(type, at) := {"type": type, "at": sprintf("2026-11-24T%s-05:00", [at])}

_used(document) if count(used.by(_given)) > 0 with data.prodgate.organisation as testing.organisation with input as document

_unused(document) if used.by(_given) == set() with data.prodgate.organisation as testing.organisation with input as document

test_unused_without_a_deployment_since if {
	every document in [testing.promotion, testing.configuration, testing.initial, testing.rollback, testing.emergency, testing.recorded, _base] {
		_unused(document)
		used.attempts_since(_given) == 0 with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_used_by_another_run if {
	_used(_after(_other_run))
	every entry in [
		{"live_at": "2026-11-24T11:00:00-05:00"},
		{"live_at": null},
		{"live_at": 0},
		{"live_at": "2026-11-24T12:00:01-05:00"},
		{"started_at": "2026-11-24T11:00:00-05:00"},
		{"started_at": "2026-11-24T11:10:00-05:00", "live_at": "2026-11-24T10:10:00-05:00"},
		{"status": "live"},
		{"status": "superseded"},
		{"digest": testing.image},
		{"digest": null},
		{"digest": upper(testing.artifact)},
		{"kind": "promotion"},
		{"kind": null},
		{"kind": "Rollback"},
		{"configuration": testing.values},
		{"id": null},
		{"id": ""},
		{"live_at": null, "events": [_event("deploy.started", "11:00:00")]},
	] {
		_used(_after(object.union(_other_run, entry)))
	}
	_used(testing.remove(_after({}), "/production/history/0/id"))
	_used(testing.remove(testing.remove(_after({}), "/production/history/0/id"), "/production/history/0/version"))
	_used(testing.remove(_after({}), "/request/deployment"))
	_used(testing.change(_after({"id": null}), "/request/deployment", null))
	_used(testing.change(_after({"id": ""}), "/request/deployment", ""))
}

test_unused_by_a_deployment_of_something_else_or_before if {
	every entry in [
		{"live_at": "2026-11-24T10:59:59-05:00"},
		{"started_at": "2026-11-24T10:59:59-05:00"},
		{"digest": testing.other},
		{"kind": "rollback"},
		{"kind": "initial"},
		{"live_at": null, "events": [_event("deploy.started", "10:59:59")]},
	] {
		_unused(_after(object.union(_other_run, entry)))
	}
}

test_used_by_a_configuration_of_the_same if {
	document := json.patch(testing.configuration, [{"op": "add", "path": "/request/deployment", "value": _run}])
	every entry in [{}, {"configuration": testing.values}, {"configuration": null}, {"configuration": "none"}, {"kind": "configuration"}] {
		_used(_beside(document, object.union(_other_run, entry)))
	}
	_unused(_beside(document, object.union(_other_run, {"configuration": testing.other})))
	_unused(_beside(document, object.union(_other_run, {"kind": "promotion"})))
}

# Only a configuration is requested by its digest.
test_used_by_another_configuration_if_none_is_requested if {
	document := json.patch(_base, [{"op": "add", "path": "/request/configuration", "value": testing.values}])
	_used(_beside(document, object.union(_other_run, {"configuration": testing.other})))
}

test_unused_by_what_this_run_did_to_something_else if {
	every entry in [{"digest": testing.other}, {"kind": "rollback"}] {
		_unused(_after(object.union({"status": "live"}, entry)))
	}
}

test_used_names_the_deployment if {
	used.by(_given) == {"was used by the deployment that has no id"} with data.prodgate.organisation as testing.organisation with input as _after({"id": null, "version": false})
	event := object.union(_event("deploy.live", "11:10:00"), {"type": false})
	used.by(_given) == {"was used by the deployment acme/payments-api/1: an event"} with data.prodgate.organisation as testing.organisation with input as _after({"events": [event]})
}

test_used_says_by_which if {
	used.by(_given) == {"was used by the deployment acme/payments-api/2"} with data.prodgate.organisation as testing.organisation with input as _after(_other_run)
	used.by(_given) == {"was used by the deployment of version 7a3f9c2, which has no id"} with data.prodgate.organisation as testing.organisation with input as _after({"id": null})
	used.by(_given) == {"was used by the deployment that has no id"} with data.prodgate.organisation as testing.organisation with input as testing.remove(_after({"id": null}), "/production/history/0/version")
	used.by(_given) == {"was used by the deployment acme/payments-api/1: rolled_back"} with data.prodgate.organisation as testing.organisation with input as _after({"status": "rolled_back"})
	used.by(_given) == {"was used: the artifact is live"} with data.prodgate.organisation as testing.organisation with input as testing.change(_base, "/production/current/digest", testing.artifact)
}

test_used_by_this_run_once_it_got_anywhere if {
	every status in ["live", "superseded", "rolled_back", "verification_failed", "Failed", "", null, true] {
		_used(_after({"status": status}))
		_used(_after({"status": status, "live_at": "2026-11-24T11:00:00-05:00"}))
		_used(_after({"status": status, "live_at": null}))
		_unused(_after({"status": status, "live_at": "2026-11-24T10:59:59-05:00"}))
	}
	_used(testing.remove(_after({}), "/production/history/0/status"))
	every type in ["deploy.live", "verification.passed", "verification.failed", "rollback.started", "rollback.live", "rollback.failed", "Deploy.failed", "", null] {
		_used(_after({"events": [_event(type, "11:00:00")]}))
		_unused(_after({"events": [_event(type, "10:59:59")]}))
		_used(_after({"events": [{"type": type, "at": null}]}))
		_used(_after({"events": [{"type": type}]}))
	}
	_used(_after({"events": [{"at": "2026-11-24T11:10:00-05:00"}]}))
}

test_unused_by_attempts_that_failed if {
	every entry in [
		{},
		{"status": "started"},
		{"status": "in_progress"},
		{"events": [_event("deploy.started", "11:10:00"), _event("deploy.failed", "11:12:00")]},
		{"events": [_event("deploy.failed", "11:12:00"), _event("deploy.failed", "11:20:00")]},
		{"events": [_event("deploy.failed", "10:40:00"), _event("deploy.failed", "10:50:00"), _event("deploy.failed", "11:12:00"), _event("deploy.failed", "11:20:00")]},
	] {
		_unused(_after(entry))
	}
}

test_used_by_too_many_attempts if {
	failures := [_event("deploy.failed", "11:12:00"), _event("deploy.failed", "11:20:00"), _event("deploy.failed", "11:30:00")]
	starts := [_event("deploy.started", "11:12:00"), _event("deploy.started", "11:20:00"), _event("deploy.started", "11:30:00")]
	every events in [failures, starts] {
		_used(_after({"events": events}))
		used.attempts_since(_given) == 3 with data.prodgate.organisation as testing.organisation with input as _after({"events": events})
		_unused(_after({"events": array.slice(events, 0, 2)}))
	}
	used.by(_given) == {"was used by 3 attempts of the deployment acme/payments-api/1; 2 more are allowed, within 1h of the first"} with data.prodgate.organisation as testing.organisation with input as _after({"events": failures})
}

test_used_after_a_while if {
	every entry in [
		{"events": [_event("deploy.started", "11:10:00"), _event("deploy.failed", "11:12:00")]},
		{"started_at": "2026-11-24T11:10:00-05:00"},
		{"live_at": "2026-11-24T11:10:00-05:00"},
	] {
		_unused(testing.change(_after(entry), "/now", "2026-11-24T12:09:59-05:00"))
		_used(testing.change(_after(entry), "/now", "2026-11-24T12:10:00-05:00"))
	}
	requested := json.patch(_after({}), [{"op": "add", "path": "/trail/requests", "value": [{"at": "2026-11-24T11:05:00-05:00"}]}])
	_unused(testing.change(requested, "/now", "2026-11-24T12:04:59-05:00"))
	_used(testing.change(requested, "/now", "2026-11-24T12:05:00-05:00"))
	before := testing.change(requested, "/trail/requests/0/at", "2026-11-24T10:59:59-05:00")
	_unused(testing.change(before, "/now", "2026-11-24T12:11:59-05:00"))
}

test_used_after_a_while_from_the_instant_of_the_approval_on if {
	document := _after({"events": [_event("deploy.failed", "11:00:00"), _event("deploy.failed", "11:12:00")]})
	_unused(testing.change(document, "/now", "2026-11-24T11:59:59-05:00"))
	_used(testing.change(document, "/now", "2026-11-24T12:00:00-05:00"))
}

# The time of the first attempt is that of this run.
test_unused_after_a_while_since_another_run_began if {
	every entry in [
		{"started_at": "2026-11-24T11:05:00-05:00"},
		{"live_at": "2026-11-24T11:05:00-05:00"},
		{"live_at": "2026-11-24T11:20:00-05:00", "events": [_event("deploy.started", "11:05:00")]},
	] {
		document := _beside(_after({}), object.union(object.union(_other_run, {"digest": testing.other, "live_at": null}), entry))
		_unused(testing.change(document, "/now", "2026-11-24T12:10:00-05:00"))
		_used(testing.change(document, "/now", "2026-11-24T12:12:00-05:00"))
	}
}

test_used_if_it_is_unknown_when_the_first_attempt_was if {
	_used(_after({"live_at": null}))
	_used(_after({"live_at": null, "events": [{"type": "deploy.failed", "at": null}]}))
}

test_attempts_since if {
	used.attempts_since(_given) == 1 with data.prodgate.organisation as testing.organisation with input as _after({})
	used.attempts_since(_given) == 0 with data.prodgate.organisation as testing.organisation with input as _after({"live_at": "2026-11-24T10:59:59-05:00"})
	used.attempts_since(_given) == 1 with data.prodgate.organisation as testing.organisation with input as _after({"events": [_event("deploy.started", "11:10:00"), _event("deploy.failed", "11:12:00")]})
	used.attempts_since(_given) == 1 with data.prodgate.organisation as testing.organisation with input as _after({"events": [_event("deploy.started", "11:10:00"), _event("deploy.live", "11:12:00")]})
	used.attempts_since(_given) == 2 with data.prodgate.organisation as testing.organisation with input as _after({"status": "live", "events": [_event("deploy.failed", "11:10:00"), _event("deploy.failed", "11:11:00")]})
}

test_attempts_since_only_of_this_run if {
	document := _after(object.union(_other_run, {"started_at": "2026-11-24T10:59:59-05:00", "events": [_event("deploy.failed", "11:12:00")]}))
	used.attempts_since(_given) == 0 with data.prodgate.organisation as testing.organisation with input as document
	used.attempts_since(_given) == 0 with data.prodgate.organisation as testing.organisation with input as _after({"status": "in_progress"})
}

test_used_by_settings_emptied_or_removed if {
	every path in ["/approval/retries", "/approval/retry_within"] {
		every value in [null, "", "2", [], {}, true] {
			not _unused(_after({})) with data.prodgate.v1.settings as testing.settings(path, value)
			value == value
		}
		not _unused(_after({})) with data.prodgate.v1.settings as testing.settings_without(path)
	}
	_used(_after({})) with data.prodgate.v1.settings as testing.settings("/approval/retries", 0)
}

test_used_by_a_promotion_of_what_is_live if {
	every digest in [testing.artifact, testing.image] {
		_used(testing.change(_base, "/production/current/digest", digest))
	}
	_unused(testing.configuration)
}

test_used_by_a_rollback if {
	document := json.patch(testing.rollback, [{"op": "add", "path": "/production/history/0/events", "value": [_event("rollback.live", "11:00:00")]}])
	_used(document)
	_used(testing.change(document, "/production/history/0/events/0/at", null))
	_unused(testing.change(document, "/production/history/0/events/0/at", "2026-11-24T10:59:59-05:00"))
	every type in ["rollback.started", "rollback.failed"] {
		_unused(testing.change(document, "/production/history/0/events/0/type", type))
	}
}

test_unused_by_the_rollback_of_another_version if {
	_unused(json.patch(_base, [{"op": "add", "path": "/production/history/0/events", "value": [_event("rollback.live", "11:10:00")]}]))
}

test_used_by_what_is_not_joined if {
	document := json.patch(_base, [{"op": "add", "path": "/production/unjoined", "value": [object.union(_event("deploy.live", "11:00:00"), {"digest": testing.artifact})]}])
	_used(document)
	_used(testing.change(document, "/production/unjoined/0/digest", testing.image))
	_used(testing.remove(document, "/production/unjoined/0/at"))
	_used(testing.remove(document, "/production/unjoined/0/type"))
	_unused(testing.change(document, "/production/unjoined/0/at", "2026-11-24T10:59:59-05:00"))
	_unused(testing.change(document, "/production/unjoined/0/digest", testing.other))
	_used(object.union(document, {"production": {"unjoined": [object.union(document.production.unjoined[0], {"environment": "prod"})]}}))
	_unused(object.union(document, {"production": {"unjoined": [object.union(document.production.unjoined[0], {"environment": "staging"})]}}))
}

test_used_by_a_rollback_that_is_not_joined if {
	rolled := object.union(_event("rollback.live", "11:00:00"), {"digest": testing.other, "environment": "prod"})
	document := json.patch(testing.rollback, [{"op": "add", "path": "/production/unjoined", "value": [rolled]}])
	words := {"was used by a completed rollback"}
	given := time.parse_rfc3339_ns("2026-11-24T10:59:59-05:00")
	used.by(given) == words with data.prodgate.organisation as testing.organisation with input as document
	used.by(given + 2000000000) == set() with data.prodgate.organisation as testing.organisation with input as document
	used.by(given) == set() with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/unjoined/0/type", "rollback.failed")
	used.by(given) == set() with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/unjoined/0/environment", "staging")
	used.by(given) == set() with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/request/kind", "promotion")
	joined := json.patch(testing.rollback, [{"op": "add", "path": "/production/history/0/events", "value": [rolled]}])
	used.by(given) == words with data.prodgate.organisation as testing.organisation with input as joined
	used.by(given) == set() with data.prodgate.organisation as testing.organisation with input as testing.change(joined, "/request/kind", "promotion")
}

# For any source of the history.
test_used_by_a_deployment_in_the_trail_in_addition_to_the_history if {
	known := {
		"deployments": [object.union(_deployment, _other_run)],
		"unjoined": [object.union(_event("deploy.live", "11:00:00"), {"digest": testing.artifact})],
	}
	every base in [_base, testing.promotion] {
		every key, value in known {
			_used(object.union(base, {"trail": object.union(base.trail, {key: value})}))
			elsewhere := [object.union(value[0], {"environment": "staging"})]
			_unused(object.union(base, {"trail": object.union(base.trail, {"unjoined": elsewhere})}))
		}
	}
}

test_known_only_from_a_history_that_was_read_completely if {
	used.known == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	used.known == true with data.prodgate.organisation as testing.organisation with input as testing.recorded
	every document in [
		testing.without("/production"),
		testing.without("/production/history"),
		testing.without("/sources/production"),
		testing.changed("/production/history", {}),
		testing.remove(testing.recorded, "/production/complete"),
		testing.change(testing.recorded, "/production/complete", false),
		testing.change(testing.recorded, "/production/complete", "true"),
		json.patch(testing.promotion, [{"op": "add", "path": "/production/complete", "value": false}]),
	] {
		used.known == false with data.prodgate.organisation as testing.organisation with input as document
		not used.by(_given) with data.prodgate.organisation as testing.organisation with input as document
		document == document
	}
	partial := json.patch(testing.rollback, [{"op": "add", "path": "/production/complete", "value": false}])
	used.known == true with data.prodgate.organisation as testing.organisation with input as partial
	used.known == false with data.prodgate.organisation as testing.organisation with input as testing.remove(partial, "/production/history")
	used.known == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.rollback, "/sources/production/status", "error")
}

# Deployments in the trail count in addition to the history, so the trail must be readable
# too.
test_known_only_from_lists_of_the_trail if {
	every garbage in [null, {}, "none"] {
		every path in ["/trail/deployments", "/trail/unjoined"] {
			used.known == false with data.prodgate.organisation as testing.organisation with input as json.patch(testing.promotion, [{"op": "add", "path": path, "value": garbage}])
		}
		used.known == false with data.prodgate.organisation as testing.organisation with input as json.patch(testing.promotion, [{"op": "add", "path": "/production/unjoined", "value": garbage}])
	}
	every path in ["/trail/deployments", "/trail/unjoined"] {
		used.known == true with data.prodgate.organisation as testing.organisation with input as json.patch(testing.promotion, [{"op": "add", "path": path, "value": []}])
	}
}
