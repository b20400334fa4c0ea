# METADATA
# title: Monitoring ready
# description: >-
#   Dashboards and alerts are configured for the service
#   (production-readiness.md, "Monitoring ready").
package prodgate.v1.checks.monitoring

import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.waivers

default pass := false

pass if {
	count(needs - sources.readable) == 0
	_watched
	_alerting
}

needs := {"monitoring"}

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
# title: No dashboard
# description: Fewer dashboards are configured for the service than the settings ask for.
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
# description: Fewer alerts are enabled for the service than the settings ask for.
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
