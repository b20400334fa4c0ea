# METADATA
# title: Incidents
# description: The incidents that are relevant to this request.
package prodgate.v1.lib.incidents

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

# The open incident that the request's ticket names. Undefined if there is no such
# incident for this service and environment, or more than one.
ticket := incident if {
	"incidents" in sources.readable
	text.given(input.request.ticket)
	count(_named) == 1
	some incident in _named
}

# When the incident was opened.
opened_at := clock.past(ticket.opened_at)

_named contains incident if {
	some incident in input.incidents
	incident.id == input.request.ticket
	incident.service == input.request.service
	_here(incident)
	incident.status in settings.effective.incident.open_statuses
	clock.past(incident.opened_at)
}

# An incident without an environment applies to every environment.
_here(incident) if object.get(incident, "environment", null) == null

_here(incident) if incident.environment == input.request.environment
