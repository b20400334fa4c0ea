package prodgate.v1.lib.attempts_test

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
