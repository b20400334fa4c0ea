package prodgate.v1.checks.approval_test

import data.prodgate.v1.checks.approval
import data.prodgate.v1.testing

_by(approver) := testing.changed("/approvals/0/approver", approver)

_approval := testing.promotion.approvals[0]

# The promotion with a second record beside the lead's approval.
_also(record) := testing.changed("/approvals", [_approval, object.union(_approval, record)])

_signed := testing.settings("/sources/unverified/approvals", false)

test_pass_each_kind if {
	every document in [testing.promotion, testing.configuration, testing.initial, testing.rollback, testing.emergency] {
		approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
		approval.deny == set() with data.prodgate.organisation as testing.organisation with input as document
		approval.warn == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	approval.needs == {"approvals", "artifact", "people"} with data.prodgate.organisation as testing.organisation with input as testing.promotion
	approval.needs == {"approvals", "artifact", "people", "production"} with data.prodgate.organisation as testing.organisation with input as testing.rollback
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
		["/approvals/0/approved_at", "2026-11-24T09:59:59-05:00"],
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
	document := testing.changed("/approvals/0/verified_by", "github")
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
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
	neither := testing.change(testing.change(night, "/production/current", null), "/production/history", [])
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as neither
}

# A history from the trail makes an original approver only by a writer who counts.
test_deny_rollback_by_an_original_approver_whom_nobody_who_counts_recorded if {
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

test_deny_rollback_by_somebody_else if {
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

test_pass_rejected_about_something_else if {
	every entry in [{"digest": testing.other}, {"environment": "staging"}, {"approver": "mailto:engineer@example.com"}] {
		approval.pass == true with data.prodgate.organisation as testing.organisation with input as _also(object.union({"approver": "mailto:vp@example.com", "decision": "rejected"}, entry))
	}
}

test_deny_rejected_by_somebody_who_has_the_role_or_the_team if {
	role := testing.change(_also({"approver": "mailto:engineer@example.com", "decision": "rejected"}), "/people/0/roles", ["platform-lead"])
	team := testing.change(_also({"approver": "mailto:engineer@example.com", "decision": "rejected"}), "/people/0/teams", ["Production-Approvers"])
	every document in [role, team, testing.remove(role, "/people/0/roles"), testing.remove(role, "/people/0/teams")] {
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
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

test_deny_rejection_that_somebody_else_approves if {
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as _also({"approver": "mailto:vp@example.com", "decision": "rejected", "approved_at": "2026-11-24T10:30:00-05:00"})
}

test_deny_rejection_taken_back_without_a_signature if {
	signed := object.union(_approval, {"verified_by": "github"})
	document := testing.changed("/approvals", [
		signed,
		object.union(signed, {"approver": "mailto:vp@example.com", "decision": "rejected", "approved_at": "2026-11-24T10:30:00-05:00"}),
		object.union(_approval, {"approver": "mailto:vp@example.com"}),
	])
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/approvals/2/verified_by", "github") with data.prodgate.v1.settings as _signed
}

test_fail_missing_fact if {
	every path in [
		"/approvals",
		"/approvals/0/approver",
		"/approvals/0/digest",
		"/approvals/0/environment",
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
		"/now",
		"/collected_at",
		"/sources/approvals",
		"/sources/artifact",
		"/sources/people",
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

test_deny_missing_names_who_may if {
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
