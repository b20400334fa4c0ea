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
	clock.past(input.request.requested_at)
}

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
