# METADATA
# title: Deployment window
# description: >-
#   Now lies in the preferred window, or in one that a person who may has named
#   on purpose; weekends and holidays are for emergencies alone
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
# description: Deployments at this time are discouraged, and nobody who may has approved one by naming this window.
# custom:
#   code: window.closed
#   cure: wait
#   remedy: Wait for the preferred window, or ask for an approval that names this one.
#   who: [nobody; time alone, Platform Lead, VP Engineering]
deny contains object.union(_now, {
	"code": "window.closed",
	"message": sprintf("now is %s, outside of %s", [concat(", ", window.open), settings.effective.window.preferred]),
}) if {
	calendar.covered
	not _open
	count(calendar.holidays) == 0
	count(window.open) > 0
}

# METADATA
# title: Deployments are prohibited at this time
# description: No window of any name is open now, as on weekends; emergencies alone may go.
# custom:
#   code: window.prohibited
#   cure: wait
#   remedy: Wait for the next window; a critical patch may go as an emergency with VP-level approval.
#   who: [nobody; time alone, VP Engineering for an emergency]
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
# description: Deployments on holidays are for emergencies alone.
# custom:
#   code: window.holiday
#   cure: wait
#   remedy: Wait for the next working day's window; a critical patch may go as an emergency with VP-level approval.
#   who: [nobody; time alone, VP Engineering for an emergency]
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
# description: Somebody who may has approved a deployment at this discouraged time.
# custom:
#   code: window.acknowledged
#   effect: warn
#   cure: wait
#   remedy: Have the team at hand, or wait for the preferred window.
#   who: [the engineer who deploys]
warn contains object.union(_now, {
	"code": "window.acknowledged",
	"message": sprintf("%s was approved by name", [concat(", ", _acknowledged)]),
}) if {
	_open
	not window.preferred
	count(_acknowledged) > 0
}

# METADATA
# title: The calendar chooses the windows' zone
# description: >-
#   The settings leave it to the calendar on whose wall clock the windows are.
#   Whoever writes the calendar can move them.
# custom:
#   code: window.zone_from_calendar
#   effect: warn
#   cure: fix
#   remedy: Set window.timezone in the policy pack to the site's IANA zone.
#   who: [owner of the policies]
warn contains {
	"code": "window.zone_from_calendar",
	"path": "/calendar/timezone",
	"message": sprintf("the windows are on the clock of %v, which the calendar names and the settings do not", [input.calendar.timezone]),
	"observed": input.calendar.timezone,
	"required": {"window.timezone": "an IANA name"},
} if {
	settings.effective.window.timezone == "calendar"
}

# METADATA
# title: Emergency outside the window
# description: An emergency goes at a time that is closed to others.
# custom:
#   code: window.overridden
#   effect: warn
#   cure: wait
#   remedy: Nothing to do now; the review that every emergency owes will ask for it.
#   who: [VP Engineering]
warn contains object.union(_now, {
	"code": "window.overridden",
	"message": "an emergency outside the deployment window",
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
