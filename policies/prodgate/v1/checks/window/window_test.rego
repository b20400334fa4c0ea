package prodgate.v1.checks.window_test

import data.prodgate.v1.checks.window
import data.prodgate.v1.testing

_at(now) := testing.changed("/now", now)

# lib/listed_test.rego tests whether the calendar sets the time zone.
_warned := testing.codes(window.warn) - {"window.zone_from_calendar"}

# A promotion at another time; one of these people approves and names the window.
_approved_for(now, name, approver) := testing.patched([
	{"op": "replace", "path": "/now", "value": now},
	{"op": "replace", "path": "/collected_at", "value": now},
	{"op": "replace", "path": "/people/1/as_of", "value": now},
	{"op": "replace", "path": "/people/2/as_of", "value": now},
	{"op": "replace", "path": "/people/4/as_of", "value": now},
	{"op": "replace", "path": "/approvals/0/approver", "value": approver},
	{"op": "replace", "path": "/approvals/0/approved_at", "value": now},
	{"op": "replace", "path": "/approvals/0/deployment_window", "value": name},
])

test_pass_preferred if {
	window.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	window.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	_warned == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	window.needs == {"calendar"}
}

test_pass_at_the_edges_of_the_preferred_window if {
	every now in [
		"2026-11-24T10:00:00-05:00", # Tuesday
		"2026-11-24T13:59:59-05:00",
		"2026-11-25T10:00:00-05:00",
		"2026-11-26T13:59:59-05:00", # Thursday
		"2027-06-15T10:00:00-04:00", # summer time
	] {
		window.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(_at(now), "/calendar/horizon", "2027-12-01T00:00:00Z")
	}
}

test_deny_closed if {
	every now in [
		"2026-11-24T09:59:59-05:00",
		"2026-11-24T14:00:00-05:00",
		"2026-11-23T11:00:00-05:00", # Monday
		"2026-11-24T18:00:00-05:00",
		"2026-11-27T11:00:00-05:00", # Friday
		"2026-11-27T23:59:59-05:00",
		"2026-11-24T12:00:00Z", # seven in the morning
	] {
		window.pass == false with data.prodgate.organisation as testing.organisation with input as _at(now)
		testing.codes(window.deny) == {"window.closed"} with data.prodgate.organisation as testing.organisation with input as _at(now)
	}
}

test_deny_prohibited_on_weekends if {
	every now in ["2026-11-28T00:00:00-05:00", "2026-11-28T11:00:00-05:00", "2026-11-29T23:59:59-05:00"] {
		window.pass == false with data.prodgate.organisation as testing.organisation with input as _at(now)
		testing.codes(window.deny) == {"window.prohibited"} with data.prodgate.organisation as testing.organisation with input as _at(now)
	}
}

