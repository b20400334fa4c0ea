# METADATA
# title: Change freeze
# description: >-
#   No change freeze holds for this environment and service, neither by the
#   calendar nor by somebody who stopped the line
#   (production-readiness.md, "Change Freeze Compliance").
package prodgate.v1.checks.freeze

import data.prodgate.v1.lib.calendar
import data.prodgate.v1.lib.emergency
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.stops
import data.prodgate.v1.lib.trail
import data.prodgate.v1.lib.waivers

default pass := false

pass if {
	count(needs - sources.readable) == 0
	calendar.covered
	_free
	_moving
}

needs := {"calendar", "trail"}

_moving if stops.none

# It has read the whole trail.
_moving if emergency.granted

_free if calendar.no_freeze

_free if emergency.granted

_free if {
	is_array(input.calendar.freezes)
	every freeze in calendar.freezes {
		waivers.covers("freeze.active", freeze.name)
	}
}

# METADATA
# title: Change freeze in effect
# description: Deployments are paused during a critical period.
# custom:
#   code: freeze.active
#   cure: wait
#   remedy: Wait until the freeze lifts; a critical security patch may go as an emergency with VP-level approval.
#   who: [nobody; time alone, VP Engineering for an emergency]
#   waivable: true
deny contains object.union(_active(freeze), {"message": sprintf("freeze %q until %v", [freeze.name, freeze.end])}) if {
	not _free
	some freeze in calendar.freezes
	not waivers.covers("freeze.active", freeze.name)
}

deny contains finding if some finding in calendar.beyond_horizon

deny contains finding if some finding in calendar.unknown_names

deny contains finding if some finding in trail.partial

# METADATA
# title: The line is stopped
# description: Somebody declared a freeze in the audit trail ("prodgate freeze now"); rollbacks and emergencies pass.
# custom:
#   code: freeze.stopped
#   cure: ask
#   remedy: Ask who declared it to lift it (prodgate freeze lift), or wait until it ends; a critical patch may go as an emergency.
#   who: [whoever declared it, Platform Lead]
deny contains object.union(_stop(stop), {"message": sprintf("%v stopped the line at %v: %v", [
	object.get(stop, "by", object.get(stop, "writer", "somebody")),
	stop.from,
	stop.reason,
])}) if {
	"trail" in sources.readable
	not _moving
	some stop in stops.standing
}

waived contains object.union(_stop(stop), {"message": sprintf("the stop %q is dismissed", [stop.reason])}) if {
	some stop in stops.dismissed
}

_stop(stop) := {
	"code": "freeze.stopped",
	"item": object.get(stop, "id", "freeze.declared"),
	"path": "/trail/stops",
	"observed": stop,
	"required": "no freeze",
}

waived contains object.union(_active(freeze), {"message": sprintf("the freeze %q is waived", [freeze.name])}) if {
	some freeze in calendar.freezes
	waivers.covers("freeze.active", freeze.name)
}

# METADATA
# title: An emergency overrides a freeze
# description: A change freeze is in effect and this emergency goes through it.
# custom:
#   code: freeze.overridden
#   effect: warn
#   cure: ask
#   remedy: Nothing to do now; the review that every emergency owes will ask for it.
#   who: [VP Engineering]
warn contains object.union(_active(freeze), {
	"code": "freeze.overridden",
	"message": sprintf("emergency during the freeze %q", [freeze.name]),
}) if {
	emergency.granted
	some freeze in calendar.freezes
}

_active(freeze) := {
	"code": "freeze.active",
	"item": freeze.name,
	"path": "/calendar/freezes",
	"observed": freeze,
	"required": "no freeze",
}
