package prodgate.v1.lib.calendar_test

import data.prodgate.v1.lib.calendar
import data.prodgate.v1.testing

# The day of the promotion's now, counted from 1970.
_day := floor(time.parse_rfc3339_ns(testing.promotion.now) / 86400000000000)

_indexed(freezes, holidays) := object.union(
	testing.changed("/calendar", object.union(testing.promotion.calendar, {
		"freezes": [testing.today, object.union(testing.today, {"name": "second"})],
		"holidays": [testing.today],
	})),
	{"index": {"freezes": {_day: freezes}, "holidays": {_day: holidays}}},
)

test_index_names_what_to_look_at if {
	document := _indexed([1], [0])
	{freeze.name | some freeze in calendar.freezes} == {"second"} with data.prodgate.organisation as testing.organisation with input as document
	{holiday.name | some holiday in calendar.holidays} == {"today"} with data.prodgate.organisation as testing.organisation with input as document
	calendar.no_freeze == false with data.prodgate.organisation as testing.organisation with input as document
	calendar.no_holiday == false with data.prodgate.organisation as testing.organisation with input as document
}

test_everything_is_examined_without_an_index_of_the_day if {
	document := json.remove(_indexed([1], [0]), ["index/freezes", "index/holidays"])
	count(calendar.freezes) == 2 with data.prodgate.organisation as testing.organisation with input as document
	count(calendar.holidays) == 1 with data.prodgate.organisation as testing.organisation with input as document
}

test_everything_is_examined_with_an_index_that_is_not_a_list if {
	every value in [null, "", {}, 0] {
		document := _indexed(value, value)
		count(calendar.freezes) == 2 with data.prodgate.organisation as testing.organisation with input as document
		count(calendar.holidays) == 1 with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_nothing_is_known_of_a_calendar_that_was_not_read if {
	document := testing.changed("/sources/calendar/status", "error")
	calendar.covered == false with data.prodgate.organisation as testing.organisation with input as document
	calendar.no_freeze == false with data.prodgate.organisation as testing.organisation with input as document
	calendar.no_holiday == false with data.prodgate.organisation as testing.organisation with input as document
	not calendar.zone with data.prodgate.organisation as testing.organisation with input as document
}

test_names_in_other_lists_do_not_matter if {
	other := json.patch(testing.promotion, [{
		"op": "add",
		"path": "/calendar/notes",
		"value": [{"name": "today", "environments": ["mars"], "services": ["mars"]}],
	}])
	calendar.unknown_names == set() with data.prodgate.organisation as testing.organisation with input as other
	calendar.covered == true with data.prodgate.organisation as testing.organisation with input as other
}
