# METADATA
# title: Approvals
# description: >-
#   The approvals that count for this request now: given by an authorized person, for
#   exactly this request, after the staging verification, in time and not used up
#   (production-readiness.md, "Approval Requirements").
package prodgate.v1.lib.approvals

import data.prodgate.v1.lib.attempts
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.delegations
import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.rejections
import data.prodgate.v1.lib.reviews
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.signers
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.staging
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.used

# The approvals that count, by position, with the person who gave each.
counting[position] := person if {
	"approvals" in sources.readable
	is_array(input.approvals)
	some position in _approving
	approval := input.approvals[position]
	_bound(approval)
	_timely(approval)
	signers.counts("approvals", approval.verified_by)
	_unused(reviews.given(approval))
	not position in rejections.revoked
	person := people.eligible(approval.approver)
	_authorized(position, person)
	signers.speaks_for(approval.verified_by, approval.approver)
}

_authorized(_, person) if people.has_role(person)

_authorized(position, person) if count(_delegations(position, person)) > 0

# The delegations with which a person gave an approval, by position in the trail section.
_delegations(position, person) := delegations.of(person, clock.past(reviews.given(input.approvals[position])))

# Delegated roles with which approvals count, by the position of the approval. A role
# that the directory gives to the approver, too, needs no delegation.
delegated[position] contains delegation if {
	some position, person in counting
	some delegation in _delegations(position, person)
	role := delegations.in_force[delegation].role
	own := _roles_of(person)
	not role in own
}

_roles_of(person) := {role | some role in input.people[person].roles}

_approving := {position | input.approvals[position].decision == "approved"}

# An approval must name what it is for, unless it is a review of this run.
_bound(approval) if {
	reviews.direct(approval)
	_of_this_digest(approval)
	_as_requested(approval, "service")
	_as_requested(approval, "environment")
	_as_requested(approval, "kind")
	_configured(approval)
	_of_this_request(approval)
}

_bound(approval) if {
	_as_requested(approval, "environment")
	_of_this_request(approval)
	reviews.bound(approval)
}

_of_this_digest(approval) if approval.digest == input.artifact.digest

_as_requested(approval, key) if approval[key] == input.request[key]

# An approval must name the configuration of the request. For requests of other kinds
# than configuration, naming it is optional.
_configured(approval) if {
	input.request.kind in {"initial", "promotion", "rollback"}
	object.get(approval, "configuration", null) in {null, object.get(input.request, "configuration", null)}
}

_configured(approval) if {
	is_string(approval.configuration)
	approval.configuration == input.request.configuration
}

# The request is optional: not every source knows requests.
_of_this_request(approval) if object.get(approval, "request", null) in attempts.names

_timely(approval) if {
	approved := clock.past(reviews.given(approval))
	attempts.requested_at <= approved + _tolerance(approval)
	_informed(approved)
	clock.now - approved < _max_age
}

# The time of a review is by another clock than that of the request.
_tolerance(approval) := reviews.tolerance if reviews.of_run(approval)

_tolerance(approval) := 0 if not reviews.of_run(approval)

# The target of a rollback was verified before.
_informed(_) if input.request.kind == "rollback"

_informed(approved) if {
	input.request.kind in {"configuration", "initial", "promotion"}
	staging.passed_at <= approved
}

_max_age := time.parse_duration_ns(settings.effective.approval.max_age)

_unused(approved_at) if count(used.by(clock.past(approved_at))) == 0

# The roles of the people whose approvals count, in the directory or delegated.
roles contains role if {
	some position, person in counting
	some role in _roles(position, person)
}

_roles(position, person) := _roles_of(person) | {delegations.in_force[delegation].role |
	some delegation in delegated[position]
}

# Whether a person with one of these roles has approved.
granted_by(names) if names[_] in roles

# The approvals that count by people with one of these roles, by position.
given_by(names) := {position |
	some position, person in counting
	some role in _roles(position, person)
	role in names
}

# The different people whose approvals count. A person who cannot be distinguished from
# an earlier one does not count again.
different contains person if {
	some person in _approvers
	every earlier in {earlier | some earlier in _approvers; earlier < person} {
		people.distinct(person, earlier)
	}
}

_approvers := {voice |
	some position, person in counting
	voice := _voice(position, person)
}

# Who without a role in the directory approves for its holder is no second person beside
# the holder, or beside another delegate of the same holder.
_voice(_, person) := person if people.has_role(person)

_voice(position, person) := min({delegations.in_force[delegation].holder |
	some delegation in delegated[position]
}) if {
	not people.has_role(person)
}

# The windows that people with one of these roles have named recently.
windows_named_by(names) := {input.approvals[position].deployment_window |
	some position in given_by(names)
	not position in lapsed
}

