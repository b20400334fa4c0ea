package prodgate.v1.lib.staging_test

import data.prodgate.v1.checks.soak
import data.prodgate.v1.checks.staging as check
import data.prodgate.v1.lib.staging
import data.prodgate.v1.testing

test_stays_of_a_source_that_was_read if {
	object.keys(staging.stays) == {"staging"} with data.prodgate.organisation as testing.organisation with input as testing.promotion
	staging.stays == {} with data.prodgate.organisation as testing.organisation with input as testing.changed("/sources/staging/status", "error")
}

# The codes of both checks, for a staging section from the trail.
_codes(document) := codes if {
	codes := testing.codes(check.deny | soak.deny) with data.prodgate.organisation as testing.organisation with input as document
}

_pass(document) if {
	check.pass == true with data.prodgate.organisation as testing.organisation with input as document
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as document
	_codes(document) == set()
}

_no_steps := testing.change(testing.staged, "/trail/steps", [])

# More entries in the staging section, which the section trail does not have.
_with(stays, verifications) := object.union(_no_steps, {"staging": {
	"earlier": stays,
	"verifications": array.concat(testing.staged.staging.verifications, verifications),
}})

_claimed(entry) := object.union(entry, {"writer": "user:mallory", "assurance": "claimed"})

_dismissing(id, document) := object.union(document, {"trail": {"dismissals": [{
	"entry": id,
	"at": "2026-11-24T11:56:00-05:00",
	"by": "github:2",
	"reason": "a test entry",
	"writer": "github:2",
	"assurance": "user",
}]}})

_settings(value) := testing.settings("/audit/writers/staging.deployed/subjects", value)

test_pass_entries_by_accepted_writers if {
	_pass(testing.staged)
	_pass(_no_steps)
}

test_deny_stay_by_a_writer_that_does_not_count if {
	every document in [
		testing.change(_no_steps, "/staging/assurance", "claimed"),
		testing.change(_no_steps, "/staging/assurance", null),
		testing.change(_no_steps, "/staging/writer", " "),
		testing.remove(_no_steps, "/staging/assurance"),
		testing.remove(_no_steps, "/staging/writer"),
	] {
		_codes(document) == {"staging.other_digest", "staging.not_counted", "soak.unknown"}
	}
	check.pass == false with data.prodgate.organisation as testing.organisation with input as _no_steps with data.prodgate.v1.settings as _settings(["repo:acme/deployer"])
	check.pass == true with data.prodgate.organisation as testing.organisation with input as _no_steps with data.prodgate.v1.settings as _settings(["repo:acme/payments-api"])
}

test_deny_verification_by_a_writer_that_does_not_count if {
	every document in [
		testing.change(_no_steps, "/staging/verifications/0/assurance", "claimed"),
		testing.change(_no_steps, "/staging/verifications/0/assurance", null),
		testing.change(_no_steps, "/staging/verifications/0/writer", null),
	] {
		_codes(document) == {"staging.not_verified", "staging.not_counted"}
	}
}

test_finding_says_whose_entry_does_not_count if {
	document := testing.change(_no_steps, "/staging/verifications/0", _claimed(testing.verified("e-1", "2026-11-24T09:30:00-05:00")))
	messages := {finding.message | some finding in check.deny; finding.code == "staging.not_counted"} with data.prodgate.organisation as testing.organisation with input as document
	messages == {"staging.verified at 2026-11-24T09:30:00-05:00 was recorded by user:mallory (claimed), which is not an accepted writer"}
}

test_deny_section_that_was_not_read_completely if {
	every document in [testing.change(_no_steps, "/staging/complete", false), testing.remove(_no_steps, "/staging/complete")] {
		_codes(document) == {"staging.other_digest", "soak.unknown"}
		messages := {finding.message | some finding in check.deny} with data.prodgate.organisation as testing.organisation with input as document
		messages == {"the staging records were not read completely"}
	}
}

