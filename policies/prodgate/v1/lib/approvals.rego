# METADATA
# title: Approvals
# description: >-
#   Which approvals count for this request now, and which rejections stand
#   (production-readiness.md, "Approval Requirements").
package prodgate.v1.lib.approvals

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

# The approvals that count, by their position, with the person behind each.
counting[position] := person if {
	"approvals" in sources.readable
	is_array(input.approvals)
	some position, approval in input.approvals
	_approves(approval)
	_timely(approval)
	_verified(approval)
	person := people.approver(approval.approver)
}

# The directory roles of those whose approvals count.
roles contains role if {
	some person in counting
	some role in person.roles
}

# Whether somebody with one of these roles has approved.
granted_by(names) if {
	some role in names
	role in roles
}

# The windows that somebody with one of these roles has named on purpose.
windows_named_by(names) := {input.approvals[position].deployment_window |
	some position, person in counting
	some role in person.roles
	role in names
}

# Rejections and withdrawals that stand: everything that is not exactly
# "approved", unless it is shown to be about something else, to come from
# somebody who is no approver, or to be taken back by the same person.
rejections contains position if {
	some position, record in input.approvals
	not _approved(record)
	not _elsewhere(record)
	not _outsiders(record)
	not _taken_back(record)
}

_approved(record) if record.decision == "approved"

_approves(approval) if {
	_approved(approval)
	approval.digest == input.artifact.digest
	approval.environment == input.request.environment
}

_timely(approval) if {
	approved_at := clock.past(approval.approved_at)
	clock.past(input.request.requested_at) <= approved_at
	clock.now - approved_at < time.parse_duration_ns(settings.effective.approval.max_age)
}

_verified(approval) if text.given(approval.verified_by)

_verified(_) if settings.effective.sources.unverified.approvals == true

_elsewhere(record) if text.differs_digest(record.digest, input.artifact.digest)

_elsewhere(record) if text.differs(record.environment, input.request.environment)

_outsiders(record) if people.outsider(people.one(record.approver))

_taken_back(record) if {
	rejected_at := clock.past(record.approved_at)
	person := people.one(record.approver)
	some approval in input.approvals
	_approves(approval)
	people.one(approval.approver) == person
	clock.past(approval.approved_at) > rejected_at
}

# Approvals that do not count, by their position, with the reasons why.
ignored[position] := reasons if {
	some position, approval in input.approvals
	_approved(approval)
	not counting[position]
	reasons := ((_digest_reason(approval) | _environment_reason(approval)) | _time_reason(approval)) | (_signature_reason(approval) | people.objections(approval.approver))
}

_digest_reason(approval) := set() if {
	approval.digest == input.artifact.digest
} else := {"is for another digest, or names none"}

_environment_reason(approval) := set() if {
	approval.environment == input.request.environment
} else := {"is for another environment, or names none"}

_time_reason(approval) := set() if {
	_timely(approval)
} else := {"was given before the request"} if {
	clock.past(approval.approved_at) < clock.past(input.request.requested_at)
} else := {sprintf("is older than %s", [settings.effective.approval.max_age])} if {
	clock.past(approval.approved_at)
} else := {"is dated in the future"}

_signature_reason(approval) := set() if {
	_verified(approval)
} else := {"is not signed"}
