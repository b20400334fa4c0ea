# METADATA
# title: Emergency
# description: >-
#   An emergency has a ticket, VP-level approval, a notified on-call team and a
#   documented rollback procedure. It leaves a debt: a review that must be held. An
#   ordinary deployment is denied while a debt is overdue (production-readiness.md,
#   "Emergency Deployment Window").
package prodgate.v1.checks.emergency

import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.debts
import data.prodgate.v1.lib.emergency
import data.prodgate.v1.lib.incidents
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.writers

default pass := false

pass if {
	count(needs - sources.readable) == 0
	emergency.granted
}

pass if {
	input.request.emergency == false
	count(needs - sources.readable) == 0
	is_array(input.trail.debts)
	"trail" in writers.complete
	count(debts.overdue) == 0
}

needs := {"approvals", "artifact", "calendar", "incidents", "on_call", "people", "production", "rollback", "staging", "trail"} if {
	input.request.emergency == true
} else := {"people", "trail"}

# METADATA
# title: Emergency without an open incident
# description: The request's ticket is not an open incident of this service.
# custom:
#   code: emergency.no_ticket
#   cure: ask
#   remedy: Open an incident for this service and name it in the request.
#   who: [On-Call SRE]
deny contains {
	"code": "emergency.no_ticket",
	"path": "/request/ticket",
	"message": sprintf("ticket %v is not an open incident of %s", [object.get(input.request, "ticket", null), input.request.service]),
	"required": "an open incident of this service",
} if {
	input.request.emergency == true
	"incidents" in sources.readable
	not incidents.ticket
}

# METADATA
# title: Emergency with an old incident
# description: The incident that the request names was opened too long ago to justify an emergency.
# custom:
#   code: emergency.ticket_too_old
#   cure: ask
#   remedy: Open an incident for the current problem and name it in the request, or request an ordinary deployment.
#   who: [On-Call SRE]
deny contains {
	"code": "emergency.ticket_too_old",
	"path": "/request/ticket",
	"message": sprintf("incident %s was opened at %s, more than %s ago", [
		incidents.ticket.id,
		incidents.ticket.opened_at,
		settings.effective.emergency.ticket_max_age,
	]),
	"observed": incidents.ticket.opened_at,
	"required": {"max_age": settings.effective.emergency.ticket_max_age},
} if {
	input.request.emergency == true
	incidents.ticket
	not emergency.ticket_recent
}

# METADATA
# title: Emergency without VP-level approval
# description: >-
#   An emergency needs VP-level approval. Within the preferred window, without a
#   freeze or holiday, approval by an On-Call SRE is sufficient.
# custom:
#   code: emergency.not_approved
#   cure: ask
#   remedy: Ask for VP-level approval of this digest.
#   who: [VP Engineering, On-Call SRE within the preferred window]
deny contains {
	"code": "emergency.not_approved",
	"path": "/approvals",
	"message": "no approval by a role that may approve an emergency at this time",
	"observed": count(input.approvals),
	"required": {
		"roles": settings.effective.emergency.approved_by,
		"roles_in_preferred_window": settings.effective.emergency.approved_in_preferred_window_by,
	},
} if {
	input.request.emergency == true
	count(needs - sources.readable) == 0
	not emergency.approved_by_role
}

# METADATA
# title: Approval that does not name the emergency
# description: >-
#   A role that may approve emergencies has approved, but not this emergency. The
#   approval must have "emergency" as its deployment window, name the request's
#   ticket, and be given after the incident was opened.
# custom:
#   code: emergency.approval_unnamed
#   cure: ask
#   remedy: Ask for an approval that names the deployment window "emergency" and the incident's ticket.
#   who: [VP Engineering, On-Call SRE within the preferred window]
deny contains {
	"code": "emergency.approval_unnamed",
	"path": "/approvals",
	"message": sprintf("no approval names the emergency %v and was given after its incident was opened", [object.get(input.request, "ticket", null)]),
	"observed": [object.filter(input.approvals[position], {"approver", "approved_at", "deployment_window", "ticket"}) | some position, _ in approvals.counting],
	"required": {"deployment_window": "emergency", "ticket": object.get(input.request, "ticket", null)},
} if {
	input.request.emergency == true
	incidents.ticket
	emergency.approved_by_role
	not emergency.approved
}

