# METADATA
# title: Audit trail
# description: >-
#   The audit trail, if it was read completely and without error. In a partial read, bad
#   news might be missing.
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

# The settings can pin the accepted trails by public key or by name. A file has neither.
_accepted_origin if writers.whole("trail")

_accepted_origin if settings.effective.audit.trail_origins == []

_accepted_origin if {
	is_array(settings.effective.audit.trail_origins)
	some name in {object.get(input.trail, "key", null), object.get(input.trail, "origin", null)}
	text.given(name)
	name in settings.effective.audit.trail_origins
}

# A step without a type might be of any type, and an invalid one could be bad news.
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

# The steps of a type, in any spelling. They may be incomplete.
steps(type) := [step |
	some step in input.trail.steps
	lower(trim_space(step.type)) == type
]

# METADATA
# title: Audit trail incomplete or not accepted
# description: >-
#   The source read only a part of the trail, or the settings pin another trail. A
#   missing entry proves nothing.
# custom:
#   code: audit.incomplete
#   cure: fix
#   remedy: Read the complete trail that the setting audit.trail_origins names.
#   who: [owner of prodgate.yaml, owner of the trail]
partial contains {
	"code": "audit.incomplete",
	"path": "/trail",
	"message": sprintf("the trail %v was not read completely, or is not accepted", [object.get(input.trail, "origin", "in this file")]),
	"observed": {key: value | some key in ["complete", "origin"]; value := input.trail[key]},
	"required": {"complete": true, "origins": settings.effective.audit.trail_origins},
} if {
	"trail" in sources.readable
	not complete
}
