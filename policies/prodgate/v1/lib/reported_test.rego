package prodgate.v1.lib.reported_test

import data.prodgate.v1.checks.sequence
import data.prodgate.v1.lib.deployments
import data.prodgate.v1.testing

_run := "acme/payments-api/runs/7"

_report(change) := object.union(
	{
		"id": "acme/payments-api/deployments/9000",
		"environment": "production",
		"created_at": "2026-11-24T11:00:00-05:00",
		"run": _run,
		"commit": null,
		"digest": null,
		"state": "success",
		"succeeded_at": "2026-11-24T11:05:00-05:00",
	},
	change,
)

# The recorded promotion of another run, with what GitHub reports.
_reporting(reports) := json.patch(testing.recorded, [
	{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/runs/8"},
	{"op": "add", "path": "/production/reported", "value": reports},
	{"op": "replace", "path": "/sources/production/kind", "value": "merged"},
	{"op": "add", "path": "/sources/production/systems", "value": [{"name": kind, "kind": kind, "status": "ok"} | some kind in ["trail", "github"]]},
])

_codes(document) := codes if {
	codes := testing.codes(sequence.deny) with data.prodgate.organisation as testing.organisation with input as document
	sequence.pass == _empty(codes) with data.prodgate.organisation as testing.organisation with input as document
}

_empty(codes) := count(codes) == 0

# What the trail has of that run.
_known(document, events) := json.patch(document, [{"op": "add", "path": "/trail/deployments", "value": [{
	"id": _run,
	"version": "0f0f0f0",
	"digest": testing.before,
	"built_at": "2026-11-19T07:00:00-05:00",
	"started_at": "2026-11-24T11:00:00-05:00",
	"live_at": "2026-11-24T11:04:00-05:00",
	"status": "live",
	"approvers": [],
	"writer": "repo:acme/payments-api",
	"assurance": "ci",
	"events": events,
}]}])

_event(type, assurance) := {"type": type, "at": "2026-11-24T11:04:00-05:00", "id": type, "writer": "repo:acme/payments-api", "assurance": assurance}

test_pass_reports_that_are_accounted_for if {
	_codes(testing.recorded) == set()
	_codes(_reporting([])) == set()
	_codes(_reporting([_report({"succeeded_at": "2026-11-19T10:00:00-05:00"})])) == set()
	_codes(_known(_reporting([_report({})]), [_event("deploy.live", "ci")])) == set()
	_codes(_reporting([_report({"state": "failure", "succeeded_at": null})])) == set()
	every state in ["pending", "queued", "waiting"] {
		_codes(_reporting([_report({"state": state, "succeeded_at": null})])) == set()
	}
}

test_deny_success_that_the_trail_does_not_have if {
	every change in [{}, {"run": null}, {"run": ""}, {"state": "inactive"}, {"digest": testing.artifact}, {"succeeded_at": "2026-11-19T10:00:01-05:00"}, {"run": "acme/payments-api/runs/8"}] {
		_codes(_reporting([_report(change)])) == {"sequence.unaccounted"}
	}
	messages := {finding.message | some finding in sequence.deny} with data.prodgate.organisation as testing.organisation with input as _reporting([_report({}), _report({"run": null})])
	messages == {
		"acme/payments-api/deployments/9000 by acme/payments-api/runs/7 succeeded at 2026-11-24T11:05:00-05:00, and no accepted writer recorded what it deployed",
		"acme/payments-api/deployments/9000 succeeded at 2026-11-24T11:05:00-05:00, and no accepted writer recorded what it deployed",
	}
}

# A claim about the run hides nothing.
test_deny_success_of_a_run_that_somebody_claims_to_know if {
	"sequence.unaccounted" in _codes(_known(_reporting([_report({})]), [_event("deploy.live", "claimed")]))
	"sequence.unaccounted" in _codes(_known(_reporting([_report({})]), [_event("deploy.started", "ci")]))
	"sequence.unaccounted" in _codes(_known(_reporting([_report({"run": "acme/payments-api/runs/9"})]), [_event("deploy.failed", "ci")]))
	"sequence.unaccounted" in _codes(_known(_reporting([_report({})]), [_event("deploy.started", "ci"), _event("deploy.live", "claimed")]))
}

# A deployment that names no run is not that of a request or a record without one.
test_deny_deployment_of_no_run if {
	running := _reporting([_report({"state": "in_progress", "succeeded_at": null, "run": null})])
	"sequence.in_progress" in _codes(json.patch(running, [{"op": "replace", "path": "/request/deployment", "value": null}]))
	nameless := _known(_reporting([_report({"run": null})]), [_event("deploy.live", "ci")])
	"sequence.unaccounted" in _codes(json.patch(nameless, [{"op": "replace", "path": "/trail/deployments/0/id", "value": null}]))
}

test_deny_reports_that_are_too_few_or_invalid if {
	since := "2026-11-19T10:00:01-05:00"
	_codes(json.patch(_reporting([]), [{"op": "add", "path": "/production/reported_since", "value": since}])) == {"sequence.history_incomplete"}
	_codes(json.patch(_reporting([]), [{"op": "add", "path": "/production/reported_since", "value": "2026-11-19T10:00:00-05:00"}])) == set()
	every document in [
		_reporting([_report({"created_at": "soon"})]),
		_reporting([_report({"succeeded_at": "soon"})]),
		_reporting("none"),
		_reporting({}),
	] {
		"sequence.history_incomplete" in _codes(document)
	}
	"sequence.history_incomplete" in _codes(json.patch(_reporting([]), [{"op": "add", "path": "/production/reported_since", "value": "soon"}]))
}

test_deny_another_run_in_progress if {
	every state in ["in_progress", "new", null] {
		_codes(_reporting([_report({"state": state, "succeeded_at": null})])) == {"sequence.in_progress"}
	}
	_codes(_reporting([object.remove(_report({"succeeded_at": null}), {"state"})])) == {"sequence.in_progress"}
	running := {"state": "in_progress", "succeeded_at": null}
	_codes(_reporting([_report(object.union(running, {"run": "acme/payments-api/runs/8"}))])) == set()
	_codes(_reporting([_report(object.union(running, {"created_at": "2026-11-24T10:00:00-05:00"}))])) == set()
	_codes(_reporting([_report(object.union(running, {"created_at": "2026-11-24T10:00:01-05:00"}))])) == {"sequence.in_progress"}
	_codes(_known(_reporting([_report(running)]), [_event("deploy.live", "ci")])) == set()
	_codes(_reporting([_report({"state": "new", "succeeded_at": "2026-11-19T09:00:00-05:00"})])) == set()
	every state in ["error", "failure", "inactive"] {
		_codes(_reporting([_report({"state": state, "succeeded_at": null})])) == set()
	}
}

_allowed(document, change) := json.patch(document, [{"op": "add", "path": "/trail/allowed", "value": [object.union(
	{
		"deployment": _run,
		"digest": testing.artifact,
		"at": "2026-11-24T10:59:00-05:00",
		"id": "e-1",
		"seq": 1,
		"writer": "repo:acme/payments-api",
		"assurance": "ci",
	},
	change,
)]}])

test_deny_allows_that_are_no_list if {
	every allowed in [null, {}, "none", 1] {
		"sequence.history_incomplete" in _codes(json.patch(_reporting([]), [{"op": "add", "path": "/trail/allowed", "value": allowed}]))
	}
	_codes(json.patch(_reporting([]), [{"op": "add", "path": "/trail/allowed", "value": []}])) == set()
}

# A run also fails if the gate denies.
test_deny_failure_after_the_gate_allowed if {
	failure := {"state": "failure", "succeeded_at": null}
	_codes(_allowed(_reporting([_report(failure)]), {})) == {"sequence.known_bad"}
	_codes(_allowed(_reporting([_report({"state": "error", "succeeded_at": null})]), {"assurance": "claimed"})) == {"sequence.known_bad"}
	_codes(_allowed(_reporting([_report(failure)]), {"digest": testing.image})) == {"sequence.known_bad"}
	_codes(_allowed(_reporting([_report(failure)]), {"digest": testing.other})) == set()
	_codes(_allowed(_reporting([_report(failure)]), {"deployment": "acme/payments-api/runs/9"})) == set()
	_codes(_allowed(_reporting([_report({"state": "inactive", "succeeded_at": null})]), {})) == set()
	_codes(_allowed(_reporting([_report({"state": "failure", "succeeded_at": "2026-11-19T09:00:00-05:00"})]), {})) == set()
	own := object.union(failure, {"run": "acme/payments-api/runs/8"})
	_codes(_allowed(_reporting([_report(own)]), {"deployment": "acme/payments-api/runs/8"})) == set()
	_codes(_known(_allowed(_reporting([_report(failure)]), {}), [_event("deploy.live", "ci")])) == set()
	dismissed := object.union(_allowed(_reporting([_report(failure)]), {"assurance": "claimed"}), {"trail": {"dismissals": [{
		"entry": "e-1",
		"at": "2026-11-24T11:56:00-05:00",
		"by": "github:2",
		"reason": "a test entry",
		"writer": "github:2",
		"assurance": "user",
	}]}})
	_codes(dismissed) == set()
}

# Only GitHub: what it does not know is not nothing.
test_nothing_is_live_only_if_nothing_is_reported if {
	empty := object.union(_reporting([]), {"production": {"current": null, "history": []}})
	file := json.patch(empty, [{"op": "replace", "path": "/sources/production/systems", "value": [{"name": kind, "kind": kind, "status": "ok"} | some kind in ["file", "github"]]}])
	deployments.nothing_live with data.prodgate.organisation as testing.organisation with input as empty
	deployments.nothing_live with data.prodgate.organisation as testing.organisation with input as file
	every document in [empty, file] {
		reporting := object.union(document, {"production": {"reported": [_report({})]}})
		not deployments.nothing_live with data.prodgate.organisation as testing.organisation with input as reporting
		reporting == reporting
	}
	alone := json.patch(testing.recorded, [
		{"op": "replace", "path": "/sources/production/kind", "value": "github"},
		{"op": "replace", "path": "/production", "value": {"current": null, "history": [], "reported": [_report({})], "complete": true}},
	])
	not deployments.nothing_live with data.prodgate.organisation as testing.organisation with input as alone
	not deployments.nothing_live with data.prodgate.organisation as testing.organisation with input as testing.remove(json.patch(alone, [{"op": "replace", "path": "/production/reported", "value": []}]), "/production/complete")
}

# What ran is known until the adoption.
test_pass_success_before_the_adoption if {
	adopted := json.patch(_reporting([_report({"succeeded_at": "2026-11-20T10:00:00-05:00"})]), [
		{"op": "add", "path": "/production/adoption", "value": {
			"at": "2026-11-21T10:00:00-05:00",
			"requested_by": "github:1",
			"approver": "github:2",
			"approved_at": "2026-11-21T09:00:00-05:00",
			"writer": "repo:acme/payments-api",
			"assurance": "ci",
		}},
		{"op": "add", "path": "/production/history/0/adopted", "value": true},
		{"op": "add", "path": "/production/current/adopted", "value": true},
	])
	_codes(adopted) == set()
	claimed := json.patch(adopted, [{"op": "replace", "path": "/production/adoption/assurance", "value": "claimed"}])
	"sequence.unaccounted" in _codes(claimed)

	# Nor does a claimed adoption hide what went live after a recorded deployment.
	"sequence.unaccounted" in _codes(json.patch(claimed, [
		{"op": "remove", "path": "/production/history/0/adopted"},
		{"op": "remove", "path": "/production/current/adopted"},
	]))
}

# What could not be read is one reason, and not several.
test_unreadable_history_reports_nothing if {
	documents := [
		_reporting([]),
		_reporting([_report({})]),
		_reporting([_report({"state": "in_progress", "succeeded_at": null})]),
		_allowed(_reporting([_report({"state": "failure", "succeeded_at": null})]), {}),
	]
	every document in documents {
		every section in ["artifact", "production"] {
			unread := json.patch(document, [
				{"op": "add", "path": "/production/reported_since", "value": "2026-11-19T10:00:01-05:00"},
				{"op": "replace", "path": sprintf("/sources/%s/status", [section]), "value": "error"},
			])
			codes := testing.codes(sequence.deny) with data.prodgate.organisation as testing.organisation with input as unread
			codes == set()
		}
	}
}

test_complete_reports_are_no_reason if {
	document := json.patch(_reporting([_report({})]), [{"op": "add", "path": "/production/reported_since", "value": "2026-11-19T10:00:00-05:00"}])
	_codes(document) == {"sequence.unaccounted"}
}

# A failed run of the artifact is no reason for another kind of request, or if it is waived.
test_failed_run_is_a_reason_for_promotions if {
	failure := {"state": "failure", "succeeded_at": null}
	document := _allowed(_reporting([_report(failure)]), {})
	_codes(document) == {"sequence.known_bad"}
	_codes(testing.change(document, "/request/kind", "configuration")) == {"sequence.not_running"}
	waiver := object.union(testing.waiver("sequence.known_bad"), {"item": testing.artifact})
	waived := object.union(json.patch(document, [{"op": "replace", "path": "/sources/production/kind", "value": "merged"}]), {"waivers": [waiver], "build": {"built_at": "2026-11-18T07:00:00-05:00"}})
	settings := testing.waivable({"sequence.known_bad"})
	codes := testing.codes(sequence.deny) with data.prodgate.organisation as testing.organisation with input as waived with data.prodgate.v1.settings as settings
	codes == {"sequence.backwards"}
}
