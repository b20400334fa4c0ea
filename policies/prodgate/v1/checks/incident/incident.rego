# METADATA
# title: No active incident
# description: >-
#   No incident is active on the service, except the one that an emergency deployment
#   fixes (production-readiness.md, "Change freeze periods: during incident
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

# Positions of the incidents that are not shown to be resolved, to belong to another
# service, or to be the reason for this emergency.
_active contains position if {
	some position, incident in input.incidents
	not _over(incident)
	not _elsewhere(incident)
	not _answered(incident)
}

_over(incident) if incident.status == "resolved"

_elsewhere(incident) if text.differs(incident.service, input.request.service)

# An incident in another environment that the settings list.
_elsewhere(incident) if binding.elsewhere(incident)

_answered(incident) if {
	emergency.granted
	incident.id == input.request.ticket
}

# METADATA
# title: Active incident
# description: An incident is active on this service. Only deployments that fix the incident are allowed.
# custom:
#   code: incident.active
#   cure: ask
#   remedy: Resolve the incident, or request an emergency deployment that fixes it.
#   who: [On-Call SRE, VP Engineering for an emergency]
deny contains {
	"code": "incident.active",
	"item": object.get(input.incidents[position], "id", sprintf("%d", [position])),
	"path": sprintf("/incidents/%d", [position]),
	"message": sprintf("incident %v is %v", [
		object.get(input.incidents[position], "id", "(no id)"),
		object.get(input.incidents[position], "status", "in an unknown state"),
	]),
	"required": "resolved",
} if {
	"incidents" in sources.readable
	some position in _active
}
