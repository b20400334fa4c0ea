# METADATA
# title: Audit trail complete
# description: >-
#   Every required step of this artifact's promotion is in the trail, before
#   now, by a writer who counts (production-readiness.md, "Audit trail
#   complete").
package prodgate.v1.checks.audit

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.trail
import data.prodgate.v1.lib.writers

default pass := false

pass if {
	_readable
	trail.complete
	count(settings.effective.audit.required_steps) > 0
	every step in settings.effective.audit.required_steps {
		_logged(step)
	}
	_in_order
}

needs := {"artifact", "trail"}

_readable if count(needs - sources.readable) == 0

_logged(type) if count(_good(type)) > 0

# The instants at which a step was taken, by steps that count.
_good(type) := {instant |
	some step in input.trail.steps
	_is(step, type)
	_counts(step)
	instant := clock.past(step.at)
}

# Each step follows one of the kind before it, counted from the latest of the
# first kind: what was verified, and then approved, is what runs now.
_in_order if {
	required := settings.effective.audit.required_steps
	every position, type in required {
		_follows(position, type, required)
	}
}

_follows(0, _, _)

_follows(position, type, required) if {
	position > 0
	some instant in _good(type)
	_first_after_beginning(required[position - 1], required[0]) <= instant
}

_first_after_beginning(type, first) := min({instant |
	some instant in _good(type)
	_beginning(first) <= instant
})

# What is gone back to has been promoted before; only then, in the past, was it
# in order.
_beginning(first) := min(_good(first)) if {
	input.request.kind == "rollback"
} else := max(_good(first))

_counts(step) if {
	writers.counts("trail", step.type, step)
	_at_home(step)
	_went_well(step)
}

_plain if writers.whole("trail")

_is(step, type) if {
	step.type == type
	step.digest == input.artifact.digest
	clock.past(step.at)
}

_recorded(type) if {
	some step in input.trail.steps
	_is(step, type)
}

# A step counts where it belongs.
_at_home(step) if {
	_staging(step)
	step.environment in settings.effective.staging.environments
	_of_service(step)
}

_at_home(step) if {
	not _staging(step)
	step.environment == input.request.environment
	_of_service(step)
}

# A source that knows no writers may leave out where a step was taken.
_at_home(step) if {
	_plain
	object.get(step, "environment", null) == null
	_of_service(step)
}

_of_service(step) if binding.ours_service(step)

_staging(step) if startswith(step.type, "staging.")

# A verification counts with a good result only. Decisions on saved documents and
# simulations have types of their own, which never count, and a gate that denied
# was not passed.
_went_well(step) if {
	step.type != "staging.verified"
	not _gate(step)
}

_went_well(step) if {
	step.type == "staging.verified"
	step.result == "PASSED"
}

_went_well(step) if {
	step.type == "gate.evaluated"
	step.outcome == "allow"
}

_went_well(step) if {
	step.type == "gate.evaluated"
	_plain
	object.get(step, "outcome", null) == null
}

_gate(step) if startswith(step.type, "gate.")

deny contains finding if some finding in trail.partial

# METADATA
# title: The steps in the audit trail are not in order
# description: >-
#   Every required step is recorded, but not in the order in which they have to be
#   taken, counted from the latest deployment to staging.
# custom:
#   code: audit.out_of_order
#   cure: fix
#   remedy: Take the later steps again, in order.
#   who: [whoever runs the pipeline]
deny contains {
	"code": "audit.out_of_order",
	"path": "/trail/steps",
	"message": sprintf("the steps were not taken in the order %s", [concat(", ", settings.effective.audit.required_steps)]),
	"observed": [{"type": step.type, "at": step.at} | some step in input.trail.steps; step.type in settings.effective.audit.required_steps],
	"required": settings.effective.audit.required_steps,
} if {
	_readable
	trail.complete
	every type in settings.effective.audit.required_steps {
		_logged(type)
	}
	not _in_order
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
	not _recorded(type)
}

# METADATA
# title: A step in the audit trail does not count
# description: >-
#   The step is recorded for this digest, but by a writer whom the settings do
#   not accept, for another environment, or as a gate that was not passed.
# custom:
#   code: audit.step_not_counted
#   cure: fix
#   remedy: >-
#     Let a writer who counts record the step where it was taken; audit.writers in
#     the settings says who that is.
#   who: [whoever runs the pipeline, owner of the policies]
deny contains {
	"code": "audit.step_not_counted",
	"item": type,
	"path": "/trail/steps",
	"message": sprintf("%s is in the trail, but does not count: it %s", [type, concat("; it ", _objections[type])]),
	"observed": [object.remove(step, {"digest"}) | some step in input.trail.steps; _is(step, type)],
	"required": {"type": type, "digest": input.artifact.digest, "by": _accepted(type)},
} if {
	_readable
	some type in settings.effective.audit.required_steps
	_recorded(type)
	not _logged(type)
}

_accepted(type) := accepted if {
	accepted := writers.for_type(type)
} else := "nobody"

# Why the steps of a type do not count, in words.
_objections[type] contains sprintf("was recorded by %v (%v), who does not count", [
	object.get(step, "writer", "nobody"),
	object.get(step, "assurance", "not established"),
]) if {
	some type in settings.effective.audit.required_steps
	some step in input.trail.steps
	_is(step, type)
	not writers.counts("trail", type, step)
}

_objections[type] contains sprintf("was taken in %v", [object.get(step, "environment", "an environment that is not known")]) if {
	some type in settings.effective.audit.required_steps
	some step in input.trail.steps
	_is(step, type)
	not _at_home(step)
}

_objections[type] contains "is no gate that was passed" if {
	some type in settings.effective.audit.required_steps
	some step in input.trail.steps
	_is(step, type)
	_gate(step)
	not _went_well(step)
}

_objections[type] contains sprintf("has the result %v", [object.get(step, "result", "(none)")]) if {
	some type in settings.effective.audit.required_steps
	some step in input.trail.steps
	_is(step, type)
	not _gate(step)
	not _went_well(step)
}
