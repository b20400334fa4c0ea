# METADATA
# title: Incidents
# description: The entries of the incident tracker that matter to this request.
package prodgate.v1.lib.incidents

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

# The open entry that the request's ticket names. Undefined if there is none
# for this service and environment, or several.
ticket := incident if {
	"incidents" in sources.readable
	text.given(input.request.ticket)
	count(_named) == 1
	some incident in _named
}

# When it was opened.
opened_at := clock.past(ticket.opened_at)

_named contains incident if {
	some incident in input.incidents
	incident.id == input.request.ticket
	incident.service == input.request.service
	_here(incident)
	incident.status in settings.effective.incident.open_statuses
	clock.past(incident.opened_at)
}

# An incident that names no environment is in every one.
_here(incident) if object.get(incident, "environment", null) == null

_here(incident) if incident.environment == input.request.environment