test_deny_holiday if {
	document := testing.changed("/calendar/holidays", [testing.today])
	window.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(window.deny) == {"window.holiday"} with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_at_the_end_of_a_holiday if {
	holiday := object.union(testing.today, {"end": testing.promotion.now})
	window.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/calendar/holidays", [holiday])
}

test_deny_beyond_horizon if {
	every now in ["2027-03-02T12:00:00-05:00", "2027-03-06T12:00:00-05:00", "2026-11-18T12:00:00-05:00"] {
		window.pass == false with data.prodgate.organisation as testing.organisation with input as _at(now)
		testing.codes(window.deny) == {"calendar.beyond_horizon"} with data.prodgate.organisation as testing.organisation with input as _at(now)
	}
}

test_warn_acknowledged_by_name if {
	every case in [
		["2026-11-24T14:00:00-05:00", "off-hours"],
		["2026-11-24T18:00:00-05:00", "after-hours"],
		["2026-11-27T13:59:59-05:00", "off-hours"],
		["2026-11-27T14:00:00-05:00", "friday-afternoon"],
		["2026-11-27T18:00:00-05:00", "after-hours"],
		["2026-11-27T18:00:00-05:00", "friday-afternoon"],
	] {
		every approver in ["mailto:lead@example.com", "mailto:vp@example.com"] {
			document := _approved_for(case[0], case[1], approver)
			window.pass == true with data.prodgate.organisation as testing.organisation with input as document
			_warned == {"window.acknowledged"} with data.prodgate.organisation as testing.organisation with input as document
			window.deny == set() with data.prodgate.organisation as testing.organisation with input as document
		}
	}
}

test_pass_named_for_as_long_as_it_is_acknowledged if {
	document := _approved_for("2026-11-24T20:00:00-05:00", "after-hours", "mailto:lead@example.com")
	window.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/approvals/0/approved_at", "2026-11-24T10:00:00-05:00")
	lapsed := testing.change(testing.change(document, "/now", "2026-11-24T22:00:00-05:00"), "/approvals/0/approved_at", "2026-11-24T10:00:00-05:00")
	window.pass == false with data.prodgate.organisation as testing.organisation with input as lapsed
	testing.codes(window.deny) == {"window.closed"} with data.prodgate.organisation as testing.organisation with input as lapsed
	window.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(lapsed, "/now", "2026-11-24T21:59:59-05:00")
	every value in [null, "", "soon", 0, []] {
		window.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as testing.settings("/window/acknowledgement_valid", value)
	}
}

test_deny_another_window_was_named if {
	every case in [
		["2026-11-24T14:00:00-05:00", "business-hours"],
		["2026-11-24T14:00:00-05:00", "after-hours"],
		["2026-11-24T18:00:00-05:00", "off-hours"],
		["2026-11-24T14:00:00-05:00", "any"],
		["2026-11-24T14:00:00-05:00", "Off-Hours"],
		["2026-11-24T14:00:00-05:00", ""],
		["2026-11-24T14:00:00-05:00", null],
		["2026-11-28T11:00:00-05:00", "off-hours"],
	] {
		document := _approved_for(case[0], case[1], "mailto:lead@example.com")
		window.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_named_by_a_person_without_the_role if {
	document := _approved_for("2026-11-24T14:00:00-05:00", "off-hours", "mailto:manager@example.com")
	window.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_named_on_a_holiday if {
	document := testing.change(
		_approved_for("2026-11-24T14:00:00-05:00", "off-hours", "mailto:vp@example.com"),
		"/calendar/holidays",
		[testing.today],
	)
	window.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(window.deny) == {"window.holiday"} with data.prodgate.organisation as testing.organisation with input as document
	_warned == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_holiday_on_a_weekend if {
	saturday := object.union(testing.today, {"start": "2026-11-28T00:00:00-05:00", "end": "2026-11-29T00:00:00-05:00"})
	document := testing.change(_at("2026-11-28T11:00:00-05:00"), "/calendar/holidays", [saturday])
	window.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(window.deny) == {"window.holiday"} with data.prodgate.organisation as testing.organisation with input as document
}

test_warn_emergency_overrides_the_window if {
	document := json.patch(testing.emergency, [
		{"op": "replace", "path": "/now", "value": "2026-11-24T14:00:00-05:00"},
		{"op": "replace", "path": "/on_call/notified_at", "value": "2026-11-24T11:00:00-05:00"},
		{"op": "replace", "path": "/calendar/holidays", "value": []},
	])
	window.pass == true with data.prodgate.organisation as testing.organisation with input as document
	_warned == {"window.overridden"} with data.prodgate.organisation as testing.organisation with input as document
}

test_warn_emergency_where_no_window_is_open if {
	document := testing.change(testing.emergency, "/calendar/holidays", [])
	settings := testing.settings("/window/named/business-hours", [{"days": ["Monday"], "from": "10:00", "to": "14:00"}])
	window.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	window.deny == set() with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	_warned == {"window.overridden"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_warn_emergency_overrides if {
	window.pass == true with data.prodgate.organisation as testing.organisation with input as testing.emergency
	_warned == {"window.overridden"} with data.prodgate.organisation as testing.organisation with input as testing.emergency
	_warned == {"window.overridden"} with data.prodgate.organisation as testing.organisation with input as testing.change(testing.emergency, "/calendar/timezone", "Asia/Tokyo")
	window.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.emergency
}

test_pass_emergency_within_the_preferred_window_without_a_warning if {
	document := testing.change(testing.emergency, "/calendar/holidays", [])
	window.pass == true with data.prodgate.organisation as testing.organisation with input as document
	_warned == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_emergency_that_is_not_granted if {
	window.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.emergency, "/approvals", [])
}

test_fail_missing_fact if {
	every path in ["/calendar", "/calendar/timezone", "/calendar/holidays", "/calendar/from", "/calendar/horizon", "/now", "/sources/calendar"] {
		window.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every value in array.concat(testing.garbage, ["Local", "Nowhere/Atlantis"]) {
		window.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/calendar/timezone", value)
	}
	every value in [value | some value in testing.garbage; value != []] {
		window.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/calendar/holidays", value)
	}
}

test_pass_zone_of_the_settings if {
	settings := testing.settings("/window/timezone", "UTC")
	window.pass == true with data.prodgate.organisation as testing.organisation with input as _at("2026-11-24T10:00:00Z") with data.prodgate.v1.settings as settings
	window.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
}

_unnamed := testing.changed("/approvals/0/deployment_window", null)

test_fail_setting_emptied_or_removed if {
	every path in ["/window/timezone", "/window/preferred", "/window/named"] {
		window.pass == false with data.prodgate.organisation as testing.organisation with input as _unnamed with data.prodgate.v1.settings as testing.settings_without(path)
		every value in ["", "Local", null, [], {}, true, 0] {
			window.pass == false with data.prodgate.organisation as testing.organisation with input as _unnamed with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
	window.pass == false with data.prodgate.organisation as testing.organisation with input as _approved_for("2026-11-24T14:00:00-05:00", "off-hours", "mailto:lead@example.com") with data.prodgate.v1.settings as testing.settings("/window/acknowledged_by", [])
}

test_fail_zone_that_would_be_taken_for_utc if {
	every zone in ["", "Local"] {
		noon := testing.change(_unnamed, "/now", "2026-11-24T12:00:00Z")
		window.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(noon, "/calendar/timezone", "UTC")
		window.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(noon, "/calendar/timezone", zone)
	}
}
