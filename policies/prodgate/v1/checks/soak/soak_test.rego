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
	soak.needs == {"artifact", "staging"}
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
