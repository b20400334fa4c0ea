# METADATA
# title: Preapproved rollback
# description: >-
#   The approval of a deployment also approves its rollback: to the target that the
#   gate's recorded allow names, for a limited time after the deployment began, once,
#   and for a person on call with an open ticket, who may be the requester
#   (production-readiness.md, "Rollback approval: same approver or on-call SRE").
package prodgate.v1.lib.preapproval

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.deployments
import data.prodgate.v1.lib.incidents
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.writers

default granted := false

granted if {
	input.request.kind == "rollback"
	incidents.ticket
	_on_call(input.request.requested_by)
	_on_call(input.request.triggered_by)
	some position in deployments.newest
	_planned(deployments.all[position])
	_in_time(position)
	not _used(position)
}

_on_call(id) if {
	person := people.one(id)
	some role in input.people[person].roles
	role in settings.effective.approval.roles.rollback
	settings.effective.approval.team in input.people[person].teams
	people.proven(person)
}

_planned(deployment) if {
	plan := deployment.plan
	plan.digest == input.artifact.digest
	object.get(plan, "configuration", null) == object.get(input.request, "configuration", null)
	writers.counts(deployment.section, "gate.evaluated", plan)
	not writers.whole(deployment.section)
}

_in_time(position) if {
	clock.now - deployments.began[position] < time.parse_duration_ns(settings.effective.rollback.preapproved)
	clock.fact(deployments.all[position].plan.at) <= clock.now
}

# The preapproval is used by any rollback that began, whichever writer recorded it.
_used(position) if {
	some event in deployments.all[position].events
	startswith(event.type, "rollback.")
}

_used(position) if {
	some event in deployments.loose
	startswith(event.type, "rollback.")
	event.digest == deployments.all[position].digest
}