# Bad news counts from any writer, until it is dismissed.
test_deny_deployed_again_by_any_writer if {
	again := testing.stay("e-2", "2026-11-24T11:30:00-05:00")
	every document in [_with([again], []), _with([_claimed(again)], []), _with([object.union(_claimed(again), {"digest": testing.image})], [])] {
		_codes(document) - {"staging.not_counted"} == {"soak.too_short", "staging.out_of_order"}
	}
	_pass(_dismissing("e-2", _with([_claimed(again)], [])))
	_codes(_dismissing("e-2", _with([again], []))) == {"soak.too_short", "staging.out_of_order"}
}

test_deny_replaced_by_any_writer if {
	replaced := object.union(testing.stay("e-2", "2026-11-24T09:40:00-05:00"), {"digest": testing.other})
	every document in [_with([replaced], []), _with([_claimed(replaced)], [])] {
		_codes(document) == {"soak.ended"}
	}
	_pass(_dismissing("e-2", _with([_claimed(replaced)], [])))
	_codes(_dismissing("e-2", _with([replaced], []))) == {"soak.ended"}
	_pass(_with([object.union(replaced, {"environment": "production"})], []))
	_pass(_with([object.union(replaced, {"digest": testing.image, "deployed_at": "2026-11-24T08:00:00-05:00"})], []))
}

# A deployment that does not count is never the beginning of a stay, however old it is.
test_deny_older_stay_by_a_writer_that_does_not_count if {
	late := testing.change(_no_steps, "/staging/deployed_at", "2026-11-24T11:20:00-05:00")
	verified := testing.change(late, "/staging/verifications/0/at", "2026-11-24T11:30:00-05:00")
	_codes(verified) == {"soak.too_short"}
	_codes(object.union(verified, {"staging": {"earlier": [_claimed(testing.stay("e-2", "2026-11-24T07:00:00-05:00"))]}})) == {"soak.too_short"}
}

# Only an accepted writer brings the artifact back after another one replaced it.
test_deny_replaced_stay_that_somebody_claims_to_run_again if {
	replaced := object.union(testing.stay("e-2", "2026-11-24T09:31:00-05:00"), {"digest": testing.other})
	again := testing.stay("e-3", "2026-11-24T09:32:00-05:00")
	"soak.ended" in _codes(_with([replaced, _claimed(again)], []))
	_pass(_with([replaced, again], [testing.verified("e-4", "2026-11-24T09:40:00-05:00")]))
	step := {
		"type": "staging.deployed",
		"id": "e-3",
		"at": "2026-11-24T09:32:00-05:00",
		"digest": testing.artifact,
		"environment": "staging",
		"writer": "repo:acme/payments-api",
		"assurance": "ci",
	}
	_pass(testing.change(_with([replaced], []), "/trail/steps", [step]))
	every change in [{"assurance": "claimed"}, {"digest": testing.image}, {"service": "payment-api"}, {"environment": "stage"}] {
		"soak.ended" in _codes(testing.change(_with([replaced], []), "/trail/steps", [object.union(step, change)]))
	}
	"soak.ended" in _codes(testing.change(_with([replaced], [testing.verified("e-4", "2026-11-24T09:40:00-05:00")]), "/trail/steps", [object.remove(step, ["environment"])]))
}

test_deny_failure_by_any_writer if {
	failed := object.union(testing.verified("e-2", "2026-11-24T09:45:00-05:00"), {"result": "FAILED"})
	every document in [_with([], [failed]), _with([], [_claimed(failed)]), _with([], [object.union(failed, {"result": null})])] {
		_codes(document) == {"staging.contradicted"}
	}
	_pass(_dismissing("e-2", _with([], [_claimed(failed)])))
	_pass(_with([], [failed, testing.verified("e-3", "2026-11-24T09:50:00-05:00")]))
	_codes(_with([], [failed, _claimed(testing.verified("e-3", "2026-11-24T09:50:00-05:00"))])) == {"staging.contradicted", "staging.not_counted"}
}

