package prodgate.v1.checks.notification_test

import data.prodgate.v1.checks.notification
import data.prodgate.v1.testing

test_pass_notified if {
	every document in [testing.promotion, testing.rollback] {
		notification.pass == true with data.prodgate.organisation as testing.organisation with input as document
		notification.deny == set() with data.prodgate.organisation as testing.organisation with input as document
		notification.waived == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	notification.needs == {"notifications"}
}

test_deny_one_team_not_notified if {
	document := testing.without("/notifications/1")
	notification.pass == false with data.prodgate.organisation as testing.organisation with input as document
	{finding.item | some finding in notification.deny} == {"support"} with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(notification.deny) == {"notification.team_not_told"} with data.prodgate.organisation as testing.organisation with input as document
	notification.waived == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_notified_one_second_before_the_request if {
	document := testing.changed("/notifications/0/sent_at", "2026-11-24T09:59:59-05:00")
	{finding.item | some finding in notification.deny} == {"on-call"} with data.prodgate.organisation as testing.organisation with input as document
	notification.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_notified_now if {
	notification.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/notifications/0/sent_at", testing.promotion.now)
}

test_deny_notified_in_the_future if {
	notification.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/notifications/0/sent_at", "2026-11-24T12:00:01-05:00")
}

test_fail_missing_fact if {
	every path in [
		"/notifications",
		"/notifications/0/team",
		"/notifications/0/sent_at",
		"/request/requested_at",
		"/sources/notifications",
	] {
		notification.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every path in ["/notifications", "/notifications/0", "/notifications/0/team", "/notifications/0/sent_at"] {
		every value in array.concat(testing.garbage, ["On-Call", "on-call "]) {
			notification.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
}

# The finding of the source gives the reason.
test_fail_source_in_error_explains_nothing if {
	document := testing.change(testing.without("/notifications/1"), "/sources/notifications/status", "error")
	notification.pass == false with data.prodgate.organisation as testing.organisation with input as document
	notification.deny == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_team_that_was_notified_in_spite_of_a_waiver if {
	waiver := object.union(testing.waiver("notification.team_not_told"), {"item": "support"})
	document := testing.waive(testing.promotion, [waiver])
	settings := testing.waivable({"notification.team_not_told"})
	notification.waived == set() with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_fail_setting_emptied_or_removed if {
	every value in [[], null, "on-call", "", {}] {
		notification.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/notification/teams", value)
	}
	notification.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/notification")
}

test_waived_one_team if {
	waiver := object.union(testing.waiver("notification.team_not_told"), {"item": "support"})
	document := testing.waive(testing.without("/notifications/1"), [waiver])
	settings := testing.waivable({"notification.team_not_told"})
	notification.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	{finding.item | some finding in notification.waived} == {"support"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_deny_waiver_of_another_team if {
	waiver := object.union(testing.waiver("notification.team_not_told"), {"item": "on-call"})
	document := testing.waive(testing.without("/notifications/1"), [waiver])
	settings := testing.waivable({"notification.team_not_told"})
	notification.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_deny_waiver_without_a_team if {
	document := testing.waive(testing.without("/notifications/1"), [testing.waiver("notification.team_not_told")])
	settings := testing.waivable({"notification.team_not_told"})
	notification.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

_about(entry) := object.union(testing.promotion, {"notifications": [object.union(notification, entry) | some notification in testing.promotion.notifications]})

test_deny_notified_about_something_else if {
	every entry in [{"service": "search-api"}, {"environment": "staging"}, {"digest": testing.other}, {"request": "run-2"}] {
		notification.pass == false with data.prodgate.organisation as testing.organisation with input as _about(entry)
		testing.codes(notification.deny) == {"notification.team_not_told"} with data.prodgate.organisation as testing.organisation with input as _about(entry)
	}
	every entry in [
		{"service": "payments-api", "environment": "production", "digest": testing.artifact, "request": "run-1"},
		{"service": null, "environment": null, "digest": null, "request": null},
	] {
		notification.pass == true with data.prodgate.organisation as testing.organisation with input as _about(entry)
	}
	deployment := json.patch(_about({"request": "acme/payments-api/runs/7"}), [{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/runs/7"}])
	notification.pass == true with data.prodgate.organisation as testing.organisation with input as deployment
}

# The second attempt of a run; the trail has the first one.
_again(entry) := json.patch(testing.recorded, [
	{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/runs/7"},
	{"op": "replace", "path": "/request/requested_at", "value": "2026-11-24T11:30:00-05:00"},
	{"op": "add", "path": "/trail/requests", "value": [object.union(
		{
			"id": "acme/payments-api/runs/7/attempts/1",
			"at": "2026-11-24T10:00:00-05:00",
			"kind": "promotion",
			"digest": testing.artifact,
			"environment": "production",
			"requested_by": "github:1",
			"triggered_by": "github:1",
			"writer": "repo:acme/payments-api",
			"assurance": "ci",
		},
		entry,
	)]},
])

test_pass_notified_since_the_first_attempt if {
	notification.pass == true with data.prodgate.organisation as testing.organisation with input as _again({})
	every entry in [
		{"digest": testing.other},
		{"kind": "rollback"},
		{"environment": "staging"},
		{"configuration": testing.values},
		{"assurance": "claimed"},
		{"at": "2026-11-24T10:00:02-05:00"},
		{"at": "2026-11-24T12:00:01-05:00"},
	] {
		notification.pass == false with data.prodgate.organisation as testing.organisation with input as _again(entry)
	}
}
