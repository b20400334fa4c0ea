# METADATA
# title: Approval
# description: >-
#   As many people as the settings ask for, and who may, have approved exactly this
#   after the request, and no rejection stands (production-readiness.md, "Approval
#   Requirements").
package prodgate.v1.checks.approval

import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.attempts
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.preapproval
import data.prodgate.v1.lib.rejections
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.window
import data.prodgate.v1.lib.writers

default pass := false

pass if {
	_readable
	is_array(input.trail.steps)
	_read_whole
	_approved
	_quorate
	count(rejections.standing) == 0
}

# The approval of the deployment that is undone is one of its rollback too.
pass if {
	_readable
	is_array(input.trail.steps)
	preapproval.granted
	count(rejections.standing) == 0
}

needs := {"approvals", "artifact", "people", "production", "trail"} | _verification

_readable if count(needs - sources.readable) == 0

# An approval is informed by the verification in staging, but for a rollback's.
_verification := set() if {
	input.request.kind == "rollback"
} else := {"staging"}

# Only a trail that was read whole has no rejection. A rollback does not wait for
# that.
_read_whole if "trail" in writers.complete

_read_whole if input.request.kind == "rollback"

_quorate if {
	count(approvals.different) >= _quorum
	not _lead_missing
}

_quorum := settings.effective.approval.quorum if {
	is_number(settings.effective.approval.quorum)
	settings.effective.approval.quorum >= 1
	floor(settings.effective.approval.quorum) == settings.effective.approval.quorum
}

# More than one approver take somebody who may approve any request.
_lead_missing if {
	_quorum > 1
	not approvals.granted_by(settings.effective.approval.roles.any_request)
}

_approved if approvals.granted_by(settings.effective.approval.roles.any_request)

_approved if {
	window.preferred
	_scheduled
}

_approved if {
	input.request.emergency == true
	input.request.kind != "rollback"
	approvals.granted_by(settings.effective.approval.roles.emergency)
}

_approved if {
	input.request.kind == "rollback"
	approvals.granted_by(settings.effective.approval.roles.rollback)
}

_approved if {
	input.request.kind == "rollback"
	some person in approvals.counting
	some id in input.people[person].ids
	id in _original_approvers
}

_scheduled if approvals.granted_by(settings.effective.approval.roles.preferred_window)

# Those who approved the deployment that is undone, or this artifact before.
_original_approvers contains id if {
	writers.counts("production", "deploy.live", input.production.current)
	some id in input.production.current.approvers
}

_original_approvers contains id if {
	some deployment in input.production.history
	deployment.digest == input.artifact.digest
	writers.counts("production", "deploy.live", deployment)
	some id in deployment.approvers
}

# METADATA
# title: A rollback under a standing approval
# description: >-
#   The deployment's own approval approves this rollback: to the recorded target, in
#   time, once, by somebody on call with an open ticket.
# custom:
#   code: approval.preapproved
#   effect: warn
#   cure: ask
#   remedy: Hold the review afterwards and record it (prodgate audit record emergency.reviewed).
#   who: [owner of the service]
warn contains {
	"code": "approval.preapproved",
	"path": "/production/history",
	"message": "approved with the deployment that is undone; this rollback will owe a review",
	"required": "a review",
} if {
	preapproval.granted
}

# METADATA
# title: Not approved
# description: No approval counts for this artifact, environment and request.
# custom:
#   code: approval.missing
#   cure: ask
#   remedy: Ask for an approval of this digest for this environment and kind of request; warnings say why others do not count.
#   who: [Platform Lead, Release Manager within the preferred window, On-Call SRE for a rollback]
deny contains {
	"code": "approval.missing",
	"path": "/approvals",
	"message": "nobody's approval counts",
	"observed": count(input.approvals),
	"required": _wanted,
} if {
	_readable
	not pass
	count(approvals.counting) == 0
}

# METADATA
# title: The directory does not know who asked
# description: >-
#   Whoever is recorded as having asked for an attempt of this deployment, by any
#   writer, might be one of the approvers until the directory shows otherwise.
# custom:
#   code: approval.requester_unknown
#   cure: ask
#   remedy: >-
#     Add whoever asked to the directory; an entry by a writer who does not count can be
#     dismissed ("prodgate audit dismiss").
#   who: [owner of the directory, Platform Lead to dismiss]
deny contains object.union(_requester(attempt), {"message": sprintf("%s, and the directory does not know %v", [
	_requester(attempt).message,
	concat(" and ", {id | some id in [attempt.requested_by, attempt.triggered_by]; id in people.strangers}),
])}) if {
	_readable
	not pass
	some attempt in attempts.standing
	_unknown(attempt)
}

_unknown(attempt) if attempt.requested_by in people.strangers

