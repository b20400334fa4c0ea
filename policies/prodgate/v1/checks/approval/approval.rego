# METADATA
# title: Approval
# description: >-
#   The required number of people, with the required roles, have approved this exact
#   artifact after the request, and no rejection is open (production-readiness.md,
#   "Approval Requirements").
package prodgate.v1.checks.approval

import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.attempts
import data.prodgate.v1.lib.preapproval
import data.prodgate.v1.lib.rejections
import data.prodgate.v1.lib.reviews
import data.prodgate.v1.lib.separation_of_duties
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

# The approval of a deployment also approves its rollback.
pass if {
	_readable
	is_array(input.trail.steps)
	preapproval.granted
	count(rejections.standing) == 0
}

needs := {"approvals", "artifact", "people", "production", "trail"} | _verification

_readable if count(needs - sources.readable) == 0

# Approvers need the result of the staging verification, except for a rollback.
_verification := set() if {
	input.request.kind == "rollback"
} else := {"staging"}

# A partially read trail cannot show that there is no rejection. A rollback does not
# require a complete trail.
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

# If several approvers are required, one of them must have an any_request role.
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

# Approvers of the deployment being rolled back, and earlier approvers of this artifact.
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
# title: Rollback covered by the deployment's approval
# description: >-
#   The approval of the deployment also covers this rollback: it goes to the recorded
#   target, within the allowed time, only once, and is requested by a person on call
#   with an open ticket.
# custom:
#   code: approval.preapproved
#   effect: warn
#   cure: ask
#   remedy: After the rollback, hold the review and record it (prodgate audit record emergency.reviewed).
#   who: [owner of the service]
warn contains {
	"code": "approval.preapproved",
	"path": "/production/history",
	"message": "approved together with the deployment that is rolled back; a review is required afterwards",
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
#   remedy: Ask for an approval of this digest for this environment and kind of request. The warnings explain why other approvals do not count.
#   who: [Platform Lead, Release Manager within the preferred window, On-Call SRE for a rollback]
deny contains {
	"code": "approval.missing",
	"path": "/approvals",
	"message": concat("", ["no approval counts", _where]),
	"observed": count(input.approvals),
	"required": _wanted,
} if {
	_readable
	not pass
	count(approvals.counting) == 0
}

# METADATA
# title: Requester not found in the directory
# description: >-
#   A trail entry names a requester of this deployment who is not in the directory.
#   This person could be one of the approvers under another id, so no approval counts.
#   Entries by any writer are checked.
# custom:
#   code: approval.requester_unknown
#   cure: ask
#   remedy: >-
#     Add the requester to the directory. An entry by a writer that is not accepted can
#     be dismissed ("prodgate audit dismiss").
#   who: [owner of the directory, Platform Lead to dismiss]
deny contains object.union(_requester(attempt), {"message": sprintf("%s; not found in the directory: %v", [
	_requester(attempt).message,
	concat(" and ", {id | some id in [attempt.requested_by, attempt.triggered_by]; id in separation_of_duties.strangers}),
])}) if {
	_readable
	not pass
	some attempt in attempts.standing
	_unknown(attempt)
}

_unknown(attempt) if attempt.requested_by in separation_of_duties.strangers

_unknown(attempt) if attempt.triggered_by in separation_of_duties.strangers

waived contains object.union(_requester(attempt), {"message": sprintf("%s; this entry is dismissed", [_requester(attempt).message])}) if {
	some attempt in attempts.dismissed
}

_requester(attempt) := {
	"code": "approval.requester_unknown",
	"item": object.get(attempt, "entry", attempt.id),
	"path": "/trail/requests",
	"message": sprintf("%v recorded that %v requested this deployment and %v started it, at %v", [
		object.get(attempt, "writer", "the trail"),
		attempt.requested_by,
		attempt.triggered_by,
		attempt.at,
	]),
	"observed": attempt,
	"required": "people who are in the directory",
}

# METADATA
# title: Approval for an unknown environment or service
# description: >-
#   An approval of this digest names an environment or a service that is not in the
#   settings, usually because the name is misspelled. It does not count.
# custom:
#   code: approval.unknown_name
#   cure: ask
#   remedy: Ask for an approval with the correct name. If the name is correct, add it to environments or services in the policy pack.
#   who: [the approver, owner of the policies]
deny contains {
	"code": "approval.unknown_name",
	"item": approval.approver,
	"path": sprintf("/approvals/%d/%s", [misnamed.position, misnamed.key]),
	"message": sprintf("the approval by %v names the %s %v, which is not in the settings; this request is for %v", [
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
# title: Approved, but not by a sufficient role
# description: Some approvals count, but none is by a role that may approve this kind of request at any time.
# custom:
#   code: approval.role_insufficient
#   cure: ask
#   remedy: Ask for an approval by one of the roles that the finding lists as required.
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
# description: A Release Manager can approve scheduled releases, within the preferred window only.
# custom:
#   code: approval.outside_window
#   cure: wait
#   remedy: Wait for the preferred window, or ask a Platform Lead.
#   who: ["no one: it clears by itself", Platform Lead]
deny contains {
	"code": "approval.outside_window",
	"path": "/approvals",
	"message": sprintf("approved by %s, which counts only within %s", [concat(", ", approvals.roles), settings.effective.window.preferred]),
	"observed": approvals.roles,
	"required": {"roles": settings.effective.approval.roles.any_request, "or_window": settings.effective.window.preferred},
} if {
	_scheduled
	not _approved
}

# METADATA
# title: Not enough approvers
# description: >-
#   The settings require approvals by more people. If more than one is required, at
#   least one of them must have a role that may approve any request. Two people whom
#   the directory cannot distinguish count as one.
# custom:
#   code: approval.quorum
#   cure: ask
#   remedy: Ask people in the missing roles to approve this digest.
#   who: [Platform Lead, Release Manager, On-Call SRE, VP Engineering]
deny contains {
	"code": "approval.quorum",
	"path": "/approvals",
	"message": sprintf("%d of %v required people have approved%s", [count(approvals.different), settings.effective.approval.quorum, _empty_place]),
	"observed": count(approvals.different),
	"required": {"people": settings.effective.approval.quorum, "roles": settings.effective.approval.roles.any_request},
} if {
	count(approvals.counting) > 0
	not _quorate
}

_empty_place := sprintf("; none of them has the role %s", [concat(" or ", settings.effective.approval.roles.any_request)]) if {
	_lead_missing
} else := ""

# METADATA
# title: Rejected
# description: >-
#   A person has rejected this deployment or withdrawn an approval, and this has not
#   been lifted. A rejection by an approver is lifted by a new approval by the same
#   person, or by an approval that names the rejection and is given by a role in
#   approval.rejection_lifted_by. Any other rejection is lifted by any later approval
#   that counts.
# custom:
#   code: approval.rejected
#   cure: ask
#   remedy: Resolve the objection with the person who rejected. Then ask that person for a new approval, or ask a role in approval.rejection_lifted_by for an approval that names the rejection.
#   who: [the person who rejected, VP Engineering]
deny contains object.union(_rejection(key), {
	"code": "approval.rejected",
	"required": "no open rejection",
}) if {
	some key in (rejections.standing - rejections.ending)
}

# METADATA
# title: This request was rejected
# description: A rejection names this request. It ends the request, and no approval can lift it.
# custom:
#   code: approval.request_rejected
#   cure: ask
#   remedy: Resolve the objection with the person who rejected, then make a new request.
#   who: [the person who rejected, the engineer who wants to deploy]
deny contains object.union(_rejection(key), {
	"code": "approval.request_rejected",
	"required": "a request without a rejection",
}) if {
	some key in rejections.ending
}

_rejection(key) := {
	"item": rejections.by(key),
	"path": key,
	"message": sprintf("%v by %v at %v%s", [
		rejections.word(key),
		rejections.by(key),
		rejections.at(key),
		rejections.because(key),
	]),
	"observed": rejections.word(key),
}

# METADATA
# title: Rejections unknown
# description: Only a part of the trail was read, so a rejection may be missing.
# custom:
#   code: approval.rejections_unknown
#   cure: fix
#   remedy: Collect the facts again, from a trail that can be read completely.
#   who: [owner of prodgate.yaml]
deny contains {
	"code": "approval.rejections_unknown",
	"path": "/trail/complete",
	"message": "only a part of the trail was read, so a rejection may be missing",
	"observed": object.get(input.trail, "complete", null),
	"required": true,
} if {
	_readable
	not _read_whole
}

# METADATA
# title: Rejection lifted
# description: A person rejected this deployment or withdrew an approval; a later approval has lifted that.
# custom:
#   code: approval.rejection_lifted
#   effect: warn
#   cure: ask
#   remedy: No action is required. Inform the person who rejected that the rejection was lifted.
#   who: [the person who rejected]
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
# title: Approval reused
# description: An earlier attempt of this deployment failed, and this attempt uses the same approval.
# custom:
#   code: approval.reused
#   effect: warn
#   cure: ask
#   remedy: Find out why the earlier attempt failed. Ask for a new approval if the cause changes what was approved.
#   who: [the approver, the engineer who deploys]
warn contains {
	"code": "approval.reused",
	"item": input.approvals[position].approver,
	"path": sprintf("/approvals/%d", [position]),
	"message": sprintf("the approval by %v is reused after %d failed attempts", [input.approvals[position].approver, number]),
	"observed": number,
	"required": {"retries": settings.effective.approval.retries, "within": settings.effective.approval.retry_within},
} if {
	some position, number in approvals.reused
}

# METADATA
# title: Approved with a delegated role
# description: >-
#   An approval counts because the holder of a role has delegated it to the approver, with
#   a signature and until a date.
# custom:
#   code: approval.delegated
#   effect: warn
#   cure: ask
#   remedy: No action is required. The holder of the role can end the delegation (prodgate delegate end).
#   who: [the holder of the role]
warn contains {
	"code": "approval.delegated",
	"item": input.approvals[position].approver,
	"path": sprintf("/trail/delegations/%d", [number]),
	"message": sprintf("the approval by %v counts with the role %v of %v, which is delegated until %v", [
		input.approvals[position].approver,
		delegation.role,
		delegation.by,
		delegation.until,
	]),
	"observed": delegation.role,
	"required": {"by": delegation.by, "to": delegation.to, "until": delegation.until},
} if {
	some position, numbers in approvals.delegated
	some number in numbers
	delegation := input.trail.delegations[number]
}

# METADATA
# title: Approval of a window has expired
# description: An approval that names a window opens it for a limited time after it was given.
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
	"message": sprintf("the approval by %v was given more than %s ago and no longer opens the window %s%s", [
		input.approvals[position].approver,
		settings.effective.window.acknowledgement_valid,
		input.approvals[position].deployment_window,
		approvals.estimated(position),
	]),
	"observed": input.approvals[position].approved_at,
	"required": {"valid": settings.effective.window.acknowledgement_valid},
} if {
	not window.preferred
	some position in approvals.lapsed
	input.approvals[position].deployment_window in window.open
}

# METADATA
# title: Approval does not count
# description: This approval does not count, for the reasons given.
# custom:
#   code: approval.not_counted
#   effect: warn
#   cure: ask
#   remedy: Correct what the reasons name, or ask for a new approval for which they do not apply.
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

# Where approvals are given, if a source names it.
_where := sprintf("; review this run at %s", [concat(" or ", reviews.pages)]) if {
	count(reviews.pages) > 0
} else := ""

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
