# METADATA
# title: Audit trail complete
# description: >-
#   The trail has every required step of this artifact's promotion, dated before now
#   and recorded by an accepted writer (production-readiness.md, "Audit trail
#   complete").
package prodgate.v1.checks.audit

import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.reviews
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

# The times of the steps of this type that count. A review that counts is the step of
# its approval: the CI system keeps the record, and the gate adds it to the trail.
_good(type) := _steps(type) | _reviews(type)

_reviews("approval.granted") := {instant |
	some position, _ in approvals.counting
	reviews.of_run(input.approvals[position])
	instant := clock.past(reviews.given(input.approvals[position]))
}

_reviews(type) := set() if type != "approval.granted"

_steps(type) := {instant |
	some step in input.trail.steps
	_is(step, type)
	_counts(step)
	instant := clock.past(step.at)
}

# Each step comes after a step of the preceding type, counted from the latest step of
# the first type: the deployment that was verified and approved is the one in use now.
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

# The target of a rollback was promoted earlier, so its steps count from the earliest.
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

# A step counts only in its own environment and service.
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

# In a source without writers, the environment of a step is optional.
_at_home(step) if {
	_plain
	object.get(step, "environment", null) == null
	_of_service(step)
}

_of_service(step) if binding.ours_service(step)

_staging(step) if startswith(step.type, "staging.")

# A verification counts only if it passed. A gate decision counts only if it allowed.
# Decisions on saved documents and simulations have other types, which never count.
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
# title: Steps in the wrong order
# description: >-
#   The audit trail has every required step, but not in the required order, counted
#   from the latest deployment to staging.
# custom:
#   code: audit.out_of_order
#   cure: fix
#   remedy: Repeat the later steps in the required order.
#   who: [owner of the pipeline]
deny contains {
	"code": "audit.out_of_order",
	"path": "/trail/steps",
	"message": sprintf("the steps are not in the order %s", [concat(", ", settings.effective.audit.required_steps)]),
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
# title: Step missing from the audit trail
# description: The trail has no step of this type for this digest before now.
# custom:
#   code: audit.step_missing
#   cure: fix
#   remedy: Find out why the step was not recorded. If it was not done, do it and record it.
#   who: [owner of the pipeline]
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
	not _logged(type)
}

# METADATA
# title: Step in the audit trail does not count
# description: >-
#   The trail has the step for this digest, but it was recorded by a writer that the
#   settings do not accept, for another environment, or as a gate that did not allow.
# custom:
#   code: audit.step_not_counted
#   cure: fix
#   remedy: >-
#     Have an accepted writer record the step, with the environment in which it was
#     done. The setting audit.writers lists the accepted writers.
#   who: [owner of the pipeline, owner of the policies]
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
} else := "no one"

# The reasons why the steps of a type do not count, as text.
_objections[type] contains sprintf("was recorded by %v (%v), which is not an accepted writer", [
	object.get(step, "writer", "an unknown writer"),
	object.get(step, "assurance", "not established"),
]) if {
	some type in settings.effective.audit.required_steps
	some step in input.trail.steps
	_is(step, type)
	not writers.counts("trail", type, step)
}

_objections[type] contains sprintf("was done in %v", [object.get(step, "environment", "an unknown environment")]) if {
	some type in settings.effective.audit.required_steps
	some step in input.trail.steps
	_is(step, type)
	not _at_home(step)
}

_objections[type] contains "is not a gate decision that allowed" if {
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
