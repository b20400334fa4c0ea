# METADATA
# title: Explicit request
# description: >-
#   Somebody asked for this deployment, in a way that the settings count as
#   explicit; production never deploys by itself (production-readiness.md,
#   "Never automatic").
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

# A configuration is known by its digest, for it is what people approve.
_configured if input.request.kind != "configuration"

_configured if regex.match(`^sha256:[0-9a-f]{64}$`, input.request.configuration)

needs := set()

# METADATA
# title: Not an explicit request
# description: The run was started by something that is not an explicit request for this deployment.
# custom:
#   code: request.automatic
#   cure: fix
#   remedy: Start the deployment by hand, by workflow_dispatch.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "request.automatic",
	"path": "/request/trigger",
	"message": sprintf("started by %s, which is no explicit request", [input.request.trigger]),
	"required": settings.effective.request.triggers,
} if {
	not input.request.trigger in settings.effective.request.triggers
}

# METADATA
# title: The request lies in the future
# description: The request is dated later than the facts or the instant decided about.
# custom:
#   code: request.in_future
#   cure: fix
#   remedy: Set the clock of the machine that made the request, and ask again.
#   who: [whoever runs the pipeline]
deny contains {
	"code": "request.in_future",
	"path": "/request/requested_at",
	"message": sprintf("requested at %s, which has not come yet", [input.request.requested_at]),
	"required": {"not_after": input.now},
} if {
	not clock.past(input.request.requested_at)
}

# METADATA
# title: The request is too old
# description: Whoever asked for this deployment did so too long ago to want it still without saying so.
# custom:
#   code: request.too_old
#   cure: ask
#   remedy: Ask again for this deployment.
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
# title: The request names no configuration
# description: A configuration request says what changes by the SHA-256 of it, to which the approval is bound.
# custom:
#   code: request.no_configuration
#   cure: fix
#   remedy: Name the digest of the rendered manifests or of the values file in the request.
#   who: [whoever runs the pipeline]
deny contains {
	"code": "request.no_configuration",
	"path": "/request/configuration",
	"message": "the request does not name the configuration that is to be deployed",
	"observed": object.get(input.request, "configuration", null),
	"required": "the SHA-256 of what changes",
} if {
	input.request.kind == "configuration"
	not _configured
}
