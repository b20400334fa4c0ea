package prodgate.v1.lib.preapproval_test

import data.prodgate.v1.checks.approval
import data.prodgate.v1.lib.attempts
import data.prodgate.v1.lib.preapproval
import data.prodgate.v1.testing

# The deployment to roll back as in the trail, with the rollback plan in its allow.
_undone(entry) := object.union(
	{
		"id": "acme/payments-api/runs/7",
		"version": "5c7e1a4",
		"digest": testing.other,
		"built_at": "2026-11-23T07:00:00-05:00",
		"started_at": "2026-11-24T09:00:00-05:00",
		"live_at": "2026-11-24T09:05:00-05:00",
		"status": "live",
		"approvers": ["mailto:lead@example.com"],
		"writer": "repo:acme/payments-api",
		"assurance": "ci",
		"plan": {
			"version": "7a3f9c2",
			"digest": testing.artifact,
			"at": "2026-11-24T08:50:00-05:00",
			"writer": "repo:acme/payments-api",
			"assurance": "ci",
		},
	},
	entry,
)

# A person on call who requested the rollback.
_alone(entry) := object.union(testing.rollback, {
	"request": object.union(testing.rollback.request, {"requested_by": "github:4", "triggered_by": "github:4"}),
	"approvals": [],
	"production": {
		"current": null,
		"history": [
			_undone(entry),
			object.union(testing.rollback.production.history[1], {"writer": "repo:acme/payments-api", "assurance": "ci"}),
		],
		"since": "2026-10-01T00:00:00Z",
		"complete": true,
	},
	"trail": testing.recorded.trail,
	"sources": testing.recorded.sources,
})

test_granted_to_a_person_on_call if {
	preapproval.granted with data.prodgate.organisation as testing.organisation with input as _alone({})
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as _alone({})
	testing.codes(approval.warn) == {"approval.preapproved"} with data.prodgate.organisation as testing.organisation with input as _alone({})
}

# Other recorded requesters do not matter: no one must be a different person here.
test_granted_whichever_requester_is_recorded if {
	asked := {
		"id": "1-1",
		"at": "2026-11-24T11:00:00-05:00",
		"attempt": 1,
		"kind": "rollback",
		"digest": testing.artifact,
		"environment": "production",
		"requested_by": "github:404",
		"triggered_by": "github:404",
		"writer": "user:mallory",
		"assurance": "claimed",
	}
	document := json.patch(_alone({}), [{"op": "add", "path": "/trail/requests", "value": [asked]}])
	count(attempts.standing) == 1 with data.prodgate.organisation as testing.organisation with input as document
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.deny) == set() with data.prodgate.organisation as testing.organisation with input as document
}

# The preapproval is valid, but it is unknown whether it was used.
test_granted_without_the_facts_that_rejections_need if {
	every document in [
		testing.change(_alone({}), "/sources/approvals/status", "error"),
		testing.change(_alone({}), "/trail/steps", null),
	] {
		preapproval.granted with data.prodgate.organisation as testing.organisation with input as document
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
}

_refused(document) if {
	not preapproval.granted with data.prodgate.organisation as testing.organisation with input as document
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_refused_for_another_plan if {
	every plan in [
		{"digest": testing.before},
		{"configuration": testing.values},
		{"assurance": "claimed"},
		{"writer": ""},
		{"at": "2026-11-24T12:00:01-05:00"},
		{"at": null},
	] {
		_refused(_alone({"plan": plan}))
	}
	_refused(testing.remove(_alone({}), "/production/history/0/plan"))
	_refused(testing.change(_alone({}), "/sources/production/kind", "file"))
}

test_granted_for_a_while if {
	preapproval.granted with data.prodgate.organisation as testing.organisation with input as _alone({"started_at": "2026-11-23T12:00:01-05:00"})
	_refused(_alone({"started_at": "2026-11-23T12:00:00-05:00"}))
	preapproval.granted with data.prodgate.organisation as testing.organisation with input as _alone({"plan": {"at": testing.promotion.now}})
}

test_refused_once_it_was_used if {
	every type in ["rollback.started", "rollback.live", "rollback.failed"] {
		event := {"type": type, "at": "2026-11-24T11:00:00-05:00", "writer": "user:mallory", "assurance": "claimed"}
		live := {"type": "deploy.live", "at": "2026-11-24T09:05:00-05:00", "writer": "repo:acme/payments-api", "assurance": "ci"}
		_refused(_alone({"events": [live, event]}))
		preapproval.granted with data.prodgate.organisation as testing.organisation with input as _alone({"events": [live]})
	}
}

test_refused_for_anyone_else if {
	every person in ["github:1", "github:2", "github:5", "github:9"] {
		_refused(json.patch(_alone({}), [{"op": "replace", "path": "/request/requested_by", "value": person}]))
		_refused(json.patch(_alone({}), [{"op": "replace", "path": "/request/triggered_by", "value": person}]))
	}
	every change in [
		{"op": "replace", "path": "/people/3/mfa", "value": false},
		{"op": "replace", "path": "/people/3/teams", "value": []},
		{"op": "replace", "path": "/people/3/as_of", "value": "2026-11-23T12:00:00-05:00"},
	] {
		_refused(json.patch(_alone({}), [change]))
	}
}

test_refused_without_a_ticket_or_for_another_kind if {
	_refused(testing.change(_alone({}), "/request/ticket", null))
	_refused(testing.change(_alone({}), "/request/kind", "promotion"))
}

test_refused_for_an_older_deployment if {
	newer := _undone({"id": "acme/payments-api/runs/8", "started_at": "2026-11-24T10:00:00-05:00", "plan": null})
	_refused(json.patch(_alone({}), [{"op": "add", "path": "/production/history/0", "value": newer}]))
}

test_refused_by_a_rejection if {
	rejection := {
		"approver": "mailto:lead@example.com",
		"digest": testing.artifact,
		"service": "payments-api",
		"environment": "production",
		"kind": "rollback",
		"decision": "rejected",
		"approved_at": "2026-11-24T11:00:00-05:00",
		"verified_by": null,
	}
	document := testing.change(_alone({}), "/approvals", [rejection])
	preapproval.granted with data.prodgate.organisation as testing.organisation with input as document
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_refused_once_a_rollback_of_it_began_under_another_name if {
	rolled := {"type": "rollback.started", "at": "2026-11-24T09:30:00-05:00", "environment": "prod", "digest": testing.other, "writer": "user:mallory", "assurance": "claimed"}
	_refused(object.union(_alone({}), {"production": {"unjoined": [rolled]}}))
	every change in [{"type": "verification.failed"}, {"digest": testing.before}, {"environment": "staging"}] {
		preapproval.granted with data.prodgate.organisation as testing.organisation with input as object.union(_alone({}), {"production": {"unjoined": [object.union(rolled, change)]}})
	}
}