_unknown(attempt) if attempt.triggered_by in people.strangers

waived contains object.union(_requester(attempt), {"message": sprintf("%s; that entry is dismissed", [_requester(attempt).message])}) if {
	some attempt in attempts.dismissed
}

_requester(attempt) := {
	"code": "approval.requester_unknown",
	"item": object.get(attempt, "entry", attempt.id),
	"path": "/trail/requests",
	"message": sprintf("%v recorded that %v asked for this deployment and %v started it, at %v", [
		object.get(attempt, "writer", "the trail"),
		attempt.requested_by,
		attempt.triggered_by,
		attempt.at,
	]),
	"observed": attempt,
	"required": "people whom the directory knows",
}

# METADATA
# title: An approval names what no settings list
# description: >-
#   An approval of this digest is for an environment or a service that the settings
#   do not list, as a rule a misspelt name, so it counts for nothing.
# custom:
#   code: approval.unknown_name
#   cure: ask
#   remedy: Ask for an approval with the right name. If the name is right, list it in the policy pack under environments or services.
#   who: [the approver, owner of the policies]
deny contains {
	"code": "approval.unknown_name",
	"item": approval.approver,
	"path": sprintf("/approvals/%d/%s", [misnamed.position, misnamed.key]),
	"message": sprintf("the approval by %v names the %s %v, which the settings do not list; this request is for %v", [
		approval.approver,
		misnamed.key,
		approval[misnamed.key],
		input.request[misnamed.key],
	]),
	"observed": approval[misnamed.key],
	"required": input.request[misnamed.key],
} if {
	not pass
	some misnamed in approvals.misnamed
	approval := input.approvals[misnamed.position]
}

# METADATA
# title: Approved by somebody whose role does not suffice
# description: Approvals count, but none of these roles may approve this kind of request at any time.
# custom:
#   code: approval.role_insufficient
#   cure: ask
#   remedy: Ask somebody with a role that may.
#   who: [Platform Lead, On-Call SRE for a rollback]
deny contains {
	"code": "approval.role_insufficient",
	"path": "/approvals",
	"message": sprintf("approved by %s", [concat(", ", approvals.roles)]),
	"observed": approvals.roles,
	"required": _wanted,
} if {
	count(approvals.counting) > 0
	not _approved
	not _scheduled
}

# METADATA
# title: Approved for the preferred window only
# description: A Release Manager approves scheduled releases, within the preferred window.
# custom:
#   code: approval.outside_window
#   cure: wait
#   remedy: Wait for the preferred window, or ask a Platform Lead.
#   who: [nobody; time alone, Platform Lead]
deny contains {
	"code": "approval.outside_window",
	"path": "/approvals",
	"message": sprintf("approved by %s, which counts within %s", [concat(", ", approvals.roles), settings.effective.window.preferred]),
	"observed": approvals.roles,
	"required": {"roles": settings.effective.approval.roles.any_request, "or_window": settings.effective.window.preferred},
} if {
	_scheduled
	not _approved
}

# METADATA
# title: Approved by too few people
# description: >-
#   The settings ask for more different people whose approvals count. If it is more
#   than one, at least one of them must be in a role that may approve any request.
#   Two people whom the directory cannot tell apart count as one.
# custom:
#   code: approval.quorum
#   cure: ask
#   remedy: Ask the roles whose place is empty for their approval of this digest.
#   who: [Platform Lead, Release Manager, On-Call SRE, VP Engineering]
deny contains {
	"code": "approval.quorum",
	"path": "/approvals",
	"message": sprintf("%d of %v different people have approved%s", [count(approvals.different), settings.effective.approval.quorum, _empty_place]),
	"observed": count(approvals.different),
	"required": {"people": settings.effective.approval.quorum, "roles": settings.effective.approval.roles.any_request},
} if {
	count(approvals.counting) > 0
	not _quorate
}

_empty_place := sprintf("; nobody of them is %s", [concat(" or ", settings.effective.approval.roles.any_request)]) if {
	_lead_missing
} else := ""

# METADATA
# title: Rejected
# description: >-
#   Somebody has rejected this or withdrawn an approval, and nobody who may has
#   lifted that. A rejection by an approver is lifted by that person's new approval,
#   or by one that names it and is given by a role in approval.rejection_lifted_by;
#   any other by every approval that counts and was given after it.
# custom:
#   code: approval.rejected
#   cure: ask
#   remedy: Settle the objection with whoever made it, then ask for a new approval by that person, or for one that names the rejection by a role that may lift it.
#   who: [whoever rejected, VP Engineering]
deny contains object.union(_rejection(key), {
	"code": "approval.rejected",
	"required": "no rejection that stands",
}) if {
	some key in (rejections.standing - rejections.ending)
}

