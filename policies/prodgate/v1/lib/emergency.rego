# METADATA
# title: Emergency
# description: >-
#   Whether this is an emergency that meets all conditions (production-readiness.md,
#   "Emergency Deployment Window"). An emergency overrides only limits of time: window,
#   freeze, holiday and the incident that it fixes.
package prodgate.v1.lib.emergency

import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.calendar
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.debts
import data.prodgate.v1.lib.incidents
import data.prodgate.v1.lib.reviews
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.trail
import data.prodgate.v1.lib.window

default granted := false

granted if {
	input.request.emergency == true
	ticket_recent
	on_call_told
	way_back_documented
	approved
	trail_read
	debts.few
}

default ticket_recent := false

ticket_recent if {
	clock.now - incidents.opened_at < time.parse_duration_ns(settings.effective.emergency.ticket_max_age)
}

# Whether a role that may approve an emergency now has approved this one.
default approved := false

approved if {
	some position in _by_whoever_may
	position in _for_this_incident
}

# Whether a role that may approve an emergency now has given any approval that counts.
default approved_by_role := false

approved_by_role if count(_by_whoever_may) > 0

_by_whoever_may contains position if some position in approvals.given_by(settings.effective.emergency.approved_by)

_by_whoever_may contains position if {
	window.preferred
	calendar.no_freeze
	calendar.no_holiday
	some position in approvals.given_by(settings.effective.emergency.approved_in_preferred_window_by)
}

# Approvals that name the window "emergency" and the ticket, and were given after the
# incident was opened.
_for_this_incident contains position if {
	some position, _ in approvals.counting
	approval := input.approvals[position]
	approval.deployment_window == "emergency"
	approval.ticket == incidents.ticket.id
	clock.past(reviews.given(approval)) >= incidents.opened_at
}

default on_call_told := false

on_call_told if {
	on_call_notified
	on_call_recent
	on_call_about_this
}

# Whether the on-call team was notified after the incident was opened.
default on_call_notified := false

on_call_notified if _notified >= incidents.opened_at

default on_call_recent := false

on_call_recent if {
	clock.now - _notified < time.parse_duration_ns(settings.effective.emergency.on_call_max_age)
}

_notified := clock.past(input.on_call.notified_at) if "on_call" in sources.readable

# The service and ticket of a notification are optional.
default on_call_about_this := false

on_call_about_this if {
	object.get(input.on_call, "service", null) in {null, input.request.service}
	object.get(input.on_call, "ticket", null) in {null, input.request.ticket}
}

default way_back_documented := false

way_back_documented if {
	"rollback" in sources.readable
	text.given(input.rollback.procedure)
	object.get(input.rollback, "service", null) in {null, input.request.service}
}

# An emergency leaves a debt. It must be recorded where the gate reads it.
default trail_read := false

trail_read if {
	trail.complete
	input.sources.trail.kind == "trail"
}
