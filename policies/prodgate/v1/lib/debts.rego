# METADATA
# title: Debts
# description: >-
#   Reviews that emergencies require. The debts of one ticket are one debt. A review
#   settles the debts that were incurred before it, if the reviewer neither requested
#   nor approved an emergency of that ticket (production-readiness.md, "Emergency
#   Deployment Window").
package prodgate.v1.lib.debts

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Debts that are not shown to be settled or to belong to another service, by ticket,
# with their positions.
open[ticket] contains position if {
	some position, ticket in _tickets
	not _settled(position, ticket)
}

# Open debts that are not shown to be due later.
overdue[ticket] contains position if {
	some ticket, positions in open
	some position in positions
	not _due_later(input.trail.debts[position])
}

# Whether the number of other emergencies with an open review is within the limit.
default few := false

few if {
	is_array(input.trail.debts)
	is_number(settings.effective.emergency.max_open_debts)
	count(others) <= settings.effective.emergency.max_open_debts
}

others := object.keys(open) - {_key(input.request.ticket)}

# When a debt is due: at its own due date, or after the time that the settings allow,
# whichever is earlier.
due(debt) := min([_due_by_word(debt), _due_by_settings(debt)]) if {
	_due_by_settings(debt)
} else := _due_by_word(debt) if {
	writers.whole("trail")
	object.get(debt, "incurred_at", null) == null
}

_due_by_word(debt) := time.parse_rfc3339_ns(debt.due_at) if is_string(debt.due_at)

_due_by_word(debt) := _due_by_settings(debt) if object.get(debt, "due_at", null) == null

_due_by_settings(debt) := clock.fact(debt.incurred_at) + time.parse_duration_ns(settings.effective.emergency.review_within)

_due_later(debt) if clock.now < due(debt)

# The ticket of each debt of this service, by the debt's position. A debt without a
# ticket has its path as its key.
_tickets[position] := _ticket(position, debt) if {
	some position, debt in input.trail.debts
	not _elsewhere(debt)
}

_ticket(position, debt) := _key(debt.ticket) if {
	text.given(debt.ticket)
} else := sprintf("/trail/debts/%d", [position])

_key(ticket) := sprintf("ticket %v", [ticket])

_elsewhere(debt) if text.differs(debt.service, input.request.service)

_settled(position, ticket) if {
	some review in _reviews[ticket]
	_covers(review, position)
}

_covers(review, position) if clock.fact(input.trail.debts[position].incurred_at) < review.at

# In a file, the time when a debt was incurred is optional.
_covers(review, position) if {
	writers.whole("trail")
	review.position == position
	object.get(input.trail.debts[position], "incurred_at", null) == null
}

# Accepted reviews of the debts of a ticket.
_reviews[ticket] contains {"position": position, "at": at} if {
	some position, ticket in _tickets
	some settlement in input.trail.debts[position].settlements
	writers.counts("trail", "emergency.reviewed", settlement)
	at := clock.past(settlement.at)
	_impartial(reviewer(settlement), ticket)
}

# A settlement from a source without writers.
_reviews[ticket] contains {"position": position, "at": at} if {
	writers.whole("trail")
	some position, ticket in _tickets
	debt := input.trail.debts[position]
	at := clock.past(debt.settled_at)
	_impartial(debt.settled_by, ticket)
}

# The reviewer: the named person, or else the writer of the entry.
reviewer(settlement) := settlement.by if {
	text.given(settlement.by)
} else := settlement.writer

# Whether the directory shows that the person with this id neither requested nor
# approved an emergency of this ticket.
_impartial(id, ticket) if {
	person := people.one(id)
	not ticket in _nameless
	every user in _users[ticket] {
		people.apart(person, user)
	}
}

_users[ticket] := {user |
	some position in positions
	some key in ["requested_by", "approved_by"]
	some user in input.trail.debts[position][key]
} if {
	some ticket, positions in _positions
}

_positions[ticket] contains position if some position, ticket in _tickets

# Tickets with a debt that does not name who used the emergency. In a file, these names
# are optional.
_nameless contains ticket if {
	some position, ticket in _tickets
	not _names_users(input.trail.debts[position])
}

_names_users(debt) if {
	writers.whole("trail")
	_lists_people(object.get(debt, "requested_by", []))
	_lists_people(object.get(debt, "approved_by", []))
}

_names_users(debt) if {
	_lists_people(debt.requested_by)
	count(debt.requested_by) > 0
	_lists_people(object.get(debt, "approved_by", []))
}

_lists_people(ids) if {
	is_array(ids)
	every id in ids {
		is_string(id)
	}
}
