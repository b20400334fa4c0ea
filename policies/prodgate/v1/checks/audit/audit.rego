# METADATA
# title: Audit trail complete
# description: >-
#   Every required step of this artifact's promotion is in the trail, before
#   now (production-readiness.md, "Audit trail complete").
package prodgate.v1.checks.audit

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources

default pass := false

pass if {
	_readable
	count(settings.effective.audit.required_steps) > 0
	every step in settings.effective.audit.required_steps {
		_logged(step)
	}
}

needs := {"artifact", "trail"}

_readable if count(needs - sources.readable) == 0

_logged(type) if {
	some step in input.trail.steps
	step.type == type
	step.digest == input.artifact.digest
	clock.past(step.at)
}

# METADATA
# title: A step is not in the audit trail
# description: The trail has no such step for this digest before now.
# custom:
#   code: audit.step_missing
#   cure: fix
#   remedy: Find out why the step was not recorded; take it again if it was not taken.
#   who: [whoever runs the pipeline]
deny contains {
	"code": "audit.step_missing",
	"item": type,
	"path": "/trail/steps",
	"message": sprintf("the trail has no %s for this digest", [type]),
	"observed": [step.type | some step in input.trail.steps],
	"required": {"type": type, "digest": input.artifact.digest},
} if {
	_readable
	some type in settings.effective.audit.required_steps
	not _logged(type)
}
