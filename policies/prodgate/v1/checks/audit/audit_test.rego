package prodgate.v1.checks.audit_test

import data.prodgate.v1.checks.audit
import data.prodgate.v1.testing

test_pass_every_step if {
	audit.pass == true with input as testing.promotion
	audit.deny == set() with input as testing.promotion
	audit.needs == {"artifact", "trail"}
}

test_deny_step_missing if {
	every position in [0, 1, 2] {
		document := testing.without(sprintf("/trail/steps/%d", [position]))
		audit.pass == false with input as document
		{finding.item | some finding in audit.deny} == {testing.promotion.trail.steps[position].type} with input as document
		testing.codes(audit.deny) == {"audit.step_missing"} with input as document
	}
}

test_deny_step_of_another_digest if {
	document := testing.changed("/trail/steps/2/digest", testing.other)
	audit.pass == false with input as document
	testing.codes(audit.deny) == {"audit.step_missing"} with input as document
}

test_pass_step_now if {
	audit.pass == true with input as testing.changed("/trail/steps/2/at", testing.promotion.now)
}

test_deny_step_in_the_future if {
	document := testing.changed("/trail/steps/2/at", "2026-11-24T12:00:01-05:00")
	audit.pass == false with input as document
	testing.codes(audit.deny) == {"audit.step_missing"} with input as document
}

test_deny_step_after_the_instant_decided_about if {
	audit.pass == false with input as testing.changed("/now", "2026-11-24T10:59:59-05:00")
}

test_fail_missing_fact if {
	every path in ["/trail", "/trail/steps", "/trail/steps/0/type", "/trail/steps/0/at", "/trail/steps/0/digest", "/artifact/digest", "/now", "/sources/trail", "/sources/artifact"] {
		audit.pass == false with input as testing.without(path)
	}
}

test_fail_garbage if {
	every path in ["/trail", "/trail/steps", "/trail/steps/0", "/trail/steps/0/type", "/trail/steps/0/at", "/trail/steps/0/digest", "/artifact/digest"] {
		every value in array.concat(testing.garbage, ["Staging.Deployed", upper(testing.artifact)]) {
			audit.pass == false with input as testing.changed(path, value)
		}
	}
}

test_fail_setting_emptied_or_removed if {
	every value in [[], null, "staging.deployed", "", {}, 0] {
		audit.pass == false with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/audit/required_steps", value)
	}
	audit.pass == false with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/audit")
}
