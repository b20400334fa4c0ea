package prodgate.v1.checks.sequence_test

import data.prodgate.v1.checks.sequence
import data.prodgate.v1.lib.deployments
import data.prodgate.v1.testing

_kinds := [testing.promotion, testing.configuration, testing.initial, testing.recorded, testing.recorded_initial, testing.emergency]

test_pass_each_kind if {
	every document in _kinds {
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as document
		sequence.deny == set() with data.prodgate.organisation as testing.organisation with input as document
		sequence.warn == set() with data.prodgate.organisation as testing.organisation with input as document
		sequence.waived == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	sequence.needs == {"artifact", "production", "trail"}
}

_codes(document) := codes if {
	codes := testing.codes(sequence.deny) with data.prodgate.organisation as testing.organisation with input as document
	sequence.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

_newest(document, entry) := json.patch(document, [{
	"op": "add",
	"path": "/production/history/0",
	"value": object.union(
		{
			"version": "5c7e1a4",
			"digest": testing.other,
			"id": "acme/payments-api/runs/7",
			"started_at": "2026-11-24T11:30:00-05:00",
			"live_at": "2026-11-24T11:30:00-05:00",
			"status": "in_progress",
			"approvers": [],
		},
		entry,
	),
}])

test_deny_another_deployment_in_progress if {
	every status in ["in_progress", "pending", "queued", "started"] {
		every document in [testing.promotion, testing.configuration] {
			_codes(_newest(document, {"status": status})) == {"sequence.in_progress"}
		}
	}
	some finding in sequence.deny with data.prodgate.organisation as testing.organisation with input as _newest(testing.promotion, {})
	finding.message == "5c7e1a4 (acme/payments-api/runs/7) has been in progress since 2026-11-24T11:30:00-05:00"
}

# It may be in progress, and it may have ended badly.
test_deny_deployment_without_a_status if {
	other := testing.remove(_newest(testing.promotion, {}), "/production/history/0/status")
	_codes(other) == {"sequence.history_incomplete", "sequence.in_progress"}
	same := testing.remove(_newest(testing.promotion, {"digest": testing.artifact}), "/production/history/0/status")
	_codes(same) == {"sequence.history_incomplete", "sequence.in_progress"}
	deployments.spoiled == {"/production/history/0"} with data.prodgate.organisation as testing.organisation with input as same
}

test_pass_deployment_that_must_have_ended if {
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _newest(testing.promotion, {"started_at": "2026-11-24T10:00:00-05:00"})
	_codes(_newest(testing.promotion, {"started_at": "2026-11-24T10:00:01-05:00"})) == {"sequence.in_progress"}
	old := {"started_at": null, "live_at": "2026-11-24T10:00:00-05:00"}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _newest(testing.promotion, old)
	_codes(_newest(testing.promotion, {"started_at": "soon", "live_at": "soon"})) == {"sequence.in_progress"}
}

test_pass_deployment_of_another_service_or_environment if {
	settings := testing.settings("/environments", {"production": {}, "canary": {}})
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _newest(testing.promotion, {"environment": "canary"}) with data.prodgate.v1.settings as settings
	_codes(_newest(testing.promotion, {"environment": "prod"})) == {"sequence.in_progress"}
	_codes(_newest(testing.promotion, {"service": "somebody"})) == {"sequence.in_progress"}
}

test_pass_earlier_attempt_of_this_run if {
	document := json.patch(_newest(testing.promotion, {"digest": testing.artifact}), [{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/runs/7"}])
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as document
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/history/0/status", "failed")
	_codes(testing.change(document, "/production/history/0/status", "rolled_back")) == {"sequence.known_bad"}
	_codes(testing.change(document, "/request/deployment", "acme/payments-api/runs/8")) == {"sequence.in_progress"}
}

test_deny_digest_that_did_not_do_well if {
	every status in ["failed", "rolled_back", "verification_failed", "error"] {
		_codes(_newest(testing.promotion, {"digest": testing.artifact, "status": status})) == {"sequence.known_bad"}
		_codes(_newest(testing.promotion, {"digest": testing.image, "status": status})) == {"sequence.known_bad"}
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _newest(testing.promotion, {"status": status})
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _newest(testing.configuration, {"digest": testing.artifact, "status": status})
	}
}

test_deny_first_release_with_bad_news if {
	_codes(object.union(testing.initial, {"trail": {"unjoined": [_loose]}})) == {"sequence.known_bad"}
}

test_deny_digest_that_was_replaced if {
	_codes(_newest(testing.promotion, {"digest": testing.artifact, "status": "superseded"})) == {"sequence.known_bad"}
	some finding in sequence.deny with data.prodgate.organisation as testing.organisation with input as _newest(testing.promotion, {"digest": testing.artifact, "status": "superseded"})
	finding.message == "it was live here before and was replaced by 41c09be"
}

test_waived_known_bad if {
	settings := testing.waivable({"sequence.known_bad"})
	waiver := object.union(testing.waiver("sequence.known_bad"), {"item": testing.artifact})
	every status in ["failed", "superseded"] {
		document := testing.waive(_newest(testing.promotion, {"digest": testing.artifact, "status": status}), [waiver])
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		testing.codes(sequence.waived) == {"sequence.known_bad"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		_codes(document) == {"sequence.known_bad"}
	}
}

test_deny_build_that_is_not_newer if {
	every at in ["2026-11-19T07:00:00-05:00", "2026-11-19T06:59:59-05:00", "2026-11-01T00:00:00Z"] {
		_codes(testing.changed("/build/built_at", at)) == {"sequence.backwards"}
	}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/build/built_at", "2026-11-19T07:00:01-05:00")
}

_unordered := [
	testing.without("/build/built_at"),
	testing.without("/production/current/built_at"),
	testing.changed("/build/built_at", "yesterday"),
	testing.changed("/build/built_at", "2026-11-24T12:00:01-05:00"),
]

test_warn_unknown_order if {
	every document in _unordered {
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(sequence.warn) == {"sequence.unknown"} with data.prodgate.organisation as testing.organisation with input as document
		sequence.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as testing.settings("/sequence/unknown", "deny")
		testing.codes(sequence.deny) == {"sequence.unknown"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as testing.settings("/sequence/unknown", "deny")
		sequence.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as testing.settings_without("/sequence")
	}
}

_same := json.patch(testing.promotion, [
	{"op": "replace", "path": "/production/current/digest", "value": testing.artifact},
	{"op": "replace", "path": "/production/history/0/digest", "value": testing.artifact},
])

test_deny_what_is_live_already if {
	_codes(testing.remove(_same, "/build/built_at")) == {"sequence.live_already"}
	_codes(testing.change(_same, "/production/current/built_at", "2026-11-24T07:00:00-05:00")) == {"sequence.backwards"}
}

test_pass_promotion_where_nothing_is_live if {
	document := testing.changed("/production", {"current": null, "history": []})
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as document
	trail := object.union(testing.recorded, {"production": {"history": [], "current": null}})
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as trail
	sequence.warn == set() with data.prodgate.organisation as testing.organisation with input as trail
	sequence.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/production/current")
}

test_deny_configuration_of_another_digest if {
	_codes(testing.change(testing.configuration, "/production/current/digest", testing.other)) == {"sequence.not_running"}
	_codes(testing.change(testing.configuration, "/production/current", null)) == {"sequence.not_running"}
}

test_deny_history_that_was_not_read_completely if {
	every value in [false, "true", 1] {
		_codes(testing.change(testing.recorded, "/production/complete", value)) == {"sequence.history_incomplete"}
		_codes(object.union(testing.promotion, {"production": {"complete": value}})) == {"sequence.history_incomplete"}
	}
	_codes(testing.remove(testing.recorded, "/production/complete")) == {"sequence.history_incomplete"}
	_codes(testing.change(testing.recorded, "/production/history/0/status", " ")) == {"sequence.history_incomplete"}
	_codes(testing.change(testing.recorded, "/production/history/0/digest", null)) == {"sequence.history_incomplete"}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as object.union(testing.promotion, {"production": {"complete": null}})
}

_pipeline := {"writer": "repo:acme/payments-api", "assurance": "ci"}

_claimed := {"writer": "user:mallory", "assurance": "claimed"}

_event(type, at, writer) := object.union(writer, {"type": type, "at": at, "id": sprintf("%s %s", [type, at])})

# A deployment of the artifact yesterday, as recorded in a trail.
_recorded(events) := json.patch(testing.recorded, [{
	"op": "add",
	"path": "/production/history/0",
	"value": object.union(_pipeline, {
		"version": "7a3f9c2",
		"digest": testing.artifact,
		"id": "acme/payments-api/runs/7",
		"started_at": "2026-11-23T10:00:00-05:00",
		"live_at": "2026-11-23T10:05:00-05:00",
		"status": "whatever",
		"approvers": [],
		"events": events,
	}),
}])

_started := _event("deploy.started", "2026-11-23T10:00:00-05:00", _pipeline)

_live := _event("deploy.live", "2026-11-23T10:05:00-05:00", _pipeline)

_failed := _event("deploy.failed", "2026-11-23T10:05:00-05:00", _pipeline)

_undone(writer) := _event("rollback.live", "2026-11-23T11:00:00-05:00", writer)

_refused(writer) := _event("verification.failed", "2026-11-23T10:10:00-05:00", writer)

_verified(at, writer) := _event("verification.passed", at, writer)

test_deny_bad_news_from_anyone if {
	every writer in [_pipeline, _claimed] {
		_codes(_recorded([_started, _live, _undone(writer)])) == _known_bad(writer)
		_codes(_recorded([_started, _live, _refused(writer)])) == _bad_and_live
		_codes(_recorded([_started, object.union(_failed, writer)])) == {"sequence.known_bad"}
	}
}

# A rollback changes the live version only if an accepted writer recorded it.
_known_bad(writer) := {"sequence.known_bad"} if writer.assurance == "ci"

_known_bad(writer) := _bad_and_live if writer.assurance == "claimed"

# The status shows that a version is live, or was live and was replaced.
test_deny_live_already_by_its_events if {
	_codes(_recorded([_started, _live])) == {"sequence.live_already"}
	_codes(_recorded([_started, _failed, _live])) == {"sequence.live_already"}
}

test_deny_failed_verification_until_one_passes_by_a_writer_as_good if {
	_codes(_recorded([_live, _refused(_pipeline), _verified("2026-11-23T10:20:00-05:00", _pipeline)])) == {"sequence.live_already"}
	_codes(_recorded([_live, _refused(_claimed), _verified("2026-11-23T10:10:00-05:00", _pipeline)])) == {"sequence.live_already"}
	weak := {"writer": "user:jane", "assurance": "user"}
	_codes(_recorded([_live, _refused(_pipeline), _verified("2026-11-23T10:20:00-05:00", weak)])) == _bad_and_live
	_codes(_recorded([_live, _refused(_claimed), _verified("2026-11-23T10:20:00-05:00", _claimed)])) == _bad_and_live
	_codes(_recorded([_live, _refused(_pipeline), _verified("2026-11-23T10:09:59-05:00", _pipeline)])) == _bad_and_live
}

# The version runs, but must not.
_bad_and_live := {"sequence.known_bad", "sequence.live_already"}

test_deny_attempt_in_progress_by_its_events if {
	again := _event("deploy.started", "2026-11-24T11:59:00-05:00", _pipeline)
	_codes(_recorded([_started, _failed, again])) == {"sequence.in_progress", "sequence.known_bad"}
	_codes(_recorded([again])) == {"sequence.in_progress"}
	_codes(_recorded([_started, _failed])) == {"sequence.known_bad"}
	undated := object.union(again, {"at": "soon"})
	_codes(_recorded([undated])) == {"sequence.in_progress"}
}

test_deny_what_is_only_in_the_trail if {
	deployment := _recorded([_started, _live, _undone(_claimed)]).production.history[0]
	_codes(object.union(testing.promotion, {"trail": {"deployments": [deployment]}})) == {"sequence.known_bad"}
	busy := object.union(deployment, {"digest": testing.other, "events": [_event("deploy.started", "2026-11-24T11:59:00-05:00", _claimed)]})
	_codes(object.union(testing.promotion, {"trail": {"deployments": [busy]}})) == {"sequence.in_progress"}
}

_unjoined(event) := object.union(testing.recorded, {"production": {"unjoined": [event]}})

_loose := object.union(_refused(_claimed), {"digest": testing.artifact})

test_deny_bad_news_that_cannot_be_joined if {
	_codes(_unjoined(_loose)) == {"sequence.known_bad"}
	_codes(_unjoined(object.remove(_loose, ["digest"]))) == {"sequence.known_bad"}
	_codes(object.union(testing.promotion, {"trail": {"unjoined": [_loose]}})) == {"sequence.known_bad"}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _unjoined(object.union(_loose, {"digest": testing.other}))
	every type in ["deploy.started", "deploy.live", "verification.passed"] {
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _unjoined(object.union(_loose, {"type": type}))
	}
}

test_deny_unjoined_until_a_later_deployment_is_verified if {
	loose := {"production": {"unjoined": [object.union(_loose, {"at": "2026-11-23T09:00:00-05:00"})]}}
	_codes(object.union(_recorded([_live, _verified("2026-11-23T10:20:00-05:00", _pipeline)]), loose)) == {"sequence.live_already"}
	_codes(object.union(_recorded([_live, _verified("2026-11-23T10:20:00-05:00", _claimed)]), loose)) == _bad_and_live
	_codes(object.union(_recorded([_live]), loose)) == _bad_and_live
	late := {"production": {"unjoined": [_loose]}}
	_codes(object.union(_recorded([_live, _verified("2026-11-23T10:20:00-05:00", _pipeline)]), late)) == _bad_and_live
}

test_pass_claimed_deployment_is_no_good_news if {
	claimed := json.patch(testing.recorded, [{
		"op": "add",
		"path": "/production/history/0",
		"value": object.union(_claimed, {
			"version": "0000000",
			"digest": testing.other,
			"id": "x",
			"live_at": "2026-11-24T10:00:00-05:00",
			"status": "live",
			"approvers": [],
			"built_at": "2026-11-24T11:00:00-05:00",
		}),
	}])
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as claimed
	_codes(testing.change(claimed, "/production/history/0/assurance", "ci")) == {"sequence.backwards"}
	_codes(testing.change(
		json.patch(claimed, [{"op": "replace", "path": "/production/history/0/assurance", "value": "ci"}]),
		"/production/history/0/status",
		"verification_failed",
	)) == {"sequence.backwards"}
}

_vp := "github:5"

_dismissal(entry) := {
	"entry": entry,
	"at": "2026-11-24T11:30:00-05:00",
	"by": _vp,
	"reason": "a test entry",
	"writer": _vp,
	"assurance": "oidc",
}

_dismissed(document, dismissal) := object.union(document, {"trail": object.union(document.trail, {"dismissals": [dismissal]})})

test_waived_bad_news_that_is_dismissed if {
	document := _recorded([_started, _failed, object.union(_undone(_claimed), {"at": "2026-11-23T11:00:00-05:00"})])
	entry := _undone(_claimed).id
	_codes(_dismissed(document, _dismissal(entry))) == {"sequence.known_bad"}
	testing.codes(sequence.waived) == {"sequence.known_bad"} with data.prodgate.organisation as testing.organisation with input as _dismissed(document, _dismissal(entry))
	lone := json.patch(document, [{"op": "replace", "path": "/production/history/0/events", "value": [_started, _live, _undone(_claimed)]}])
	_codes(_dismissed(lone, _dismissal(entry))) == {"sequence.live_already"}
	every wrong in [
		{"writer": "github:4"},
		{"writer": "repo:acme/payments-api"},
		{"writer": "github:9"},
		{"assurance": "claimed"},
		{"at": "2026-11-24T12:00:01-05:00"},
		{"entry": "another"},
	] {
		_codes(_dismissed(lone, object.union(_dismissal(entry), wrong))) == _bad_and_live
	}
	counted := json.patch(lone, [{"op": "replace", "path": "/production/history/0/events", "value": [_started, _live, _undone(_pipeline)]}])
	_codes(_dismissed(counted, _dismissal(entry))) == {"sequence.known_bad"}
	mine := testing.change(lone, "/request/requested_by", _vp)
	_codes(_dismissed(mine, _dismissal(entry))) == _bad_and_live
	file := object.union(testing.promotion, {"trail": object.union(testing.promotion.trail, {"unjoined": [_loose], "dismissals": [_dismissal(_loose.id)]})})
	_codes(file) == {"sequence.known_bad"}
	stray := _unjoined(_loose)
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _dismissed(stray, _dismissal(_loose.id))
}

_adoption := {
	"at": "2026-11-10T10:00:00-05:00",
	"requested_by": "github:1",
	"approver": "github:2",
	"approved_at": "2026-11-10T09:00:00-05:00",
	"writer": "repo:acme/payments-api",
	"assurance": "ci",
}

_adopted(adoption) := json.patch(testing.recorded, [
	{"op": "add", "path": "/production/adoption", "value": adoption},
	{"op": "add", "path": "/production/history/0/adopted", "value": true},
	{"op": "replace", "path": "/production/history/0/assurance", "value": "claimed"},
])

test_warn_adopted_until_a_gated_deployment_is_live if {
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _adopted(_adoption)
	testing.codes(sequence.warn) == {"sequence.adopted"} with data.prodgate.organisation as testing.organisation with input as _adopted(_adoption)
	gated := _newest(_adopted(_adoption), object.union(_pipeline, {"status": "live", "built_at": "2026-11-20T10:00:00-05:00"}))
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as gated
	sequence.warn == set() with data.prodgate.organisation as testing.organisation with input as gated
}

# An adoption that does not count proves nothing about what runs.
test_warn_unknown_order_where_the_adoption_does_not_count if {
	older := testing.change(_adopted(_adoption), "/build/built_at", "2026-11-01T00:00:00Z")
	_codes(older) == {"sequence.backwards"}
	_codes(testing.change(older, "/production/adoption/approved_at", _adoption.at)) == {"sequence.backwards"}
	every wrong in [
		{"approver": "github:1"},
		{"approver": "github:3"},
		{"approver": "github:9"},
		{"approved_at": "2026-11-10T10:00:01-05:00"},
		{"assurance": "claimed"},
		{"requested_by": "github:9"},
		{"requested_by": "github:2"},
	] {
		document := testing.change(older, "/production/adoption", object.union(_adoption, wrong))
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as document
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/history/0/assurance", "ci")
		sequence.warn == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	every path in ["/people/1/as_of", "/people/1/mfa", "/people/1/teams"] {
		sequence.warn == set() with data.prodgate.organisation as testing.organisation with input as testing.remove(older, path)
	}
}

test_fail_missing_fact if {
	every path in [
		"/artifact",
		"/artifact/digest",
		"/production",
		"/production/history",
		"/production/current",
		"/sources/production",
		"/sources/artifact",
		"/sources/trail",
		"/request/kind",
	] {
		sequence.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	keyed := testing.changed("/production/history", {"0": testing.promotion.production.history[0]})
	sequence.pass == false with data.prodgate.organisation as testing.organisation with input as keyed
	every value in testing.garbage {
		sequence.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/production", value)
		sequence.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/request/kind", value)
		sequence.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.configuration, "/artifact/digest", value)
	}
	every value in [null, "", " ", 0, true, [], {}] {
		sequence.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.initial, "/artifact/digest", value)
	}
}

# For a trail, the live version is taken from its deployments, not from "current".
test_deny_backwards_where_the_trail_names_nothing_live if {
	document := testing.change(testing.recorded, "/production/current", null)
	_codes(testing.change(document, "/build/built_at", "2026-11-01T00:00:00Z")) == {"sequence.backwards"}
}

# Only a deployment that went live here according to an accepted source is live.
test_pass_newer_than_what_runs_whatever_was_built_later if {
	later := object.union(_pipeline, {"built_at": "2026-11-24T09:00:00-05:00"})
	_codes(_newest(testing.recorded, object.union(later, {"status": "live"}))) == {"sequence.backwards"}
	every entry in [{"status": "live", "environment": "unlisted"}, {"status": "live", "service": "unlisted"}, {"status": "failed"}] {
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _newest(testing.recorded, object.union(later, entry))
	}
}

test_deny_backwards_though_another_failed_at_once if {
	twin := object.union(testing.recorded.production.history[0], {"digest": testing.other, "id": "x", "status": "failed"})
	document := json.patch(testing.recorded, [
		{"op": "add", "path": "/production/history/0", "value": twin},
		{"op": "replace", "path": "/build/built_at", "value": "2026-11-01T00:00:00Z"},
	])
	_codes(document) == {"sequence.backwards"}
}

test_deny_attempts_that_have_no_name_are_not_the_same if {
	every value in [null, "", " "] {
		document := json.patch(_newest(testing.promotion, {"id": value}), [{"op": "add", "path": "/request/deployment", "value": value}])
		_codes(document) == {"sequence.in_progress"}
	}
}

# Bad news without a known deployment counts until a later deployment of the same digest
# is verified after it.
test_deny_bad_news_that_no_later_deployment_lifts if {
	every case in [
		["10:04:59", "10:20:00", {"sequence.live_already"}],
		["10:05:00", "10:20:00", _bad_and_live],
		["10:04:59", "10:04:59", _bad_and_live],
		["10:04:59", "10:04:00", _bad_and_live],
	] {
		document := _recorded([_live, _verified(sprintf("2026-11-23T%s-05:00", [case[1]]), _pipeline)])
		at := sprintf("2026-11-23T%s-05:00", [case[0]])
		_codes(object.union(document, {"production": {"unjoined": [object.union(_loose, {"at": at})]}})) == case[2]
	}
	other := testing.change(_recorded([_live, _verified("2026-11-23T10:20:00-05:00", _pipeline)]), "/production/history/0/digest", testing.other)
	early := object.union(_loose, {"at": "2026-11-23T09:00:00-05:00"})
	_codes(object.union(other, {"production": {"unjoined": [early]}})) == {"sequence.known_bad"}
}

test_waived_only_what_is_dismissed if {
	every document in [_recorded([_started, _failed]), _unjoined(_loose)] {
		sequence.waived == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

# A claim that it went live hides neither a failure nor an attempt in progress.
test_deny_what_a_claim_would_hide if {
	claim := object.union(_live, object.union(_claimed, {"at": "2026-11-24T11:59:30-05:00"}))
	_codes(_recorded([_started, _failed, claim])) == {"sequence.known_bad"}
	going := object.union(_started, {"at": "2026-11-24T11:59:00-05:00"})
	_codes(_recorded([going, claim])) == {"sequence.in_progress"}
	weak := {"writer": "user:jane", "assurance": "user"}
	_codes(_recorded([_started, _failed, object.union(claim, weak)])) == _bad_and_live
}

test_pass_deployment_that_is_only_claimed if {
	only := _recorded([object.union(_live, _claimed), object.union(_verified("2026-11-23T10:20:00-05:00", _claimed), {})])
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as only
	undone := _recorded([object.union(_live, _claimed), _undone(_claimed)])
	_codes(undone) == {"sequence.known_bad"}
}

test_deny_second_attempt_of_another_run if {
	again := _event("deploy.started", "2026-11-24T11:59:00-05:00", _claimed)
	document := json.patch(_recorded([_started, _failed, again]), [{"op": "replace", "path": "/production/history/0/digest", "value": testing.other}])
	_codes(document) == {"sequence.in_progress"}
}

test_fail_source_that_was_not_read_explains_nothing if {
	every document in [
		testing.change(testing.recorded, "/production/complete", false),
		_newest(testing.promotion, {}),
		_newest(testing.promotion, {"digest": testing.artifact, "status": "failed"}),
		_newest(testing.promotion, {"digest": testing.artifact, "status": "superseded"}),
		_unjoined(_loose),
		testing.changed("/build/built_at", "2026-11-19T07:00:00-05:00"),
		testing.remove(_same, "/build/built_at"),
		testing.change(testing.configuration, "/production/current/digest", testing.other),
		_disputed,
	] {
		count(_codes(document)) > 0
		sequence.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/sources/artifact")
	}
	unknown := testing.settings("/sequence/unknown", "deny")
	sequence.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.remove(_unordered[0], "/sources/artifact") with data.prodgate.v1.settings as unknown
}

# A rollback and a configuration change have other rules for the order.
test_only_promotions_must_go_forward if {
	every document in [
		_newest(testing.configuration, {"digest": testing.artifact, "status": "failed"}),
		object.union(testing.configuration, {"trail": {"unjoined": [_loose]}}),
		testing.change(testing.configuration, "/build/built_at", "2026-11-01T00:00:00Z"),
		testing.remove(testing.configuration, "/build/built_at"),
	] {
		busy := _newest(document, {"id": "acme/payments-api/runs/8"})
		_codes(busy) == {"sequence.in_progress"}
		sequence.warn == set() with data.prodgate.organisation as testing.organisation with input as busy
	}
	unknown := testing.settings("/sequence/unknown", "deny")
	every kind in ["configuration", "rollback", "initial"] {
		busy := testing.change(_newest(_unordered[0], {}), "/request/kind", kind)
		not "sequence.unknown" in testing.codes(sequence.deny) with data.prodgate.organisation as testing.organisation with input as busy with data.prodgate.v1.settings as unknown
		sequence.warn == set() with data.prodgate.organisation as testing.organisation with input as busy
	}
}

test_pass_waived_promotion_explains_nothing if {
	settings := testing.waivable({"sequence.known_bad"})
	waiver := object.union(testing.waiver("sequence.known_bad"), {"item": testing.artifact})
	every status in ["failed", "superseded"] {
		document := testing.waive(_newest(testing.promotion, {"digest": testing.artifact, "status": status}), [waiver])
		sequence.deny == set() with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		busy := _newest(document, {"id": "acme/payments-api/runs/8"})
		testing.codes(sequence.deny) == {"sequence.in_progress"} with data.prodgate.organisation as testing.organisation with input as busy with data.prodgate.v1.settings as settings
	}
	stray := testing.waive(_unjoined(_loose), [waiver])
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as stray with data.prodgate.v1.settings as settings
	busy := _newest(stray, {})
	testing.codes(sequence.deny) == {"sequence.in_progress"} with data.prodgate.organisation as testing.organisation with input as busy with data.prodgate.v1.settings as settings
}

test_deny_unknown_order_only_if_the_settings_allow_it if {
	unknown := testing.settings("/sequence/unknown", "deny")
	sequence.warn == set() with data.prodgate.organisation as testing.organisation with input as _unordered[0] with data.prodgate.v1.settings as unknown
	testing.codes(sequence.deny) == {"sequence.in_progress"} with data.prodgate.organisation as testing.organisation with input as _newest(testing.promotion, {}) with data.prodgate.v1.settings as unknown
	_codes(_newest(_unordered[0], {})) == {"sequence.in_progress"}
}

test_deny_shows_what_was_seen if {
	incomplete := sequence.deny with data.prodgate.organisation as testing.organisation with input as testing.change(testing.recorded, "/production/complete", false)
	{[finding.observed, finding.required] | some finding in incomplete} == {[false, true]}
	busy := sequence.deny with data.prodgate.organisation as testing.organisation with input as _newest(testing.promotion, _pipeline)
	{object.keys(finding.observed) | some finding in busy} == {{"id", "version", "digest", "started_at", "live_at", "writer", "assurance"}}
}

# The recorded deployment with another digest, and as a deployment of this run.
_other(events) := json.patch(_recorded(events), [{"op": "replace", "path": "/production/history/0/digest", "value": testing.other}])

_own(events) := json.patch(_recorded(events), [{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/runs/7"}])

test_deny_while_a_rollback_is_going_on if {
	begun := _event("rollback.started", "2026-11-24T11:59:00-05:00", _claimed)
	_codes(_other([_started, _live, begun])) == {"sequence.in_progress"}
	ended := _event("rollback.failed", "2026-11-24T11:59:30-05:00", _pipeline)
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _other([_started, _live, begun, ended])
	_codes(_other([_started, _live, begun, object.union(ended, _claimed)])) == {"sequence.in_progress"}
	mine := json.patch(_recorded([_started, _live, begun]), [{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/runs/7"}])
	"sequence.in_progress" in _codes(mine)
}

test_pass_rollback_of_an_unknown_deployment if {
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _unjoined({"type": "rollback.live", "at": "2026-11-23T11:00:00-05:00"})
	_codes(_unjoined({"type": "rollback.live", "at": "2026-11-23T11:00:00-05:00", "digest": testing.artifact})) == {"sequence.known_bad"}
}

# The trail has another live version.
_disputed := object.union(testing.promotion, {
	"trail": object.union(testing.recorded.trail, {"deployments": [_elsewhere]}),
	"sources": object.union(testing.promotion.sources, {"trail": testing.recorded.sources.trail}),
})

_elsewhere := object.union(_recorded([_started, _live]).production.history[0], {"digest": testing.other, "built_at": "2026-11-20T07:00:00-05:00"})

test_deny_sources_that_differ_on_what_is_live if {
	_codes(_disputed) == {"sequence.disputed"}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(_disputed, "/trail/deployments/0/digest", testing.before)
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as object.union(testing.recorded, {"trail": {"deployments": [_elsewhere]}})
	claimed := testing.change(_disputed, "/trail/deployments/0/events", [_started, object.union(_live, _claimed)])
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(claimed, "/trail/deployments/0/assurance", "claimed")
}

test_deny_bad_news_of_this_very_run if {
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _own([_started, _failed])
	_codes(_own([_started, _failed, _undone(_claimed)])) == {"sequence.known_bad"}
	_codes(_own([_started, _failed, _refused(_claimed)])) == {"sequence.known_bad"}
	going := _event("deploy.started", "2026-11-24T11:59:00-05:00", _pipeline)
	_codes(_own([going, _undone(_claimed)])) == {"sequence.known_bad"}
	_codes(_own([going, _refused(_claimed)])) == {"sequence.known_bad"}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _own([going])
}

# If two went live in the same second, neither is known to be live.
test_deny_two_that_went_live_at_once if {
	twin := object.union(testing.recorded.production.history[0], {"digest": testing.other, "id": "x"})
	document := json.patch(testing.recorded, [{"op": "add", "path": "/production/history/0", "value": twin}])
	sequence.pass == false with data.prodgate.organisation as testing.organisation with input as document
	same := json.patch(testing.recorded, [{"op": "add", "path": "/production/history/0", "value": testing.recorded.production.history[0]}])
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as same
}

test_deny_event_that_says_nothing if {
	document := _recorded([_event("deploy.something", "2026-11-23T10:00:00-05:00", _pipeline)])
	_codes(document) == {"sequence.known_bad", "sequence.history_incomplete"}
	some finding in sequence.deny with data.prodgate.organisation as testing.organisation with input as document
	endswith(finding.message, " ended with status failed here")
}

test_deny_event_without_a_type if {
	event := object.remove(_event("deploy.live", "2026-11-23T10:00:00-05:00", _pipeline), {"type"})
	_incomplete(_recorded([event]))
	every path in ["/production/unjoined", "/trail/unjoined"] {
		_incomplete(json.patch(testing.recorded, [{"op": "add", "path": path, "value": [event]}]))
	}
}

# An invalid entry could be bad news.
test_deny_lists_that_are_garbled if {
	every path in ["/production/unjoined", "/trail/deployments", "/trail/unjoined"] {
		every value in [null, {}, "", 0, [null], [[]], [{}], [0]] {
			_incomplete(json.patch(testing.recorded, [{"op": "add", "path": path, "value": value}]))
		}
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as json.patch(testing.recorded, [{"op": "add", "path": path, "value": []}])
	}
	every key, values in {"digest": [null, "", upper(testing.other)], "status": [null, ""], "events": [null, {}, "", [null], [{"type": null}], [{"type": "ROLLBACK.STARTED"}]]} {
		every value in values {
			_incomplete(json.patch(testing.recorded, [{"op": "add", "path": sprintf("/production/history/0/%s", [key]), "value": value}]))
			recorded := [object.union(testing.recorded.production.history[0], {key: value})]
			_incomplete(json.patch(testing.recorded, [{"op": "add", "path": "/trail/deployments", "value": recorded}]))
		}
	}
	every digest in ["", "none", upper(testing.other)] {
		stray := object.union(_event("verification.passed", "2026-11-23T10:00:00-05:00", _pipeline), {"digest": digest})
		_incomplete(json.patch(testing.recorded, [{"op": "add", "path": "/trail/unjoined", "value": [stray]}]))
	}
}

_incomplete(document) if "sequence.history_incomplete" in _codes(document)

# If the time when one of the live versions went live is unknown, none is known to be
# live.
test_deny_trail_that_knows_another_at_an_unknown_time if {
	other := object.union(testing.recorded.production.history[0], {"id": "x", "digest": testing.other, "events": [], "status": "live"})
	beside := json.patch(testing.promotion, [{"op": "add", "path": "/trail/deployments", "value": [other]}])
	every live_at in [other.live_at, null, 0, "", "soon"] {
		"sequence.disputed" in _codes(testing.change(beside, "/trail/deployments/0/live_at", live_at))
	}
}

test_deny_adoption_after_a_deployment_or_by_one_person if {
	gated := object.union(_pipeline, {"version": "1", "digest": testing.other, "id": "x", "live_at": "2026-11-09T10:00:00-05:00", "status": "superseded", "approvers": []})
	late := json.patch(_adopted(_adoption), [{"op": "add", "path": "/production/history/-", "value": gated}])
	not _warned_of_adoption(late)
	every live_at in ["", 0, "2026-11-23t10:00:00z", "2026-12-24T10:00:00Z"] {
		not _warned_of_adoption(testing.change(late, "/production/history/1/live_at", live_at))
	}
	_warned_of_adoption(testing.change(testing.change(late, "/production/history/1/live_at", null), "/production/history/1/status", "failed"))
	alone := json.patch(_adopted(_adoption), [{"op": "replace", "path": "/people/0/ids", "value": ["mailto:engineer@example.com", "github:1"]}])
	not _warned_of_adoption(alone)
	proven := testing.change(_adopted(_adoption), "/production/history/0/assurance", "ci")
	_warned_of_adoption(testing.change(proven, "/production/history/0/live_at", "2026-11-01T10:00:00-05:00"))
	_warned_of_adoption(_adopted(_adoption))
}

# A claim that a version went live before does not invalidate an adoption. A record by an
# established writer does.
test_warn_adopted_whatever_is_claimed_to_have_been_before if {
	old := {"version": "1", "digest": testing.other, "id": "x", "live_at": "2026-11-09T10:00:00-05:00", "status": "superseded", "approvers": [], "writer": "user:mallory", "assurance": "claimed"}
	claimed := json.patch(_adopted(_adoption), [{"op": "add", "path": "/production/history/-", "value": old}])
	_warned_of_adoption(claimed)
	not _warned_of_adoption(testing.change(claimed, "/production/history/1/assurance", "user"))
}

# The same for a failed deployment, if it was before.
test_warn_adopted_before_any_deployment if {
	failed := {"version": "1", "digest": testing.other, "id": "x", "status": "failed", "approvers": []}
	every case in [["2026-11-10T09:59:59-05:00", false], ["2026-11-10T10:00:00-05:00", true], ["2026-11-20T10:00:00-05:00", true]] {
		deployment := object.union(failed, object.union(_pipeline, {"live_at": case[0]}))
		document := json.patch(_adopted(_adoption), [{"op": "add", "path": "/production/history/-", "value": deployment}])
		_adoption_shown(document) == case[1]
	}
}

default _adoption_shown(_) := false

_adoption_shown(document) if _warned_of_adoption(document)

_warned_of_adoption(document) if {
	codes := testing.codes(sequence.warn) with data.prodgate.organisation as testing.organisation with input as document
	"sequence.adopted" in codes
}

# The same with a recorded service and environment.
_named(event) := object.union(_loose, event)

test_deny_bad_news_unless_a_listed_name_shows_that_it_is_of_another if {
	every event in [{"environment": "prod"}, {"service": "payments_api"}, {"environment": "production", "service": "payments-api"}, {"environment": "prod", "service": "payments-api", "type": "deploy.failed"}] {
		_codes(_unjoined(_named(event))) == {"sequence.known_bad"}
	}
	every event in [{"environment": "staging"}, {"service": "search-api"}, {"environment": "prod", "service": "search-api"}] {
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _unjoined(_named(event))
	}
	sequence.pass == true with data.prodgate.organisation as testing.organised({"environments": {"prod": {}}}) with input as _unjoined(_named({"environment": "prod"}))
}

test_the_finding_says_what_the_settings_do_not_list if {
	{message | message := sequence.deny[_].message} == {"verification.failed at 2026-11-23T10:10:00-05:00 for the service payments_api and the environment prod, which is not in the settings, of an unknown deployment"} with data.prodgate.organisation as testing.organisation with input as _unjoined(_named({"environment": "prod", "service": "payments_api"}))
	{message | message := sequence.deny[_].message} == {"verification.failed at 2026-11-23T10:10:00-05:00, of an unknown deployment"} with data.prodgate.organisation as testing.organisation with input as _unjoined(_named({"environment": "production", "service": "payments-api"}))
}

_run := "acme/payments-api/runs/9"

_of_run(document) := object.union(document, {"request": {"deployment": _run}})

test_pass_failed_attempt_of_this_run_under_another_name if {
	failed := _unjoined(_named({"environment": "prod", "type": "deploy.failed", "deployment": _run}))
	_codes(failed) == {"sequence.known_bad"}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _of_run(failed)
	_codes(_of_run(testing.change(failed, "/production/unjoined/0/deployment", "acme/payments-api/runs/8"))) == {"sequence.known_bad"}
	_codes(_of_run(testing.change(failed, "/production/unjoined/0/type", "verification.failed"))) == {"sequence.known_bad"}
}

_now_begun(event) := object.union(
	{"type": "deploy.started", "at": "2026-11-24T11:59:00-05:00", "id": "e-1", "environment": "prod", "deployment": _run},
	object.union(_claimed, event),
)

_all_unjoined(events) := object.union(testing.recorded, {"production": {"unjoined": events}})

test_deny_event_that_began_without_a_known_deployment if {
	every event in [{}, {"type": "rollback.started"}, {"deployment": null}, {"at": "2026-11-24T10:00:01-05:00"}, {"at": "soon"}, {"environment": null}] {
		_codes(_unjoined(_now_begun(event))) == {"sequence.in_progress"}
	}
	every event in [{"type": "deploy.live"}, {"at": "2026-11-24T10:00:00-05:00"}, {"environment": "staging"}, {"service": "search-api"}] {
		sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _unjoined(_now_begun(event))
	}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _of_run(_unjoined(_now_begun({})))
	_codes(_of_run(_unjoined(_now_begun({"type": "rollback.started"})))) == {"sequence.in_progress"}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _dismissed(_unjoined(_now_begun({})), object.union(_dismissal("e-1"), {"at": "2026-11-24T11:59:30-05:00"}))
}

# Without the setting, no deployment is known to have ended by now.
test_deny_what_has_begun_where_no_setting_says_how_long_it_takes if {
	every value in [null, "", "soon", 0] {
		sequence.pass == false with data.prodgate.organisation as testing.organisation with input as _unjoined(_now_begun({"at": "2026-11-24T10:00:00-05:00"})) with data.prodgate.v1.settings as testing.settings("/deploy/max_duration", value)
	}
}

test_the_finding_says_what_has_begun if {
	{[finding.item, finding.message] | some finding in sequence.deny} == {[_run, "deploy.started at 2026-11-24T11:59:00-05:00 for the environment prod, which is not in the settings has not ended"]} with data.prodgate.organisation as testing.organisation with input as _unjoined(_now_begun({}))
}

test_pass_event_that_began_and_ended_by_an_accepted_writer if {
	ended := {"type": "deploy.live", "at": "2026-11-24T11:59:30-05:00", "digest": testing.other}
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as _all_unjoined([_now_begun({}), _now_begun(object.union(ended, _pipeline))])
	every event in [
		_now_begun(ended),
		_now_begun(object.union(object.union(ended, _pipeline), {"deployment": "acme/payments-api/runs/8"})),
		_now_begun(object.union(object.union(ended, _pipeline), {"at": "2026-11-24T11:58:59-05:00"})),
		_now_begun(object.union(object.union(ended, _pipeline), {"type": "rollback.failed"})),
	] {
		_codes(_all_unjoined([_now_begun({}), event])) == {"sequence.in_progress"}
	}
	_codes(_all_unjoined([_now_begun({"deployment": ""}), _now_begun(object.union(object.union(ended, _pipeline), {"deployment": ""}))])) == {"sequence.in_progress"}

	# It ended under its correct name.
	here := _recorded([_started, _event("deploy.failed", "2026-11-24T11:59:30-05:00", _pipeline)])
	known := object.union(here, {"production": {"unjoined": [_now_begun({"deployment": "acme/payments-api/runs/7"})]}})
	_codes(known) == {"sequence.known_bad"}
	_codes(testing.change(known, "/production/unjoined/0/deployment", _run)) == {"sequence.in_progress", "sequence.known_bad"}
	_codes(testing.change(known, "/production/unjoined/0/at", "2026-11-24T11:59:31-05:00")) == {"sequence.in_progress", "sequence.known_bad"}
}

test_waived_bad_news_that_could_not_be_joined if {
	document := _dismissed(_unjoined(object.union(_loose, {"id": "e-1"})), _dismissal("e-1"))
	sequence.pass == true with data.prodgate.organisation as testing.organisation with input as document
	{[finding.code, finding.item] | some finding in sequence.waived} == {["sequence.known_bad", "e-1"]} with data.prodgate.organisation as testing.organisation with input as document
	sequence.waived == set() with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/trail/dismissals/0/entry", "e-2")
	every change in [{"digest": testing.other}, {"type": "deploy.live"}, {"environment": "staging"}] {
		sequence.waived == set() with data.prodgate.organisation as testing.organisation with input as _dismissed(_unjoined(object.union(object.union(_loose, {"id": "e-1"}), change)), _dismissal("e-1"))
	}
}

_undoing(type, writer) := _event(type, "2026-11-23T11:00:00-05:00", writer)

# The version that was to be rolled back is still live.
test_deny_version_with_a_failed_rollback if {
	every writer in [_pipeline, _claimed] {
		every type in ["rollback.failed", "rollback.started"] {
			_codes(_recorded([_started, _live, _undoing(type, writer)])) == _bad_and_live
		}
	}
	own := object.union(_recorded([_started, _live, _undoing("rollback.failed", _claimed)]), {"request": {"deployment": "acme/payments-api/runs/7"}})
	_codes(own) == _bad_and_live
	status := data.prodgate.v1.lib.deployments.status["/production/history/0"] with data.prodgate.organisation as testing.organisation with input as own
	status == "failed"
}

test_events_of_one_second_are_ordered_by_the_trail if {
	refused := object.union(_refused(_claimed), {"seq": 4})
	every case in [[3, _bad_and_live], [4, {"sequence.live_already"}], [5, {"sequence.live_already"}], [null, _bad_and_live]] {
		document := _recorded([_live, refused, object.union(_verified("2026-11-23T10:10:00-05:00", _pipeline), {"seq": case[0]})])
		_codes(document) == case[1]
	}
}

# A rollback with an invalid time does not change the live version, and is bad news.
test_deny_rollback_at_no_time if {
	document := _recorded([_started, _live, object.union(_undone(_pipeline), {"at": "soon"})])
	_codes(document) == _bad_and_live
	sequence.waived == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_verified_and_not_live_but_by_a_claim if {
	_codes(_recorded([object.union(_live, _claimed), _verified("2026-11-23T10:20:00-05:00", _pipeline)])) == {"sequence.known_bad"}
}

# A version that went live at an unknown time may be the live one.
test_nothing_is_known_to_run_where_one_went_live_at_an_unknown_time if {
	other := object.union(testing.recorded.production.history[0], {"id": "x", "digest": testing.other})
	document := json.patch(testing.recorded, [{"op": "add", "path": "/production/history/-", "value": object.union(other, {"live_at": "2026-10-01T10:00:00Z"})}])
	deployments.current.digest == testing.recorded.production.history[0].digest with data.prodgate.organisation as testing.organisation with input as document
	every live_at in [null, 0, "soon", "2026-12-24T10:00:00Z"] {
		unknown := json.patch(testing.recorded, [{"op": "add", "path": "/production/history/-", "value": object.union(other, {"live_at": live_at})}])
		not deployments.current with data.prodgate.organisation as testing.organisation with input as unknown
	}
}

test_fail_begun_in_a_source_in_error_explains_nothing if {
	document := testing.change(_unjoined(_now_begun({})), "/sources/production/status", "error")
	sequence.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sequence.deny) == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_the_finding_says_what_cannot_be_read if {
	unknown := json.patch(testing.recorded, [{"op": "add", "path": "/production/unjoined", "value": [_event("canary.started", "2026-11-23T10:00:00-05:00", _pipeline)]}])
	some finding in sequence.deny with data.prodgate.organisation as testing.organisation with input as unknown
	[finding.code, finding.item] == ["sequence.history_incomplete", "canary.started"]
	contains(finding.message, "canary.started")
	malformed := json.patch(testing.recorded, [{"op": "add", "path": "/production/unjoined", "value": [null]}])
	["invalid deployment or event in the production history or the trail: digest, status or event type is missing or malformed"] == [finding.message |
		some finding in sequence.deny
		finding.code == "sequence.history_incomplete"
	] with data.prodgate.organisation as testing.organisation with input as malformed
	["the production history was not read completely"] == [finding.message |
		some finding in sequence.deny
		finding.code == "sequence.history_incomplete"
	] with data.prodgate.organisation as testing.organisation with input as testing.change(testing.recorded, "/production/complete", false)
}

_incomplete_messages(document) := messages if {
	messages := [finding.message |
		some finding in sequence.deny
		finding.code == "sequence.history_incomplete"
	] with data.prodgate.organisation as testing.organisation with input as document
}

# Only one reason at a time, and none for a source that could not be read.
test_the_finding_says_first_what_comes_first if {
	unknown := _event("canary.started", "2026-11-23T10:00:00-05:00", _pipeline)
	every events in [[null], [unknown], [null, unknown]] {
		document := json.patch(testing.recorded, [{"op": "add", "path": "/production/unjoined", "value": events}])
		count(_incomplete_messages(document)) == 1
		_incomplete_messages(testing.change(document, "/production/complete", false)) == ["the production history was not read completely"]
		_incomplete_messages(testing.change(document, "/sources/artifact/status", "error")) == []
	}
}
