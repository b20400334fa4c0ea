package prodgate.v1.checks.monitoring_test

import data.prodgate.v1.checks.monitoring
import data.prodgate.v1.testing

_codes := {"monitoring.no_dashboard", "monitoring.no_alert"}

test_pass_watched if {
	monitoring.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	monitoring.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	monitoring.waived == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	monitoring.needs == {"monitoring"}
}

test_deny_no_dashboard if {
	every dashboards in [[], [{"name": "overview", "url": ""}], [{"name": "overview"}], [null]] {
		document := testing.changed("/monitoring/dashboards", dashboards)
		monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(monitoring.deny) == {"monitoring.no_dashboard"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_no_alert if {
	every alerts in [[], [{"name": "errors", "enabled": false}], [{"name": "errors", "enabled": "true"}], [{"name": "errors"}], [null]] {
		document := testing.changed("/monitoring/alerts", alerts)
		monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(monitoring.deny) == {"monitoring.no_alert"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_fail_missing_fact if {
	every path in ["/monitoring", "/monitoring/dashboards", "/monitoring/alerts", "/sources/monitoring", "/sources"] {
		monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every path in ["/monitoring", "/monitoring/dashboards", "/monitoring/alerts"] {
		every value in testing.garbage {
			monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
}

test_fail_what_is_no_list if {
	every key in ["dashboards", "alerts"] {
		document := testing.changed(sprintf("/monitoring/%s", [key]), {"0": testing.promotion.monitoring[key][0]})
		monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
}

# The finding of the source gives the reason.
test_fail_source_in_error_explains_nothing if {
	every entry in [{"service": "search-api"}, {"as_of": null}, {"dashboards": []}, {"alerts": []}] {
		document := testing.change(object.union(testing.promotion, {"monitoring": entry}), "/sources/monitoring/status", "error")
		monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as document
		monitoring.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_fail_setting_without_a_minimum if {
	every path in ["/monitoring/minimum_dashboards", "/monitoring/minimum_alerts"] {
		every value in [0, -1, null, "", "1", false, []] {
			settings := testing.settings(path, value)
			monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
		}
		monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
	}
}

test_deny_one_below_the_minimum if {
	document := testing.promotion
	settings := testing.settings("/monitoring", {"minimum_dashboards": 2, "minimum_alerts": 2})
	testing.codes(monitoring.deny) == _codes with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_waived_both if {
	document := testing.waive(
		testing.changed("/monitoring", {"as_of": testing.promotion.monitoring.as_of, "dashboards": [], "alerts": []}),
		[testing.waiver(code) | some code in _codes],
	)
	settings := testing.waivable(_codes)
	monitoring.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	testing.codes(monitoring.waived) == _codes with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_monitoring_of_something_else if {
	every entry in [{"service": "search-api"}, {"environment": "staging"}] {
		document := object.union(testing.promotion, {"monitoring": entry})
		monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(monitoring.deny) == {"monitoring.foreign"} with data.prodgate.organisation as testing.organisation with input as document
		{finding.observed | some finding in monitoring.deny} == {entry} with data.prodgate.organisation as testing.organisation with input as document
	}
	every entry in [{"service": "payments-api", "environment": "production"}, {"service": null, "environment": null}] {
		monitoring.pass == true with data.prodgate.organisation as testing.organisation with input as object.union(testing.promotion, {"monitoring": entry})
	}
}

test_deny_monitoring_that_was_never_checked if {
	every value in [null, "", "2026-11-23T12:00:00-05:00", "2026-11-24T12:00:01-05:00", 0, true] {
		document := testing.changed("/monitoring/as_of", value)
		monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(monitoring.deny) == {"monitoring.stale"} with data.prodgate.organisation as testing.organisation with input as document
	}
	monitoring.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/monitoring/as_of", "2026-11-23T12:00:01-05:00")
	monitoring.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without("/monitoring/as_of")
}
