package prodgate.v1.checks.audit_test

import data.prodgate.v1.checks.audit
import data.prodgate.v1.testing

test_pass_every_step if {
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	audit.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	audit.needs == {"artifact", "trail"}
}

test_deny_step_missing if {
	every position in [0, 1, 2] {
		document := testing.without(sprintf("/trail/steps/%d", [position]))
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
		{finding.item | some finding in audit.deny} == {testing.promotion.trail.steps[position].type} with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(audit.deny) == {"audit.step_missing"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_step_of_another_digest if {
	document := testing.changed("/trail/steps/2/digest", testing.other)
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(audit.deny) == {"audit.step_missing"} with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_step_now if {
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/trail/steps/2/at", testing.promotion.now)
}

test_deny_step_in_the_future if {
	document := testing.changed("/trail/steps/2/at", "2026-11-24T12:00:01-05:00")
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(audit.deny) == {"audit.step_missing"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_step_after_the_instant_decided_about if {
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/now", "2026-11-24T10:59:59-05:00")
}

test_fail_missing_fact if {
	every path in ["/trail", "/trail/steps", "/trail/steps/0/type", "/trail/steps/0/at", "/trail/steps/0/digest", "/artifact/digest", "/now", "/sources/trail", "/sources/artifact"] {
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every path in ["/trail", "/trail/steps", "/trail/steps/0", "/trail/steps/0/type", "/trail/steps/0/at", "/trail/steps/0/digest", "/artifact/digest"] {
		every value in array.concat(testing.garbage, ["Staging.Deployed", upper(testing.artifact)]) {
			audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
}

test_fail_setting_emptied_or_removed if {
	every value in [[], null, "staging.deployed", "", {}, 0] {
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/audit/required_steps", value)
	}
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/audit")
}

_recorded(path, value) := testing.change(testing.recorded, path, value)

test_pass_every_step_of_a_trail if {
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as testing.recorded
	audit.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.recorded
}

test_deny_step_by_a_writer_that_is_not_accepted if {
	every position in [0, 1, 2] {
		document := _recorded(sprintf("/trail/steps/%d/assurance", [position]), "claimed")
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(audit.deny) == {"audit.step_not_counted"} with data.prodgate.organisation as testing.organisation with input as document
		{finding.item | some finding in audit.deny} == {testing.recorded.trail.steps[position].type} with data.prodgate.organisation as testing.organisation with input as document
	}
	some finding in audit.deny with data.prodgate.organisation as testing.organisation with input as _recorded("/trail/steps/1/assurance", "claimed")
	finding.message == "staging.verified is in the trail, but does not count: it was recorded by repo:acme/payments-api (claimed), which is not an accepted writer"
}

test_deny_step_where_the_settings_accept_no_one if {
	settings := testing.settings_without("/audit/writers")
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as settings
	testing.codes(audit.deny) == {"audit.step_not_counted"} with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as settings
}

test_deny_step_without_a_writer if {
	document := testing.remove(testing.remove(testing.recorded, "/trail/steps/1/assurance"), "/trail/steps/1/writer")
	some finding in audit.deny with data.prodgate.organisation as testing.organisation with input as document
	finding.message == "staging.verified is in the trail, but does not count: it was recorded by an unknown writer (not established), which is not an accepted writer"
}

test_pass_step_recorded_again_by_an_accepted_writer if {
	step := object.union(testing.recorded.trail.steps[1], {"assurance": "claimed"})
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as _recorded("/trail/steps", array.concat(testing.recorded.trail.steps, [step]))
}

test_deny_step_taken_elsewhere if {
	every value in ["production", "Staging", "canary", "", null, true] {
		document := _recorded("/trail/steps/0/environment", value)
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(audit.deny) == {"audit.step_not_counted"} with data.prodgate.organisation as testing.organisation with input as document
	}
	every value in ["staging", "Production", "canary", "", null, true] {
		document := _recorded("/trail/steps/2/environment", value)
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(audit.deny) == {"audit.step_not_counted"} with data.prodgate.organisation as testing.organisation with input as document
	}
	some finding in audit.deny with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.recorded, "/trail/steps/2/environment")
	finding.message == "approval.granted is in the trail, but does not count: it was done in an unknown environment"
}

test_pass_staging_of_another_name_if_the_settings_allow_it if {
	settings := testing.settings("/staging/environments", ["staging", "uat"])
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as _recorded("/trail/steps/0/environment", "uat") with data.prodgate.v1.settings as settings
	every value in [[], null, {}, "staging"] {
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as testing.settings("/staging/environments", value)
	}
}

test_deny_step_of_a_file_that_says_it_was_taken_elsewhere if {
	document := testing.changed("/trail/steps/2", object.union(testing.promotion.trail.steps[2], {"environment": "staging"}))
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(audit.deny) == {"audit.step_not_counted"} with data.prodgate.organisation as testing.organisation with input as document
}

_gate(entry) := object.union(testing.recorded.trail.steps[2], object.union({"type": "gate.evaluated", "outcome": "allow"}, entry))

_gates := testing.settings("/audit/required_steps", ["gate.evaluated"])

test_pass_gate_that_was_passed if {
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as _recorded("/trail/steps", [_gate({})]) with data.prodgate.v1.settings as _gates
}

test_deny_gate_that_was_not_passed if {
	every outcome in ["deny", "Allow", "", null, true] {
		document := _recorded("/trail/steps", [_gate({"outcome": outcome})])
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _gates
		testing.codes(audit.deny) == {"audit.step_not_counted"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _gates
	}
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_recorded("/trail/steps", [_gate({})]), "/trail/steps/0/outcome")
		with data.prodgate.v1.settings as _gates
}

test_pass_gate_of_a_file_without_an_outcome if {
	step := object.union(testing.promotion.trail.steps[2], {"type": "gate.evaluated"})
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/trail/steps", [step]) with data.prodgate.v1.settings as _gates
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/trail/steps", [object.union(step, {"outcome": "deny"})]) with data.prodgate.v1.settings as _gates
}

test_deny_gate_of_another_mode if {
	every type in ["gate.document", "gate.simulated"] {
		document := _recorded("/trail/steps", [_gate({"type": type})])
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _gates
		testing.codes(audit.deny) == {"audit.step_missing"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _gates
		settings := testing.settings("/audit/required_steps", [type])
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/trail/steps", [{"type": type, "at": "2026-11-24T09:00:00-05:00", "digest": testing.artifact}])
			with data.prodgate.v1.settings as settings
	}
}

test_fail_missing_fact_of_a_trail if {
	every path in ["/trail/steps/0/writer", "/trail/steps/0/assurance", "/trail/steps/0/environment", "/sources/trail/kind", "/request/environment"] {
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.recorded, path)
	}
}

test_deny_verification_without_a_good_result if {
	every document in [testing.promotion, testing.recorded] {
		every result in ["FAILED", "passed", "", null, true] {
			mutant := testing.change(document, "/trail/steps/1/result", result)
			audit.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
			testing.codes(audit.deny) == {"audit.step_not_counted"} with data.prodgate.organisation as testing.organisation with input as mutant
		}
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/trail/steps/1/result")
	}
	some finding in audit.deny with data.prodgate.organisation as testing.organisation with input as testing.change(testing.recorded, "/trail/steps/1/result", "FAILED")
	finding.message == "staging.verified is in the trail, but does not count: it has the result FAILED"
}

test_deny_steps_out_of_order if {
	every document in [testing.promotion, testing.recorded] {
		every change in [
			["/trail/steps/0/at", "2026-11-24T09:30:01-05:00"],
			["/trail/steps/1/at", "2026-11-24T08:59:59-05:00"],
			["/trail/steps/2/at", "2026-11-24T09:29:59-05:00"],
		] {
			mutant := testing.change(document, change[0], change[1])
			audit.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
			testing.codes(audit.deny) == {"audit.out_of_order"} with data.prodgate.organisation as testing.organisation with input as mutant
		}
		audit.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/trail/steps/0/at", "2026-11-24T09:30:00-05:00")
	}
}

_again(at) := object.union(testing.recorded.trail.steps[0], {"at": at})

test_deny_verified_before_the_latest_deployment if {
	document := _recorded("/trail/steps", array.concat(testing.recorded.trail.steps, [_again("2026-11-24T11:30:00-05:00")]))
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(audit.deny) == {"audit.out_of_order"} with data.prodgate.organisation as testing.organisation with input as document
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/request/kind", "rollback")
	verified := object.union(testing.recorded.trail.steps[1], {"at": "2026-11-24T11:40:00-05:00"})
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as _recorded("/trail/steps", array.concat(document.trail.steps, [verified]))
	approved := object.union(testing.recorded.trail.steps[2], {"at": "2026-11-24T11:50:00-05:00"})
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as _recorded("/trail/steps", array.concat(document.trail.steps, [verified, approved]))
}

test_deny_step_of_another_service if {
	every pair in [[document, position] | some document in [testing.promotion, testing.recorded]; some position in [0, 1, 2]] {
		document := pair[0]
		position := pair[1]
		mutant := json.patch(document, [{"op": "add", "path": sprintf("/trail/steps/%d/service", [position]), "value": "search-api"}])
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
		testing.codes(audit.deny) == {"audit.step_not_counted"} with data.prodgate.organisation as testing.organisation with input as mutant
		audit.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(mutant, sprintf("/trail/steps/%d/service", [position]), "payments-api")
	}
}

test_deny_trail_that_was_not_read_completely if {
	every value in [false, null, "true", 1] {
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as _recorded("/trail/complete", value)
		testing.codes(audit.deny) == {"audit.incomplete"} with data.prodgate.organisation as testing.organisation with input as _recorded("/trail/complete", value)
	}
	pinned := testing.settings("/audit/trail_origins", ["prodgate.dev/trail/1"])
	audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as pinned
	testing.codes(audit.deny) == {"audit.incomplete"} with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as pinned
}

# Steps of another digest, wrong in every way.
_strangers := [
object.union(step, {
	"digest": testing.other,
	"writer": "user:mallory",
	"assurance": "claimed",
	"environment": "canary",
	"result": "FAILED",
	"outcome": "deny",
}) |
	some step in array.concat(testing.recorded.trail.steps, [_gate({})])
]

test_deny_objections_only_to_this_digest if {
	steps := _recorded("/trail/steps/1/assurance", "claimed").trail.steps
	document := _recorded("/trail/steps", array.concat(steps, _strangers))
	findings := audit.deny with data.prodgate.organisation as testing.organisation with input as document
	{[finding.message, finding.observed] | some finding in findings} == {[
		"staging.verified is in the trail, but does not count: it was recorded by repo:acme/payments-api (claimed), which is not an accepted writer",
		[object.remove(steps[1], {"digest"})],
	]}
}

test_deny_objections_to_a_gate if {
	every change, words in {
		{"environment": "canary"}: "was done in canary",
		{"outcome": "deny"}: "is not a gate decision that allowed",
		{"outcome": "deny", "result": "PASSED"}: "is not a gate decision that allowed",
	} {
		document := _recorded("/trail/steps", array.concat([_gate(change)], _strangers))
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _gates
		findings := audit.deny with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _gates
		{finding.message | some finding in findings} == {sprintf("gate.evaluated is in the trail, but does not count: it %s", [words])}
	}
}

test_deny_order_of_the_required_steps if {
	late := _recorded("/trail/steps/0/at", "2026-11-24T09:30:01-05:00")
	document := testing.change(late, "/trail/steps", array.concat(late.trail.steps, [_gate({})]))
	findings := audit.deny with data.prodgate.organisation as testing.organisation with input as document
	{finding.observed | some finding in findings} == {[{"type": step.type, "at": step.at} | some step in late.trail.steps]}
	testing.codes(audit.deny) == {"audit.incomplete"} with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/trail/complete", false)
}

test_pass_one_step_that_counts_is_enough if {
	step := object.union(testing.recorded.trail.steps[1], {"assurance": "claimed"})
	audit.deny == set() with data.prodgate.organisation as testing.organisation with input as _recorded("/trail/steps", array.concat(testing.recorded.trail.steps, [step]))
}

test_fail_trail_that_cannot_be_read_explains_nothing if {
	every document in [
		_recorded("/trail/steps", []),
		_recorded("/trail/steps/1/assurance", "claimed"),
		_recorded("/trail/steps/0/at", "2026-11-24T09:30:01-05:00"),
	] {
		every path in ["/sources/trail", "/sources/artifact"] {
			audit.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, path)
			audit.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.remove(document, path)
		}
	}
}

# An invalid entry could be a request by an approver.
test_fail_requests_that_are_garbled if {
	every requests in [null, {}, "", [null], [[]], [{}], [{"requested_by": ""}]] {
		document := json.patch(testing.recorded, [{"op": "add", "path": "/trail/requests", "value": requests}])
		audit.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
	audit.pass == true with data.prodgate.organisation as testing.organisation with input as json.patch(testing.recorded, [{"op": "add", "path": "/trail/requests", "value": []}])
}
