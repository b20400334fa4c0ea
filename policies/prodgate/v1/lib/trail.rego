# METADATA
# title: Audit trail
# description: >-
#   What the audit trail says, if it was read without error and as a whole. A
#   bounded read proves nothing by absence, so bad news might be missing from it.
package prodgate.v1.lib.trail

import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

default complete := false

complete if {
	writers.whole("trail")
	_whole(input.trail)
	_steps_sound
}

complete if {
	"trail" in sources.readable
	input.trail.complete == true
	_accepted_origin
	_steps_sound
}

# Settings may pin the trails that count, by the name that their checkpoints sign.
_accepted_origin if settings.effective.audit.trail_origins == []

_accepted_origin if {
	is_array(settings.effective.audit.trail_origins)
	input.trail.origin in settings.effective.audit.trail_origins
}

# A file is read whole, and may not say otherwise.
_whole(section) if object.get(section, "complete", true) == true

# A step without a type might be any.
_steps_sound if {
	is_array(input.trail.steps)
	every step in input.trail.steps {
		text.given(step.type)
	}
}

# The steps of a type, however it is spelled. Undefined unless all were read.
steps(type) := [step |
	some step in input.trail.steps
	lower(trim_space(step.type)) == type
] if complete