# METADATA
# title: On-call team not notified
# description: The on-call team has not been notified of this emergency since its incident was opened.
# custom:
#   code: emergency.on_call_not_told
#   cure: ask
#   remedy: Page the on-call team.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "emergency.on_call_not_told",
	"path": "/on_call/notified_at",
	"message": "the on-call team has not been notified since the incident was opened",
	"required": "notified after the incident was opened",
} if {
	_told_something
	not emergency.on_call_notified
}

# METADATA
# title: On-call team notified too long ago
# description: Other people may be on call by now.
# custom:
#   code: emergency.on_call_too_long_ago
#   cure: ask
#   remedy: Page the on-call team again.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "emergency.on_call_too_long_ago",
	"path": "/on_call/notified_at",
	"message": sprintf("the on-call team was notified at %s, more than %s ago", [input.on_call.notified_at, settings.effective.emergency.on_call_max_age]),
	"observed": input.on_call.notified_at,
	"required": {"max_age": settings.effective.emergency.on_call_max_age},
} if {
	_told_something
	emergency.on_call_notified
	not emergency.on_call_recent
}

# METADATA
# title: On-call team notified of something else
# description: The notification names another service or another ticket.
# custom:
#   code: emergency.on_call_elsewhere
#   cure: ask
#   remedy: Page the on-call team of this service about this incident.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "emergency.on_call_elsewhere",
	"path": "/on_call",
	"message": "the on-call team was notified of another service or another ticket",
	"observed": object.filter(input.on_call, {"service", "ticket"}),
	"required": {"service": input.request.service, "ticket": object.get(input.request, "ticket", null)},
} if {
	_told_something
	not emergency.on_call_about_this
}

_told_something if {
	input.request.emergency == true
	count({"incidents", "on_call"} - sources.readable) == 0
}

# METADATA
# title: Emergency without a rollback procedure
# description: The rollback plan names no procedure, or belongs to another service.
# custom:
#   code: emergency.no_way_back
#   cure: fix
#   remedy: Document the rollback command or runbook in the rollback plan (procedure).
#   who: [owner of the service]
deny contains {
	"code": "emergency.no_way_back",
	"path": "/rollback/procedure",
	"message": "the rollback plan names no procedure, or belongs to another service",
	"observed": object.get(input.rollback, "service", null),
	"required": "a command or runbook of this service",
} if {
	input.request.emergency == true
	"rollback" in sources.readable
	not emergency.way_back_documented
}

# METADATA
# title: Emergency without an audit trail
# description: >-
#   Every emergency leaves a debt. It must be recorded where the gate reads it: in an
#   audit trail whose origin is in the settings.
# custom:
#   code: emergency.no_trail
#   cure: fix
#   remedy: In prodgate.yaml, configure the trail whose origin is listed in the setting audit.trail_origins, and read the steps from it.
#   who: [owner of prodgate.yaml]
deny contains {
	"code": "emergency.no_trail",
	"path": "/sources/trail",
	"message": "the gate does not read a complete, accepted trail, so it would not see the debt of this emergency",
	"observed": {"kind": input.sources.trail.kind, "origin": object.get(input.trail, "origin", null), "complete": object.get(input.trail, "complete", null)},
	"required": {"kind": "trail", "origins": settings.effective.audit.trail_origins, "complete": true},
} if {
	input.request.emergency == true
	"trail" in sources.readable
	not emergency.trail_read
}

# METADATA
# title: Too many emergencies without a review
# description: More emergencies of this service have an open review than the settings allow.
# custom:
#   code: emergency.too_many_debts
#   cure: ask
#   remedy: Hold the review of one of them and record it (prodgate audit record emergency.reviewed).
#   who: [owner of the service, VP Engineering]
deny contains {
	"code": "emergency.too_many_debts",
	"path": "/trail/debts",
	"message": sprintf("%d other emergencies have an open review", [count(debts.others)]),
	"observed": {trim_prefix(name, "ticket ") | some name in debts.others},
	"required": {"at_most": settings.effective.emergency.max_open_debts},
} if {
	input.request.emergency == true
	"trail" in sources.readable
	not debts.few
}

