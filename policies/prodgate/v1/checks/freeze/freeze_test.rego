package prodgate.v1.checks.freeze_test

import data.prodgate.v1.checks.freeze
import data.prodgate.v1.testing

_with(entry) := testing.changed("/calendar/freezes", [object.union(testing.today, entry)])

_waiver := object.union(testing.waiver("freeze.active"), {"item": "today"})

test_pass_no_freeze if {
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	freeze.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	freeze.warn == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	freeze.waived == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	freeze.needs == {"calendar", "trail"}
}

test_deny_active if {
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _with({})
	testing.codes(freeze.deny) == {"freeze.active"} with data.prodgate.organisation as testing.organisation with input as _with({})
	freeze.warn == set() with data.prodgate.organisation as testing.organisation with input as _with({})
	{finding.item | some finding in freeze.deny} == {"today"} with data.prodgate.organisation as testing.organisation with input as _with({})
}

test_deny_at_its_start if {
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _with({"start": testing.promotion.now})
}

test_pass_one_second_before_its_start if {
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as _with({"start": "2026-11-24T12:00:01-05:00"})
}

test_deny_one_second_before_its_end if {
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _with({"end": "2026-11-24T12:00:01-05:00"})
}

test_pass_at_its_end if {
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as _with({"end": testing.promotion.now})
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as _with({"end": "2026-11-24T17:00:00Z"})
}

test_deny_unless_shown_to_be_over if {
	every path in ["/calendar/freezes/0/start", "/calendar/freezes/0/end"] {
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_with({"end": "2026-11-24T11:00:00-05:00"}), path)
		every value in testing.garbage {
			freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(_with({}), path, value)
		}
	}
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _with({"start": "2026-11-24T11:00:00-05:00", "end": "2026-11-24T10:00:00-05:00"})
}

test_pass_of_others if {
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as _with({"services": ["search-api"]})
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as _with({"environments": ["staging"]})
}

test_deny_named if {
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _with({"services": ["search-api", "payments-api"]})
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _with({"environments": ["staging", "production"]})
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _with({"environments": ["production"], "services": ["payments-api"]})
}

test_deny_unless_shown_to_be_of_others if {
	every key in ["services", "environments"] {
		every value in array.concat(testing.garbage, [["Payments-API", "Production"], [" production", "payments-api "], "search-api", [""]]) {
			freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _with({key: value})
		}
	}
}