# The section trail usually has the same entry.
test_failure_is_listed_once if {
	failed := object.union(testing.verified("e-2", "2026-11-24T09:45:00-05:00"), {"result": "FAILED"})
	document := testing.change(_with([], [failed]), "/trail/steps", [object.union(failed, {"type": "staging.verified"})])
	count(staging.failures.staging) == 1 with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_verification_of_something_else if {
	every change in [{"digest": testing.other}, {"digest": testing.image}, {"service": "search-api"}, {"service": null}, {"environment": "production"}] {
		document := object.union(_no_steps, {"staging": {"verifications": [object.union(testing.verified("e-1", "2026-11-24T09:30:00-05:00"), change)]}})
		_codes(document) == {"staging.not_verified"}
	}
}

test_deny_recorded_verification_before_the_deployment if {
	_codes(testing.change(_no_steps, "/staging/verifications/0/at", "2026-11-24T08:59:59-05:00")) == {"staging.out_of_order"}
	_codes(testing.change(_no_steps, "/staging/verifications/0/result", "passed")) == {"staging.not_passed", "staging.contradicted"}
}

# The last verification says how old the result is, the first one which approvals know it.
test_pass_verified_again if {
	old := json.patch(_no_steps, [
		{"op": "replace", "path": "/staging/deployed_at", "value": "2026-10-20T09:00:00-04:00"},
		{"op": "replace", "path": "/staging/verifications/0/at", "value": "2026-10-20T10:00:00-04:00"},
	])
	_codes(old) == {"staging.too_old"}
	again := json.patch(old, [{"op": "add", "path": "/staging/verifications/-", "value": testing.verified("e-2", "2026-11-24T09:30:00-05:00")}])
	_pass(again)
	staging.passed_at == time.parse_rfc3339_ns("2026-10-20T10:00:00-04:00") with data.prodgate.organisation as testing.organisation with input as again
}

test_pass_several_entries_of_one_second if {
	twice := [testing.stay("e-2", "2026-11-24T09:00:00-05:00")]
	again := [testing.verified("e-3", "2026-11-24T09:30:00-05:00")]
	_pass(_with(twice, again))
}

_merged(kinds, document) := json.patch(document, [
	{"op": "replace", "path": "/sources/staging/kind", "value": "merged"},
	{"op": "add", "path": "/sources/staging/systems", "value": [{"name": kind, "kind": kind, "status": "ok"} | some kind in kinds]},
])

# A statement of the same stay, a minute later or in the same second.
_statement(at, signer) := {
	"digest": testing.artifact,
	"service": "payments-api",
	"environment": "staging",
	"deployed_at": at,
	"restarted_at": null,
	"ended_at": null,
	"as_of": "2026-11-24T10:30:00-05:00",
	"verified_by": signer,
	"verification": {"result": "PASSED", "finished_at": "2026-11-24T09:45:00-05:00", "verified_by": signer},
}

test_pass_signed_statement_beside_the_trail if {
	settings := testing.signed("staging", ["staging-2026"])
	every at in ["2026-11-24T09:00:00-05:00", "2026-11-24T09:01:00-05:00", "2026-11-24T08:59:00-05:00"] {
		document := _merged(["trail", "attestation"], _with([_statement(at, "staging-2026")], []))
		check.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		soak.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		staging.stays.staging.signer == "staging-2026" with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		check.pass == true with data.prodgate.organisation as testing.organisation with input as document
		soak.pass == true with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_entries_of_the_trail_where_signatures_are_required if {
	settings := testing.signed("staging", ["staging-2026"])
	every document in [_no_steps, _merged(["trail", "attestation"], _with([_statement("2026-11-24T09:01:00-05:00", "other-2026")], []))] {
		check.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		"staging.unsigned" in testing.codes(check.deny) with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
}

# Beside a trail, a file has no accepted writer.
test_deny_stay_of_a_file_beside_the_trail if {
	unverified := testing.change(_no_steps, "/staging/verifications", [])
	document := object.union(unverified, {"staging": {"earlier": [_statement("2026-11-24T09:00:00-05:00", null)]}})
	"staging.not_verified" in _codes(_merged(["trail", "file"], document))
	late := testing.change(document, "/staging/deployed_at", "2026-11-24T11:30:00-05:00")
	"soak.too_short" in _codes(_merged(["trail", "file"], late))
}

test_unknown_two_reports_of_one_second if {
	twice := [_statement("2026-11-24T09:30:00-05:00", "staging-2026"), object.union(_statement("2026-11-24T09:30:00-05:00", "staging-2026"), {"as_of": null})]
	document := _merged(["trail", "attestation"], _with(twice, []))
	codes := testing.codes(check.deny | soak.deny) with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as testing.signed("staging", ["staging-2026"])
	codes == {"staging.other_digest", "soak.unknown"}
}

test_verification_is_the_last_one_that_passed if {
	document := _with([], [testing.verified("e-2", "2026-11-24T09:40:00-05:00"), object.union(testing.verified("e-3", "2026-11-24T09:39:00-05:00"), {"result": "FAILED"})])
	staging.verification("staging").id == "e-2" with data.prodgate.organisation as testing.organisation with input as document
	turned := testing.change(document, "/staging/verifications", [document.staging.verifications[2], document.staging.verifications[1], document.staging.verifications[0]])
	staging.verification("staging").id == "e-2" with data.prodgate.organisation as testing.organisation with input as turned
	not staging.verification("staging") with data.prodgate.organisation as testing.organisation with input as testing.changed("/staging/verification", null)
}

# A signature on the stay is none on the verification.
test_deny_unsigned_verification_of_a_signed_stay_beside_the_trail if {
	settings := testing.signed("staging", ["staging-2026"])
	unsigned := testing.change(_statement("2026-11-24T09:01:00-05:00", "staging-2026"), "/verification/verified_by", null)
	document := _merged(["trail", "attestation"], testing.change(_with([unsigned], []), "/staging/verifications", []))
	testing.codes(check.deny) == {"staging.not_verified"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_pass_signed_verification_before_an_entry if {
	settings := testing.signed("staging", ["staging-2026"])
	document := _merged(["trail", "attestation"], _with([_statement("2026-11-24T09:01:00-05:00", "staging-2026")], [testing.verified("e-2", "2026-11-24T10:40:00-05:00")]))
	check.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_uncounted_entries_are_about_this_digest_in_staging if {
	stays := [_claimed(object.union(testing.stay(id, "2026-11-24T08:00:00-05:00"), change)) | some id, change in {
		"e-10": {},
		"e-11": {"digest": testing.other},
		"e-12": {"environment": "production"},
		"e-13": {"service": "search-api"},
	}]
	verifications := [_claimed(object.union(testing.verified(id, "2026-11-24T09:20:00-05:00"), change)) | some id, change in {
		"e-20": {},
		"e-21": {"digest": testing.other},
		"e-22": {"environment": "production"},
	}]
	document := _with(stays, verifications)
	{entry.id | some entry in staging.uncounted.staging} == {"e-10", "e-20"} with data.prodgate.organisation as testing.organisation with input as document
	{entry.id | some entry in staging.uncounted.staging} == {"e-20"} with data.prodgate.organisation as testing.organisation with input as _dismissing("e-10", document)
}

# Deployments on GitHub, beside the trail.
_report(id, at) := {
	"id": id,
	"environment": "staging",
	"created_at": at,
	"run": "acme/payments-api/runs/7",
	"commit": null,
	"digest": null,
	"state": "success",
	"succeeded_at": at,
}

_reporting(reports) := _merged(["trail", "github"], object.union(testing.staged, {"staging": {"reported": reports}}))

test_pass_deployments_that_github_reports if {
	earlier := _report("d-1", "2026-11-24T08:59:59-05:00")
	later := _report("d-2", "2026-11-24T10:00:00-05:00")
	_pass(_reporting([]))
	_pass(_reporting([earlier]))
	_pass(_reporting([object.union(later, {"environment": "production"})]))
	every state in ["pending", "queued", "waiting"] {
		_pass(_reporting([object.union(later, {"state": state, "succeeded_at": null})]))
	}
}

test_deny_unknown_deployment_that_github_reports if {
	every change in [{}, {"run": null}, {"run": ""}, {"state": null}, {"state": "failure"}, {"state": "inactive"}, {"state": "new"}, {"digest": testing.other}, {"environment": "stage"}, {"created_at": "2026-11-24T09:00:00-05:00"}] {
		_codes(_reporting([object.union(_report("d-1", "2026-11-24T09:40:00-05:00"), change)])) == {"soak.ended"}
	}
	_codes(_reporting([object.remove(_report("d-1", "2026-11-24T09:40:00-05:00"), {"state"})])) == {"soak.ended"}
}

test_finding_names_the_deployment_that_github_reports if {
	document := _reporting([_report("d-1", "2026-11-24T09:40:00-05:00"), _report("d-2", "2026-11-24T09:41:00-05:00")])
	messages := {finding.message | some finding in soak.deny} with data.prodgate.organisation as testing.organisation with input as document
	messages == {"in staging for 40m, until 2026-11-24T14:40:00Z (d-1, of a digest that no accepted writer recorded)"}
}

# A deployment of the same digest restarts the soak time.
test_deny_deployment_of_this_digest_that_github_reports if {
	report := _report("d-1", "2026-11-24T11:30:00-05:00")
	restarted := {"soak.too_short", "staging.out_of_order"}
	_codes(_reporting([object.union(report, {"digest": testing.artifact})])) == restarted
	_codes(_reporting([object.union(report, {"digest": testing.image})])) == restarted
	run := {"deployment": report.run}
	_codes(testing.change(_reporting([report]), "/trail/steps/0", object.union(testing.staged.trail.steps[0], run))) == restarted
	every change in [{"assurance": "claimed"}, {"digest": testing.other}, {"environment": "production"}, {"deployment": "acme/payments-api/runs/8"}, {"service": "search-api"}] {
		step := object.union(object.union(testing.staged.trail.steps[0], run), change)
		early := _report("d-1", "2026-11-24T09:40:00-05:00")
		"soak.ended" in _codes(testing.change(_reporting([early]), "/trail/steps/0", step))
	}
	earlier := testing.change(_reporting([_report("d-1", "2026-11-24T08:58:00-05:00")]), "/trail/steps/0", object.union(testing.staged.trail.steps[0], run))
	_pass(earlier)
}

test_unknown_reports_that_are_invalid_or_too_few if {
	report := _report("d-1", "2026-11-24T08:00:00-05:00")
	every document in [
		_reporting([object.union(report, {"created_at": "soon"})]),
		_reporting([object.union(report, {"created_at": "2026-11-24T12:00:01-05:00"})]),
		_reporting([object.union(report, {"succeeded_at": "soon"})]),
		_reporting("none"),
		object.union(_reporting([report]), {"staging": {"reported_since": "2026-11-24T09:00:01-05:00"}}),
		object.union(_reporting([report]), {"staging": {"reported_since": "soon"}}),
	] {
		_codes(document) == {"staging.other_digest", "soak.unknown"}
	}
	_pass(object.union(_reporting([report]), {"staging": {"reported_since": "2026-11-24T09:00:00-05:00"}}))
	_pass(object.union(_reporting([report]), {"staging": {"reported_since": null}}))
}

_systems(systems) := json.patch(_no_steps, [
	{"op": "replace", "path": "/sources/staging/kind", "value": "merged"},
	{"op": "add", "path": "/sources/staging/systems", "value": systems},
])

_system(kind, status) := {"name": kind, "kind": kind, "status": status, "optional": true, "observed_at": null, "evidence": null, "error": null}

# What another source than a trail says of writers and entries proves nothing.
test_deny_entries_of_a_source_that_is_no_trail if {
	every kind in ["attestation", "file", "github"] {
		not check.pass with data.prodgate.organisation as testing.organisation with input as testing.change(_no_steps, "/sources/staging/kind", kind)
		kind
	}
	_codes(testing.change(_no_steps, "/sources/staging/kind", "attestation")) == {"staging.not_verified"}
	_codes(testing.change(_no_steps, "/sources/staging/kind", "file")) == {"staging.not_verified"}
	_pass(_systems([_system("trail", "ok"), _system("attestation", "ok")]))
	_pass(_systems([_system("attestation", "ok"), _system("trail", "ok")]))
	_codes(_systems([_system("attestation", "ok"), _system("file", "ok")])) == {"staging.not_verified"}
	_codes(_systems([_system("trail", "error"), _system("attestation", "ok")])) == {"staging.other_digest", "staging.not_counted", "soak.unknown"}
}

# Nor does an id that a dismissal names hide what another source reports.
test_deny_what_another_source_reports_with_the_id_of_a_dismissed_entry if {
	again := _claimed(testing.stay("e-2", "2026-11-24T09:31:00-05:00"))
	replaced := object.union(again, {"digest": testing.other})
	verified := object.union(testing.stay("e-0", "2026-11-24T09:00:00-05:00"), {"verification": {"result": "PASSED", "finished_at": "2026-11-24T09:30:00-05:00", "verified_by": null}, "complete": true, "earlier": [replaced]})
	document := testing.change(testing.change(_no_steps, "/staging", verified), "/sources/staging/kind", "file")
	_codes(document) == {"soak.ended"}
	_codes(_dismissing("e-2", document)) == {"soak.ended"}
	trail_unread := [_system("trail", "error"), _system("file", "ok")]
	not soak.pass with data.prodgate.organisation as testing.organisation with input as _dismissing("e-2", object.union(_with([replaced], []), {"sources": _systems(trail_unread).sources}))
}

# Two reports of one second contradict each other, whatever ids they give.
test_deny_two_reports_of_one_second_that_are_no_entries if {
	verified := {"result": "PASSED", "finished_at": "2026-11-24T09:30:00-05:00", "verified_by": null}
	once := object.union(testing.stay("e-0", "2026-11-24T09:00:00-05:00"), {"verification": verified, "complete": true})
	file := testing.change(testing.change(_no_steps, "/staging", object.union(once, {"earlier": []})), "/sources/staging/kind", "file")
	_pass(file)
	twice := testing.change(file, "/staging/earlier", [object.union(once, {"id": "e-1", "restarted_at": "2026-11-24T11:00:00-05:00"})])
	not soak.pass with data.prodgate.organisation as testing.organisation with input as twice
}

# An entry in an unknown place is bad news in any of them, and never good news.
test_deny_stay_in_an_unknown_place if {
	every document in [testing.remove(_no_steps, "/staging/environment"), testing.change(_no_steps, "/staging/environment", null)] {
		_codes(document) == {"staging.other_digest", "soak.unknown"}
	}
	again := object.remove(testing.stay("e-2", "2026-11-24T11:30:00-05:00"), ["environment"])
	_codes(_with([again], [])) == {"soak.too_short", "staging.out_of_order"}
	replaced := object.union(object.remove(testing.stay("e-2", "2026-11-24T09:31:00-05:00"), ["environment"]), {"digest": testing.other})
	_codes(_with([replaced], [])) == {"soak.ended"}
	_codes(_dismissing("e-2", _with([replaced], []))) == {"soak.ended"}
	_pass(_dismissing("e-2", _with([_claimed(replaced)], [])))
	_pass(_with([replaced, testing.stay("e-3", "2026-11-24T09:32:00-05:00")], [testing.verified("e-4", "2026-11-24T09:40:00-05:00")]))
	back := object.remove(testing.stay("e-3", "2026-11-24T09:32:00-05:00"), ["environment"])
	"soak.ended" in _codes(_with([object.union(replaced, {"environment": "staging"}), back], [testing.verified("e-4", "2026-11-24T09:40:00-05:00")]))
}