# METADATA
# title: This request was rejected
# description: A rejection that names this very request ends it, and no approval lifts that.
# custom:
#   code: approval.request_rejected
#   cure: ask
#   remedy: Settle the objection with whoever made it, then ask for this deployment again.
#   who: [whoever rejected, the engineer who wants to deploy]
deny contains object.union(_rejection(key), {
	"code": "approval.request_rejected",
	"required": "a request that nobody rejected",
}) if {
	some key in rejections.ending
}

_rejection(key) := {
	"item": rejections.by(key),
	"path": key,
	"message": sprintf("%v by %v at %v", [rejections.word(key), rejections.by(key), rejections.at(key)]),
	"observed": rejections.word(key),
}

# METADATA
# title: Rejections not known
# description: The trail was read only in part, so a rejection may be missing.
# custom:
#   code: approval.rejections_unknown
#   cure: fix
#   remedy: Collect the facts anew, from a trail that can be read whole.
#   who: [owner of prodgate.yaml]
deny contains {
	"code": "approval.rejections_unknown",
	"path": "/trail/complete",
	"message": "the trail was read only in part, so a rejection may be missing",
	"observed": object.get(input.trail, "complete", null),
	"required": true,
} if {
	_readable
	not _read_whole
}

# METADATA
# title: A rejection was lifted
# description: Somebody has rejected this or withdrawn an approval; an approval given since lifts that.
# custom:
#   code: approval.rejection_lifted
#   effect: warn
#   cure: ask
#   remedy: Nothing to do; whoever rejected should know that it was lifted.
#   who: [whoever rejected]
warn contains object.union(_rejection(key), {
	"code": "approval.rejection_lifted",
	"message": sprintf("%s, lifted by the approval of %s", [
		_rejection(key).message,
		concat(", ", {input.approvals[position].approver | some position in positions}),
	]),
	"required": "no rejection",
}) if {
	some key, positions in rejections.lifted
}

# METADATA
# title: An approval is used again
# description: An earlier attempt of this deployment failed, and this one uses its approval.
# custom:
#   code: approval.reused
#   effect: warn
#   cure: ask
#   remedy: Find out why the earlier attempt failed; ask for a new approval if that changes what was approved.
#   who: [the approver, the engineer who deploys]
warn contains {
	"code": "approval.reused",
	"item": input.approvals[position].approver,
	"path": sprintf("/approvals/%d", [position]),
	"message": sprintf("the approval by %v is used again after %d failed attempts", [input.approvals[position].approver, number]),
	"observed": number,
	"required": {"retries": settings.effective.approval.retries, "within": settings.effective.approval.retry_within},
} if {
	some position, number in approvals.reused
}

# METADATA
# title: An approval no longer opens the window that it names
# description: An approval that names a window opens it for a while after it was given.
# custom:
#   code: approval.window_lapsed
#   effect: warn
#   cure: ask
#   remedy: Ask for a new approval that names this window.
#   who: [the approver]
warn contains {
	"code": "approval.window_lapsed",
	"item": input.approvals[position].approver,
	"path": sprintf("/approvals/%d/approved_at", [position]),
	"message": sprintf("the approval by %v was given more than %s ago and no longer opens %s", [
		input.approvals[position].approver,
		settings.effective.window.acknowledgement_valid,
		input.approvals[position].deployment_window,
	]),
	"observed": input.approvals[position].approved_at,
	"required": {"valid": settings.effective.window.acknowledgement_valid},
} if {
	not window.preferred
	some position in approvals.lapsed
	input.approvals[position].deployment_window in window.open
}

# METADATA
# title: An approval does not count
# description: This approval was looked at and does not count, for the reasons given.
# custom:
#   code: approval.not_counted
#   effect: warn
#   cure: ask
#   remedy: Ask somebody whose approval would count.
#   who: [the approver, owner of the directory]
warn contains {
	"code": "approval.not_counted",
	"item": input.approvals[position].approver,
	"observed": reasons,
	"path": sprintf("/approvals/%d", [position]),
	"message": sprintf("the approval by %v does not count: %s", [input.approvals[position].approver, concat("; ", reasons)]),
	"required": "an approval that counts",
} if {
	some position, reasons in approvals.ignored
}

_wanted := {
	"roles": object.union_n([
		{"any_request": settings.effective.approval.roles.any_request},
		{"preferred_window": settings.effective.approval.roles.preferred_window},
		_special,
	]),
	"digest": input.artifact.digest,
	"service": input.request.service,
	"environment": input.request.environment,
	"kind": input.request.kind,
	"max_age": settings.effective.approval.max_age,
}

_special := {"rollback": settings.effective.approval.roles.rollback} if {
	input.request.kind == "rollback"
} else := {"emergency": settings.effective.approval.roles.emergency} if {
	input.request.emergency == true
} else := {}
