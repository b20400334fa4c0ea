# METADATA
# title: Rejections
# description: >-
#   Rejections and withdrawals, from approvals and from the trail, by any writer. A
#   rejection applies unless it shows that it is about something else. One that names
#   this request ends the request. Any other denies until an authorized person lifts it.
package prodgate.v1.lib.rejections

import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.attempts
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.reviews
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.signers
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Open rejections, by their paths in the document.
standing contains path if {
	some path, _ in _about
	not lifted[path]
}

# Rejections that end this request.
ending contains path if {
	some path, record in _about
	_ends(record)
}

# Lifted rejections, with the positions of the approvals that lift them.
lifted[path] contains position if {
	some path, record in _about
	not _ends(record)
	some position, person in approvals.counting
	_after(position, path, record)
	_may_lift(position, person, path, record)
}

# Approvals whose approver has since withdrawn them or rejected the same, by position.
# A claimed withdrawal revokes no approval, but it counts as a rejection.
revoked contains position if {
	some path, record in _about
	_reported(path, record)
	rejecting := people.one(record.approver)
	some position, approval in input.approvals
	approval.decision == "approved"
	people.one(approval.approver) == rejecting
	not _after(position, path, record)
}

# The decision of a record. A record without one is a rejection.
word(path) := trim_prefix(_type(_records[path]), "approval.") if {
	_recorded(path)
} else := _records[path].decision if {
	_records[path].decision
} else := "rejected"

# Who rejected, and when, as recorded.
by(path) := object.get(_records[path], "approver", "an unknown person")

at(path) := object.get(_records[path], _time(path), "an unknown time")

# The reason of a record in the trail, as the end of a sentence.
because(path) := sprintf(": %s", [_records[path].reason]) if {
	_recorded(path)
	text.given(_records[path].reason)
} else := ""

# The records, by their paths in the document.
_records[path] := record if {
	some position, record in input.approvals
	not position in _no_rejections
	path := sprintf("/approvals/%d", [position])
}

_no_rejections := {position |
	some position, record in input.approvals
	record.decision in {"approved", "pending"}
}

_records[path] := step if {
	some position, step in input.trail.steps
	_type(step) in {"approval.rejected", "approval.withdrawn"}
	path := sprintf("/trail/steps/%d", [position])
}

# The type of a step, in any spelling.
_type(step) := lower(trim_space(step.type))

# Whether a record is from the trail, not from the approvals.
_recorded(path) if startswith(path, "/trail/")

_time(path) := "at" if {
	_recorded(path)
} else := "approved_at"

_about[path] := record if {
	some path, record in _records
	not _elsewhere(record)
	_holds(path, record)
}

# A rejection that names this request is about it, even if other fields differ.
_about[path] := record if {
	some path, record in _records
	_ends(record)
}

_elsewhere(record) if {
	every digest in _digests {
		text.differs_digest(record.digest, digest)
	}
}

_elsewhere(record) if {
	record.environment in listed.environments
	record.environment != input.request.environment
}

_elsewhere(record) if {
	record.service in listed.services
	record.service != input.request.service
}

_elsewhere(record) if {
	record.kind in {"initial", "promotion", "configuration", "rollback"}
	record.kind != input.request.kind
}

_elsewhere(record) if {
	input.request.kind == "configuration"
	text.differs_digest(record.configuration, input.request.configuration)
}

# The digests of the artifact and its platforms.
_digests := {input.artifact.digest} | {platform.digest | some platform in input.artifact.platforms}

# Only a rejection of this rollback blocks a rollback.
_holds(_, _) if not _rollback

_holds(_, record) if _names_this_request(record)

_holds(path, record) if {
	record.kind == "rollback"
	not _before_the_request(path, record)
}

_holds(path, record) if {
	not _names_a_request(record)
	not _before_the_request(path, record)
}

_rollback if input.request.kind == "rollback"

_names_a_request(record) if text.given(record.request)

_names_this_request(record) if _ends(record)

_names_this_request(record) if {
	_names_a_request(record)
	record.request == attempts.deployment
}

_before_the_request(path, record) if _given(path, record) < attempts.requested_at

_ends(record) if {
	_names_a_request(record)
	record.request == input.request.id
}

# When a record was given; the latest time if that is estimated.
_given(path, record) := clock.past(record[_time(path)]) if {
	object.get(record, "latest", null) == null
} else := max([clock.past(record[_time(path)]), clock.past(record.latest)])

_after(position, path, record) if clock.past(reviews.given(input.approvals[position])) > _given(path, record)

# A rejection by an approver, from an accepted source or writer, is lifted by the same
# person, or by a person with a lifting role who names it. Any other rejection is lifted
# by any approval that counts.
_may_lift(_, _, path, record) if not _binding(path, record)

_may_lift(_, person, _, record) if person == people.one(record.approver)

_may_lift(position, _, _, record) if {
	position in approvals.given_by(settings.effective.approval.rejection_lifted_by)
	_names(input.approvals[position].lifts, record)
}

_binding(path, record) if {
	_reported(path, record)
	not _by_no_approver(record)
}

# Where rejections without a signature count, one with a signature that does not count is
# no weaker.
_reported(path, _) if {
	not _recorded(path)
	"approvals" in sources.readable
	settings.effective.sources.unverified.approvals == true
}

_reported(path, record) if {
	not _recorded(path)
	"approvals" in sources.readable
	signer := object.get(record, "verified_by", null)
	signers.counts("approvals", signer)
	signers.speaks_for(signer, object.get(record, "approver", null))
}

_reported(path, step) if {
	_recorded(path)
	writers.counts("trail", step.type, step)
}

# Whether a rejection is shown to be by a person who is not an approver.
_by_no_approver(record) if people.unknown(record.approver)

_by_no_approver(record) if people.outsider(people.one(record.approver))

_names(lifts, record) if record.id in lifts

_names(lifts, record) if {
	some id in lifts
	people.one(id) == people.one(record.approver)
}

_names(lifts, record) if record.approver in lifts
