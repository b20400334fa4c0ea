# METADATA
# title: Emergency
# description: >-
#   Whether this is an emergency with everything an emergency needs
#   (production-readiness.md, "Emergency Deployment Window"). It lifts the
#   limits of time and nothing else: window, freeze, holiday and the incident
#   it answers.
package prodgate.v1.lib.emergency

import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.calendar
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.incidents
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.window

default granted := false

granted if {
	input.request.emergency == true
	incidents.ticket
	on_call_told
	way_back_documented
	approved
}

default approved := false

approved if approvals.granted_by(settings.effective.emergency.approved_by)

approved if {
	window.preferred
	calendar.no_freeze
	calendar.no_holiday
	approvals.granted_by(settings.effective.emergency.approved_in_preferred_window_by)
}

default on_call_told := false

on_call_told if {
	"on_call" in sources.readable
	is_string(input.on_call.notified_at)
	clock.past(input.on_call.notified_at) >= clock.past(incidents.ticket.opened_at)
}

default way_back_documented := false

way_back_documented if {
	"rollback" in sources.readable
	text.given(input.rollback.procedure)
}
