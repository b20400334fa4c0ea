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

# A document with another key in its on-call notification, rollback plan or approval.
_add(path, value) := json.patch(testing.emergency, [{"op": "add", "path": path, "value": value}])

test_pass_ordinary_without_debts if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	emergency.warn == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	emergency.needs == {"people", "trail"} with data.prodgate.organisation as testing.organisation with input as testing.promotion
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

# The same incident, as another system reports it.
_reported_too(changes) := testing.change(
	testing.emergency, "/incidents",
	array.concat(testing.emergency.incidents, [object.union(testing.emergency.incidents[0], changes)]),
)

test_deny_incident_that_one_system_has_closed if {
	every changes in [{"status": "resolved"}, {"status": "closed"}, {"status": null}] {
		document := _reported_too(changes)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		"emergency.no_ticket" in testing.codes(emergency.deny) with data.prodgate.organisation as testing.organisation with input as document
	}
}

# An incident that does not say which service it is about, or how it stands, may be this
# one, closed.
test_deny_incident_that_may_be_closed if {
	every missing in [["service", "status"], ["status"]] {
		incident := object.remove(testing.emergency.incidents[0], missing)
		document := testing.change(testing.emergency, "/incidents", array.concat(testing.emergency.incidents, [incident]))
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		"emergency.no_ticket" in testing.codes(emergency.deny) with data.prodgate.organisation as testing.organisation with input as document
	}
	of_no_service := object.union(object.remove(testing.emergency.incidents[0], ["service"]), {"status": "resolved"})
	document := testing.change(testing.emergency, "/incidents", array.concat(testing.emergency.incidents, [of_no_service]))
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_incident_that_is_closed_elsewhere if {
	every changes in [{"status": "resolved", "service": "search-api"}, {"status": "resolved", "service": "a-service-that-no-setting-lists"}, {"status": "resolved", "environment": "staging"}, {"status": "resolved", "id": "INC-0"}] {
		emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _reported_too(changes)
	}
}

test_deny_no_ticket_says_nothing_of_an_approval_without_one if {
	every document in [_with("/request/ticket", null), _with("/incidents", [])] {
		testing.codes(emergency.deny) == {"emergency.no_ticket", "emergency.on_call_not_told"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

# The finding of the source gives the reason.
test_fail_source_in_error_explains_nothing if {
	every name in emergency.needs {
		document := _with(sprintf("/sources/%s/status", [name]), "error")
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	} with data.prodgate.organisation as testing.organisation with input as testing.emergency
	every name in ["people", "trail"] {
		document := testing.changed(sprintf("/sources/%s/status", [name]), "error")
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	every document in [_waiting(["INC-6", "INC-7", "INC-8", "INC-9"]), _owing({"due_at": "2026-11-20T12:00:00-05:00"})] {
		count(emergency.deny) > 0 with data.prodgate.organisation as testing.organisation with input as document
		emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/sources/trail/status", "error")
	}
}

test_deny_ticket_that_is_missing if {
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
		testing.change(testing.change(on_call, "/now", "2026-11-24T14:00:00-05:00"), "/on_call/notified_at", "2026-11-24T11:00:00-05:00"),
	] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.not_approved"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_on_call_notified_when_the_incident_was_opened if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _with("/on_call/notified_at", testing.incident.opened_at)
}

test_deny_on_call_not_notified if {
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
		emergency.warn == set() with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": due_at})
	}
}

test_warn_debt_open if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _owing({})
	testing.codes(emergency.warn) == {"emergency.debt_open"} with data.prodgate.organisation as testing.organisation with input as _owing({})
}

test_pass_debt_settled_or_of_another_service if {
	overdue := "2026-11-20T12:00:00-05:00"
	every entry in [{"settled_at": "2026-11-24T12:00:00-05:00", "settled_by": "github:3"}, {"service": "search-api"}] {
		document := _owing(object.union(entry, {"due_at": overdue}))
		emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
		emergency.warn == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_debt_unless_shown_to_be_settled if {
	overdue := "2026-11-20T12:00:00-05:00"
	every value in array.concat(testing.garbage, ["2026-11-24T12:00:01-05:00"]) {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": overdue, "settled_at": value, "settled_by": "github:3"})
	}
	every value in [null, "", "github:404", "mailto:nobody@example.com", 0] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": overdue, "settled_at": "2026-11-24T11:00:00-05:00", "settled_by": value})
	}
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": overdue, "settled_at": "2026-11-24T11:00:00-05:00"})
	some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": overdue, "settled_at": "2026-11-24T11:00:00-05:00", "settled_by": "github:404"})
	finding.message == "emergency.review was due at 2026-11-20T17:00:00Z; the settlement by github:404 does not count"
	some unsettled in emergency.deny with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": overdue, "settled_at": null, "settled_by": "github:3"})
	unsettled.message == "emergency.review was due at 2026-11-20T17:00:00Z"
	every value in [null, "", " ", "Payments-API", 1, []] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": overdue, "service": value})
	}
}

# A debt as recorded in the trail.
_used := {
	"type": "emergency.review",
	"id": "0197a0e0-0000-7000-8000-000000000001",
	"service": "payments-api",
	"incurred_at": "2026-11-21T12:00:01-05:00",
	"due_at": null,
	"settled_at": null,
	"ticket": "INC-0",
	"requested_by": ["github:1"],
	"approved_by": ["github:5"],
	"settlements": [],
}

_review := {"at": "2026-11-22T09:00:00-05:00", "by": "github:3", "writer": "repo:acme/payments-api", "assurance": "ci"}

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

test_deny_debt_due_at_the_earlier_time if {
	every case in [
		["2026-11-21T12:00:01-05:00", "2026-11-24T12:00:01-05:00", true],
		["2026-11-21T12:00:01-05:00", "2026-11-24T12:00:00-05:00", false],
		["2026-11-21T12:00:00-05:00", "2026-12-01T12:00:00-05:00", false],
	] {
		every document in [_owing({"incurred_at": case[0], "due_at": case[1]}), _recorded({"incurred_at": case[0], "due_at": case[1]})] {
			emergency.pass == case[2] with data.prodgate.organisation as testing.organisation with input as document
		}
	}
}

# Only in a file is the time when it was incurred optional.
test_deny_debt_due_later_without_a_time_when_it_was_incurred if {
	later := "2026-12-01T12:00:00-05:00"
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _owing({"incurred_at": null, "due_at": later})
	every document in [
		_recorded({"incurred_at": null, "due_at": later}),
		_owing({"incurred_at": "soon", "due_at": later}),
		_owing({"incurred_at": "2026-11-24T12:00:01-05:00", "due_at": later}),
	] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_debt_of_a_trail_by_a_shorter_setting if {
	settings := testing.settings("/emergency/review_within", "71h59m")
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _recorded({}) with data.prodgate.v1.settings as settings
	every value in [null, "", "soon", [], 0] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _recorded({}) with data.prodgate.v1.settings as testing.settings("/emergency/review_within", value)
	}
}

test_pass_debt_of_a_trail_settled_by_an_accepted_writer if {
	document := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [_review]})
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
	emergency.warn == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_debt_of_a_trail_settled_by_a_writer_that_is_not_accepted if {
	every entry in [{"assurance": "claimed"}, {"assurance": null}, {"writer": ""}, {"at": "2026-11-24T12:00:01-05:00"}, {"at": "2026-10-01T12:00:00-05:00"}, {"at": null}] {
		document := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [object.union(_review, entry)]})
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.debt_overdue"} with data.prodgate.organisation as testing.organisation with input as document
	}
	document := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [object.union(_review, {"writer": "user:jane", "assurance": "claimed"})]})
	some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as document
	finding.message == "emergency.review was due at 2026-10-04T17:00:00Z; the settlement by github:3 (claimed) does not count"
}

