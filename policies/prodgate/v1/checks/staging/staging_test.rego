package prodgate.v1.checks.staging_test

import data.prodgate.v1.checks.staging
import data.prodgate.v1.testing

_signed := testing.settings("/sources/unverified/staging", false)

test_pass_verified if {
	staging.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	staging.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	staging.needs == {"artifact", "staging"}
}

test_deny_other_digest if {
	document := testing.changed("/staging/digest", testing.other)
	staging.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(staging.deny) == {"staging.other_digest"} with data.prodgate.organisation as testing.organisation with input as document
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

test_deny_signed_by_nobody if {
	every value in ["", " ", true, {}, []] {
		document := testing.changed("/staging/verification/verified_by", value)
		staging.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	}
}

test_pass_signed if {
	document := testing.changed("/staging/verification/verified_by", "staging-verifier")
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
