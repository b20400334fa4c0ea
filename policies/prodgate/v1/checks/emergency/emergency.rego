# METADATA
# title: Emergency
# description: >-
#   An emergency has a ticket, VP-level approval, an on-call team that knows,
#   and a documented way back; it leaves a debt, and an ordinary deployment has
#   none overdue (production-readiness.md, "Emergency Deployment Window").
package prodgate.v1.checks.emergency

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.emergency
import data.prodgate.v1.lib.incidents
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

default pass := false

pass if {
	input.request.emergency == true
	count(needs - sources.readable) == 0
	emergency.granted
}

pass if {
	input.request.emergency == false
	count(needs - sources.readable) == 0
	is_array(input.trail.debts)
	count(_overdue) == 0
}

needs := {"approvals", "artifact", "calendar", "incidents", "on_call", "people", "rollback", "trail"} if {
	input.request.emergency == true
} else := {"trail"}

# Positions of the debts of which it is not shown that they are settled, not
# due yet, or another service's.
_open contains position if {
	some position, debt in input.trail.debts
	not _settled(debt)
	not _elsewhere(debt)
}

_overdue contains position if {
	some position in _open
	not _due_later(input.trail.debts[position])
}

# The word of a source that knows no writers.
_settled(debt) if {
	writers.whole("trail")
	is_string(debt.settled_at)
	clock.past(debt.settled_at)
}

_settled(debt) if {
	some settlement in debt.settlements
	writers.counts("trail", "emergency.reviewed", settlement)
	clock.past(settlement.at) >= clock.fact(debt.incurred_at)
}

_elsewhere(debt) if text.differs(debt.service, input.request.service)

_due_later(debt) if clock.now < _due(debt)

_due(debt) := time.parse_rfc3339_ns(debt.due_at) if is_string(debt.due_at)

# What the trail records is when an emergency was used; by when its review is due
# is a setting.
_due(debt) := clock.fact(debt.incurred_at) + time.parse_duration_ns(settings.effective.emergency.review_within) if {
	object.get(debt, "due_at", null) == null
}

_due_text(debt) := words if {
	words := time.format([_due(debt), "UTC", "RFC3339"])
} else := sprintf("an unknown time, for it is said to be incurred at %v, which is not past", [debt.incurred_at]) if {
	is_string(debt.incurred_at)
	not clock.past(debt.incurred_at)
} else := "an unknown time"

# Why a debt that somebody called settled is open, in words.
_unsettled(debt) := sprintf("; that %s settled it does not count", [concat(", ", claims)]) if {
	claims := {sprintf("%v (%v%s)", [settlement.writer, settlement.assurance, _untimely(debt, settlement)]) |
		some settlement in debt.settlements
	}
	count(claims) > 0
} else := ""

# A writer who counts is not at fault: the time is.
_untimely(debt, settlement) := sprintf(", dated %v: before it was incurred, or not past", [settlement.at]) if {
	writers.counts("trail", "emergency.reviewed", settlement)
	not clock.past(settlement.at) >= clock.fact(debt.incurred_at)
} else := ""

# METADATA
# title: Emergency without an incident
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
# title: Emergency without VP-level approval
# description: >-
#   An emergency needs VP-level approval; within the preferred window, with no
#   freeze or holiday, an On-Call SRE's is enough.
# custom:
#   code: emergency.not_approved
#   cure: ask
#   remedy: Ask for VP-level approval of this digest.
#   who: [VP Engineering, On-Call SRE within the preferred window]
deny contains {
	"code": "emergency.not_approved",
	"path": "/approvals",
	"message": "nobody who may approve an emergency now has done so",
	"observed": count(input.approvals),
	"required": {
		"roles": settings.effective.emergency.approved_by,
		"roles_in_preferred_window": settings.effective.emergency.approved_in_preferred_window_by,
	},
} if {
	input.request.emergency == true
	count(needs - sources.readable) == 0
	not emergency.approved
}

# METADATA
# title: On-call team not told
# description: The on-call team was not told of this emergency since its incident was opened.
# custom:
#   code: emergency.on_call_not_told
#   cure: ask
#   remedy: Page the on-call team.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "emergency.on_call_not_told",
	"path": "/on_call/notified_at",
	"message": "the on-call team was not told since the incident was opened",
	"required": "told after the incident was opened",
} if {
	input.request.emergency == true
	count({"incidents", "on_call"} - sources.readable) == 0
	not emergency.on_call_told
}

# METADATA
# title: Emergency without a documented way back
# description: The rollback plan names no procedure.
# custom:
#   code: emergency.no_way_back
#   cure: fix
#   remedy: Write down the command or runbook that goes back.
#   who: [owner of the service]
deny contains {
	"code": "emergency.no_way_back",
	"path": "/rollback/procedure",
	"message": "the rollback plan names no procedure",
	"required": "a command or runbook",
} if {
	input.request.emergency == true
	"rollback" in sources.readable
	not emergency.way_back_documented
}

# METADATA
# title: Overdue debt of an emergency
# description: An earlier emergency's review is overdue, so no ordinary deployment goes until it is settled.
# custom:
#   code: emergency.debt_overdue
#   cure: ask
#   remedy: Hold the review and record it.
#   who: [owner of the service, VP Engineering]
deny contains {
	"code": "emergency.debt_overdue",
	"item": object.get(input.trail.debts[position], "type", "a debt"),
	"path": sprintf("/trail/debts/%d", [position]),
	"message": sprintf("%v was due at %s%s", [
		object.get(input.trail.debts[position], "type", "a debt"),
		_due_text(input.trail.debts[position]),
		_unsettled(input.trail.debts[position]),
	]),
	"required": "settled",
} if {
	input.request.emergency == false
	"trail" in sources.readable
	some position in _overdue
}

# METADATA
# title: Open debt of an emergency
# description: An earlier emergency's review is still to be held.
# custom:
#   code: emergency.debt_open
#   effect: warn
#   cure: ask
#   remedy: Hold the review and record it before it is due.
#   who: [owner of the service]
warn contains {
	"code": "emergency.debt_open",
	"item": object.get(input.trail.debts[position], "type", "a debt"),
	"path": sprintf("/trail/debts/%d", [position]),
	"message": sprintf("%s is due at %s%s", [
		input.trail.debts[position].type,
		_due_text(input.trail.debts[position]),
		_unsettled(input.trail.debts[position]),
	]),
	"required": "settled",
} if {
	some position in (_open - _overdue)
}

# METADATA
# title: This emergency will owe a review
# description: Every emergency leaves a debt; once overdue it denies the service's next ordinary deployment.
# custom:
#   code: emergency.will_owe
#   effect: warn
#   cure: ask
#   remedy: Hold the review after the deployment and record it.
#   who: [owner of the service]
warn contains {
	"code": "emergency.will_owe",
	"path": "/request/emergency",
	"message": "this emergency will owe a review",
	"required": "a review",
} if {
	emergency.granted
}