test_deny_debt_of_a_trail_says_what_is_wrong_with_its_times if {
	early := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [object.union(_review, {"at": "2026-10-01T11:00:00-05:00"})]})
	some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as early
	finding.message == "emergency.review was due at 2026-10-04T17:00:00Z; the settlement by github:3 (ci, dated 2026-10-01T11:00:00-05:00: not after the emergency, or not in the past) does not count"
	ahead := _recorded({"incurred_at": "2036-11-24T12:00:00-05:00"})
	some other in emergency.deny with data.prodgate.organisation as testing.organisation with input as ahead
	other.message == "emergency.review was due at an unknown time: its date 2036-11-24T12:00:00-05:00 is not in the past"
	at_once := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [object.union(_review, {"at": "2026-10-01T12:00:00-05:00"})]})
	some third in emergency.deny with data.prodgate.organisation as testing.organisation with input as at_once
	third.message == "emergency.review was due at 2026-10-04T17:00:00Z; the settlement by github:3 (ci, dated 2026-10-01T12:00:00-05:00: not after the emergency, or not in the past) does not count"
}

test_deny_debt_of_a_trail_due_at_an_unknown_time if {
	unknown := "emergency.review was due at an unknown time"
	{finding.message | some finding in emergency.deny} == {unknown} with data.prodgate.organisation as testing.organisation with input as _recorded({"incurred_at": null})
	settings := testing.settings("/emergency/review_within", null)
	{finding.message | some finding in emergency.deny} == {unknown} with data.prodgate.organisation as testing.organisation with input as _recorded({}) with data.prodgate.v1.settings as settings
}

