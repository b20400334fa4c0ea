package prodgate.v1.checks.request_test

import data.prodgate.v1.checks.request
import data.prodgate.v1.testing

test_pass_each_kind if {
	every document in [testing.promotion, testing.configuration, testing.initial, testing.rollback, testing.emergency] {
		request.pass == true with data.prodgate.organisation as testing.organisation with input as document
		request.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	count(request.needs) == 0
}

test_fail_document_of_another_version if {
	every version in array.concat(testing.garbage, ["v2", "V1"]) {
		request.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/version", version)
	}
}

test_pass_each_explicit_trigger if {
	every trigger in ["workflow_dispatch", "web"] {
		request.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/request/trigger", trigger)
	}
}

test_deny_automatic if {
	every trigger in ["push", "schedule", "Workflow_dispatch", ""] {
		document := testing.changed("/request/trigger", trigger)
		request.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(request.deny) == {"request.automatic"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_trigger_setting_emptied_or_removed if {
	every settings in [testing.settings("/request/triggers", []), testing.settings("/request/triggers", "workflow_dispatch"), testing.settings_without("/request/triggers")] {
		request.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	}
}

test_pass_requested_now if {
	request.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/request/requested_at", testing.promotion.now)
}

test_deny_in_future if {
	document := testing.changed("/request/requested_at", "2026-11-24T12:00:01-05:00")
	request.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(request.deny) == {"request.in_future"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_requested_after_the_facts_were_collected if {
	document := testing.changed("/collected_at", "2026-11-24T09:59:59-05:00")
	testing.codes(request.deny) == {"request.in_future"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_too_old if {
	edge := testing.changed("/request/requested_at", "2026-11-17T12:00:01-05:00")
	request.pass == true with data.prodgate.organisation as testing.organisation with input as edge
	document := testing.changed("/request/requested_at", "2026-11-17T12:00:00-05:00")
	request.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(request.deny) == {"request.too_old"} with data.prodgate.organisation as testing.organisation with input as document
	request.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/request/max_age")
	every value in [null, "", "soon", 0, []] {
		request.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/request/max_age", value)
	}
}

test_deny_no_configuration if {
	removed := testing.remove(testing.configuration, "/request/configuration")
	request.pass == false with data.prodgate.organisation as testing.organisation with input as removed
	testing.codes(request.deny) == {"request.no_configuration"} with data.prodgate.organisation as testing.organisation with input as removed
	every value in array.concat(testing.garbage, ["sha256:eeee", upper(testing.values)]) {
		document := testing.change(testing.configuration, "/request/configuration", value)
		request.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(request.deny) == {"request.no_configuration"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_fail_request_without_a_kind_needs_no_configuration if {
	request.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.without("/request/kind")
}

test_fail_missing_fact if {
	every path in ["/request", "/request/trigger", "/request/kind", "/request/emergency", "/request/requested_at", "/now"] {
		request.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every path in ["/request/trigger", "/request/kind", "/request/requested_at"] {
		every value in testing.garbage {
			request.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
	every value in ["true", "false", "", null, 0, 1, []] {
		request.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/request/emergency", value)
	}
}
