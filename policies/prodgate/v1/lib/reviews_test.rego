package prodgate.v1.lib.reviews_test

import data.prodgate.v1.checks.approval
import data.prodgate.v1.checks.audit
import data.prodgate.v1.lib.reviews
import data.prodgate.v1.testing

_run := "acme/payments-api/runs/77"

# What the pipeline recorded of run 77.
_asked := {
	"id": "acme/payments-api/runs/77/attempts/1",
	"at": "2026-11-24T10:30:00-05:00",
	"recorded_at": "2026-11-24T10:30:00-05:00",
	"kind": "promotion",
	"digest": testing.artifact,
	"environment": "production",
	"service": "payments-api",
	"emergency": false,
	"requested_by": "github:1",
	"triggered_by": "github:1",
	"writer": "repo:acme/payments-api",
	"assurance": "ci",
}

# The promotion, approved by a review of run 77. The trail has no other approval.
_reviewed := json.patch(testing.recorded, [
	{"op": "add", "path": "/request/deployment", "value": _run},
	{"op": "replace", "path": "/approvals", "value": [{
		"approver": "github:2",
		"decision": "approved",
		"environment": "production",
		"run": _run,
		"approved_at": "2026-11-24T11:00:00-05:00",
		"latest": "2026-11-24T11:05:00-05:00",
		"deployment_window": null,
		"verified_by": null,
	}]},
	{"op": "remove", "path": "/trail/steps/2"},
	{"op": "add", "path": "/trail/requests", "value": [_asked]},
	{"op": "replace", "path": "/sources/approvals", "value": _source},
])

_source := {"status": "ok", "kind": "github", "error": null, "evidence": {"uri": "https://github.example.com/acme/payments-api/actions/runs/77", "sha256": "00"}}

# The document with another request of the run in the trail.
_also(entry) := testing.add(_reviewed, "/trail/requests/-", object.union(_asked, entry))

_with(entry) := testing.change(_reviewed, "/trail/requests/0", object.union(_asked, entry))

_counts(document) if {
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as document
	approval.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	audit.deny == set() with data.prodgate.organisation as testing.organisation with input as document
}

_refused(document) if {
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(audit.deny) == {"audit.step_missing"} with data.prodgate.organisation as testing.organisation with input as document
}

_reasons := {reason | some finding in approval.warn; finding.code == "approval.not_counted"; some reason in finding.observed}

_differ := "counts for no request: the audit trail has requests in this run that differ from each other, or from this one"

_unrecorded := "cannot be joined to a request: an accepted writer must record what is requested in this run (prodgate request) before it is reviewed"

test_pass_review_of_the_recorded_request if {
	_counts(_reviewed)
	_counts(testing.remove(_reviewed, "/approvals/0/latest"))
}

test_pass_several_entries_that_agree if {
	_counts(_also({"id": "acme/payments-api/runs/77/attempts/2", "at": "2026-11-24T11:30:00-05:00"}))
	_counts(_also({"environment": "staging", "digest": testing.other}))
	_counts(_also({"assurance": "claimed", "writer": "user:eve"}))
}

