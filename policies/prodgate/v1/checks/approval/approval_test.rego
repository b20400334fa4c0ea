package prodgate.v1.checks.approval_test

import data.prodgate.v1.checks.approval
import data.prodgate.v1.testing

_by(approver) := testing.changed("/approvals/0/approver", approver)

_approval := testing.promotion.approvals[0]

# The promotion with a second record in addition to the lead's approval.
_also(record) := testing.changed("/approvals", [_approval, object.union(_approval, record)])

_signed := testing.signed("approvals", ["lead-2026"])

test_pass_each_kind if {
	every document in [testing.promotion, testing.configuration, testing.initial, testing.rollback, testing.emergency] {
		approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
		approval.deny == set() with data.prodgate.organisation as testing.organisation with input as document
		approval.warn == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	approval.needs == {"approvals", "artifact", "people", "production", "staging", "trail"} with data.prodgate.organisation as testing.organisation with input as testing.promotion
	approval.needs == {"approvals", "artifact", "people", "production", "trail"} with data.prodgate.organisation as testing.organisation with input as testing.rollback
}

test_deny_missing if {
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/approvals", [])
	testing.codes(approval.deny) == {"approval.missing"} with data.prodgate.organisation as testing.organisation with input as testing.changed("/approvals", [])
}

test_deny_approval_that_does_not_count if {
	every case in [
		["/approvals/0/digest", testing.other],
		["/approvals/0/digest", null],
		["/approvals/0/environment", "staging"],
		["/approvals/0/environment", null],
		["/approvals/0/service", "search-api"],
		["/approvals/0/service", null],
		["/approvals/0/service", ""],
		["/approvals/0/kind", "rollback"],
		["/approvals/0/kind", "configuration"],
		["/approvals/0/kind", "Promotion"],
		["/approvals/0/kind", null],
		["/approvals/0/approved_at", "2026-11-24T09:59:59-05:00"],
		["/staging/verification/finished_at", "2026-11-24T11:00:01-05:00"],
		["/staging/verification/result", "FAILED"],
		["/staging/verification", null],
		["/approvals/0/approved_at", "2026-11-24T12:00:01-05:00"],
		["/approvals/0/approver", "mailto:nobody@example.com"],
		["/approvals/0/approver", "Mailto:Lead@example.com"],
		["/approvals/0/approver", "mailto:engineer@example.com"],
		["/people/1/mfa", false],
		["/people/1/mfa", null],
		["/people/1/mfa", "true"],
		["/people/1/teams", ["platform"]],
		["/people/1/teams", []],
		["/people/1/roles", ["engineer"]],
		["/people/1/roles", ["Platform-Lead"]],
		["/people/1/roles", []],
		["/people/1/as_of", "2026-11-23T12:00:00-05:00"],
		["/people/1/as_of", "2026-11-24T12:00:01-05:00"],
		["/people/0/ids", ["github:1", "mailto:lead@example.com"]],
		["/people/2/ids", ["github:2", "mailto:lead@example.com"]],
		["/request/requested_by", "github:2"],
		["/request/requested_by", "mailto:lead@example.com"],
		["/request/triggered_by", "github:2"],
		["/request/requested_by", "github:404"],
		["/request/triggered_by", null],
	] {
		document := testing.changed(case[0], case[1])
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(approval.deny) == {"approval.missing"} with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(approval.warn) == {"approval.not_counted"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_at_the_edges_of_its_time if {
	every approved_at in ["2026-11-24T10:00:00-05:00", "2026-11-24T12:00:00-05:00"] {
		approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/approvals/0/approved_at", approved_at)
	}
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/people/1/as_of", "2026-11-23T12:00:01-05:00")
}

test_deny_older_than_the_maximum if {
	settings := testing.settings("/approval/max_age", "1h")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	testing.codes(approval.warn) == {"approval.not_counted"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/approval/max_age", "1h1s")
}

test_deny_unsigned_where_a_signature_is_asked_for if {
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _signed
	testing.codes(approval.warn) == {"approval.not_counted"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _signed
	document := testing.changed("/approvals/0/verified_by", "lead-2026")
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
}

_key(person) := testing.change(_signed, "/signatures/keys", {"lead-2026": {"public": "x", "person": person}})

test_deny_signed_by_the_key_of_another_person if {
	document := testing.changed("/approvals/0/verified_by", "lead-2026")
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _key("github:2")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _key("github:3")
	_reasons == {"is signed by lead-2026, the key of another person"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _key("github:3")
}

test_pass_release_manager_in_the_preferred_window if {
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as _by("mailto:manager@example.com")
}

test_deny_outside_window if {
	document := testing.change(_by("mailto:manager@example.com"), "/now", "2026-11-24T14:00:00-05:00")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.deny) == {"approval.outside_window"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_window_by_a_calendar_that_does_not_count if {
	document := testing.change(_by("mailto:manager@example.com"), "/sources/calendar/kind", "guess")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_emergency_by_a_release_manager_outside_window if {
	document := testing.change(testing.change(testing.emergency, "/approvals/0/approver", "mailto:manager@example.com"), "/now", "2026-11-24T14:00:00-05:00")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.deny) == {"approval.outside_window"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_approvals_in_an_object if {
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/approvals", {"0": _approval})
}

test_deny_role_insufficient if {
	every approver in ["mailto:sre@example.com", "mailto:vp@example.com"] {
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as _by(approver)
		testing.codes(approval.deny) == {"approval.role_insufficient"} with data.prodgate.organisation as testing.organisation with input as _by(approver)
	}
}

test_deny_role_that_the_approval_claims if {
	document := testing.changed("/approvals/0", object.union(_approval, {"approver": "mailto:sre@example.com", "role": "platform-lead"}))
	testing.codes(approval.deny) == {"approval.role_insufficient"} with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_on_call_for_an_emergency if {
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(testing.emergency, "/approvals/0/approver", "mailto:sre@example.com")
}

test_pass_rollback_by_the_original_approver if {
	document := testing.change(testing.rollback, "/approvals/0/approver", "mailto:manager@example.com")
	night := testing.change(document, "/now", "2026-11-24T20:00:00-05:00")
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as night
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(night, "/production/current", null)
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(night, "/production/history", [])
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(night, "/production", {"current": null, "history": [testing.rollback.production.history[0]]})
	neither := testing.change(testing.change(night, "/production/current", null), "/production/history", [])
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as neither
}

# In a history from the trail, an original approver needs an accepted writer.
test_deny_rollback_by_an_original_approver_without_an_accepted_record if {
	deployment := object.union(testing.rollback.production.history[1], {"writer": "repo:acme/payments-api", "assurance": "ci"})
	document := object.union(testing.change(testing.rollback, "/approvals/0/approver", "mailto:manager@example.com"), {
		"now": "2026-11-24T20:00:00-05:00",
		"production": {"current": deployment, "history": [deployment]},
		"sources": {"production": {"kind": "trail"}},
	})
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/current/assurance", "claimed")
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/history/0/assurance", "claimed")
	both := testing.change(testing.change(document, "/production/current/assurance", "claimed"), "/production/history/0/assurance", "claimed")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as both
	testing.codes(approval.deny) == {"approval.outside_window"} with data.prodgate.organisation as testing.organisation with input as both
}

test_deny_rollback_by_another_person if {
	document := testing.change(testing.rollback, "/approvals/0/approver", "mailto:vp@example.com")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.deny) == {"approval.role_insufficient"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_rejected if {
	every decision in ["rejected", "withdrawn", "Approved", "approved ", "", null, true, 1] {
		document := _also({"approver": "mailto:vp@example.com", "decision": decision})
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(approval.deny) == {"approval.rejected"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_rejected_unless_shown_to_be_about_something_else if {
	every entry in [
		{"digest": null},
		{"digest": ""},
		{"digest": upper(testing.other)},
		{"environment": null},
		{"environment": ""},
		{"environment": "Production "},
		{"approver": "mailto:nobody@example.com"},
		{"approver": null},
		{"approved_at": "2026-11-24T12:00:01-05:00"},
		{"approved_at": null},
	] {
		document := _also(object.union({"approver": "mailto:vp@example.com", "decision": "rejected"}, entry))
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(approval.deny) == {"approval.rejected"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_rejection_taken_back_by_the_same_person if {
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as _also({"approver": "github:2", "decision": "rejected", "approved_at": "2026-11-24T10:59:59-05:00"})
}

test_deny_rejected_at_or_after_the_approval if {
	every approved_at in ["2026-11-24T11:00:00-05:00", "2026-11-24T11:00:01-05:00"] {
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as _also({"decision": "rejected", "approved_at": approved_at})
	}
}

# Bindings to configuration and request.

_bound(document, key, value) := json.patch(document, [{"op": "add", "path": sprintf("/approvals/0/%s", [key]), "value": value}])

_named := json.patch(testing.promotion, [
	{"op": "add", "path": "/request/id", "value": "1-2"},
	{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/1"},
])

test_pass_approval_of_this_request_or_deployment if {
	every value in ["1-2", "acme/payments-api/1", null] {
		approval.pass == true with data.prodgate.organisation as testing.organisation with input as _bound(_named, "request", value)
	}
}

test_deny_approval_of_another_request if {
	every value in ["1-1", "acme/payments-api/2", "", " ", "acme/payments-api", 1, [], true] {
		document := _bound(_named, "request", value)
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(approval.deny) == {"approval.missing"} with data.prodgate.organisation as testing.organisation with input as document
		_reasons == {"is for another request"} with data.prodgate.organisation as testing.organisation with input as document
	}
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as _bound(testing.promotion, "request", "1-1")
}

_reasons := {reason | some finding in approval.warn; finding.code == "approval.not_counted"; some reason in finding.observed}

test_deny_approval_of_another_configuration if {
	every value in [testing.other, null, "", [], upper(testing.values)] {
		document := testing.change(testing.configuration, "/approvals/0/configuration", value)
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		_reasons == {"is for another configuration, or does not name one"} with data.prodgate.organisation as testing.organisation with input as document
	}
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.configuration, "/approvals/0/configuration")
	both := testing.remove(testing.remove(testing.configuration, "/approvals/0/configuration"), "/request/configuration")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as both
	every value in [null, true, 1, []] {
		document := testing.change(testing.change(testing.configuration, "/approvals/0/configuration", value), "/request/configuration", value)
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_approval_of_a_configuration_that_is_not_asked_for if {
	every document in [testing.promotion, testing.initial, testing.rollback] {
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as _bound(document, "configuration", testing.values)
		_reasons == {"is for another configuration, or does not name one"} with data.prodgate.organisation as testing.organisation with input as _bound(document, "configuration", testing.values)
		asked := json.patch(document, [{"op": "add", "path": "/request/configuration", "value": testing.values}])
		every value in [testing.values, null] {
			approval.pass == true with data.prodgate.organisation as testing.organisation with input as _bound(asked, "configuration", value)
		}
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as _bound(asked, "configuration", testing.other)
	}
}

test_deny_with_the_reason_why if {
	every case in [
		["/approvals/0/digest", testing.other, "is for another digest, or does not name one"],
		["/approvals/0/kind", null, "is for another kind of request, or does not name one"],
		["/approvals/0/approved_at", "2026-11-24T09:59:59-05:00", "was given before the request"],
		["/approvals/0/approved_at", "2026-11-24T12:00:01-05:00", "is dated in the future"],
		["/staging/verification/finished_at", "2026-11-24T11:00:01-05:00", "was given before the staging verification passed, or the verification has not passed"],
		["/staging/verification", null, "was given before the staging verification passed, or the verification has not passed"],
		["/people/1/mfa", null, "MFA is not shown to be enabled"],
	] {
		_reasons == {case[2]} with data.prodgate.organisation as testing.organisation with input as testing.changed(case[0], case[1])
	}
	at_once := testing.change(testing.changed("/staging/verification/finished_at", "2026-11-24T10:30:00-05:00"), "/approvals/0/approved_at", testing.promotion.request.requested_at)
	_reasons == {"was given before the staging verification passed, or the verification has not passed"} with data.prodgate.organisation as testing.organisation with input as at_once
	_reasons == {"is older than 1h"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/approval/max_age", "1h")
	_reasons == {"has no verified signature"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _signed
	_reasons == {"is signed by release-2026, which sources.signers does not list for it"} with data.prodgate.organisation as testing.organisation with input as testing.changed("/approvals/0/verified_by", "release-2026") with data.prodgate.v1.settings as _signed
}

# What is absent is a reason, as what is wrong is.
test_deny_with_the_reason_why_of_what_is_absent if {
	every path, reason in {
		"/approvals/0/digest": "is for another digest, or does not name one",
		"/approvals/0/environment": "is for another environment, or does not name one",
		"/approvals/0/service": "is for another service, or does not name one",
		"/approvals/0/kind": "is for another kind of request, or does not name one",
		"/people/1/mfa": "MFA is not shown to be enabled",
		"/people/1/teams": "not an active member of production-approvers",
	} {
		_reasons == {reason} with data.prodgate.organisation as testing.organisation with input as testing.without(path)
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_pass_informed_in_the_same_second if {
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/staging/verification/finished_at", "2026-11-24T11:00:00-05:00")
}

test_pass_rollback_without_staging if {
	every path in ["/staging", "/sources/staging"] {
		approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.rollback, path)
	}
}

# The approval of the first attempt, which was requested an hour before this one.
_rerun := json.patch(testing.recorded, [
	{"op": "replace", "path": "/request/requested_at", "value": "2026-11-24T11:30:00-05:00"},
	{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/1"},
	{"op": "add", "path": "/trail/requests", "value": [{
		"id": "1-1",
		"at": "2026-11-24T10:00:00-05:00",
		"kind": "promotion",
		"digest": testing.artifact,
		"environment": "production",
		"requested_by": "github:1",
		"triggered_by": "github:1",
		"writer": "repo:acme/payments-api",
		"assurance": "ci",
	}]},
])

test_pass_approved_after_the_first_attempt_was_asked_for if {
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as _rerun
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(_rerun, "/trail/requests/0/assurance", "claimed")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(_rerun, "/trail/requests/0/triggered_by", "github:2")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(_rerun, "/trail/requests", {})
}

# Its deployment failed ten minutes ago.
_failed := json.patch(_rerun, [{"op": "add", "path": "/production/history/0", "value": {
	"id": "acme/payments-api/1",
	"version": "7a3f9c2",
	"digest": testing.artifact,
	"live_at": "2026-11-24T11:50:00-05:00",
	"status": "failed",
	"approvers": [],
}}])

test_warn_reused if {
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as _failed
	testing.codes(approval.warn) == {"approval.reused"} with data.prodgate.organisation as testing.organisation with input as _failed
	approval.deny == set() with data.prodgate.organisation as testing.organisation with input as _failed
}

test_warn_reused_for_approvals_that_count if {
	document := json.patch(_failed, [{"op": "add", "path": "/approvals/-", "value": object.union(_approval, {"approver": "github:1"})}])
	{finding.path | some finding in approval.warn; finding.code == "approval.reused"} == {"/approvals/0"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_used if {
	another := testing.change(_failed, "/production/history/0/id", "acme/payments-api/2")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as another
	testing.codes(approval.deny) == {"approval.missing"} with data.prodgate.organisation as testing.organisation with input as another
	_reasons == {"was used by the deployment acme/payments-api/2"} with data.prodgate.organisation as testing.organisation with input as another
	live := testing.change(_failed, "/production/history/0/status", "live")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as live
	_reasons == {"was used by the deployment acme/payments-api/1: live"} with data.prodgate.organisation as testing.organisation with input as live
}

test_deny_if_it_is_unknown_whether_it_was_used if {
	partial := testing.change(testing.recorded, "/production/complete", false)
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as partial
	_reasons == {"may have been used: the production history was not read completely"} with data.prodgate.organisation as testing.organisation with input as partial
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.recorded, "/production/complete")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.promotion, "/production/history")
}

test_deny_rejections_unknown if {
	every value in [false, null, "true", 1] {
		document := testing.change(testing.recorded, "/trail/complete", value)
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(approval.deny) == {"approval.rejections_unknown"} with data.prodgate.organisation as testing.organisation with input as document
	}
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.recorded, "/trail/complete")
	every value in [null, {}, "none", true] {
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/trail/steps", value)
	}
}

test_deny_rejections_unknown_names_what_is_required if {
	document := testing.change(testing.recorded, "/trail/complete", false)
	some finding in approval.deny with data.prodgate.organisation as testing.organisation with input as document
	finding.observed == false
	finding.required == true
}

# The finding of the source gives the reason.
test_deny_rejections_unknown_only_where_the_trail_was_read if {
	document := testing.changed("/sources/trail/status", "error")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	approval.deny == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_rollback_that_does_not_wait_for_all_of_the_trail if {
	document := json.patch(testing.rollback, [
		{"op": "add", "path": "/trail/complete", "value": false},
		{"op": "add", "path": "/production/complete", "value": false},
	])
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
}

# Several people.

_two := testing.settings("/approval/quorum", 2)

_quorum(document) if {
	testing.codes(approval.deny) == {"approval.quorum"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _two
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _two
}

test_pass_quorum_of_two_people if {
	every approver in ["mailto:manager@example.com", "mailto:sre@example.com"] {
		approval.pass == true with data.prodgate.organisation as testing.organisation with input as _also({"approver": approver}) with data.prodgate.v1.settings as _two
		approval.deny == set() with data.prodgate.organisation as testing.organisation with input as _also({"approver": approver}) with data.prodgate.v1.settings as _two
	}
}

test_deny_quorum if {
	_quorum(testing.promotion)
	_quorum(_also({"approver": "github:2"}))
	_quorum(_also({"approver": "github:1"}))
	_quorum(_also({"approver": "github:3", "digest": testing.other}))
	some finding in approval.deny with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _two
	finding.message == "1 of 2 required people have approved"
}

test_deny_quorum_that_is_not_an_integer_though_more_people_approve if {
	document := _also({"approver": "mailto:manager@example.com"})
	every value in [1.5, 2.5] {
		settings := testing.settings("/approval/quorum", value)
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		testing.codes(approval.deny) == {"approval.quorum"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
}

test_deny_quorum_without_a_role_that_may_approve_anything if {
	document := testing.change(_also({"approver": "mailto:manager@example.com"}), "/approvals/0/approver", "mailto:sre@example.com")
	_quorum(document)
	some finding in approval.deny with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _two
	finding.message == "2 of 2 required people have approved; none of them has the role platform-lead"
}

test_deny_quorum_of_people_who_cannot_be_distinguished if {
	document := json.patch(_also({"approver": "mailto:manager@example.com"}), [
		{"op": "replace", "path": "/people/0/ids", "value": ["github:1"]},
		{"op": "replace", "path": "/people/1/ids", "value": ["github:2", "mailto:lead@example.com"]},
		{"op": "replace", "path": "/people/2/ids", "value": ["github:3", "mailto:manager@example.com"]},
	])
	settings := object.union(_two, {"approval": {"identified_by": ["github"]}})
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings

	# A third record joins them.
	joined := testing.change(document, "/people/3/ids", ["github:2", "github:3"])
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as joined with data.prodgate.v1.settings as settings
}

test_deny_quorum_that_is_not_an_integer_over_zero if {
	every value in [0, -1, 1.5, null, "", "1", [], {}, true] {
		settings := testing.settings("/approval/quorum", value)
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
		testing.codes(approval.deny) == {"approval.quorum"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	}
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/approval/quorum")
}

# Rejections. Which of them are open is tested in lib/rejections_test.rego.

_objection := object.union(_approval, {"approver": "mailto:vp@example.com", "decision": "rejected", "approved_at": "2026-11-24T10:30:00-05:00"})

test_warn_rejection_lifted if {
	document := testing.changed("/approvals", [
		_objection,
		object.union(_approval, {"approver": "mailto:vp@example.com"}),
		_approval,
	])
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
	approval.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.warn) == {"approval.rejection_lifted"} with data.prodgate.organisation as testing.organisation with input as document
	some finding in approval.warn with data.prodgate.organisation as testing.organisation with input as document
	finding.message == "rejected by mailto:vp@example.com at 2026-11-24T10:30:00-05:00, lifted by the approval of mailto:vp@example.com"
}

test_deny_rejection_with_an_approval_by_another_person if {
	document := testing.changed("/approvals", [_objection, _approval])
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.deny) == {"approval.rejected"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_withdrawn_by_the_approver if {
	document := _also({"decision": "withdrawn", "approved_at": "2026-11-24T11:30:00-05:00"})
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.deny) == {"approval.missing", "approval.rejected"} with data.prodgate.organisation as testing.organisation with input as document
	_reasons == {"was withdrawn, or its approver rejected later"} with data.prodgate.organisation as testing.organisation with input as document
}

# A person with a lifting role; the withdrawn approval stays withdrawn.
test_deny_withdrawn_though_lifted if {
	document := testing.changed("/approvals", [
		_approval,
		object.union(_approval, {"decision": "withdrawn", "approved_at": "2026-11-24T11:30:00-05:00"}),
		object.union(_approval, {"approver": "github:5", "approved_at": "2026-11-24T11:40:00-05:00", "lifts": ["github:2"]}),
	])
	testing.codes(approval.deny) == {"approval.role_insufficient"} with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.warn) == {"approval.not_counted", "approval.rejection_lifted"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_request_rejected if {
	document := testing.change(_named, "/approvals", [
		object.union(_objection, {"request": "1-2"}),
		object.union(_approval, {"approver": "mailto:vp@example.com"}),
		_approval,
	])
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.deny) == {"approval.request_rejected"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_rejected_in_the_trail if {
	every type in ["approval.rejected", "approval.withdrawn"] {
		document := json.patch(testing.promotion, [{"op": "add", "path": "/trail/steps/-", "value": {
			"type": type,
			"at": "2026-11-24T11:30:00-05:00",
			"digest": testing.artifact,
			"approver": "github:5",
			"reason": "it leaks",
		}}])
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(approval.deny) == {"approval.rejected"} with data.prodgate.organisation as testing.organisation with input as document
		some finding in approval.deny with data.prodgate.organisation as testing.organisation with input as document
		finding.path == "/trail/steps/3"
		finding.item == "github:5"
		finding.message == sprintf("%s by github:5 at 2026-11-24T11:30:00-05:00: it leaks", [trim_prefix(type, "approval.")])
	}
}

test_warn_window_lapsed if {
	evening := json.patch(testing.promotion, [
		{"op": "replace", "path": "/now", "value": "2026-11-24T23:00:00-05:00"},
		{"op": "replace", "path": "/approvals/0/deployment_window", "value": "after-hours"},
	])
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as evening
	testing.codes(approval.warn) == {"approval.window_lapsed"} with data.prodgate.organisation as testing.organisation with input as evening
	approval.warn == set() with data.prodgate.organisation as testing.organisation with input as testing.change(evening, "/now", "2026-11-24T22:59:59-05:00")
	approval.warn == set() with data.prodgate.organisation as testing.organisation with input as testing.change(evening, "/approvals/0/deployment_window", "off-hours")
}

# A deployment in the preferred window needs no approval that opens the window.
test_pass_window_lapsed_in_the_preferred_window if {
	document := json.patch(testing.promotion, [
		{"op": "replace", "path": "/request/requested_at", "value": "2026-11-23T22:00:00-05:00"},
		{"op": "replace", "path": "/staging/deployed_at", "value": "2026-11-23T22:00:00-05:00"},
		{"op": "replace", "path": "/staging/verification/finished_at", "value": "2026-11-23T22:30:00-05:00"},
		{"op": "replace", "path": "/approvals/0/approved_at", "value": "2026-11-23T23:00:00-05:00"},
		{"op": "replace", "path": "/trail/steps", "value": []},
	])
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
	approval.warn == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_fail_missing_fact if {
	every path in [
		"/approvals",
		"/approvals/0/approver",
		"/approvals/0/digest",
		"/approvals/0/environment",
		"/approvals/0/service",
		"/approvals/0/kind",
		"/approvals/0/decision",
		"/approvals/0/approved_at",
		"/people",
		"/people/0",
		"/people/0/ids",
		"/people/1/ids",
		"/people/1/roles",
		"/people/1/teams",
		"/people/1/mfa",
		"/people/1/as_of",
		"/artifact/digest",
		"/request/requested_by",
		"/request/triggered_by",
		"/request/requested_at",
		"/request/environment",
		"/request/service",
		"/request/kind",
		"/staging",
		"/trail",
		"/trail/steps",
		"/production",
		"/production/history",
		"/now",
		"/collected_at",
		"/sources/approvals",
		"/sources/artifact",
		"/sources/people",
		"/sources/production",
		"/sources/staging",
		"/sources/trail",
	] {
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
	every path in ["/production", "/sources/production"] {
		document := testing.change(testing.rollback, "/approvals/0/approver", "mailto:manager@example.com")
		night := testing.change(document, "/now", "2026-11-24T20:00:00-05:00")
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(night, path)
	}
}

test_fail_garbage if {
	every path in [
		"/approvals",
		"/approvals/0",
		"/approvals/0/approver",
		"/approvals/0/digest",
		"/approvals/0/decision",
		"/approvals/0/approved_at",
		"/people",
		"/people/0/ids",
		"/people/1/roles",
		"/people/1/teams",
		"/people/1/as_of",
		"/artifact/digest",
		"/request/requested_by",
		"/request/requested_at",
	] {
		every value in testing.garbage {
			approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
}

test_fail_setting_emptied_or_removed if {
	every path in ["/approval/team", "/approval/max_age", "/approval/directory_max_age", "/approval/roles", "/approval/roles/any_request"] {
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.promotion, "/now", "2026-11-24T14:00:00-05:00") with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, "", [], {}, "platform-lead", 0] {
			approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/sources/unverified")
}

test_deny_missing_names_the_roles if {
	every case in [
		[testing.promotion, {"any_request", "preferred_window"}],
		[testing.rollback, {"any_request", "preferred_window", "rollback"}],
		[testing.emergency, {"any_request", "preferred_window", "emergency"}],
	] {
		document := testing.change(case[0], "/approvals", [])
		testing.codes(approval.deny) == {"approval.missing"} with data.prodgate.organisation as testing.organisation with input as document
		{role | some finding in approval.deny; some role, _ in finding.required.roles} == case[1] with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_fail_emergency_does_not_widen_who_approves_a_rollback if {
	document := testing.change(testing.change(testing.rollback, "/request/emergency", true), "/approvals/0/approver", "mailto:vp@example.com")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
}
