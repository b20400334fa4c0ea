# METADATA
# title: Deployment window
# description: >-
#   The current time is in the preferred window, or in another window that an
#   authorized person has named in an approval. Weekends and holidays are for
#   emergencies only
#   (production-readiness.md, "Deployment Windows").
package prodgate.v1.checks.window

import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.calendar
import data.prodgate.v1.lib.emergency
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.window

default pass := false

pass if {
	count(needs - sources.readable) == 0
	calendar.covered
	_open
}

needs := {"calendar"}

_open if {
	calendar.no_holiday
	window.preferred
}

_open if {
	calendar.no_holiday
	count(_acknowledged) > 0
}

_open if emergency.granted

_acknowledged := window.open & approvals.windows_named_by(settings.effective.window.acknowledged_by)

# METADATA
# title: Outside the deployment window
# description: Deployments at this time are discouraged, and no authorized person has named this window in an approval.
# custom:
#   code: window.closed
#   cure: wait
#   remedy: Wait for the preferred window, or ask for an approval that names the current window.
#   who: ["no one: it clears by itself", Platform Lead, VP Engineering]
deny contains object.union(_now, {
	"code": "window.closed",
	"message": sprintf("the current window is %s, not %s", [concat(", ", window.open), settings.effective.window.preferred]),
}) if {
	calendar.covered
	not _open
	count(calendar.holidays) == 0
	count(window.open) > 0
}

# METADATA
# title: Deployments prohibited at this time
# description: No window is open now, for example on weekends. Only emergencies are allowed.
# custom:
#   code: window.prohibited
#   cure: wait
#   remedy: Wait for the next window. A critical patch can be deployed as an emergency with VP-level approval.
#   who: ["no one: it clears by itself", VP Engineering for an emergency]
deny contains object.union(_now, {
	"code": "window.prohibited",
	"message": "no deployment window is open now",
}) if {
	calendar.covered
	not _open
	count(calendar.holidays) == 0
	count(window.open) == 0
}

# METADATA
# title: Holiday
# description: Only emergencies are allowed on holidays.
# custom:
#   code: window.holiday
#   cure: wait
#   remedy: Wait for the window of the next working day. A critical patch can be deployed as an emergency with VP-level approval.
#   who: ["no one: it clears by itself", VP Engineering for an emergency]
deny contains object.union(_now, {
	"code": "window.holiday",
	"item": holiday.name,
	"message": sprintf("today is a holiday: %s", [holiday.name]),
}) if {
	not _open
	some holiday in calendar.holidays
}

deny contains finding if some finding in calendar.beyond_horizon

deny contains finding if some finding in calendar.unknown_names

# METADATA
# title: Deployment outside the preferred window
# description: An authorized person has approved a deployment at this discouraged time.
# custom:
#   code: window.acknowledged
#   effect: warn
#   cure: wait
#   remedy: Make sure that the team is available, or wait for the preferred window.
#   who: [the engineer who deploys]
warn contains object.union(_now, {
	"code": "window.acknowledged",
	"message": sprintf("an approval names the window %s", [concat(", ", _acknowledged)]),
}) if {
	_open
	not window.preferred
	count(_acknowledged) > 0
}

# METADATA
# title: Time zone of the windows set by the calendar
# description: >-
#   The settings do not fix the time zone of the windows; the calendar does. Everyone
#   who can write the calendar can move the windows.
# custom:
#   code: window.zone_from_calendar
#   effect: warn
#   cure: fix
#   remedy: Set window.timezone in the policy pack to the site's IANA zone.
#   who: [owner of the policies]
warn contains {
	"code": "window.zone_from_calendar",
	"path": "/calendar/timezone",
	"message": sprintf("the windows use the time zone %v, which the calendar sets and the settings do not", [input.calendar.timezone]),
	"observed": input.calendar.timezone,
	"required": {"window.timezone": "an IANA name"},
} if {
	settings.effective.window.timezone == "calendar"
}

# METADATA
# title: Emergency outside the window
# description: An emergency is allowed at a time when other deployments are not.
# custom:
#   code: window.overridden
#   effect: warn
#   cure: wait
#   remedy: No action is required now. Cover this in the review of the emergency.
#   who: [VP Engineering]
warn contains object.union(_now, {
	"code": "window.overridden",
	"message": "emergency outside the deployment window",
}) if {
	emergency.granted
	not _ordinary
}

_ordinary if {
	calendar.no_holiday
	window.preferred
}

_now := {
	"path": "/now",
	"observed": input.now,
	"required": {"window": settings.effective.window.preferred, "timezone": calendar.zone},
}
