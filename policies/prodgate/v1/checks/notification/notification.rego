# METADATA
# title: Teams notified
# description: >-
#   The relevant teams were notified of this request (production-readiness.md,
#   "Team notified").
package prodgate.v1.checks.notification

import data.prodgate.v1.lib.attempts
import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.waivers

default pass := false

pass if {
	count(needs - sources.readable) == 0
	count(settings.effective.notification.teams) > 0
	every team in settings.effective.notification.teams {
		_aware(team)
	}
}

needs := {"notifications"}

_aware(team) if _told(team)

_aware(team) if waivers.covers("notification.team_not_told", team)

_told(team) if {
	some notification in input.notifications
	notification.team == team
	_about_this(notification)
	attempts.requested_at <= clock.past(notification.sent_at)
}

# What the notification says about its subject must match this request.
_about_this(notification) if {
	binding.ours(notification)
	object.get(notification, "digest", null) in {null, input.artifact.digest}
	object.get(notification, "request", null) in attempts.names
}

# METADATA
# title: Team not notified
# description: A required team has not been notified of this deployment since it was requested.
# custom:
#   code: notification.team_not_told
#   cure: ask
#   remedy: Notify the team of this deployment.
#   who: [the engineer who wants to deploy]
#   waivable: true
deny contains object.union(_untold(team), {"message": sprintf("%s has not been notified since the request", [team])}) if {
	"notifications" in sources.readable
	some team in settings.effective.notification.teams
	not _aware(team)
}

waived contains object.union(_untold(team), {"message": sprintf("the notification of %s is waived", [team])}) if {
	some team in settings.effective.notification.teams
	not _told(team)
	waivers.covers("notification.team_not_told", team)
}

_untold(team) := {
	"code": "notification.team_not_told",
	"item": team,
	"path": "/notifications",
	"required": {"team": team, "not_before": input.request.requested_at},
}
