# METADATA
# title: Explicit request
# description: >-
#   A person requested this deployment, by a trigger that the settings accept as
#   explicit. Deployments to production are never automatic
#   (production-readiness.md, "Never automatic").
package prodgate.v1.checks.request

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings

default pass := false

pass if {
	input.version == "v1"
	input.request.trigger in settings.effective.request.triggers
	input.request.kind in {"initial", "promotion", "configuration", "rollback"}
	is_boolean(input.request.emergency)
	_recent
	_configured
}

_recent if {
	clock.now - clock.past(input.request.requested_at) < time.parse_duration_ns(settings.effective.request.max_age)
}

# A configuration is identified by its digest, because the digest is what people approve.
_configured if input.request.kind != "configuration"

_configured if regex.match(`^sha256:[0-9a-f]{64}$`, input.request.configuration)

needs := set()

# METADATA
# title: Not an explicit request
# description: The run was started by a trigger that is not an explicit request for this deployment.
# custom:
#   code: request.automatic
#   cure: fix
#   remedy: Start the deployment manually, with workflow_dispatch in GitHub Actions or "New pipeline" in GitLab.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "request.automatic",
	"path": "/request/trigger",
	"message": sprintf("started by %s, which is not an explicit request", [trigger]),
	"required": settings.effective.request.triggers,
} if {
	trigger := input.request.trigger
	not trigger in settings.effective.request.triggers
}

# METADATA
# title: Request dated in the future
# description: The request is dated later than the collection of the facts or the time of the decision.
# custom:
#   code: request.in_future
#   cure: fix
#   remedy: Correct the clock of the machine that made the request, and request again.
#   who: [owner of the pipeline]
deny contains {
	"code": "request.in_future",
	"path": "/request/requested_at",
	"message": sprintf("requested at %s, which is in the future", [input.request.requested_at]),
	"required": {"not_after": input.now},
} if {
	not clock.past(input.request.requested_at)
}

# METADATA
# title: Request too old
# description: The request was made too long ago and must be repeated.
# custom:
#   code: request.too_old
#   cure: ask
#   remedy: Request this deployment again.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "request.too_old",
	"path": "/request/requested_at",
	"message": sprintf("requested at %s, more than %s ago", [input.request.requested_at, settings.effective.request.max_age]),
	"observed": input.request.requested_at,
	"required": {"max_age": settings.effective.request.max_age},
} if {
	clock.past(input.request.requested_at)
	not _recent
}

# METADATA
# title: Request without a configuration digest
# description: A configuration request must name the SHA-256 of what changes. The approval is bound to it.
# custom:
#   code: request.no_configuration
#   cure: fix
#   remedy: Name the rendered manifests or the values file, or their SHA-256 digest, in the request (--configuration).
#   who: [owner of the pipeline]
deny contains {
	"code": "request.no_configuration",
	"path": "/request/configuration",
	"message": "the request does not name the configuration to deploy",
	"observed": object.get(input.request, "configuration", null),
	"required": "the SHA-256 of what changes",
} if {
	input.request.kind == "configuration"
	not _configured
}
