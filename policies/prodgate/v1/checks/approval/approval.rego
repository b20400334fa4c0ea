# METADATA
# title: Approval
# description: >-
#   Somebody who may has approved this digest for this environment after the
#   request, and nobody who may has said no (production-readiness.md, "Approval
#   Requirements").
package prodgate.v1.checks.approval

import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.window
import data.prodgate.v1.lib.writers

default pass := false

pass if {
	_readable
	is_array(input.approvals)
	_approved
	count(approvals.rejections) == 0
}

needs := {"approvals", "artifact", "people"} | _history

_readable if count(needs - sources.readable) == 0

_history := {"production"} if {
	input.request.kind == "rollback"
} else := set()

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
# title: Not approved
# description: No approval counts for this artifact, environment and request.
# custom:
#   code: approval.missing
#   cure: ask
#   remedy: Ask for an approval of this digest for this environment; warnings below say why others do not count.
#   who: [Platform Lead, Release Manager within the preferred window, On-Call SRE for a rollback]
deny contains {
	"code": "approval.missing",
	"path": "/approvals",
	"message": "nobody's approval counts",
	"observed": count(input.approvals),
	"required": _wanted,
} if {
	_readable
	count(approvals.counting) == 0
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
# title: Rejected
# description: An approver has rejected this deployment or withdrawn an approval.
# custom:
#   code: approval.rejected
#   cure: ask
#   remedy: Settle the objection with the approver who made it; only that person's new approval takes it back.
#   who: [the approver who rejected]
deny contains {
	"code": "approval.rejected",
	"item": object.get(input.approvals[position], "approver", "somebody"),
	"path": sprintf("/approvals/%d", [position]),
	"message": sprintf("%v by %v at %v", [
		object.get(input.approvals[position], "decision", "rejected"),
		object.get(input.approvals[position], "approver", "somebody"),
		object.get(input.approvals[position], "approved_at", "an unknown time"),
	]),
	"required": "no rejection that stands",
} if {
	some position in approvals.rejections
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
	"environment": input.request.environment,
	"max_age": settings.effective.approval.max_age,
}

_special := {"rollback": settings.effective.approval.roles.rollback} if {
	input.request.kind == "rollback"
} else := {"emergency": settings.effective.approval.roles.emergency} if {
	input.request.emergency == true
} else := {}
