package prodgate.v1.checks.emergency_test

import data.prodgate.v1.checks.emergency
import data.prodgate.v1.testing

_with(path, value) := testing.change(testing.emergency, path, value)

_debt := {
	"type": "emergency.review",
	"service": "payments-api",
	"due_at": "2026-11-24T12:00:01-05:00",
	"settled_at": null,
}

_owing(entry) := testing.changed("/trail/debts", [object.union(_debt, entry)])

test_pass_ordinary_without_debts if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	emergency.warn == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	emergency.needs == {"trail"} with data.prodgate.organisation as testing.organisation with input as testing.promotion
}

test_pass_emergency_that_will_owe if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as testing.emergency
	emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.emergency
	testing.codes(emergency.warn) == {"emergency.will_owe"} with data.prodgate.organisation as testing.organisation with input as testing.emergency
}

test_deny_no_ticket if {
	every document in [
		_with("/request/ticket", null),
		_with("/request/ticket", ""),
		_with("/request/ticket", "INC-2"),
		_with("/incidents", []),
		_with("/incidents/0/service", "search-api"),
		_with("/incidents/0/status", "resolved"),
		_with("/incidents/0/status", "OPEN"),
		_with("/incidents/0/opened_at", "2026-11-24T12:00:01-05:00"),
	] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		"emergency.no_ticket" in testing.codes(emergency.deny) with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_ticket_that_nobody_wrote if {
	every value in [null, "", " "] {
		document := testing.change(_with("/request/ticket", value), "/incidents/0/id", value)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		"emergency.no_ticket" in testing.codes(emergency.deny) with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_ticket_of_two_incidents if {
	twin := object.union(testing.incident, {"opened_at": "2026-11-24T09:00:00-05:00"})
	document := _with("/incidents", [testing.incident, twin])
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
	"emergency.no_ticket" in testing.codes(emergency.deny) with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_not_approved if {
	every approver in ["mailto:sre@example.com", "mailto:lead@example.com", "mailto:engineer@example.com"] {
		document := _with("/approvals/0/approver", approver)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.not_approved"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_on_call_in_the_preferred_window if {
	document := testing.change(_with("/approvals/0/approver", "mailto:sre@example.com"), "/calendar", testing.promotion.calendar)
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_on_call_in_a_freeze_or_holiday_or_outside_the_window if {
	on_call := testing.change(_with("/approvals/0/approver", "mailto:sre@example.com"), "/calendar", testing.promotion.calendar)
	every document in [
		testing.change(on_call, "/calendar/freezes", [testing.today]),
		testing.change(on_call, "/calendar/holidays", [testing.today]),
		testing.change(on_call, "/now", "2026-11-24T14:00:00-05:00"),
	] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.not_approved"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_on_call_told_when_the_incident_was_opened if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _with("/on_call/notified_at", testing.incident.opened_at)
}

test_deny_on_call_not_told if {
	every value in [null, "", 0, true, "2026-11-24T09:39:59-05:00", "2026-11-24T12:00:01-05:00"] {
		document := _with("/on_call/notified_at", value)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.on_call_not_told"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_no_way_back if {
	every value in [null, "", " ", 0, []] {
		document := _with("/rollback/procedure", value)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.no_way_back"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_debt_overdue if {
	every due_at in ["2026-11-24T12:00:00-05:00", "2026-11-20T12:00:00-05:00", null, ""] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": due_at})
		testing.codes(emergency.deny) == {"emergency.debt_overdue"} with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": due_at})
	}
}

test_warn_debt_open if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _owing({})
	testing.codes(emergency.warn) == {"emergency.debt_open"} with data.prodgate.organisation as testing.organisation with input as _owing({})
}

test_pass_debt_settled_or_of_another_service if {
	overdue := "2026-11-20T12:00:00-05:00"
	every entry in [{"settled_at": "2026-11-24T12:00:00-05:00"}, {"service": "search-api"}] {
		document := _owing(object.union(entry, {"due_at": overdue}))
		emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
		emergency.warn == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_debt_unless_shown_to_be_settled if {
	overdue := "2026-11-20T12:00:00-05:00"
	every value in array.concat(testing.garbage, ["2026-11-24T12:00:01-05:00"]) {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": overdue, "settled_at": value})
	}
	every value in [null, "", " ", "Payments-API", 1, []] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": overdue, "service": value})
	}
}

# A debt as the trail records it.
_used := {
	"type": "emergency.review",
	"id": "0197a0e0-0000-7000-8000-000000000001",
	"service": "payments-api",
	"incurred_at": "2026-11-21T12:00:01-05:00",
	"due_at": null,
	"settled_at": null,
	"settlements": [],
}

_review := {"at": "2026-11-22T09:00:00-05:00", "writer": "repo:acme/payments-api", "assurance": "ci"}

_recorded(entry) := testing.change(testing.recorded, "/trail/debts", [object.union(_used, entry)])

test_warn_debt_of_a_trail_not_due_yet if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _recorded({})
	emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as _recorded({})
	some finding in emergency.warn with data.prodgate.organisation as testing.organisation with input as _recorded({})
	finding.message == "emergency.review is due at 2026-11-24T17:00:01Z"
}

test_deny_debt_of_a_trail_overdue if {
	every at in ["2026-11-21T12:00:00-05:00", "2026-10-01T12:00:00-05:00", "2026-11-24T12:00:01-05:00", "2036-11-24T12:00:00-05:00", null, "", true] {
		document := _recorded({"incurred_at": at})
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.debt_overdue"} with data.prodgate.organisation as testing.organisation with input as document
	}
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_recorded({}), "/trail/debts/0/incurred_at")
	some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as _recorded({"incurred_at": "2026-11-21T12:00:00-05:00"})
	finding.message == "emergency.review was due at 2026-11-24T17:00:00Z"
}

test_deny_debt_of_a_trail_by_a_shorter_setting if {
	settings := testing.settings("/emergency/review_within", "71h59m")
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _recorded({}) with data.prodgate.v1.settings as settings
	every value in [null, "", "soon", [], 0] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _recorded({}) with data.prodgate.v1.settings as testing.settings("/emergency/review_within", value)
	}
}

test_pass_debt_of_a_trail_settled_by_a_writer_who_counts if {
	document := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [_review]})
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
	emergency.warn == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_debt_of_a_trail_settled_by_a_writer_who_does_not_count if {
	every entry in [{"assurance": "claimed"}, {"assurance": null}, {"writer": ""}, {"at": "2026-11-24T12:00:01-05:00"}, {"at": "2026-10-01T11:59:59-05:00"}, {"at": null}] {
		document := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [object.union(_review, entry)]})
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.debt_overdue"} with data.prodgate.organisation as testing.organisation with input as document
	}
	document := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [object.union(_review, {"writer": "user:jane", "assurance": "claimed"})]})
	some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as document
	finding.message == "emergency.review was due at 2026-10-04T17:00:00Z; that user:jane (claimed) settled it does not count"
}

