package prodgate.v1.lib.attempts_test

import data.prodgate.v1.checks.approval
import data.prodgate.v1.lib.attempts
import data.prodgate.v1.testing

_first := {
	"id": "1-1",
	"at": "2026-11-24T08:00:00-05:00",
	"attempt": 1,
	"kind": "promotion",
	"digest": testing.artifact,
	"environment": "production",
	"requested_by": "github:1",
	"triggered_by": "github:3",
	"writer": "repo:acme/payments-api",
	"assurance": "ci",
}

_again(entry) := _of(testing.recorded, entry)

_of(document, entry) := json.patch(document, [{"op": "add", "path": "/trail/requests", "value": [object.union(_first, entry)]}])

_own := time.parse_rfc3339_ns(testing.promotion.request.requested_at)

test_requested_at_the_first_attempt if {
	attempts.requested_at == _own with data.prodgate.organisation as testing.organisation with input as testing.recorded
	attempts.requested_at == time.parse_rfc3339_ns("2026-11-24T08:00:00-05:00") with data.prodgate.organisation as testing.organisation with input as _again({})
	attempts.requested_at == time.parse_rfc3339_ns("2026-11-24T08:00:00-05:00") with data.prodgate.organisation as testing.organisation with input as _again({"configuration": null})
	attempts.requested_at == _own with data.prodgate.organisation as testing.organisation with input as _again({"at": "2026-11-24T10:30:00-05:00"})
	attempts.requested_at == time.parse_rfc3339_ns("2026-11-17T12:00:01-05:00") with data.prodgate.organisation as testing.organisation with input as _again({"at": "2026-11-17T12:00:01-05:00"})
}

test_requested_at_an_attempt_no_older_than_a_request_may_be if {
	attempts.requested_at == time.parse_rfc3339_ns("2026-11-17T12:00:01-05:00") with data.prodgate.organisation as testing.organisation with input as _again({"at": "2026-11-17T12:00:01-05:00"})
	attempts.requested_at == _own with data.prodgate.organisation as testing.organisation with input as _again({"at": "2026-11-17T12:00:00-05:00"})
}

test_requested_at_this_attempt_unless_the_earlier_one_asked_for_the_same if {
	every entry in [
		{"digest": testing.other},
		{"digest": null},
		{"kind": "configuration"},
		{"kind": "Promotion"},
		{"environment": "staging"},
		{"environment": null},
		{"configuration": testing.values},
		{"at": "2026-11-24T12:00:01-05:00"},
		{"at": "2026-11-17T12:00:00-05:00"},
		{"at": null},
		{"assurance": "claimed"},
		{"writer": null},
	] {
		attempts.requested_at == _own with data.prodgate.organisation as testing.organisation with input as _again(entry)
	}
	attempts.requested_at == _own with data.prodgate.organisation as testing.organisation with input as testing.change(_again({}), "/sources/trail/status", "error")
	attempts.requested_at == _own with data.prodgate.organisation as testing.organisation with input as testing.change(_again({}), "/trail/requests", {})
}

test_requested_at_of_a_configuration if {
	same := _of(testing.configuration, {"kind": "configuration", "configuration": testing.values})
	attempts.requested_at == time.parse_rfc3339_ns("2026-11-24T08:00:00-05:00") with data.prodgate.organisation as testing.organisation with input as same
	attempts.requested_at == _own with data.prodgate.organisation as testing.organisation with input as testing.change(same, "/trail/requests/0/configuration", testing.other)
	attempts.requested_at == _own with data.prodgate.organisation as testing.organisation with input as testing.remove(same, "/trail/requests/0/configuration")
}

test_requested_at_undefined_for_a_request_in_the_future if {
	not attempts.requested_at with data.prodgate.organisation as testing.organisation with input as testing.change(_again({}), "/request/requested_at", "2026-11-24T12:00:01-05:00")
}

test_people_of_every_attempt if {
	attempts.people == set() with data.prodgate.organisation as testing.organisation with input as testing.recorded
	attempts.people == {"github:1", "github:3"} with data.prodgate.organisation as testing.organisation with input as _again({"assurance": "claimed", "digest": testing.other})
	attempts.people == {"github:1", null} with data.prodgate.organisation as testing.organisation with input as testing.remove(_again({}), "/trail/requests/0/triggered_by")
	every value in [null, "", {}, 0, "none"] {
		not attempts.people with data.prodgate.organisation as testing.organisation with input as testing.change(_again({}), "/trail/requests", value)
		value == value
	}
}