# METADATA
# title: Overdue review of an emergency
# description: The review of an earlier emergency is overdue. Ordinary deployments are denied until it is recorded.
# custom:
#   code: emergency.debt_overdue
#   cure: ask
#   remedy: A person who neither requested nor approved the emergency must hold the review and record it (prodgate audit record emergency.reviewed).
#   who: [owner of the service, VP Engineering]
deny contains {
	"code": "emergency.debt_overdue",
	"item": _item(position),
	"path": sprintf("/trail/debts/%d", [position]),
	"message": sprintf("%v was due at %s%s", [_item(position), _due_text(input.trail.debts[position]), _unsettled(input.trail.debts[position])]),
	"required": "settled",
} if {
	input.request.emergency == false
	"trail" in sources.readable
	some positions in debts.overdue
	position := min(positions)
}

# METADATA
# title: Debts unknown
# description: Only a part of the trail was read, so an overdue debt may be missing.
# custom:
#   code: emergency.debts_unknown
#   cure: fix
#   remedy: Collect the facts again, from a trail that can be read completely.
#   who: [owner of prodgate.yaml]
deny contains {
	"code": "emergency.debts_unknown",
	"path": "/trail/complete",
	"message": "only a part of the trail was read, so a debt may be missing",
	"observed": object.get(input.trail, "complete", null),
	"required": true,
} if {
	input.request.emergency == false
	"trail" in sources.readable
	not "trail" in writers.complete
}

# METADATA
# title: Open review of an emergency
# description: The review of an earlier emergency has not been held yet.
# custom:
#   code: emergency.debt_open
#   effect: warn
#   cure: ask
#   remedy: Hold the review and record it before it is due (prodgate audit record emergency.reviewed).
#   who: [owner of the service]
warn contains {
	"code": "emergency.debt_open",
	"item": _item(position),
	"path": sprintf("/trail/debts/%d", [position]),
	"message": sprintf("%v is due at %s%s", [_item(position), _due_text(input.trail.debts[position]), _unsettled(input.trail.debts[position])]),
	"required": "settled",
} if {
	some ticket, positions in debts.open
	not debts.overdue[ticket]
	position := min(positions)
}

# METADATA
# title: Emergency requires a review
# description: Every emergency leaves a debt. While it is overdue, ordinary deployments of the service are denied.
# custom:
#   code: emergency.will_owe
#   effect: warn
#   cure: ask
#   remedy: After the deployment, hold the review and record it (prodgate audit record emergency.reviewed).
#   who: [owner of the service]
warn contains {
	"code": "emergency.will_owe",
	"path": "/request/emergency",
	"message": "a review of this emergency is required afterwards",
	"required": "a review",
} if {
	emergency.granted
}

_item(position) := type if {
	type := input.trail.debts[position].type
} else := "a debt"

_due_text(debt) := words if {
	words := time.format([debts.due(debt), "UTC", "RFC3339"])
} else := sprintf("an unknown time: its date %v is not in the past", [debt.incurred_at]) if {
	is_string(debt.incurred_at)
	not clock.past(debt.incurred_at)
} else := "an unknown time"

# The reason why a debt that was reported as settled is open, as text.
_unsettled(debt) := sprintf("; the settlement by %s does not count", [concat(", ", claims)]) if {
	claims := {sprintf("%v (%v%s)", [debts.reviewer(settlement), settlement.assurance, _fault(debt, settlement)]) |
		some settlement in debt.settlements
	}
	count(claims) > 0
} else := sprintf("; the settlement by %v does not count", [debt.settled_by]) if {
	is_string(debt.settled_at)
} else := ""

# For an accepted writer, the reason is the time or the reviewer.
_fault(debt, settlement) := "" if {
	not writers.counts("trail", "emergency.reviewed", settlement)
} else := sprintf(", dated %v: not after the emergency, or not in the past", [settlement.at]) if {
	not _later(debt, settlement)
} else := ", not exactly one person in the directory" if {
	not _one_person(settlement)
} else := ", possibly the requester or an approver of the emergency"

_one_person(settlement) if people.one(debts.reviewer(settlement))

_later(debt, settlement) if clock.past(settlement.at) > clock.fact(debt.incurred_at)
