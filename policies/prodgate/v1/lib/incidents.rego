# METADATA
# title: Incidents
# description: The incidents that are relevant to this request.
package prodgate.v1.lib.incidents

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

# The open incident that the request's ticket names. Undefined if there is no such
# incident for this service and environment, if there is more than one, or if another
# system has closed it.
ticket := incident if {
	"incidents" in sources.readable
	text.given(input.request.ticket)
	count(_named) == 1
	some incident in _named
	every other in input.incidents {
		not _closed(other)
	}
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

_closed(incident) if {
	incident.id == input.request.ticket
	not _of_another_service(incident)
	not binding.elsewhere(incident)
	not _open(incident)
}

_of_another_service(incident) if text.differs(incident.service, input.request.service)

_open(incident) if incident.status in settings.effective.incident.open_statuses
