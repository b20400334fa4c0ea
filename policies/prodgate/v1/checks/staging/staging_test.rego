package prodgate.v1.checks.staging_test

import data.prodgate.v1.checks.staging
import data.prodgate.v1.testing

_signed := testing.signed("staging", ["staging-2026"])

test_pass_verified if {
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	staging.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	staging.needs == {"artifact", "staging", "trail"}
}

test_deny_other_digest if {
	document := testing.changed("/staging/digest", testing.other)
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(staging.deny) == {"staging.other_digest"} with data.prodgate.organisation as testing.organisation with input as document
	{finding.message | some finding in staging.deny} == {sprintf("staging ran %s", [testing.other])} with data.prodgate.organisation as testing.organisation with input as document
	{finding.observed | some finding in staging.deny} == {{"digest": testing.other, "deployed_at": "2026-11-24T09:00:00-05:00"}} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_not_verified if {
	document := testing.changed("/staging/verification", null)
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(staging.deny) == {"staging.not_verified"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_not_passed if {
	every result in ["FAILED", "passed", "Passed", " PASSED", "PASSED_WITH_WARNINGS", "RUNNING", null, true, 1] {
		document := testing.changed("/staging/verification/result", result)
		staging.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(staging.deny) == {"staging.not_passed"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_verified_at_the_deployment if {
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/staging/verification/finished_at", "2026-11-24T09:00:00-05:00")
}

test_deny_verified_before_the_deployment if {
	document := testing.changed("/staging/verification/finished_at", "2026-11-24T08:59:59-05:00")
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(staging.deny) == {"staging.out_of_order"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_verified_in_the_future if {
	document := testing.changed("/staging/verification/finished_at", "2026-11-24T12:00:01-05:00")
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(staging.deny) == {"staging.out_of_order"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_unsigned if {
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _signed
	testing.codes(staging.deny) == {"staging.unsigned"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _signed
}

test_deny_without_a_signature if {
	every value in ["", " ", true, {}, []] {
		document := testing.changed("/staging/verification/verified_by", value)
		staging.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	}
}

test_deny_unsigned_is_no_objection_to_what_has_not_reported if {
	every document in [testing.changed("/staging/verification", null), testing.without("/staging/verification/result")] {
		testing.codes(staging.deny) == {"staging.not_verified"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	}
}

test_deny_signed_by_another_key if {
	document := testing.add(testing.changed("/staging/verification/verified_by", "release-2026"), "/staging/verified_by", "staging-2026")
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	messages := {[finding.message, finding.required] | some finding in staging.deny} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	messages == {["the staging verification is signed by release-2026, which sources.signers does not list for it", "a verified signature by staging-2026"]}
}

# A verification proves nothing about a stay that nobody vouches for.
test_deny_signed_verification_of_an_unsigned_stay if {
	every signer in [null, "release-2026", "", 1] {
		document := testing.add(testing.changed("/staging/verification/verified_by", "staging-2026"), "/staging/verified_by", signer)
		staging.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
		testing.codes(staging.deny) == {"staging.unsigned"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
		messages := {finding.message | some finding in staging.deny} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
		every message in messages {
			startswith(message, "the record of the stay in staging ")
		}
	}
}

test_pass_signed if {
	document := testing.add(testing.changed("/staging/verification/verified_by", "staging-2026"), "/staging/verified_by", "staging-2026")
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	staging.deny == set() with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
}

test_deny_setting_removed_asks_for_a_signature if {
	every settings in [testing.settings_without("/sources/unverified"), testing.settings("/sources/unverified/staging", null), testing.settings("/sources/unverified/staging", "true")] {
		staging.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	}
}

test_fail_missing_fact if {
	every path in [
		"/staging",
		"/staging/digest",
		"/staging/deployed_at",
		"/staging/verification",
		"/staging/verification/result",
		"/staging/verification/finished_at",
		"/artifact",
		"/artifact/digest",
		"/now",
		"/sources/staging",
		"/sources/artifact",
	] {
		staging.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every path in ["/staging", "/staging/digest", "/staging/deployed_at", "/staging/verification", "/staging/verification/finished_at", "/artifact/digest"] {
		every value in testing.garbage {
			staging.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
}

_steps(steps) := object.union(testing.promotion, {"trail": {"steps": array.concat(testing.promotion.trail.steps, steps)}})

_step(entry) := object.union(
	{
		"type": "staging.verified",
		"at": "2026-11-24T09:45:00-05:00",
		"digest": testing.artifact,
		"result": "FAILED",
		"environment": "staging",
		"writer": "user:mallory",
		"assurance": "claimed",
	},
	entry,
)

_codes(document) := codes if {
	codes := testing.codes(staging.deny) with data.prodgate.organisation as testing.organisation with input as document
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_verification_that_failed_by_the_trail if {
	every entry in [
		{},
		{"assurance": "ci"},
		{"result": "passed"},
		{"result": null},
		{"digest": testing.image},
		{"digest": null},
		{"environment": "stage"},
		{"environment": null},
		{"environment": "production"},
		{"type": " Staging.Verified "},
	] {
		_codes(_steps([_step(entry)])) == {"staging.contradicted"}
	}
}

# If the platforms of an artifact are unknown, any digest may be one of them.
test_deny_failure_of_any_digest_where_the_platforms_are_not_known if {
	every value in [null, {}, "", true] {
		_codes(testing.change(_steps([_step({"digest": testing.other})]), "/artifact/platforms", value)) == {"staging.contradicted"}
	}
}

test_pass_failure_of_something_else if {
	every entry in [
		{"digest": testing.other},
		{"result": "PASSED"},
	] {
		staging.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([_step(entry)])
	}
	settings := testing.settings("/staging/environments", ["staging", "uat"])
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([_step({"environment": "uat"})]) with data.prodgate.v1.settings as settings
	staging.pass == true with data.prodgate.organisation as testing.organised({"environments": {"qa": {}}}) with input as _steps([_step({"environment": "qa"})])
}

# If the target environment is accepted for verification, a failure there counts for it.
test_deny_failure_in_the_environment_that_may_verify if {
	settings := testing.settings("/staging/environments", ["production"])
	document := object.union(_steps([_step({"environment": "production"})]), {"staging": {"environment": "production"}})
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_pass_failure_before_a_verification_that_passed if {
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([_step({"at": "2026-11-24T09:29:59-05:00"})])
	_codes(_steps([_step({"at": "2026-11-24T09:30:00-05:00"})])) == {"staging.contradicted"}
	_codes(_steps([_step({"at": "soon"})])) == {"staging.contradicted"}
}

test_pass_failure_of_an_earlier_stay if {
	unverified := testing.change(_steps([_step({"at": "2026-11-24T08:54:59-05:00"})]), "/staging/verification", null)
	_codes(unverified) == {"staging.not_verified"}
	_codes(testing.change(unverified, "/trail/steps/3/at", "2026-11-24T08:55:00-05:00")) == {"staging.contradicted", "staging.not_verified"}
}

test_waived_failure_that_is_dismissed if {
	document := object.union(testing.recorded, {"trail": {
		"steps": array.concat(testing.recorded.trail.steps, [_step({"id": "e-1"})]),
		"dismissals": [{
			"entry": "e-1",
			"at": "2026-11-24T11:30:00-05:00",
			"by": "github:5",
			"reason": "a test entry",
			"writer": "github:5",
			"assurance": "oidc",
		}],
	}})
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(staging.waived) == {"staging.contradicted"} with data.prodgate.organisation as testing.organisation with input as document
	_codes(testing.change(document, "/trail/dismissals/0/entry", "e-2")) == {"staging.contradicted"}
	counted := json.patch(document, [{"op": "replace", "path": "/trail/steps/3/assurance", "value": "ci"}])
	_codes(counted) == {"staging.contradicted"}
}

test_deny_verification_before_a_later_deployment if {
	later := _step({"type": "staging.deployed", "at": "2026-11-24T11:55:00-05:00"})
	_codes(_steps([later])) == {"staging.out_of_order"}
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([object.union(later, {"digest": testing.other})])
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([object.union(later, {"at": "2026-11-24T09:35:00-05:00"})])
	_codes(_steps([object.union(later, {"at": "2026-11-24T09:35:01-05:00"})])) == {"staging.out_of_order"}
	_codes(_steps([object.union(later, {"at": "2026-11-24T12:00:01-05:00"})])) == {"staging.other_digest"}
	_codes(_steps([object.union(later, {"environment": "production"})])) == {"staging.out_of_order"}
	staging.pass == true with data.prodgate.organisation as testing.organised({"environments": {"qa": {}}}) with input as _steps([object.union(later, {"environment": "qa"})])
}

test_deny_verification_that_is_too_old if {
	old := json.patch(testing.promotion, [
		{"op": "replace", "path": "/staging/deployed_at", "value": "2026-11-10T09:00:00-05:00"},
		{"op": "replace", "path": "/staging/verification/finished_at", "value": "2026-11-17T12:00:00-05:00"},
		{"op": "replace", "path": "/trail/steps/0/at", "value": "2026-11-10T09:00:00-05:00"},
	])
	_codes(old) == {"staging.too_old"}
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(old, "/staging/verification/finished_at", "2026-11-17T12:00:01-05:00")
	every kind in ["configuration", "rollback"] {
		staging.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(old, "/request/kind", kind)
	}
	every kind in ["configuration", "rollback"] {
		_codes(testing.change(testing.changed("/staging/verification", null), "/request/kind", kind)) == {"staging.not_verified"}
	}
	_codes(testing.change(old, "/request/kind", "initial")) == {"staging.too_old"}
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.promotion, "/request/kind", "other")
}

test_deny_stay_elsewhere if {
	every entry in [{"service": "search-api"}, {"service": "search-api", "environment": "staging"}, {"environment": "canary"}, {"environment": "production"}] {
		_codes(object.union(testing.promotion, {"staging": entry})) == {"staging.other_digest"}
	}
	every entry in [{"service": "payments-api"}, {"environment": "staging"}, {"service": null, "environment": null}] {
		staging.pass == true with data.prodgate.organisation as testing.organisation with input as object.union(testing.promotion, {"staging": entry})
	}
}

# Another digest is in staging now; this one was verified before it was replaced.
_left := object.union(testing.promotion, {"staging": {
	"digest": testing.other,
	"deployed_at": "2026-11-24T10:30:00-05:00",
	"restarted_at": null,
	"verification": null,
	"earlier": [testing.promotion.staging],
}})

test_pass_stay_that_another_digest_ended if {
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as _left
	_codes(testing.change(_left, "/staging/earlier/0/verification", null)) == {"staging.not_verified"}
	_codes(testing.change(_left, "/staging/earlier/0/verification/result", "FAILED")) == {"staging.not_passed"}
	_codes(testing.change(_left, "/staging/earlier/0/digest", testing.other)) == {"staging.other_digest"}
}

test_deny_latest_of_several_stays_is_not_verified if {
	document := object.union(testing.promotion, {"staging": {
		"deployed_at": "2026-11-24T10:00:00-05:00",
		"verification": null,
		"earlier": [testing.promotion.staging],
	}})
	_codes(object.union(document, {"trail": {"steps": testing.promotion.trail.steps}})) == {"staging.not_verified"}
	_codes(testing.change(_left, "/staging/earlier", [testing.promotion.staging, testing.promotion.staging])) == {"staging.other_digest"}
	_codes(testing.change(_left, "/staging/earlier", [testing.promotion.staging, object.union(testing.promotion.staging, {"deployed_at": "soon"})])) == {"staging.other_digest"}
}

test_deny_trail_that_was_not_read_completely if {
	every document in [
		testing.change(testing.recorded, "/trail/complete", false),
		testing.remove(testing.recorded, "/trail/complete"),
		object.union(testing.promotion, {"trail": {"complete": false}}),
		testing.without("/trail/steps/2/type"),
		testing.changed("/trail/steps", "none"),
	] {
		staging.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
	pinned := testing.settings("/audit/trail_origins", ["prodgate.dev/trail/1"])
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as pinned
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as testing.settings("/audit/trail_origins", null)
	named := object.union(testing.recorded, {"trail": {"origin": "prodgate.dev/trail/1"}})
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as named with data.prodgate.v1.settings as pinned
}

# A record whose place no setting knows may be about this one: it counts as bad news.
_elsewhere(entry) := object.union(testing.promotion, {"staging": {
	"service": "payments-api",
	"environment": "staging",
	"earlier": [object.union({"digest": testing.artifact, "service": "payments-api", "environment": "staging", "deployed_at": "2026-11-24T08:00:00-05:00", "restarted_at": null, "verification": null}, entry)],
}})

_bad(at) := {"result": "FAILED", "finished_at": at, "verified_by": null}

test_deny_failed_in_a_place_that_no_setting_knows if {
	every place in [{"environment": "stagin"}, {"service": "payment-api"}, {"environment": "stagin", "service": "payment-api"}, {"environment": null, "service": "payment-api"}] {
		document := _elsewhere(object.union(place, {"verification": _bad("2026-11-24T11:59:00-05:00")}))
		staging.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(staging.deny) == {"staging.contradicted"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_failed_elsewhere_or_before if {
	late := _bad("2026-11-24T11:59:00-05:00")
	every entry in [
		{"environment": "stagin", "verification": _bad("2026-11-24T09:00:00-05:00")},
		{"environment": "stagin", "verification": {"result": "PASSED", "finished_at": "2026-11-24T11:59:00-05:00", "verified_by": null}},
		{"environment": "production", "verification": late},
		{"service": "search-api", "verification": late},
		{"environment": "stagin", "digest": testing.other, "verification": late},
	] {
		staging.pass == true with data.prodgate.organisation as _listing with input as _elsewhere(entry)
		staging.deny == set() with data.prodgate.organisation as _listing with input as _elsewhere(entry)
	}
}

_listing := object.union(testing.organisation, {
	"environments": {"production": {}, "staging": {}},
	"services": {"payments-api": {}, "search-api": {}},
})

test_deny_deployed_later_in_a_place_that_no_setting_knows if {
	document := _elsewhere({"environment": "stagin", "deployed_at": "2026-11-24T11:59:00-05:00"})
	testing.codes(staging.deny) == {"staging.out_of_order"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_unusable_records_are_named if {
	document := testing.add(testing.promotion, "/staging/environment", "qa")
	messages := {finding.message | some finding in staging.deny} with data.prodgate.organisation as testing.organisation with input as document
	messages == {"a time in the staging records is missing or in the future, or they are for another service or environment, or by a writer that is not accepted"}
}

# A restart storm restarts the soak time; the verification still counts.
test_pass_restarted_after_the_verification if {
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/staging/restarted_at", "2026-11-24T11:55:00-05:00")
}

# The same stay in two environments; one of them differs.
_two(entry, steps) := object.union(testing.promotion, {
	"staging": object.union(entry, {
		"environment": "uat",
		"earlier": [object.union(testing.promotion.staging, {"environment": "staging", "verified_by": "staging-2026", "verification": {"verified_by": "staging-2026"}})],
	}),
	"trail": {"steps": steps},
})

_wrong := [
	{"verification": null},
	{"verification": {"result": "FAILED"}},
	{"verification": {"finished_at": "2026-11-24T08:59:59-05:00"}},
	{"deployed_at": "2026-11-10T09:00:00-05:00", "verification": {"finished_at": "2026-11-12T09:00:00-05:00"}},
]

test_pass_one_valid_environment if {
	settings := testing.change(_signed, "/staging/environments", ["staging", "uat"])
	every document in array.concat([_two({}, []), _two({}, [_step({"environment": "uat"})])], [_two(entry, []) | some entry in _wrong]) {
		staging.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		staging.deny == set() with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
}

test_fail_source_that_was_not_read_explains_nothing if {
	every document in array.concat(
		[testing.changed("/staging/digest", testing.other), _steps([_step({})])],
		[object.union(testing.promotion, {"staging": entry, "trail": {"steps": []}}) | some entry in _wrong],
	) {
		count(staging.deny) == 1 with data.prodgate.organisation as testing.organisation with input as document
		staging.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/sources/artifact")
	}
}

test_deny_failed_verification_with_another_status_word if {
	failed := object.remove(_step({"type": "verification.failed"}), ["result"])
	_codes(_steps([failed])) == {"staging.contradicted"}
	_codes(_steps([object.union(failed, {"type": " Verification.Failed", "environment": "prod"})])) == {"staging.contradicted"}
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([object.union(failed, {"environment": "production"})])
}

test_deny_earlier_stay_that_restarted_at_an_invalid_time if {
	earlier := object.union(testing.promotion.staging, {"deployed_at": "2026-11-23T09:00:00-05:00"})
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(_left, "/staging/earlier", [testing.promotion.staging, earlier])
	every at in ["soon", "2026-11-24T12:00:01-05:00", 0] {
		_codes(testing.change(_left, "/staging/earlier", [testing.promotion.staging, object.union(earlier, {"restarted_at": at})])) == {"staging.other_digest"}
	}
}

test_deny_stay_of_another_digest_at_no_time if {
	every at in ["soon", "2026-11-24T12:00:01-05:00", null] {
		_codes(testing.change(_left, "/staging/deployed_at", at)) == {"staging.other_digest"}
	}
}

test_deny_stay_that_ends_at_no_time if {
	every at in ["2026-11-24T12:00:01-05:00", "soon"] {
		_codes(object.union(testing.promotion, {"staging": {"ended_at": at}})) == {"staging.other_digest"}
	}
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as object.union(testing.promotion, {"staging": {"ended_at": "2026-11-24T11:00:00-05:00"}})
}

test_deny_part_of_a_trail_says_so if {
	_codes(testing.change(testing.recorded, "/trail/complete", false)) == {"audit.incomplete"}
}