# Approvals that count, but were given too long ago to open the window they name.
lapsed contains position if {
	some position, _ in counting
	given := reviews.given(input.approvals[position])
	not _acknowledging(given)
}

_acknowledging(approved_at) if {
	clock.now - clock.past(approved_at) < time.parse_duration_ns(settings.effective.window.acknowledgement_valid)
}

# Approvals that count for one more attempt of a failed deployment, by position, with
# the number of attempts so far.
reused[position] := number if {
	some position, _ in counting
	number := used.attempts_since(clock.past(reviews.given(input.approvals[position])))
	number > 0
}

# Approvals that do not count, by position, with the reasons.
ignored[position] := {reason |
	some reason in (_reasons[position] | _objections(position))
	reason != ""
} if {
	some position in _not_counting
}

# What is wrong with the approver. A delegated role is as good as one of the directory.
_objections(position) := people.objections(approver) - {people.no_role} if {
	approver := input.approvals[position].approver
	count(_delegations(position, people.one(approver))) > 0
} else := people.objections(approver) | delegations.objections(people.one(approver)) if {
	approver := input.approvals[position].approver
} else := people.objections(input.approvals[position].approver)

_not_counting := _approving - object.keys(counting)

# Approvals of this digest that do not count and name an environment or a service that
# is not in the settings, usually because it is misspelled.
misnamed contains {"position": position, "key": key} if {
	some position in _not_counting
	input.approvals[position].digest == input.artifact.digest
	some key, known in _listed
	_unlisted(input.approvals[position], key, known)
}

_listed := {"environment": listed.environments, "service": listed.services}

_unlisted(approval, key, known) if {
	name := approval[key]
	text.given(name)
	not name in known
}

# Approvals that do not count and must name what they are for. A review of a run names
# the environment only.
_direct := {position |
	some position in _not_counting
	not reviews.of_run(input.approvals[position])
}

_names(_, "environment")

_names(position, "service") if position in _direct

# The end of a sentence about the time of an approval, if it is estimated. Rules use the
# earliest time.
estimated(position) := sprintf(" (estimated: between %v and %v)", [approval.approved_at, approval.latest]) if {
	approval := input.approvals[position]
	reviews.estimated(approval)
} else := ""

# Ensures an entry for every position, also if the only reason is about the approver.
_reasons[position] contains "" if some position in _not_counting

_reasons[position] contains reviews.objection(input.approvals[position]) if {
	some position in _not_counting
	reviews.of_run(input.approvals[position])
}

_reasons[position] contains "is for another digest, or does not name one" if {
	some position in _direct
	not _of_this_digest(input.approvals[position])
}

_reasons[position] contains _elsewhere(key, input.approvals[position], known) if {
	some position in _not_counting
	some key, known in _listed
	_names(position, key)
	not _as_requested(input.approvals[position], key)
}

_reasons[position] contains "is for another kind of request, or does not name one" if {
	some position in _direct
	not _as_requested(input.approvals[position], "kind")
}

_reasons[position] contains "is for another configuration, or does not name one" if {
	some position in _direct
	not _configured(input.approvals[position])
}

_reasons[position] contains "is for another request" if {
	some position in _not_counting
	not _of_this_request(input.approvals[position])
}

_reasons[position] contains concat("", [reason, estimated(position)]) if {
	some position in _not_counting
	reason := _untimely(input.approvals[position])
	reason != ""
}

_reasons[position] contains signers.objection(object.get(input.approvals[position], "verified_by", null)) if {
	some position in _not_counting
	not _signed(position)
}

_reasons[position] contains reason if {
	some position in _not_counting
	some reason in used.by(clock.past(reviews.given(input.approvals[position])))
}

_reasons[position] contains "may have been used: the production history was not read completely" if {
	some position in _not_counting
	not used.known
}

_reasons[position] contains "was withdrawn, or its approver rejected later" if some position in (_not_counting & rejections.revoked)

_reasons[position] contains sprintf("is signed by %s, the key of another person", [signer]) if {
	some position in _not_counting
	signer := input.approvals[position].verified_by
	not signers.speaks_for(signer, input.approvals[position].approver)
}

_signed(position) if signers.counts("approvals", input.approvals[position].verified_by)

_elsewhere(key, approval, known) := sprintf("is for the %s %v, which is not in the settings", [key, approval[key]]) if {
	_unlisted(approval, key, known)
} else := sprintf("is for another %s, or does not name one", [key])

_untimely(approval) := "" if {
	_timely(approval)
} else := "was given before the request" if {
	clock.past(reviews.given(approval)) + _tolerance(approval) < attempts.requested_at
} else := "was given before the staging verification passed, or the verification has not passed" if {
	at := clock.past(reviews.given(approval))
	not _informed(at)
} else := sprintf("is older than %s", [settings.effective.approval.max_age]) if {
	clock.past(reviews.given(approval))
} else := "is dated in the future"
