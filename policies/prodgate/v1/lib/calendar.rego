# METADATA
# title: Calendar
# description: >-
#   Freezes, holidays and the time zone. Everything here is undefined or false unless
#   the calendar was read, covers the current time, and names only environments and
#   services that the settings list.
package prodgate.v1.lib.calendar

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

default covered := false

covered if {
	_reaches
	is_set(listed.environments)
	is_set(listed.services)
	count(unknown_names) == 0
}

default _reaches := false

_reaches if {
	"calendar" in sources.readable
	time.parse_rfc3339_ns(input.calendar.from) <= clock.now
	clock.now < time.parse_rfc3339_ns(input.calendar.horizon)
}

# The time zone of wall-clock times. OPA treats an empty name as UTC. Some names in a
# zone database are not zones; they are invalid or depend on the machine.
zone := _zone if {
	text.given(_zone)
	not _zone in {"Local", "localtime", "posixrules", "Factory"}
	folder := split(_zone, "/")[0]
	not folder in {"posix", "right"}
}

_zone := timezone if {
	settings.effective.window.timezone == "calendar"
	"calendar" in sources.readable
	timezone := input.calendar.timezone
}

_zone := settings.effective.window.timezone if settings.effective.window.timezone != "calendar"

# The evaluator can add an index of freezes and holidays by day since 1970. It only
# saves time. A document cannot contain one: the schema has no such key.
_day := floor(clock.now / 86400000000000)

_freezes := list if {
	list := _indexed("freezes")
} else := input.calendar.freezes

_holidays := list if {
	list := _indexed("holidays")
} else := input.calendar.holidays

_indexed(list) := [input.calendar[list][position] | some position in positions] if {
	positions := input.index[list][_day]
	is_array(positions)
}

# The freezes and holidays in effect for this request: all that are not shown to be in
# the past, in the future, or for another environment or service.
freezes contains freeze if {
	some freeze in _freezes
	not _spares(freeze)
}

holidays contains holiday if {
	some holiday in _holidays
	not _spares(holiday)
}

default no_freeze := false

no_freeze if {
	covered
	is_array(_freezes)
	count(freezes) == 0
}

default no_holiday := false

no_holiday if {
	covered
	is_array(_holidays)
	count(holidays) == 0
}

_spares(interval) if clock.outside(interval)

_spares(interval) if _elsewhere(interval.environments, input.request.environment)

_spares(interval) if _elsewhere(interval.services, input.request.service)

_elsewhere(names, name) if {
	count(names) > 0
	every other in names {
		text.differs(other, name)
	}
}

# METADATA
# title: Unknown environment or service in the calendar
# description: >-
#   A freeze or a holiday names an environment or a service that is not in the settings.
#   If the name is misspelled, the entry has no effect, so it is unknown what the
#   calendar was meant to close.
# custom:
#   code: calendar.unknown_name
#   cure: fix
#   remedy: Correct the name in the calendar, or add it to environments or services in the policy pack.
#   who: [owner of the calendar, owner of the policies]
unknown_names contains _unknown_name(list, interval, "environment", name, listed.environments) if {
	some list in {"freezes", "holidays"}
	some interval in input.calendar[list]
	some name in interval.environments
	not name in listed.environments
}

unknown_names contains _unknown_name(list, interval, "service", name, listed.services) if {
	some list in {"freezes", "holidays"}
	some interval in input.calendar[list]
	some name in interval.services
	not name in listed.services
}

_unknown_name(list, interval, kind, name, names) := {
	"code": "calendar.unknown_name",
	"item": sprintf("%v", [name]),
	"path": sprintf("/calendar/%s", [list]),
	"message": sprintf("%q in the %s names the %s %q, which is not in the settings", [
		object.get(interval, "name", "an entry"),
		list,
		kind,
		name,
	]),
	"observed": name,
	"required": names,
}

# METADATA
# title: Time not covered by the calendar
# description: >-
#   The calendar does not cover the time of the decision, so it is unknown whether a
#   freeze or holiday is in effect.
# custom:
#   code: calendar.beyond_horizon
#   cure: fix
#   remedy: Collect the facts again. They cover at least 90 days from the collection.
#   who: [author of the document]
beyond_horizon contains {
	"code": "calendar.beyond_horizon",
	"path": "/calendar/horizon",
	"message": sprintf("%s is outside of the calendar, which covers %s to %s", [
		input.now,
		input.calendar.from,
		input.calendar.horizon,
	]),
	"observed": input.now,
	"required": {"from": input.calendar.from, "until": input.calendar.horizon},
} if {
	not _reaches
}
