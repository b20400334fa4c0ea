# METADATA
# title: Stops
# description: >-
#   Freezes that people declared in the audit trail, which every gate obeys on its
#   next decision. Anyone may stop the line; lifting a stop takes a writer who
#   counts, and a later entry.
package prodgate.v1.lib.stops

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.trail
import data.prodgate.v1.lib.writers

# The stops that hold now: all of which it is not shown that they are over,
# lifted, dismissed, or somebody else's.
standing contains stop if {
	some stop in input.trail.stops
	not _over(stop)
	not _lifted(stop)
	not _elsewhere(stop)
	not _dismissed(stop)
}

dismissed contains stop if {
	some stop in input.trail.stops
	_dismissed(stop)
}

_dismissed(stop) if dismissals.dismissed("trail", _entry(stop))

# A stop as the entry that declared it.
_entry(stop) := object.union(stop, {"type": "freeze.declared", "at": stop.from})

# Whether it is shown that the line is not stopped.
default none := false

none if {
	trail.complete
	count(standing) == 0
}

_over(stop) if {
	is_string(stop.until)
	time.parse_rfc3339_ns(stop.until) <= clock.now
}

_lifted(stop) if {
	some lift in stop.lifted
	writers.counts("trail", "freeze.lifted", lift)
	clock.past(lift.at) >= clock.fact(stop.from)
}

# A name that the settings do not list might be meant for anyone.
_elsewhere(stop) if {
	count(stop.services) > 0
	every service in stop.services {
		binding.elsewhere({"service": service})
	}
}

_elsewhere(stop) if {
	count(stop.environments) > 0
	every environment in stop.environments {
		binding.elsewhere({"environment": environment})
	}
}