_reviewed(entry) := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settlements": [object.union(_review, entry)]})

test_deny_debt_of_a_trail_reviewed_by_its_user if {
	every case in [
		[{"by": "github:1"}, ", possibly the requester or an approver of the emergency"],
		[{"by": "mailto:vp@example.com"}, ", possibly the requester or an approver of the emergency"],
		[{"by": "github:404"}, ", not exactly one person in the directory"],
		[{"by": null}, ", not exactly one person in the directory"],
		[{"by": "", "writer": "github:1"}, ", possibly the requester or an approver of the emergency"],
	] {
		document := _reviewed(case[0])
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as document
		contains(finding.message, case[1])
	}
}

test_pass_debt_of_a_trail_reviewed_by_its_writer if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as testing.remove(_reviewed({"writer": "github:3", "assurance": "oidc"}), "/trail/debts/0/settlements/0/by")
}

test_deny_debt_of_a_trail_without_its_users if {
	every value in [null, [], "", "github:1", {}, [1]] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(_reviewed({}), "/trail/debts/0/requested_by", value)
	}
	every value in [null, "", "github:5", {}, [1]] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(_reviewed({}), "/trail/debts/0/approved_by", value)
	}
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_reviewed({}), "/trail/debts/0/requested_by")
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as testing.remove(_reviewed({}), "/trail/debts/0/approved_by")
}

test_pass_debt_of_a_trail_used_by_a_person_who_has_left if {
	document := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "requested_by": ["github:99"], "settlements": [_review]})
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/trail/debts/0/requested_by", ["mailto:left@example.com"])
}

# Debts of one ticket.

_both(first, second) := testing.change(testing.recorded, "/trail/debts", [
	object.union(_used, object.union({"incurred_at": "2026-10-01T12:00:00-05:00"}, first)),
	object.union(_used, object.union({"incurred_at": "2026-10-02T12:00:00-05:00"}, second)),
])

