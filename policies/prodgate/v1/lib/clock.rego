# METADATA
# title: Time
# description: >-
#   Two clocks, both facts. Now is the instant decided about; windows, soak,
#   approvals and waivers count with it. Collected is when the facts were
#   gathered; the ages of what can be collected again count from there.
#   Instants are nanoseconds, never text.
package prodgate.v1.lib.clock

now := time.parse_rfc3339_ns(input.now)

collected := time.parse_rfc3339_ns(input.collected_at)

# The instant of a fact. Undefined for what is no time, and for a fact later
# than its own collection: such a fact is wrong and counts for nothing.
fact(text) := instant if {
	is_string(text)
	instant := time.parse_rfc3339_ns(text)
	instant <= collected
}

# The instant of a fact that has happened by now.
past(text) := instant if {
	is_string(text)
	instant := time.parse_rfc3339_ns(text)
	instant <= _latest
}

# Facts are from before their collection, so as a rule they have happened.
_latest := collected if {
	after_collection
} else := now

default after_collection := false

after_collection if now >= collected

# Whether a fact that can be collected again was fresh when it was collected.
fresh(text, max_age) if {
	collected - fact(text) < time.parse_duration_ns(max_age)
}

# Whether now lies outside of the half-open interval, shown by both of its edges.
outside(interval) if {
	start := time.parse_rfc3339_ns(interval.start)
	end := time.parse_rfc3339_ns(interval.end)
	start < end
	_apart(start, end)
}

_apart(start, _) if now < start

_apart(_, end) if end <= now