test_deployment_or_the_request_itself if {
	named := json.patch(testing.promotion, [
		{"op": "add", "path": "/request/id", "value": "1-2"},
		{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/1"},
	])
	attempts.deployment == "acme/payments-api/1" with data.prodgate.organisation as testing.organisation with input as named
	attempts.deployment == "1-2" with data.prodgate.organisation as testing.organisation with input as testing.remove(named, "/request/deployment")
	attempts.deployment == "1-2" with data.prodgate.organisation as testing.organisation with input as testing.change(named, "/request/deployment", null)
	attempts.deployment == "run-1" with data.prodgate.organisation as testing.organisation with input as testing.promotion
}

# A claimed attempt, started by a person who is not in the directory, and a dismissal of
# that entry.
_claimed(entry, dismissal) := json.patch(testing.recorded, [
	{"op": "add", "path": "/trail/requests", "value": [object.union(
		_first,
		object.union({"entry": "e-1", "triggered_by": "github:404", "writer": "user:mallory", "assurance": "claimed"}, entry),
	)]},
	{"op": "add", "path": "/trail/dismissals", "value": [object.union(
		{
			"entry": "e-1",
			"at": "2026-11-24T11:56:00-05:00",
			"by": "github:5",
			"reason": "nobody of ours",
			"writer": "github:5",
			"assurance": "oidc",
		},
		dismissal,
	)]},
])

test_pass_claimed_attempt_that_is_dismissed if {
	document := _claimed({}, {})
	attempts.people == set() with data.prodgate.organisation as testing.organisation with input as document
	{attempt.entry | some attempt in attempts.dismissed} == {"e-1"} with data.prodgate.organisation as testing.organisation with input as document
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
	approval.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	[finding] := [finding | some finding in approval.waived] with data.prodgate.organisation as testing.organisation with input as document
	finding.code == "approval.requester_unknown"
	finding.message == "user:mallory recorded that github:1 requested this deployment and github:404 started it, at 2026-11-24T08:00:00-05:00; this entry is dismissed"
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as _claimed({"triggered_by": "github:3"}, {})
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as _claimed({"triggered_by": "github:2"}, {})
}

test_deny_attempt_that_no_authorized_person_dismissed if {
	every document in [
		_claimed({}, {"entry": "e-2"}),
		_claimed({}, {"writer": "github:3"}),
		_claimed({}, {"writer": "github:404"}),
		_claimed({}, {"assurance": "claimed"}),
		_claimed({"writer": "repo:acme/payments-api", "assurance": "ci"}, {}),
		testing.remove(_claimed({}, {}), "/trail/requests/0/entry"),
	] {
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(approval.deny) == {"approval.missing", "approval.requester_unknown"} with data.prodgate.organisation as testing.organisation with input as document
		approval.waived == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_attempt_dismissed_by_a_requester if {
	every entry in [{"requested_by": "github:5"}, {"triggered_by": "github:5"}, {"triggered_by": "mailto:vp@example.com"}] {
		attempts.dismissed == set() with data.prodgate.organisation as testing.organisation with input as _claimed(entry, {})
	}
	attempts.dismissed == set() with data.prodgate.organisation as testing.organisation with input as testing.change(_claimed({}, {}), "/request/triggered_by", "github:5")

	# By another entry, by any writer.
	every assurance in ["claimed", "ci"] {
		document := json.patch(_claimed({}, {}), [{"op": "add", "path": "/trail/requests/-", "value": object.union(_first, {"triggered_by": "github:5", "assurance": assurance})}])
		attempts.dismissed == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

# A requester recorded by an accepted writer may be the person who dismisses.
test_deny_attempt_next_to_one_by_an_unknown_person if {
	every case in [["ci", false], ["claimed", true]] {
		document := json.patch(_claimed({}, {}), [{"op": "add", "path": "/trail/requests/-", "value": object.union(_first, {"triggered_by": "github:405", "assurance": case[0]})}])
		count(attempts.dismissed) == 1 == case[1] with data.prodgate.organisation as testing.organisation with input as document
	}
	twice := testing.change(_claimed({"triggered_by": "mailto:manager@example.com"}, {}), "/people/3/ids", ["github:4", "mailto:manager@example.com"])
	attempts.dismissed == set() with data.prodgate.organisation as testing.organisation with input as twice
}

test_the_finding_names_the_unknown_people if {
	messages := {finding.message | some finding in approval.deny; finding.code == "approval.requester_unknown"} with data.prodgate.organisation as testing.organisation with input as _claimed({"requested_by": "github:406"}, {"entry": "e-2"})
	messages == {"user:mallory recorded that github:406 requested this deployment and github:404 started it, at 2026-11-24T08:00:00-05:00; not found in the directory: github:404 and github:406"}
	one := {finding.message | some finding in approval.deny; finding.code == "approval.requester_unknown"} with data.prodgate.organisation as testing.organisation with input as _claimed({"requested_by": "github:404", "triggered_by": "github:1"}, {"entry": "e-2"})
	one == {"user:mallory recorded that github:404 requested this deployment and github:1 started it, at 2026-11-24T08:00:00-05:00; not found in the directory: github:404"}
	every document in [_claimed({"triggered_by": "github:3"}, {"entry": "e-2"}), testing.change(_claimed({}, {"entry": "e-2"}), "/sources/people/status", "error")] {
		not "approval.requester_unknown" in testing.codes(approval.deny) with data.prodgate.organisation as testing.organisation with input as document
	}
}