test_pass_debts_of_one_ticket_settled_by_one_review_of_either if {
	every document in [_both({"settlements": [_review]}, {}), _both({}, {"settlements": [_review]})] {
		emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
		emergency.warn == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_debts_of_one_ticket_used_again_after_the_review if {
	early := object.union(_review, {"at": "2026-10-02T12:00:00-05:00"})
	document := _both({"settlements": [early]}, {})
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
	{finding.path | some finding in emergency.deny} == {"/trail/debts/1"} with data.prodgate.organisation as testing.organisation with input as document
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _both({"settlements": [object.union(early, {"at": "2026-10-02T12:00:01-05:00"})]}, {})
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _both({"settlements": [_review]}, {"incurred_at": null})
}

test_deny_debts_of_one_ticket_reviewed_by_a_user_of_either if {
	document := _both({"settlements": [_review]}, {"requested_by": ["github:3"]})
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
	{finding.path | some finding in emergency.deny} == {"/trail/debts/0"} with data.prodgate.organisation as testing.organisation with input as document
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _both({"settlements": [_review]}, {"requested_by": []})
}

test_deny_debts_of_two_tickets_each if {
	every ticket in ["INC-9", null, ""] {
		document := _both({"settlements": [_review]}, {"ticket": ticket})
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		{finding.path | some finding in emergency.deny} == {"/trail/debts/1"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_debt_reviewed_by_a_user_of_another_ticket if {
	document := _both({"settlements": [_review]}, {"ticket": "INC-9", "requested_by": ["github:3"], "incurred_at": "2026-11-24T09:00:00-05:00"})
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_debt_without_a_type if {
	document := testing.remove(_recorded({"incurred_at": "2026-10-01T12:00:00-05:00"}), "/trail/debts/0/type")
	some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as document
	finding.item == "a debt"
}

# A file can contain when and by whom a debt was settled, or a list of reviews.
test_pass_debt_of_a_file_settled_by_another_person if {
	settled := {
		"due_at": null,
		"incurred_at": "2026-10-01T12:00:00-05:00",
		"settled_at": "2026-10-01T12:00:01-05:00",
		"settled_by": "github:3",
		"requested_by": ["github:1"],
		"approved_by": ["github:5"],
	}
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _owing(settled)
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _owing({"due_at": "2026-10-01T12:00:00-05:00", "settlements": [_review]})
	every entry in [
		{"settled_at": "2026-10-01T12:00:00-05:00"},
		{"settled_by": "github:1"},
		{"settled_by": "github:5"},
		{"requested_by": null},
		{"approved_by": null},
		{"incurred_at": 0},
	] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _owing(object.union(settled, entry))
	}
	apart := [object.union(_debt, object.union(settled, {"ticket": "INC-0", "incurred_at": null})), object.union(_debt, {"ticket": "INC-0", "due_at": "2026-10-04T12:00:00-05:00"})]
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/trail/debts", apart)
}

test_deny_debts_unknown if {
	every value in [false, null, "true"] {
		document := testing.change(testing.recorded, "/trail/complete", value)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.debts_unknown"} with data.prodgate.organisation as testing.organisation with input as document
	}
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.recorded, "/trail/complete")
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as json.patch(testing.promotion, [{"op": "add", "path": "/trail/complete", "value": false}])
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as json.patch(testing.promotion, [{"op": "add", "path": "/trail/complete", "value": true}])
}

# The conditions of an emergency.

test_deny_ticket_too_old if {
	settings := testing.settings("/emergency/ticket_max_age", "2h20m")
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as settings
	{finding.message | some finding in emergency.deny} == {"incident INC-1 was opened at 2026-11-24T09:40:00-05:00, more than 2h20m ago"} with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as settings
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings("/emergency/ticket_max_age", "2h20m1s")
}

test_pass_ticket_of_this_environment if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _add("/incidents/0/environment", "production")
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _add("/incidents/0/environment", null)
	every value in ["staging", "", "Production", 0] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _add("/incidents/0/environment", value)
		"emergency.no_ticket" in testing.codes(emergency.deny) with data.prodgate.organisation as testing.organisation with input as _add("/incidents/0/environment", value)
	}
}

test_deny_approval_unnamed if {
	every document in [
		_with("/approvals/0/deployment_window", "business-hours"),
		_with("/approvals/0/deployment_window", "Emergency"),
		_with("/approvals/0/deployment_window", null),
		_with("/approvals/0/ticket", "INC-2"),
		_with("/approvals/0/ticket", null),
		_with("/approvals/0/ticket", ""),
		_with("/incidents/0/opened_at", "2026-11-24T11:00:01-05:00"),
		testing.remove(testing.emergency, "/approvals/0/ticket"),
		testing.remove(testing.emergency, "/approvals/0/deployment_window"),
	] {
		told := testing.change(document, "/on_call/notified_at", "2026-11-24T11:30:00-05:00")
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as told
		testing.codes(emergency.deny) == {"emergency.approval_unnamed"} with data.prodgate.organisation as testing.organisation with input as told
	}
	opened := testing.change(_with("/incidents/0/opened_at", "2026-11-24T11:00:00-05:00"), "/on_call/notified_at", "2026-11-24T11:30:00-05:00")
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as opened
}

test_deny_approval_named_by_a_role_that_may_not_approve_it if {
	named := testing.emergency.approvals[0]
	document := _with("/approvals", [object.union(named, {"approver": "mailto:sre@example.com"}), object.remove(named, {"ticket"})])
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(emergency.deny) == {"emergency.approval_unnamed"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_approval_unnamed_shows_those_that_count if {
	unnamed := object.remove(testing.emergency.approvals[0], {"ticket"})
	document := _with("/approvals", [unnamed, object.union(unnamed, {"approver": "github:1"})])
	some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as document
	[approval.approver | some approval in finding.observed] == ["mailto:vp@example.com"]
}

test_deny_on_call_too_long_ago if {
	settings := testing.settings("/emergency/on_call_max_age", "2h15m")
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as settings
	testing.codes(emergency.deny) == {"emergency.on_call_too_long_ago"} with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as settings
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings("/emergency/on_call_max_age", "2h15m1s")
}

test_deny_on_call_elsewhere if {
	every case in [["service", "payments-api"], ["ticket", "INC-1"]] {
		path := sprintf("/on_call/%s", [case[0]])
		emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _add(path, case[1])
		emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _add(path, null)
		every value in ["search-api", "INC-2", "", 0, []] {
			emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _add(path, value)
			testing.codes(emergency.deny) == {"emergency.on_call_elsewhere"} with data.prodgate.organisation as testing.organisation with input as _add(path, value)
		}
	}
}

test_pass_ordinary_whose_way_back_is_for_another_check if {
	document := testing.changed("/rollback/procedure", null)
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
	emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_way_back_of_another_service if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _add("/rollback/service", "payments-api")
	every value in ["search-api", "", 0] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _add("/rollback/service", value)
		testing.codes(emergency.deny) == {"emergency.no_way_back"} with data.prodgate.organisation as testing.organisation with input as _add("/rollback/service", value)
	}
}

test_deny_no_trail if {
	every document in [
		_with("/sources/trail/kind", "file"),
		_with("/trail/complete", false),
		_with("/trail/complete", null),
		testing.remove(testing.emergency, "/trail/complete"),
	] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.no_trail"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_trail_read_in_part_names_what_is_required if {
	some finding in emergency.deny with data.prodgate.organisation as testing.organisation with input as _with("/trail/complete", false)
	finding.observed == {"kind": "trail", "origin": null, "complete": false}
	finding.required == {"kind": "trail", "origins": [], "complete": true}
	some ordinary in emergency.deny with data.prodgate.organisation as testing.organisation with input as testing.change(testing.recorded, "/trail/complete", false)
	ordinary.observed == false
	ordinary.required == true
}

test_deny_trail_of_another_origin if {
	settings := testing.settings("/audit/trail_origins", ["trail.example.com", "other"])
	named := _add("/trail/origin", "trail.example.com")
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as named with data.prodgate.v1.settings as settings
	every document in [testing.emergency, _add("/trail/origin", "trail.example.org"), _add("/trail/origin", null)] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		testing.codes(emergency.deny) == {"emergency.no_trail"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
	every value in [null, "", {}, "trail.example.com", {"0": "trail.example.com"}] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as named with data.prodgate.v1.settings as testing.settings("/audit/trail_origins", value)
	}
	every value in [[null], [""]] {
		every document in [testing.emergency, _add("/trail/origin", null), _add("/trail/origin", "")] {
			emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as testing.settings("/audit/trail_origins", value)
		}
	}
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as named with data.prodgate.v1.settings as testing.settings_without("/audit/trail_origins")
}

_waiting(tickets) := _with("/trail/debts", [object.union(_used, {"ticket": ticket}) | some ticket in tickets])

test_deny_too_many_debts if {
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _waiting(["INC-7", "INC-8", "INC-9"])
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as _waiting(["INC-7", "INC-8", "INC-9", "INC-9", "INC-1"])
	every tickets in [["INC-6", "INC-7", "INC-8", "INC-9"], [null, null, null, null], ["INC-7", "INC-8", "INC-9", ""]] {
		document := _waiting(tickets)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(emergency.deny) == {"emergency.too_many_debts"} with data.prodgate.organisation as testing.organisation with input as document
	}
	reviewed := testing.change(_waiting(["INC-6", "INC-7", "INC-8", "INC-9"]), "/trail/debts/0/settlements", [_review])
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as reviewed
	every value in [null, "", "3", [], {}, true] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings("/emergency/max_open_debts", value)
	}
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings_without("/emergency/max_open_debts")
}

test_pass_ordinary_with_many_debts_not_due_yet if {
	document := testing.change(testing.recorded, "/trail/debts", _waiting(["INC-6", "INC-7", "INC-8", "INC-9"]).trail.debts)
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
	emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_fail_garbage_debts_of_an_emergency if {
	every value in [value | some value in testing.garbage; not value in [[], [null]]] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as _with("/trail/debts", value)
	}
}

test_deny_debt_of_a_trail_settled_by_itself if {
	document := _recorded({"incurred_at": "2026-10-01T12:00:00-05:00", "settled_at": "2026-10-02T12:00:00-05:00", "settled_by": "github:3"})
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_emergency_in_spite_of_a_debt if {
	document := _with("/trail/debts", [object.union(_debt, {"due_at": "2026-11-20T12:00:00-05:00"})])
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
	emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as document
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
		"/trail",
		"/trail/debts",
		"/approvals/0/deployment_window",
		"/approvals/0/ticket",
		"/now",
		"/collected_at",
	] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.emergency, path)
	}
	every name in ["approvals", "artifact", "calendar", "incidents", "on_call", "people", "production", "rollback", "staging", "trail"] {
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
	every value in [[], null, "", "soon", {}, 0] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings("/emergency/ticket_max_age", value)
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings("/emergency/on_call_max_age", value)
	}
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings_without("/emergency")
	emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.emergency with data.prodgate.v1.settings as testing.settings_without("/incident")
}

