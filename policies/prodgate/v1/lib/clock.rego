# METADATA
# title: Time
# description: >-
#   Two times, both facts. "now" is the time of the decision; windows, soak, approvals
#   and waivers are compared with it. "collected" is when the facts were collected; the
#   ages of facts that can be collected again are compared with it. Times are
#   nanoseconds, never text.
package prodgate.v1.lib.clock

now := time.parse_rfc3339_ns(input.now)

collected := time.parse_rfc3339_ns(input.collected_at)

# The time of a fact. Undefined for an invalid time, and for a time later than the
# collection: such a fact is wrong and does not count.
fact(text) := instant if {
	is_string(text)
	instant := time.parse_rfc3339_ns(text)
	instant <= collected
}

# The time of a fact, if it is in the past.
past(text) := instant if {
	is_string(text)
	instant := time.parse_rfc3339_ns(text)
	instant <= _latest
}

# Facts are from before the collection. If now is earlier, only facts until now count.
_latest := collected if {
	after_collection
} else := now

default after_collection := false

after_collection if now >= collected

# Whether a fact that can be collected again was recent when it was collected.
fresh(text, max_age) if {
	collected - fact(text) < time.parse_duration_ns(max_age)
}

# Whether now is outside of the half-open interval. Both ends must be valid.
outside(interval) if {
	start := time.parse_rfc3339_ns(interval.start)
	end := time.parse_rfc3339_ns(interval.end)
	start < end
	_apart(start, end)
}

_apart(start, _) if now < start

_apart(_, end) if end <= now
