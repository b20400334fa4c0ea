# METADATA
# title: Adoption
# description: >-
#   Whether the adoption of a service that ran before the gate is valid. It was approved
#   by a person with a role for any request, who did not request it.
package prodgate.v1.lib.adoption

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.writers

default valid := false

valid if {
	adoption := input.production.adoption
	writers.counts("production", "production.adopted", adoption)
	clock.past(adoption.approved_at) <= clock.past(adoption.at)
	approver := people.one(adoption.approver)
	requester := people.one(adoption.requested_by)
	people.distinct(approver, requester)
	not _too_late
	some role in input.people[approver].roles
	role in settings.effective.approval.roles.any_request
	people.proven(approver)
	settings.effective.approval.team in input.people[approver].teams
}

# An adoption is for deployments from before the gate, so no gated deployment may have
# gone live before it or at an unknown time.
_too_late if {
	some deployment in input.production.history
	not _claimed(deployment)
	not _adopted(deployment)
	object.get(deployment, "live_at", null) != null
	not _later(deployment)
}

_later(deployment) if clock.fact(deployment.live_at) >= clock.fact(input.production.adoption.at)

_adopted(deployment) if deployment.adopted == true

_claimed(deployment) if deployment.assurance == "claimed"
