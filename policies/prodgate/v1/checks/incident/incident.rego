# METADATA
# title: No active incident
# description: >-
#   No incident is active on the service, but for the one that an emergency
#   answers (production-readiness.md, "Change freeze periods: during incident
#   response").
package prodgate.v1.checks.incident

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.emergency
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

default pass := false

pass if {
	count(needs - sources.readable) == 0
	is_array(input.incidents)
	count(_active) == 0
}

needs := {"incidents"}

# Positions of the incidents of which it is not shown that they are over,
# another service's, or the reason for this emergency.
_active contains position if {
	some position, incident in input.incidents
	not _over(incident)
	not _elsewhere(incident)
	not _answered(incident)
}

_over(incident) if incident.status == "resolved"

_elsewhere(incident) if text.differs(incident.service, input.request.service)

# An incident of another environment that the settings list.
_elsewhere(incident) if binding.elsewhere(incident)

_answered(incident) if {
	emergency.granted
	incident.id == input.request.ticket
}

# METADATA
# title: Active incident
# description: An incident is active on this service, so it does not change but to answer the incident.
# custom:
#   code: incident.active
#   cure: ask
#   remedy: Resolve the incident, or ask for an emergency deployment that answers it.
#   who: [On-Call SRE, VP Engineering for an emergency]
deny contains {
	"code": "incident.active",
	"item": object.get(input.incidents[position], "id", sprintf("%d", [position])),
	"path": sprintf("/incidents/%d", [position]),
	"message": sprintf("incident %v is %v", [
		object.get(input.incidents[position], "id", "without id"),
		object.get(input.incidents[position], "status", "of unknown status"),
	]),
	"required": "resolved",
} if {
	"incidents" in sources.readable
	some position in _active
}