test_deny_debt_of_a_trail_reviewed_without_a_time_when_it_was_incurred if {
	every document in [_reviewed({}), testing.change(_reviewed({}), "/trail/debts/0/due_at", "2026-11-20T12:00:00-05:00")] {
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/trail/debts/0/incurred_at")
		emergency.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/trail/debts/0/incurred_at", null)
	}
}

test_pass_ordinary_with_an_old_ticket if {
	document := json.patch(testing.promotion, [
		{"op": "replace", "path": "/request/ticket", "value": "INC-1"},
		{"op": "replace", "path": "/incidents", "value": [object.union(testing.incident, {"opened_at": "2026-10-01T00:00:00Z"})]},
	])
	by_vp := object.union(testing.promotion.approvals[0], {"approver": "mailto:vp@example.com"})
	every incident in [testing.incident, document.incidents[0]] {
		ordinary := json.patch(document, [
			{"op": "replace", "path": "/incidents", "value": [incident]},
			{"op": "add", "path": "/approvals/-", "value": by_vp},
		])
		emergency.pass == true with data.prodgate.organisation as testing.organisation with input as ordinary
		emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as ordinary
	}
}

test_pass_ordinary_whatever_the_on_call_notification if {
	document := json.patch(testing.promotion, [
		{"op": "replace", "path": "/request/ticket", "value": "INC-1"},
		{"op": "replace", "path": "/incidents", "value": [object.union(testing.incident, {"opened_at": "2026-11-24T01:00:00-05:00"})]},
		{"op": "replace", "path": "/on_call", "value": {"notified_at": "2026-11-24T02:00:00-05:00", "service": "search-api"}},
	])
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
	emergency.deny == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_warn_debt_open_once_for_a_ticket if {
	recent := {"incurred_at": "2026-11-24T09:00:00-05:00"}
	document := json.patch(_both(recent, recent), [{"op": "add", "path": "/trail/debts/-", "value": object.union(_used, {"service": "search-api"})}])
	emergency.pass == true with data.prodgate.organisation as testing.organisation with input as document
	{finding.path | some finding in emergency.warn} == {"/trail/debts/0"} with data.prodgate.organisation as testing.organisation with input as document
}
