# METADATA
# title: Dismissals
# description: >-
#   Bad news counts from anyone. A trail entry by a writer that is not accepted can be
#   dismissed later by a proven person with a role for it, who is not named as a
#   requester in any entry. The dismissed entry is then shown as waived.
package prodgate.v1.lib.dismissals

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.separation_of_duties
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Rejections, withdrawals and debts cannot be dismissed. They are settled in other ways.
_never := {"approval.rejected", "approval.withdrawn", "emergency.used"}

# Whether this bad news entry of this section is dismissed.
dismissed(section, entry) if {
	type := entry.type
	not type in _never
	text.given(entry.id)
	some dismissal in _valid
	dismissal.entry == entry.id
	clock.past(dismissal.at)
	_follows(dismissal, entry)
	not writers.counts(section, entry.type, entry)
}

# Times in the trail are whole seconds, so both may be in the same second.
_follows(dismissal, entry) if clock.fact(entry.at) <= clock.past(dismissal.at)

# An entry dated in the future can be dismissed too.
_follows(dismissal, entry) if {
	time.parse_rfc3339_ns(entry.at) > clock.collected
	is_number(entry.seq)
	is_number(dismissal.seq)
	entry.seq < dismissal.seq
}

_valid contains dismissal if {
	"trail" in sources.readable
	some dismissal in input.trail.dismissals
	writers.counts("trail", "entry.dismissed", dismissal)
	not writers.whole("trail")
	_entitled(people.one(dismissal.writer))
}

# The writer, as established by the trail, is the person who dismisses.
_entitled(person) if {
	people.proven(person)
	people.human(person)
	some role in input.people[person].roles
	role in settings.effective.audit.dismissed_by
	separation_of_duties.uninvolved(person)
}