test_deny_without_a_request if {
	every requests in [[], [object.union(_asked, {"environment": "staging"})]] {
		document := testing.change(_reviewed, "/trail/requests", requests)
		_refused(document)
		_reasons == {_unrecorded} with data.prodgate.organisation as testing.organisation with input as document
	}
	document := testing.remove(_reviewed, "/trail/requests")
	_refused(document)
	_reasons == {_unrecorded} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_request_by_a_writer_that_does_not_count if {
	every entry in [{"assurance": "claimed"}, {"writer": ""}, {"assurance": null}] {
		document := _with(entry)
		_refused(document)
		_unrecorded in _reasons with data.prodgate.organisation as testing.organisation with input as document
	}
}

# The time of the request can be set by the run; the trail says when it was recorded.
test_deny_request_that_was_recorded_after_the_review if {
	every at in ["2026-11-24T11:00:06-05:00", "2026-11-24T12:00:01-05:00", "", null, 1] {
		document := _with({"recorded_at": at})
		_refused(document)
		_reasons == {_unrecorded} with data.prodgate.organisation as testing.organisation with input as document
	}
	_refused(testing.remove(_reviewed, "/trail/requests/0/recorded_at"))
	_counts(_with({"recorded_at": "2026-11-24T11:00:00-05:00"}))
	_counts(_with({"recorded_at": "2026-11-24T11:00:05-05:00"})) # the clocks of the CI system and the trail may differ
}

# An entry that does not say of what digest, or in which environment, is no witness, and
# may be about something else.
test_deny_request_that_does_not_say_what_it_is_about if {
	every key in ["digest", "environment"] {
		_refused(_with({key: null}))
		_refused(_also({key: null}))
	}
}

test_pass_requester_whose_clock_is_ahead if {
	ahead := testing.change(_with({"at": "2026-11-24T11:00:05-05:00"}), "/request/requested_at", "2026-11-24T11:00:05-05:00")
	_counts(ahead)
	late := testing.change(_with({"at": "2026-11-24T11:00:06-05:00"}), "/request/requested_at", "2026-11-24T11:00:06-05:00")
	_refused(late)
	_reasons == {"was given before the request (estimated: between 2026-11-24T11:00:00-05:00 and 2026-11-24T11:05:00-05:00)"} with data.prodgate.organisation as testing.organisation with input as late
}

test_deny_review_that_names_what_it_cannot if {
	every key in ["digest", "service", "kind", "configuration"] {
		every value in ["", "x", true, [], testing.artifact, object.get(testing.promotion.request, key, "x")] {
			document := testing.add(_reviewed, sprintf("/approvals/0/%s", [key]), value)
			_refused(document)
			"names a digest, service, kind or configuration, which a review of a run does not" in _reasons with data.prodgate.organisation as testing.organisation with input as document
		}
		_counts(testing.add(_reviewed, sprintf("/approvals/0/%s", [key]), null))
	}
}

test_deny_approval_that_names_everything_and_another_run if {
	every run in ["acme/payments-api/runs/78", "", 1] {
		document := testing.add(testing.promotion, "/approvals/0/run", run)
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_requests_that_differ if {
	every entry in [
		{"digest": testing.other},
		{"service": "search-api"},
		{"service": null},
		{"kind": "configuration"},
		{"kind": "Promotion"},
		{"configuration": testing.values},
		{"emergency": true},
		{"emergency": null},
		{"ticket": "INC-1"},
		{"environment": "prod"},
		{"digest": testing.other, "assurance": "claimed", "writer": "user:eve"},
	] {
		document := _also(entry)
		_refused(document)
		_differ in _reasons with data.prodgate.organisation as testing.organisation with input as document
		_refused(_with(entry))
	}
	every key in ["digest", "service", "kind", "emergency"] {
		_refused(testing.remove(_reviewed, sprintf("/trail/requests/0/%s", [key])))
	}
}

test_pass_differing_request_that_is_dismissed if {
	document := json.patch(_also({"digest": testing.other, "entry": "0197a0e0-0000-7000-8000-000000000001", "assurance": "claimed", "writer": "user:eve"}), [{"op": "add", "path": "/trail/dismissals", "value": [{
		"entry": "0197a0e0-0000-7000-8000-000000000001",
		"at": "2026-11-24T11:40:00-05:00",
		"by": "github:5",
		"reason": "not ours",
		"writer": "github:5",
		"assurance": "oidc",
	}]}])
	_counts(document)
}

test_deny_emergency_that_was_not_reviewed_as_one if {
	document := testing.change(_reviewed, "/request/emergency", true)
	_refused(document)
}

test_deny_trail_that_was_not_read_completely if {
	every value in [false, null] {
		document := testing.change(_reviewed, "/trail/complete", value)
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		"cannot be joined to a request: the audit trail was not read completely" in _reasons with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_review_of_another_run if {
	document := testing.change(_reviewed, "/approvals/0/run", "acme/payments-api/runs/78")
	_refused(document)
	_reasons == {"is a review of another run, acme/payments-api/runs/78"} with data.prodgate.organisation as testing.organisation with input as document
	every value in ["", " ", true, 1, [], {}] {
		_refused(testing.change(_reviewed, "/approvals/0/run", value))
	}
	_refused(testing.remove(_reviewed, "/approvals/0/run"))
	_refused(testing.change(_reviewed, "/approvals/0/run", null))
	_refused(testing.change(_reviewed, "/request/deployment", "acme/payments-api/runs/78"))
}

test_deny_review_of_another_environment if {
	document := testing.change(_reviewed, "/approvals/0/environment", "staging")
	_refused(document)
	_reasons == {"is for another environment, or does not name one"} with data.prodgate.organisation as testing.organisation with input as document
	_refused(testing.remove(_reviewed, "/approvals/0/environment"))
}

test_deny_review_of_another_request_of_the_run if {
	document := testing.add(_reviewed, "/approvals/0/request", "1-1")
	_refused(document)
	_reasons == {"is for another request"} with data.prodgate.organisation as testing.organisation with input as document
}

# Rules use the earliest time, and say that it is estimated.
test_deny_review_that_may_be_older_than_the_request if {
	document := testing.change(_with({"recorded_at": "2026-11-24T09:30:00-05:00"}), "/approvals/0/approved_at", "2026-11-24T09:59:54-05:00")
	_refused(document)
	_reasons == {"was given before the request (estimated: between 2026-11-24T09:59:54-05:00 and 2026-11-24T11:05:00-05:00)"} with data.prodgate.organisation as testing.organisation with input as document
	every latest in [null, "", " ", 1] {
		_reasons == {"was given before the request"} with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/approvals/0/latest", latest)
	}
	_counts(testing.change(_reviewed, "/approvals/0/approved_at", "2026-11-24T10:30:00-05:00"))
}

test_deny_review_that_may_be_older_than_the_verification if {
	document := testing.change(_reviewed, "/staging/verification/finished_at", "2026-11-24T11:00:01-05:00")
	approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
	_reasons == {"was given before the staging verification passed, or the verification has not passed (estimated: between 2026-11-24T11:00:00-05:00 and 2026-11-24T11:05:00-05:00)"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_rejection_that_may_be_later_than_the_approval if {
	rejection := {"approver": "github:5", "decision": "rejected", "environment": "production", "approved_at": "2026-11-24T10:00:00-05:00", "verified_by": null}
	lifted := {"op": "add", "path": "/approvals/0/lifts", "value": ["github:5"]}
	named := {"op": "replace", "path": "/approvals/0/approver", "value": "github:5"}
	earlier := json.patch(_reviewed, [lifted, named, {"op": "add", "path": "/approvals/-", "value": rejection}])
	testing.codes(approval.deny) == set() with data.prodgate.organisation as _with_vp with input as earlier
	every latest in ["2026-11-24T11:00:00-05:00", "2026-11-24T11:30:00-05:00", "never", 1] {
		document := json.patch(_reviewed, [lifted, named, {"op": "add", "path": "/approvals/-", "value": object.union(rejection, {"latest": latest})}])
		"approval.rejected" in testing.codes(approval.deny) with data.prodgate.organisation as _with_vp with input as document
	}
}

_with_vp := object.union(testing.organisation, {"approval": {"roles": {"any_request": ["platform-lead", "vp-engineering"]}}})

test_missing_names_the_page_of_the_run if {
	document := testing.change(_reviewed, "/approvals", [])
	_message(approval.deny) == "no approval counts; review this run at https://github.example.com/acme/payments-api/actions/runs/77" with data.prodgate.organisation as testing.organisation with input as document
	gitlab := testing.change(document, "/sources/approvals", object.union(_source, {"kind": "gitlab", "evidence": {"uri": "https://gitlab.example.com/acme/payments-api/-/pipelines/77"}}))
	_message(approval.deny) == "no approval counts; review this run at https://gitlab.example.com/acme/payments-api/-/pipelines/77" with data.prodgate.organisation as testing.organisation with input as gitlab
	plain := testing.change(document, "/sources/approvals/kind", "file")
	_message(approval.deny) == "no approval counts" with data.prodgate.organisation as testing.organisation with input as plain
}

test_page_of_a_source_that_does_not_count_is_not_named if {
	every change in [{"status": "error"}, {"kind": "guess"}, {"kind": "merged", "status": "error", "systems": [_source]}] {
		reviews.pages == set() with data.prodgate.organisation as testing.organisation with input as testing.change(_reviewed, "/sources/approvals", object.union(_source, change))
	}
}

test_missing_names_the_page_that_one_of_several_systems_has if {
	merged := {"status": "ok", "kind": "merged", "error": null, "systems": [_source, {"status": "ok", "kind": "file", "error": null}]}
	document := json.patch(_reviewed, [
		{"op": "replace", "path": "/approvals", "value": []},
		{"op": "replace", "path": "/sources/approvals", "value": merged},
	])
	reviews.pages == {"https://github.example.com/acme/payments-api/actions/runs/77"} with data.prodgate.organisation as testing.organisation with input as document
}

_message(findings) := [finding.message | some finding in findings; finding.code == "approval.missing"][0]

# What the CI system reported when the run was reviewed.
_reported := {
	"id": "e-7",
	"seq": 7,
	"run": _run,
	"reviewer": "github:2",
	"decision": "approved",
	"environments": ["production"],
	"at": "2026-11-24T11:02:00-05:00",
	"writer": "webhook:github",
	"assurance": "webhook",
}

# The request was recorded after the interval of the review began.
_asked_late := "2026-11-24T11:01:00-05:00"

_told(reports) := json.patch(_with({"recorded_at": _asked_late}), [{"op": "add", "path": "/trail/reviews", "value": reports}])

_changed_report(change) := _told([object.union(_reported, change)])

test_pass_review_with_its_exact_time if {
	_refused(_with({"recorded_at": _asked_late}))
	_refused(_told([]))
	_counts(_told([_reported]))
	_counts(_changed_report({"environments": ["staging", "production"]}))
	_counts(_changed_report({"at": "2026-11-24T11:05:00-05:00"}))
	_counts(_changed_report({"at": "2026-11-24T11:00:55-05:00"})) # the tolerance
	_counts(_told([_reported, object.union(_reported, {"reviewer": "github:3", "at": "2026-11-24T11:00:00-05:00"})]))
	_counts(_told([_reported, object.union(_reported, {"decision": "rejected", "at": "2026-11-24T11:00:00-05:00"})]))
}

test_deny_report_that_is_about_another_review if {
	changes := [
		{"run": "acme/payments-api/runs/78"},
		{"reviewer": "github:3"},
		{"decision": "rejected"},
		{"environments": ["staging"]},
		{"environments": []},
		{"environments": "production"},
		{"at": "2026-11-24T10:59:59-05:00"},
		{"at": "2026-11-24T11:05:01-05:00"},
		{"at": "2026-11-24T11:00:54-05:00"},
		{"at": "soon"},
		{"assurance": "claimed"},
		{"assurance": "ci"},
		{"assurance": "oidc"},
		{"writer": null},
	]
	every change in changes {
		_refused(_changed_report(change))
	}
	incomplete := testing.change(_told([_reported]), "/trail/complete", false)
	reviews.given(_reviewed.approvals[0]) == "2026-11-24T11:00:00-05:00" with data.prodgate.organisation as testing.organisation with input as incomplete
	_refused(testing.change(_told([_reported]), "/trail/reviews", "none"))
	_refused(testing.remove(_told([_reported]), "/approvals/0/latest"))
}

# The earliest of several reports counts, and each review needs one of its own.
test_reviews_and_reports if {
	later := object.union(_reported, {"id": "e-8", "at": "2026-11-24T11:04:00-05:00"})
	_counts(_told([later, _reported]))
	early := object.union(_reported, {"id": "e-9", "at": "2026-11-24T11:00:10-05:00"})
	_refused(_told([later, early]))
	twice := testing.add(_told([_reported]), "/approvals/-", _reviewed.approvals[0])
	_refused(twice)
	_refused(testing.add(twice, "/trail/reviews/-", object.union(_reported, {"id": "e-8"})))
	_counts(testing.add(twice, "/trail/reviews/-", later))
	other := testing.add(_told([_reported]), "/approvals/-", object.union(_reviewed.approvals[0], {"environment": "staging"}))
	_counts(other)
}

# A rejection keeps the latest time that is possible, and an exact time is not estimated.
test_exact_time_of_a_rejection_is_not_used if {
	rejected := object.union(_reviewed.approvals[0], {"decision": "rejected"})
	document := testing.change(_told([object.union(_reported, {"decision": "rejected"})]), "/approvals", [rejected])
	reviews.given(rejected) == "2026-11-24T11:00:00-05:00" with data.prodgate.organisation as testing.organisation with input as document
	reviews.estimated(rejected) with data.prodgate.organisation as testing.organisation with input as document
	approved := _reviewed.approvals[0]
	reviews.given(approved) == "2026-11-24T11:02:00-05:00" with data.prodgate.organisation as testing.organisation with input as _told([_reported])
	not reviews.estimated(approved) with data.prodgate.organisation as testing.organisation with input as _told([_reported])
	first := _changed_report({"at": "2026-11-24T11:00:00-05:00"})
	not reviews.estimated(approved) with data.prodgate.organisation as testing.organisation with input as first
	before := _changed_report({"at": "2026-11-24T10:59:59-05:00"})
	reviews.given(approved) == "2026-11-24T11:00:00-05:00" with data.prodgate.organisation as testing.organisation with input as before
	reviews.estimated(approved) with data.prodgate.organisation as testing.organisation with input as before
	zones := _told([object.union(_reported, {"at": "2026-11-24T16:02:00Z"}), object.union(_reported, {"at": "2026-11-24T11:04:00-05:00"})])
	reviews.given(approved) == "2026-11-24T16:02:00Z" with data.prodgate.organisation as testing.organisation with input as zones
	reviews.given(object.remove(approved, {"run"})) == "2026-11-24T11:00:00-05:00" with data.prodgate.organisation as testing.organisation with input as _told([_reported])
}