test_deny_debt_of_a_trail_says_what_is_wrong_with_its_times if {
	early := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [object.union(_review, {"at": "2026-10-01T11:00:00-05:00"})]})
	some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as early
	finding.message == "emergency.review was due at 2026-10-04T17:00:00Z; that repo:acme/payments-api (ci, dated 2026-10-01T11:00:00-05:00: before it was incurred, or not past) settled it does not count"
	ahead := _recorded({"incurred_at": "2036-11-24T12:00:00-05:00"})
	some other in emergency.deny with data.prodgate.organisation as testing.organisation with input as ahead
	other.message == "emergency.review was due at an unknown time, for it is said to be incurred at 2036-11-24T12:00:00-05:00, which is not past"
}

test_deny_debt_of_a_trail_settled_by_its_own_word if {
	document := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settled_at": "2026-10-02T12:00:00-05:00"})
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_emergency_in_spite_of_a_debt if {
	document := _with("/trail/debts", [object.union(_debt, {"due_at": "2026-11-20T12:00:00-05:00"})])
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
}

test_fail_missing_fact if {
	every path in ["/request/emergency", "/trail", "/trail/debts", "/sources/trail", "/request"] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_missing_fact_of_an_emergency if {
	every path in [
		"/request/emergency",
		"/request/ticket",
		"/incidents",
		"/incidents/0/opened_at",
		"/incidents/0/status",
		"/incidents/0/service",
		"/incidents/0/id",
		"/approvals",
		"/people",
		"/on_call",
		"/on_call/notified_at",
		"/rollback/procedure",
		"/now",
		"/collected_at",
	] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.emergency, path)
	}
	every name in ["approvals", "artifact", "calendar", "incidents", "on_call", "people", "rollback", "trail"] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.emergency, sprintf("/sources/%s", [name]))
	}
}

test_fail_garbage if {
	every value in [value | some value in testing.garbage; value != []] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/trail/debts", value)
	}
	every value in ["true", "false", null, 0, 1, "", []] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/request/emergency", value)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _with("/request/emergency", value)
	}
}

test_fail_setting_emptied_or_removed if {
	every value in [[], null, "vp-engineering", {}] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings("/emergency/approved_by", value)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings("/incident/open_statuses", value)
	}
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings_without("/emergency")
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings_without("/incident")
}
