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
	some position in _approving
	input.approvals[position].digest == input.artifact.digest
	input.approvals[position].environment == input.request.environment
	_timely(input.approvals[position].approved_at)
	signed(input.approvals[position].verified_by)
	person := people.approver(input.approvals[position].approver)
}

_approving := {position | input.approvals[position].decision == "approved"}

# The directory roles of those whose approvals count.
roles contains input.people[counting[_]].roles[_]

# Whether somebody with one of these roles has approved.
granted_by(names) if names[_] in roles

# The windows that somebody with one of these roles has named on purpose.
windows_named_by(names) := {input.approvals[position].deployment_window |
	some position, person in counting
	some role in input.people[person].roles
	role in names
}

# Rejections and withdrawals that stand: everything that is not exactly
# "approved", unless it is shown to be about something else, to come from
# somebody who is no approver, or to be taken back by the same person.
rejections contains position if {
	some position, record in input.approvals
	not position in _approving
	not _elsewhere(record)
	not _outsiders(record)
	not _taken_back(record)
}

_approves(approval) if {
	approval.decision == "approved"
	approval.digest == input.artifact.digest
	approval.environment == input.request.environment
}

_timely(approved_at) if {
	approved := clock.past(approved_at)
	_requested <= approved
	clock.now - approved < _max_age
}

_requested := clock.past(input.request.requested_at)

_max_age := time.parse_duration_ns(settings.effective.approval.max_age)

# Whether a record is signed, or need not be.
signed(_) if settings.effective.sources.unverified.approvals == true

signed(signer) if text.given(signer)

_elsewhere(record) if text.differs_digest(record.digest, input.artifact.digest)

_elsewhere(record) if text.differs(record.environment, input.request.environment)

_outsiders(record) if people.outsider(people.one(record.approver))

_taken_back(record) if {
	rejected := clock.past(record.approved_at)
	person := people.one(record.approver)
	some approval in input.approvals
	_approves(approval)
	signed(approval.verified_by)
	people.one(approval.approver) == person
	clock.past(approval.approved_at) > rejected
}

# Approvals that do not count, by their position, with the reasons why.
ignored[position] := reasons if {
	some position in (_approving - object.keys(counting))
	approval := input.approvals[position]
	reasons := ((_digest_reason(approval) | _environment_reason(approval)) | _time_reason(approval)) | (_signature_reason(approval) | people.objections(approval.approver))
}

_digest_reason(approval) := set() if {
	approval.digest == input.artifact.digest
} else := {"is for another digest, or names none"}

_environment_reason(approval) := set() if {
	approval.environment == input.request.environment
} else := {"is for another environment, or names none"}

_time_reason(approval) := set() if {
	_timely(approval.approved_at)
} else := {"was given before the request"} if {
	clock.past(approval.approved_at) < _requested
} else := {sprintf("is older than %s", [settings.effective.approval.max_age])} if {
	clock.past(approval.approved_at)
} else := {"is dated in the future"}

_signature_reason(approval) := set() if {
	signed(approval.verified_by)
} else := {"is not signed"}
