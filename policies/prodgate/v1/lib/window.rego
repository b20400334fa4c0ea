# METADATA
# title: Windows
# description: >-
#   The named windows of the settings that are open now, in the time zone of the site
#   (production-readiness.md, "Deployment Windows"). A wall-clock time that a clock
#   change skips or repeats is used as the clock shows it.
package prodgate.v1.lib.window

import data.prodgate.v1.lib.calendar
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings

default preferred := false

preferred if {
	some span in settings.effective.window.named[settings.effective.window.preferred]
	_within(span)
}

# The names of all windows that are open now.
open contains name if {
	some name, spans in settings.effective.window.named
	some span in spans
	_within(span)
}

_within(span) if {
	_weekday in span.days
	_minutes(span.from) <= _minute
	_minute < _minutes(span.to)
}

_weekday := time.weekday([clock.now, calendar.zone])

_minute := (hour * 60) + minute if [hour, minute, _] := time.clock([clock.now, calendar.zone])

_minutes(text) := (to_number(hours) * 60) + to_number(minutes) if [hours, minutes] := split(text, ":")
