# METADATA
# title: Monitoring ready
# description: >-
#   Dashboards and alerts are configured for the service
#   (production-readiness.md, "Monitoring ready").
package prodgate.v1.checks.monitoring

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.waivers

default pass := false

pass if {
	count(needs - sources.readable) == 0
	_ours
	_recent
	_watched
	_alerting
}

needs := {"monitoring"}

_ours if binding.ours(input.monitoring)

_recent if clock.fresh(input.monitoring.as_of, settings.effective.monitoring.max_age)

_watched if {
	settings.effective.monitoring.minimum_dashboards > 0
	is_array(input.monitoring.dashboards)
	_dashboards >= settings.effective.monitoring.minimum_dashboards
}

_watched if waivers.suspends("monitoring.no_dashboard")

_alerting if {
	settings.effective.monitoring.minimum_alerts > 0
	is_array(input.monitoring.alerts)
	_alerts >= settings.effective.monitoring.minimum_alerts
}

_alerting if waivers.suspends("monitoring.no_alert")

_dashboards := count([dashboard |
	some dashboard in input.monitoring.dashboards
	text.given(dashboard.url)
])

_alerts := count([alert |
	some alert in input.monitoring.alerts
	alert.enabled == true
])

# METADATA
# title: Monitoring of another service
# description: The dashboards and alerts belong to another service or environment.
# custom:
#   code: monitoring.foreign
#   cure: fix
#   remedy: Configure the monitoring of this service in prodgate.yaml.
#   who: [owner of prodgate.yaml]
deny contains {
	"code": "monitoring.foreign",
	"path": "/monitoring",
	"message": "the dashboards and alerts belong to another service or environment",
	"observed": {key: value | some key in ["service", "environment"]; value := input.monitoring[key]},
	"required": {"service": input.request.service, "environment": input.request.environment},
} if {
	"monitoring" in sources.readable
	not _ours
}

# METADATA
# title: Monitoring information too old
# description: The monitoring system was not checked recently, so the dashboards and alerts may no longer exist.
# custom:
#   code: monitoring.stale
#   cure: fix
#   remedy: Check the monitoring system again, and record the time (as_of).
#   who: [owner of the service]
deny contains {
	"code": "monitoring.stale",
	"path": "/monitoring/as_of",
	"message": sprintf("the monitoring system was last checked at %v", [object.get(input.monitoring, "as_of", "an unknown time")]),
	"observed": object.get(input.monitoring, "as_of", null),
	"required": {"max_age": settings.effective.monitoring.max_age},
} if {
	"monitoring" in sources.readable
	not _recent
}

# METADATA
# title: No dashboard
# description: The service has fewer dashboards than the settings require.
# custom:
#   code: monitoring.no_dashboard
#   cure: fix
#   remedy: Configure a dashboard for the service.
#   who: [owner of the service]
#   waivable: true
deny contains object.union(_no_dashboard, {"message": sprintf("%d dashboards", [_dashboards])}) if {
	"monitoring" in sources.readable
	not _watched
}

# METADATA
# title: No alert
# description: The service has fewer enabled alerts than the settings require.
# custom:
#   code: monitoring.no_alert
#   cure: fix
#   remedy: Configure and enable an alert for the service.
#   who: [owner of the service]
#   waivable: true
deny contains object.union(_no_alert, {"message": sprintf("%d alerts are enabled", [_alerts])}) if {
	"monitoring" in sources.readable
	not _alerting
}

waived contains object.union(_no_dashboard, {"message": "dashboards are waived"}) if {
	waivers.suspends("monitoring.no_dashboard")
}

waived contains object.union(_no_alert, {"message": "alerts are waived"}) if {
	waivers.suspends("monitoring.no_alert")
}

_no_dashboard := {
	"code": "monitoring.no_dashboard",
	"path": "/monitoring/dashboards",
	"observed": _dashboards,
	"required": settings.effective.monitoring.minimum_dashboards,
}

_no_alert := {
	"code": "monitoring.no_alert",
	"path": "/monitoring/alerts",
	"observed": _alerts,
	"required": settings.effective.monitoring.minimum_alerts,
}
