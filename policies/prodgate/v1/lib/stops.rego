# METADATA
# title: Stops
# description: >-
#   Freezes that people declared in the audit trail. They apply from the next decision
#   on. Anyone can declare one. Lifting one requires a later entry by an accepted
#   writer.
package prodgate.v1.lib.stops

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.trail
import data.prodgate.v1.lib.writers

# The stops in effect: all that are not shown to be over, lifted, dismissed, or for
# another service or environment.
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

# The trail entry that declared a stop.
_entry(stop) := object.union(stop, {"type": "freeze.declared", "at": stop.from})

# Whether it is shown that no stop is in effect.
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

# A name that is not in the settings might mean any of them.
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
