# METADATA
# title: Dismissals
# description: >-
#   Bad news counts from anyone. An entry of the audit trail by a writer who does
#   not count can be dismissed afterwards by a proven person with a role that may,
#   who by no entry asked for the deployment; what it said is then shown as waived.
package prodgate.v1.lib.dismissals

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Rejections, withdrawals and debts have ways of their own to be settled.
_never := {"approval.rejected", "approval.withdrawn", "emergency.used"}

# Whether this entry of bad news, of this section, is dismissed.
dismissed(section, entry) if {
	not entry.type in _never
	text.given(entry.id)
	some dismissal in _valid
	dismissal.entry == entry.id
	clock.past(dismissal.at)
	_follows(dismissal, entry)
	not writers.counts(section, entry.type, entry)
}

# The trail tells times in whole seconds, so one second may hold both.
_follows(dismissal, entry) if clock.fact(entry.at) <= clock.past(dismissal.at)

# Nobody is kept from dismissing an entry by the time in the future that it
# claims.
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

# The writer, as the trail established it, is the person who dismisses.
_entitled(person) if {
	people.proven(person)
	people.human(person)
	some role in input.people[person].roles
	role in settings.effective.audit.dismissed_by
	people.uninvolved(person)
}
