package prodgate.v1.lib.clock_test

import data.prodgate.v1.lib.clock
import data.prodgate.v1.testing

_hour := {"start": "2026-11-24T12:00:00-05:00", "end": "2026-11-24T13:00:00-05:00"}

test_past_until_both_clocks if {
	clock.past("2026-11-24T17:00:00Z") with data.prodgate.organisation as testing.organisation with input as testing.promotion
	not clock.past("2026-11-24T17:00:01Z") with data.prodgate.organisation as testing.organisation with input as testing.promotion
	not clock.past("2026-11-24T16:00:00Z") with data.prodgate.organisation as testing.organisation with input as testing.changed("/now", "2026-11-24T10:59:59-05:00")
	not clock.past("2026-11-24T16:00:00Z") with data.prodgate.organisation as testing.organisation with input as testing.changed("/collected_at", "2026-11-24T10:59:59-05:00")
}

test_fact_until_its_collection if {
	clock.fact("2026-11-24T17:00:00Z") with data.prodgate.organisation as testing.organisation with input as testing.changed("/now", "2026-11-24T10:00:00-05:00")
	not clock.fact("2026-11-24T17:00:01Z") with data.prodgate.organisation as testing.organisation with input as testing.changed("/now", "2026-11-25T10:00:00-05:00")
}

test_nothing_of_garbage if {
	every value in testing.garbage {
		not clock.past(value) with data.prodgate.organisation as testing.organisation with input as testing.promotion
		not clock.fact(value) with data.prodgate.organisation as testing.organisation with input as testing.promotion
		not clock.fresh(value, "1h") with data.prodgate.organisation as testing.organisation with input as testing.promotion
		not clock.outside({"start": value, "end": _hour.end}) with data.prodgate.organisation as testing.organisation with input as testing.promotion
		not clock.outside({"start": _hour.start, "end": value}) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	}
}

test_fresh_below_the_age if {
	clock.fresh("2026-11-24T11:00:01-05:00", "1h") with data.prodgate.organisation as testing.organisation with input as testing.promotion
	not clock.fresh("2026-11-24T11:00:00-05:00", "1h") with data.prodgate.organisation as testing.organisation with input as testing.promotion
}

test_outside_of_a_half_open_interval if {
	every case in [["11:59:59", true], ["12:00:00", false], ["12:59:59", false], ["13:00:00", true]] {
		document := testing.changed("/now", sprintf("2026-11-24T%s-05:00", [case[0]]))
		_outside(document) == case[1]
	}
}

default _outside(_) := false

_outside(document) if clock.outside(_hour) with data.prodgate.organisation as testing.organisation with input as document

test_nothing_is_outside_of_an_interval_that_ends_before_it_starts if {
	not clock.outside({"start": "2026-11-24T11:00:00-05:00", "end": "2026-11-24T10:00:00-05:00"}) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	not clock.outside({"start": "2026-11-24T11:00:00-05:00", "end": "2026-11-24T11:00:00-05:00"}) with data.prodgate.organisation as testing.organisation with input as testing.promotion
}