test_fail_missing_fact if {
	every path in ["/calendar", "/calendar/freezes", "/calendar/from", "/calendar/horizon", "/now", "/sources/calendar"] {
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every value in array.concat([value | some value in testing.garbage; value != []], [[1], ["none"], [[]]]) {
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/calendar/freezes", value)
	}
	every path in ["/calendar", "/calendar/from", "/calendar/horizon"] {
		every value in testing.garbage {
			freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
}

test_deny_beyond_horizon if {
	every now in ["2027-03-01T00:00:00-05:00", "2026-11-22T23:59:59-05:00"] {
		document := testing.changed("/now", now)
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(freeze.deny) == {"calendar.beyond_horizon"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_at_the_edges_of_the_calendar if {
	every now in ["2027-02-28T23:59:59-05:00", "2026-11-23T00:00:00-05:00"] {
		freeze.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/now", now)
	}
}

test_pass_emergency_with_a_warning if {
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as testing.emergency
	testing.codes(freeze.warn) == {"freeze.overridden"} with data.prodgate.organisation as testing.organisation with input as testing.emergency
	freeze.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.emergency
}

test_deny_emergency_that_is_not_granted if {
	document := testing.change(testing.emergency, "/request/ticket", null)
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(freeze.deny) == {"freeze.active"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_emergency_without_a_source_that_it_needs if {
	every name in ["approvals", "calendar", "incidents", "on_call", "people", "production", "rollback", "staging", "trail"] {
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.emergency, sprintf("/sources/%s/status", [name]), "error")
	}
}

test_deny_what_is_no_emergency_though_it_has_all_that_one_needs if {
	every value in [false, null, "true"] {
		document := testing.change(testing.emergency, "/request/emergency", value)
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as document
		freeze.warn == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_waived_by_name if {
	document := testing.waive(_with({}), [_waiver])
	settings := testing.waivable({"freeze.active"})
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	testing.codes(freeze.waived) == {"freeze.active"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_waiver_of_one_of_two_freezes if {
	second := object.union(testing.today, {"name": "second"})
	document := testing.waive(testing.changed("/calendar/freezes", [testing.today, second]), [_waiver])
	settings := testing.waivable({"freeze.active"})
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	{finding.item | some finding in freeze.deny} == {"second"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	{finding.item | some finding in freeze.waived} == {"today"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_deny_waiver_without_a_name if {
	settings := testing.waivable({"freeze.active"})
	every name in ["today", null, ""] {
		document := testing.waive(_with({"name": name}), [testing.waiver("freeze.active")])
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
}

test_deny_index_names_a_freeze if {
	document := object.union(_with({}), {"index": {"freezes": {20781: [0]}, "holidays": {20781: []}}})
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

_stop(entry) := object.union(testing.recorded, {"trail": {"stops": [object.union(
	{
		"id": "stop-1",
		"reason": "payments are down",
		"from": "2026-11-24T11:30:00-05:00",
		"until": null,
		"writer": "user:mallory",
		"assurance": "claimed",
		"lifted": [],
	},
	entry,
)]}})

test_deny_stopped if {
	every entry in [
		{},
		{"services": ["payments-api"]},
		{"services": ["payment-api"]},
		{"environments": ["prod"]},
		{"environments": ["production"]},
		{"until": "2026-11-24T12:00:01-05:00"},
		{"until": "soon"},
		{"from": "2026-11-24T13:00:00-05:00"},
		{"services": []},
		{"environments": []},
	] {
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _stop(entry)
		testing.codes(freeze.deny) == {"freeze.stopped"} with data.prodgate.organisation as testing.organisation with input as _stop(entry)
	}
	some finding in freeze.deny with data.prodgate.organisation as testing.organisation with input as _stop({"by": "github:2"})
	finding.message == "github:2 declared a freeze at 2026-11-24T11:30:00-05:00: payments are down"
}

test_pass_stop_that_is_over_or_elsewhere if {
	settings := object.union(data.prodgate.v1.settings, {
		"services": {"search-api": {}},
		"environments": {"canary": {}},
	})
	every entry in [{"services": ["search-api"]}, {"environments": ["canary"]}, {"until": "2026-11-24T12:00:00-05:00"}] {
		freeze.pass == true with data.prodgate.organisation as testing.organisation with input as _stop(entry) with data.prodgate.v1.settings as settings
	}
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _stop({"services": ["search-api", "payments-api"]}) with data.prodgate.v1.settings as settings
}

_lift(entry) := {"lifted": [object.union({"at": "2026-11-24T11:45:00-05:00", "writer": "repo:acme/payments-api", "assurance": "ci"}, entry)]}

test_pass_stop_that_is_lifted if {
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as _stop(_lift({}))
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as _stop(_lift({"at": "2026-11-24T11:30:00-05:00"}))
	every entry in [{"assurance": "claimed"}, {"at": "2026-11-24T11:29:59-05:00"}, {"at": "2026-11-24T12:00:01-05:00"}] {
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as _stop(_lift(entry))
	}
}

test_pass_emergency_in_a_stop if {
	document := object.union(testing.emergency, {"trail": object.union(testing.emergency.trail, {"stops": _stop({}).trail.stops})})
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as document
	freeze.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/trail/complete", false)
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/trail/steps/0/type")
}

test_waived_stop_that_is_dismissed if {
	dismissal := {
		"entry": "stop-1",
		"at": "2026-11-24T11:40:00-05:00",
		"by": "github:2",
		"reason": "not ours",
		"writer": "github:2",
		"assurance": "oidc",
	}
	document := object.union(_stop({}), {"trail": {"dismissals": [dismissal]}})
	freeze.pass == true with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(freeze.waived) == {"freeze.stopped"} with data.prodgate.organisation as testing.organisation with input as document
	freeze.waived == set() with data.prodgate.organisation as testing.organisation with input as _stop({})
	early := object.union(dismissal, {"at": "2026-11-24T10:00:00-05:00"})
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as object.union(_stop({}), {"trail": {"dismissals": [early]}})
	counted := object.union(_stop({"assurance": "ci"}), {"trail": {"dismissals": [dismissal]}})
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as counted
}

test_fail_trail_that_was_not_read if {
	every path in ["/sources/trail", "/trail", "/trail/steps"] {
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_trail_whose_steps_are_no_list if {
	every value in [null, "", {}, {"0": testing.promotion.trail.steps[0]}] {
		freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/trail/steps", value)
	}
}

test_fail_stop_in_a_trail_that_was_not_read if {
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_stop({}), "/sources/trail")
	freeze.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.remove(_stop({}), "/sources/trail")
}

test_deny_part_of_a_trail_says_so if {
	document := testing.change(testing.recorded, "/trail/complete", false)
	freeze.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(freeze.deny) == {"audit.incomplete"} with data.prodgate.organisation as testing.organisation with input as document
	named := object.union(document, {"trail": {"origin": "prodgate.dev/trail/1"}})
	findings := freeze.deny with data.prodgate.organisation as testing.organisation with input as named
	{[finding.observed, finding.required] | some finding in findings} == {[
		{"complete": false, "origin": "prodgate.dev/trail/1"},
		{"complete": true, "origins": []},
	]}
}
