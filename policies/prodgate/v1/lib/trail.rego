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
	"trail" in writers.complete
	_accepted_origin
	_steps_sound
}

# Settings may pin the trails that count, by their public key or their name. A file
# has neither.
_accepted_origin if writers.whole("trail")

_accepted_origin if settings.effective.audit.trail_origins == []

_accepted_origin if {
	is_array(settings.effective.audit.trail_origins)
	some name in {object.get(input.trail, "key", null), object.get(input.trail, "origin", null)}
	text.given(name)
	name in settings.effective.audit.trail_origins
}

# A step without a type might be any, and what is garbled could be bad news.
_steps_sound if {
	is_array(input.trail.steps)
	every step in input.trail.steps {
		text.given(step.type)
	}
	requests := object.get(input.trail, "requests", [])
	is_array(requests)
	every request in requests {
		text.given(request.requested_by)
	}
}

# The steps of a type, however it is spelled. Whether they are all is another
# question.
steps(type) := [step |
	some step in input.trail.steps
	lower(trim_space(step.type)) == type
]

# METADATA
# title: The audit trail was not read as a whole
# description: >-
#   The source read a part of the trail, or the settings pin another trail, so what
#   is missing from it proves nothing.
# custom:
#   code: audit.incomplete
#   cure: fix
#   remedy: Read the trail that audit.trail_origins in the settings names, as a whole.
#   who: [owner of prodgate.yaml, whoever runs the trail]
partial contains {
	"code": "audit.incomplete",
	"path": "/trail",
	"message": sprintf("the trail %v was not read as a whole, or is not one that counts", [object.get(input.trail, "origin", "of this file")]),
	"observed": {key: value | some key in ["complete", "origin"]; value := input.trail[key]},
	"required": {"complete": true, "origins": settings.effective.audit.trail_origins},
} if {
	"trail" in sources.readable
	not complete
}
