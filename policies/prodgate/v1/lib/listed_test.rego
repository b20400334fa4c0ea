package prodgate.v1.lib.listed_test

import data.prodgate.v1.checks.freeze
import data.prodgate.v1.checks.window
import data.prodgate.v1.lib.calendar
import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.waivers
import data.prodgate.v1.testing

# The settings of these tests, independent of any pack.
_pinned := {
	"environments": {"qa": {}},
	"services": {"payments-api": {}, "search-api": {}},
	"window": {"timezone": "America/New_York"},
}

_with(list, entry) := testing.changed(sprintf("/calendar/%s", [list]), [object.union(testing.today, object.union(_past, entry))])

_past := {"start": "2026-11-01T00:00:00-05:00", "end": "2026-11-02T00:00:00-05:00"}

test_names_of_the_settings_and_of_staging if {
	{"production", "qa", "staging"} - listed.environments == set() with data.prodgate.organisation as _pinned with input as testing.promotion
	{"payments-api", "search-api"} - listed.services == set() with data.prodgate.organisation as _pinned with input as testing.promotion
}

test_covered_where_every_name_is_listed if {
	every entry in [
		{},
		{"environments": null, "services": null},
		{"environments": [], "services": []},
		{"environments": ["production", "qa", "staging"]},
		{"services": ["search-api"]},
	] {
		every list in ["freezes", "holidays"] {
			document := _with(list, entry)
			calendar.covered == true with data.prodgate.organisation as _pinned with input as document
			freeze.pass == true with data.prodgate.organisation as _pinned with input as document
			window.pass == true with data.prodgate.organisation as _pinned with input as document
			freeze.deny == set() with data.prodgate.organisation as _pinned with input as document
		}
	}
}

test_deny_a_name_that_is_not_listed if {
	every entry in [
		{"environments": ["prod"]},
		{"environments": ["production", "Production"]},
		{"environments": [""]},
		{"environments": [null]},
		{"services": ["payment-api"]},
		{"services": ["payments-api", 1]},
		{"environments": ["qa"], "services": ["search"]},
	] {
		every list in ["freezes", "holidays"] {
			document := _with(list, entry)
			calendar.covered == false with data.prodgate.organisation as _pinned with input as document
			freeze.pass == false with data.prodgate.organisation as _pinned with input as document
			window.pass == false with data.prodgate.organisation as _pinned with input as document
			testing.codes(freeze.deny) == {"calendar.unknown_name"} with data.prodgate.organisation as _pinned with input as document
			testing.codes(window.deny) == {"calendar.unknown_name"} with data.prodgate.organisation as _pinned with input as document
		}
	}
}

test_the_finding_names_interval_and_name if {
	document := _with("freezes", {"environments": ["prod"], "services": ["search"]})
	calendar.unknown_names == {
		{
			"code": "calendar.unknown_name",
			"item": "prod",
			"path": "/calendar/freezes",
			"message": "\"today\" in the freezes names the environment \"prod\", which is not in the settings",
			"observed": "prod",
			"required": listed.environments,
		},
		{
			"code": "calendar.unknown_name",
			"item": "search",
			"path": "/calendar/freezes",
			"message": "\"today\" in the freezes names the service \"search\", which is not in the settings",
			"observed": "search",
			"required": listed.services,
		},
	} with data.prodgate.organisation as _pinned with input as document
}

test_an_emergency_is_denied_too if {
	document := testing.change(testing.emergency, "/calendar/freezes", [object.union(testing.today, {"environments": ["prod"]})])
	freeze.pass == false with data.prodgate.organisation as _pinned with input as document
	window.pass == false with data.prodgate.organisation as _pinned with input as document
}

test_beyond_the_horizon_is_not_an_unknown_name if {
	document := testing.change(_with("freezes", {"environments": ["prod"]}), "/calendar/horizon", "2026-11-24T12:00:00-05:00")
	testing.codes(freeze.deny) == {"calendar.beyond_horizon", "calendar.unknown_name"} with data.prodgate.organisation as _pinned with input as document
}

_waiver(entry) := testing.waive(testing.promotion, [object.union(testing.waiver("vulnerabilities.denied"), object.union({"item": "CVE-2026-1"}, entry))])

test_a_waiver_that_names_what_is_not_listed if {
	every entry in [{"environment": "prod"}, {"environment": "*"}, {"service": "payment-api"}, {"service": "PAYMENTS-API"}] {
		document := _waiver(entry)
		testing.codes(waivers.problems) == {"waiver.unknown_name"} with data.prodgate.organisation as _pinned with input as document
		not waivers.covers("vulnerabilities.denied", "CVE-2026-1") with data.prodgate.organisation as _pinned with input as document
	}
}

test_a_waiver_of_another_listed_service if {
	every entry in [{}, {"environment": "qa"}, {"environment": "staging"}, {"service": "search-api"}] {
		waivers.problems == set() with data.prodgate.organisation as _pinned with input as _waiver(entry)
	}
}

test_the_finding_names_the_waiver if {
	some problem in waivers.problems with data.prodgate.organisation as _pinned with input as _waiver({"environment": "prod"})
	problem.path == "/waivers/0/environment"
	problem.message == "the waiver of vulnerabilities.denied names the environment prod, which is not in the settings, so it has no effect"
}

test_the_zone_of_the_settings_is_not_warned_of if {
	window.warn == set() with data.prodgate.organisation as _pinned with input as testing.promotion
}

test_warn_a_zone_that_the_calendar_chooses if {
	chosen := object.union(_pinned, {"window": {"timezone": "calendar"}})
	window.pass == true with data.prodgate.organisation as chosen with input as testing.promotion
	{[finding.code, finding.observed] | some finding in window.warn} == {["window.zone_from_calendar", "America/New_York"]} with data.prodgate.organisation as chosen with input as testing.promotion
}

test_nothing_opens_in_what_is_no_zone if {
	every name in ["Local", "localtime", "posixrules", "Factory", "posix/America/New_York", "right/America/New_York", "", " "] {
		elsewhere := object.union(_pinned, {"window": {"timezone": name}})
		not calendar.zone with data.prodgate.organisation as elsewhere with input as testing.promotion
		window.pass == false with data.prodgate.organisation as elsewhere with input as testing.promotion
		chosen := object.union(_pinned, {"window": {"timezone": "calendar"}})
		document := testing.changed("/calendar/timezone", name)
		window.pass == false with data.prodgate.organisation as chosen with input as document
	}
}
