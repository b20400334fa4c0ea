package prodgate.v1.checks.soak_test

import data.prodgate.v1.checks.soak
import data.prodgate.v1.testing

_waived := testing.waive(
	testing.changed("/staging/deployed_at", "2026-11-24T11:30:00-05:00"),
	[testing.waiver("soak.too_short")],
)

test_pass_soaked if {
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	soak.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	soak.waived == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	soak.needs == {"artifact", "staging", "trail"}
}

test_pass_exactly_the_minimum if {
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/staging/deployed_at", "2026-11-24T11:00:00-05:00")
}

test_pass_exactly_the_minimum_in_another_zone if {
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/staging/deployed_at", "2026-11-24T16:00:00Z")
}

test_deny_one_second_short if {
	document := testing.changed("/staging/deployed_at", "2026-11-24T11:00:01-05:00")
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(soak.deny) == {"soak.too_short"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_restarted_since if {
	document := testing.changed("/staging/restarted_at", "2026-11-24T11:00:01-05:00")
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(soak.deny) == {"soak.too_short"} with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_restarted_before if {
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/staging/restarted_at", "2026-11-24T11:00:00-05:00")
}

test_deny_unknown_in_the_future if {
	every path in ["/staging/deployed_at", "/staging/restarted_at"] {
		document := testing.changed(path, "2026-11-24T12:00:01-05:00")
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(soak.deny) == {"soak.unknown"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_unknown_other_digest if {
	document := testing.changed("/staging/digest", testing.other)
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(soak.deny) == {"soak.unknown"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_unknown_missing_fact if {
	every path in ["/staging", "/staging/digest", "/staging/deployed_at", "/staging/restarted_at"] {
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
		testing.codes(soak.deny) == {"soak.unknown"} with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_missing_clock_or_source if {
	every path in ["/now", "/collected_at", "/artifact", "/artifact/digest", "/sources/staging", "/sources/artifact"] {
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every path in ["/staging", "/staging/digest", "/staging/deployed_at", "/artifact/digest"] {
		every value in testing.garbage {
			soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
	every value in array.slice(testing.garbage, 1, count(testing.garbage)) {
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/staging/restarted_at", value)
	}
}

test_fail_setting_emptied_or_removed if {
	every settings in [testing.settings("/soak/minimum", ""), testing.settings("/soak/minimum", null), testing.settings_without("/soak")] {
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	}
}

test_waived_too_short if {
	settings := testing.waivable({"soak.too_short"})
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as _waived with data.prodgate.v1.settings as settings
	soak.deny == set() with data.prodgate.organisation as testing.organisation with input as _waived with data.prodgate.v1.settings as settings
	testing.codes(soak.waived) == {"soak.too_short"} with data.prodgate.organisation as testing.organisation with input as _waived with data.prodgate.v1.settings as settings
}

test_deny_waiver_that_settings_do_not_allow if {
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as _waived
}

test_deny_waiver_does_not_make_up_a_deployment if {
	document := testing.change(_waived, "/staging/deployed_at", "2026-11-24T12:00:01-05:00")
	settings := testing.waivable({"soak.too_short"})
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_deny_waiver_of_a_stay_that_has_not_begun if {
	settings := testing.waivable({"soak.too_short"})
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(_waived, "/now", "2026-11-24T11:30:00-05:00") with data.prodgate.v1.settings as settings
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(_waived, "/now", "2026-11-24T11:29:59-05:00") with data.prodgate.v1.settings as settings
}

test_deny_trail_that_was_not_read_completely if {
	_codes(testing.change(testing.recorded, "/trail/complete", false)) == {"audit.incomplete"}
}

test_fail_too_short_unknown_without_its_sources if {
	short := testing.changed("/staging/deployed_at", "2026-11-24T11:30:00-05:00")
	every path in ["/sources/artifact", "/sources/staging", "/sources/trail"] {
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(short, path)
		soak.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.remove(short, path)
	}
}

_signed := testing.signed("staging", ["staging-2026"])

_seen(at) := testing.add(_by("staging-2026"), "/staging/as_of", at)

_by(signer) := testing.add(testing.add(testing.promotion, "/staging/verified_by", signer), "/staging/as_of", testing.promotion.now)

test_pass_seen_long_enough if {
	every at in ["2026-11-24T10:00:00-05:00", "2026-11-24T12:00:00-05:00"] {
		soak.pass == true with data.prodgate.organisation as testing.organisation with input as _seen(at) with data.prodgate.v1.settings as _signed
		soak.deny == set() with data.prodgate.organisation as testing.organisation with input as _seen(at) with data.prodgate.v1.settings as _signed
	}
}

# A signed record that does not say until when it is true has seen the deployment only.
test_deny_signed_without_a_time if {
	every document in [testing.remove(_by("staging-2026"), "/staging/as_of"), _seen(null), _seen(""), _seen(1)] {
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
	testing.codes(soak.deny) == {"soak.not_seen"} with data.prodgate.organisation as testing.organisation with input as _seen(null) with data.prodgate.v1.settings as _signed
}

# Time does not prove that an artifact still ran: somebody has to have seen it.
test_deny_not_seen_for_the_soak_time if {
	document := _seen("2026-11-24T09:59:59-05:00")
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	found := {[finding.code, finding.message] | some finding in soak.deny} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	found == {["soak.not_seen", "last seen in staging at 2026-11-24T14:59:59Z, after 59m"]}
}

test_deny_not_seen_yet_and_too_short if {
	document := testing.change(_seen("2026-11-24T11:30:00-05:00"), "/staging/deployed_at", "2026-11-24T11:30:00-05:00")
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	testing.codes(soak.deny) == {"soak.not_seen", "soak.too_short"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
}

test_deny_not_seen_at_exactly_the_minimum if {
	document := testing.change(_seen("2026-11-24T11:30:00-05:00"), "/staging/deployed_at", "2026-11-24T11:00:00-05:00")
	testing.codes(soak.deny) == {"soak.not_seen"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
}

# A record whose place no setting knows may be about this one: it counts as bad news.
test_deny_bad_news_of_a_place_that_no_setting_knows if {
	stray := object.union(testing.promotion.staging, {"service": "payments-api", "environment": "stagin"})
	here := object.union(testing.promotion.staging, {"service": "payments-api", "environment": "staging"})
	every case in [
		[{"restarted_at": "2026-11-24T11:30:00-05:00"}, "soak.too_short"],
		[{"deployed_at": "2026-11-24T11:30:00-05:00"}, "soak.too_short"],
		[{"ended_at": "2026-11-24T09:30:00-05:00"}, "soak.ended"],
	] {
		document := object.union(testing.promotion, {"staging": object.union(here, {"earlier": [object.union(stray, case[0])]})})
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(soak.deny) == {case[1]} with data.prodgate.organisation as testing.organisation with input as document
	}
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as object.union(testing.promotion, {"staging": object.union(here, {"earlier": [stray]})})
}

# One environment is enough: what is wrong with the other is no finding.
test_pass_one_environment_of_two if {
	settings := testing.change(_signed, "/staging/environments", ["staging", "uat"])
	other := object.union(testing.promotion.staging, {"environment": "uat", "verified_by": "staging-2026", "as_of": testing.promotion.now})
	every entry in [{"as_of": "2026-11-24T09:30:00-05:00"}, {"verified_by": null}, {"verified_by": "release-2026"}] {
		here := object.union(object.union(other, {"environment": "staging"}), entry)
		document := object.union(testing.promotion, {"staging": object.union(other, {"earlier": [here]})})
		soak.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		soak.deny == set() with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		alone := testing.change(document, "/staging/environment", "qa")
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as alone with data.prodgate.v1.settings as settings
	}
}

# As for a stay that was replaced, the soak counts for a limited time. Whether it was
# verified is for the check of the verification.
test_deny_not_seen_for_too_long if {
	valid := testing.change(_signed, "/soak/valid", "1h")
	within := testing.change(_signed, "/soak/valid", "1h0m1s")
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as _seen("2026-11-24T11:00:00-05:00") with data.prodgate.v1.settings as valid
	testing.codes(soak.deny) == {"soak.not_seen"} with data.prodgate.organisation as testing.organisation with input as _seen("2026-11-24T11:00:00-05:00") with data.prodgate.v1.settings as valid
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as _seen("2026-11-24T11:00:00-05:00") with data.prodgate.v1.settings as within
	unverified := testing.change(_seen("2026-11-24T11:00:00-05:00"), "/staging/verification", null)
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as unverified with data.prodgate.v1.settings as within
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(unverified, "/staging/as_of", "2026-11-24T12:00:00-05:00") with data.prodgate.v1.settings as within
}

test_deny_unsigned_stay if {
	every signer in [null, "", "release-2026", true, ["staging-2026"]] {
		document := _by(signer)
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
		testing.codes(soak.deny) == {"soak.unsigned"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	}
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _signed
	document := testing.change(_seen("2026-11-24T11:30:00-05:00"), "/staging/verified_by", "release-2026")
	testing.codes(soak.deny) == {"soak.unsigned"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
}

test_deny_seen_at_an_invalid_time if {
	every at in array.concat(["2026-11-24T12:00:01-05:00"], array.slice(testing.garbage, 1, count(testing.garbage))) {
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as _seen(at) with data.prodgate.v1.settings as _signed
		testing.codes(soak.deny) == {"soak.unknown"} with data.prodgate.organisation as testing.organisation with input as _seen(at) with data.prodgate.v1.settings as _signed
		testing.codes(soak.deny) == {"soak.unknown"} with data.prodgate.organisation as testing.organisation with input as testing.add(testing.promotion, "/staging/as_of", at)
	}
}

test_pass_a_stay_that_ended_after_it_was_seen if {
	document := testing.add(_seen("2026-11-24T10:30:00-05:00"), "/staging/ended_at", "2026-11-24T11:00:00-05:00")
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/staging/as_of", "2026-11-24T09:30:00-05:00") with data.prodgate.v1.settings as _signed
	codes := testing.codes(soak.deny) with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/staging/as_of", "2026-11-24T09:30:00-05:00") with data.prodgate.v1.settings as _signed
	codes == {"soak.ended"}
}

_steps(steps) := object.union(testing.promotion, {"trail": {"steps": array.concat(testing.promotion.trail.steps, steps)}})

_deployed(entry) := object.union(
	{
		"type": "staging.deployed",
		"at": "2026-11-24T11:55:00-05:00",
		"digest": testing.artifact,
		"writer": "user:mallory",
		"assurance": "claimed",
	},
	entry,
)

_codes(document) := codes if {
	codes := testing.codes(soak.deny) with data.prodgate.organisation as testing.organisation with input as document
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_deployed_again_by_the_trail if {
	every entry in [{}, {"environment": "staging"}, {"environment": "stage"}, {"environment": "production"}, {"digest": testing.image}, {"at": "2026-11-24T11:00:01-05:00"}] {
		_codes(_steps([_deployed(entry)])) == {"soak.too_short"}
	}
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([_deployed({"at": "2026-11-24T11:00:00-05:00"})])
	soak.pass == true with data.prodgate.organisation as testing.organised({"environments": {"qa": {}}}) with input as _steps([_deployed({"environment": "qa"})])
	_codes(_steps([_deployed({"at": "soon"})])) == {"soak.unknown"}
}

test_pass_redeployment_that_is_dismissed if {
	document := object.union(testing.recorded, {"trail": {
		"steps": array.concat(testing.recorded.trail.steps, [_deployed({"id": "e-1", "environment": "staging"})]),
		"dismissals": [{
			"entry": "e-1",
			"at": "2026-11-24T11:56:00-05:00",
			"by": "github:2",
			"reason": "a test entry",
			"writer": "github:2",
			"assurance": "user",
		}],
	}})
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as document
	_codes(testing.change(document, "/trail/dismissals", [])) == {"soak.too_short"}
	replaced := testing.change(testing.change(document, "/trail/steps/3/digest", testing.other), "/trail/steps/3/at", "2026-11-24T09:50:00-05:00")
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as replaced
	_codes(testing.change(replaced, "/trail/dismissals", [])) == {"soak.ended"}
}

# Another digest replaced this one in staging after an hour and a half.
_left := object.union(testing.promotion, {"staging": {
	"digest": testing.other,
	"deployed_at": "2026-11-24T10:30:00-05:00",
	"restarted_at": null,
	"verification": null,
	"earlier": [testing.promotion.staging],
}})

test_pass_stay_that_ended_after_the_minimum if {
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as _left
	soak.deny == set() with data.prodgate.organisation as testing.organisation with input as _left
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(_left, "/staging/deployed_at", "2026-11-24T10:00:00-05:00")
	_codes(testing.change(_left, "/staging/deployed_at", "2026-11-24T09:59:59-05:00")) == {"soak.ended"}
	_codes(testing.change(_left, "/staging/earlier/0/verification", null)) == {"soak.ended"}
}

test_deny_stay_that_ended_too_long_ago if {
	old := json.patch(testing.promotion, [
		{"op": "replace", "path": "/staging/deployed_at", "value": "2026-11-17T09:00:00-05:00"},
		{"op": "add", "path": "/staging/ended_at", "value": "2026-11-17T12:00:00-05:00"},
		{"op": "replace", "path": "/staging/verification/finished_at", "value": "2026-11-17T11:00:00-05:00"},
		{"op": "replace", "path": "/trail/steps/0/at", "value": "2026-11-17T09:00:00-05:00"},
	])
	_codes(old) == {"soak.ended"}
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(old, "/staging/ended_at", "2026-11-17T12:00:01-05:00")
	every kind in ["configuration", "rollback"] {
		soak.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(old, "/request/kind", kind)
		soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.change(old, "/request/kind", kind), "/staging/verification", null)
	}
}

# An end before the beginning of a stay is the end of another stay.
test_pass_stay_that_began_after_another_one_ended if {
	every case in [
		[{"digest": testing.artifact, "deployed_at": "2026-11-24T07:00:00-05:00", "ended_at": "2026-11-24T08:59:59-05:00"}, true],
		[{"digest": testing.artifact, "deployed_at": "2026-11-24T07:00:00-05:00", "ended_at": "2026-11-24T09:00:00-05:00"}, false],
		[{"digest": testing.other, "deployed_at": "2026-11-24T08:59:59-05:00"}, true],
		[{"digest": testing.other, "deployed_at": "2026-11-24T09:00:00-05:00"}, false],
		[{"digest": testing.other, "deployed_at": "2026-11-24T09:30:00-05:00", "environment": "production"}, true],
		[{"digest": testing.other, "deployed_at": "2026-11-24T09:30:00-05:00", "environment": "stage"}, false],
	] {
		document := object.union(testing.promotion, {"staging": {"earlier": [object.union(object.remove(testing.promotion.staging, ["digest"]), case[0])]}})
		soak.pass == case[1] with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_stay_that_the_trail_ended if {
	replaced := _deployed({"digest": testing.other, "at": "2026-11-24T09:50:00-05:00", "environment": "staging"})
	_codes(_steps([replaced])) == {"soak.ended"}
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([object.union(replaced, {"at": "2026-11-24T08:59:59-05:00"})])
	_codes(_steps([object.union(replaced, {"at": "2026-11-24T09:00:00-05:00"})])) == {"soak.ended"}
	soak.pass == true with data.prodgate.organisation as testing.organised({"environments": {"qa": {}}}) with input as _steps([object.union(replaced, {"environment": "qa"})])
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([object.union(replaced, {"service": "search-api"})])
	every entry in [{"service": "payments-api"}, {"service": "Payments-API"}, {"service": "payment-api"}, {"environment": "production"}, {"environment": "stage"}] {
		_codes(_steps([object.union(replaced, entry)])) == {"soak.ended"}
	}
}

# It may have been as soon as the stay began.
test_deny_stay_that_the_trail_ended_at_an_unknown_time if {
	every at in ["soon", "", null, "2026-11-24T12:30:00-05:00"] {
		_codes(_steps([_deployed({"digest": testing.other, "at": at, "environment": "staging"})])) == {"soak.ended"}
	}
	dated := _steps([_deployed({"digest": testing.other, "at": "soon", "environment": "staging"})])
	undated := testing.change(dated, "/trail/steps", [object.remove(step, _without_time(step)) | some step in dated.trail.steps])
	_codes(undated) == {"soak.ended"}
}

_without_time(step) := ["at"] if step.at == "soon"

else := []

# It may be this artifact or another one.
test_deny_deployment_of_an_unknown_digest if {
	every digest in [null, "", upper(testing.other)] {
		count(_codes(_steps([_deployed({"digest": digest, "at": "2026-11-24T09:50:00-05:00", "environment": "staging"})]))) > 0
	}
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as _steps([_deployed({"digest": testing.image, "at": "2026-11-24T09:50:00-05:00", "environment": "staging"})])
}

test_pass_any_environment_that_may_verify if {
	settings := testing.settings("/staging/environments", ["staging", "uat"])
	document := object.union(testing.promotion, {"staging": {
		"environment": "uat",
		"deployed_at": "2026-11-24T11:50:00-05:00",
		"earlier": [object.union(testing.promotion.staging, {"environment": "staging"})],
	}})
	soak.pass == true with data.prodgate.organisation as testing.organisation with input as object.union(document, {"trail": {"steps": []}}) with data.prodgate.v1.settings as settings
	soak.deny == set() with data.prodgate.organisation as testing.organisation with input as object.union(document, {"trail": {"steps": []}}) with data.prodgate.v1.settings as settings
	soak.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/staging/earlier", []) with data.prodgate.v1.settings as settings
}
