# METADATA
# title: Delegations
# description: >-
#   A person who holds an approver role can delegate it to another person for a limited
#   time, with a signature ("prodgate delegate"). The role is that of the directory, so a
#   delegated role cannot be delegated again. It counts for approvals only. The delegate
#   must satisfy everything else that is required of an approver
#   (production-readiness.md, "Who Can Approve").
package prodgate.v1.lib.delegations

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.signers
import data.prodgate.v1.lib.writers

# The delegations that count now, by position in the trail section, with the positions
# of the two people in the directory.
in_force[position] := {
	"role": delegation.role,
	"holder": people.approver(delegation.by),
	"delegate": people.one(delegation.to),
	"from": time.parse_rfc3339_ns(delegation.from),
} if {
	some position, delegation in input.trail.delegations
	_read
	_signed(delegation)
	_short(delegation)
	_lasts(delegation)
	_open(delegation)
	_held(delegation)
}

# Only a trail that was read completely shows that a delegation was not ended.
_read if {
	"trail" in writers.complete
	"trail" in writers.recorded
}

# The signature is that of the person who delegates, whoever recorded it.
_signed(delegation) if {
	signers.accepted("approvals", delegation.verified_by)
	signers.personal(delegation.verified_by)
	signers.speaks_for(delegation.verified_by, delegation.by)
}

_short(delegation) if {
	_length(delegation) <= min([_longest, time.parse_duration_ns(settings.effective.approval.delegation_max)])
}

_length(delegation) := time.parse_rfc3339_ns(delegation.until) - time.parse_rfc3339_ns(delegation.from)

# No setting allows more.
_longest := time.parse_duration_ns("336h")

_lasts(delegation) if {
	clock.past(delegation.from)
	clock.now < time.parse_rfc3339_ns(delegation.until)
}

# Anyone can end a delegation.
_open(delegation) if {
	is_array(delegation.ended)
	count(delegation.ended) == 0
}

# The holder could approve this request with the role: who requested it cannot delegate
# its approval.
_held(delegation) if {
	delegation.role in people.approver_roles
	delegation.role in input.people[people.approver(delegation.by)].roles
}

# The delegations with which a person can approve something at a time, by position.
of(person, at) := {position |
	some position, delegation in in_force
	delegation.delegate == person
	delegation.from <= at
}

# Why no delegation to a person covers an approval, as text.
objections(person) := {objection |
	some position, delegation in input.trail.delegations
	people.one(delegation.to) == person
	objection := sprintf("the delegation of %v by %v does not count: %s", [delegation.role, delegation.by, _objection(position)])
}

_objection(position) := "the approval was given before it began" if {
	in_force[position]
} else := "the audit trail was not read completely" if {
	not _read
} else := "it was ended" if {
	not _open(input.trail.delegations[position])
} else := sprintf("its signature is not that of %v: %s", [delegation.by, _unsigned(delegation)]) if {
	delegation := input.trail.delegations[position]
	not _signed(delegation)
} else := "it is for longer than approval.delegation_max" if {
	not _short(input.trail.delegations[position])
} else := sprintf("it is in force from %v until %v", [delegation.from, delegation.until]) if {
	delegation := input.trail.delegations[position]
	not _lasts(delegation)
} else := sprintf("%v does not have this role in the directory, or could not approve this request with it", [input.trail.delegations[position].by])

_unsigned(delegation) := object.get(
	delegation, "unverified",
	sprintf("it is signed by %v", [object.get(delegation, "verified_by", "no one")]),
)
