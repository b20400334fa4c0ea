# METADATA
# title: Change freeze
# description: >-
#   No change freeze is in effect for this environment and service, neither in the
#   calendar nor declared by a person in the audit trail
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

# A granted emergency implies that the whole trail was read.
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
#   remedy: Wait until the freeze ends. A critical security patch can be deployed as an emergency with VP-level approval.
#   who: ["no one: it clears by itself", VP Engineering for an emergency]
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
# title: Declared freeze in effect
# description: A person declared a freeze in the audit trail ("prodgate freeze now"). Rollbacks and emergencies are not affected.
# custom:
#   code: freeze.stopped
#   cure: ask
#   remedy: Ask the person who declared it to lift it (prodgate freeze lift), or wait until it ends. A critical patch can be deployed as an emergency.
#   who: [the person who declared it, Platform Lead]
deny contains object.union(_stop(stop), {"message": sprintf("%v declared a freeze at %v: %v", [
	object.get(stop, "by", object.get(stop, "writer", "an unknown person")),
	stop.from,
	stop.reason,
])}) if {
	"trail" in sources.readable
	not _moving
	some stop in stops.standing
}

waived contains object.union(_stop(stop), {"message": sprintf("the declared freeze %q is dismissed", [stop.reason])}) if {
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
# title: Emergency overrides a freeze
# description: A change freeze is in effect, and this emergency is allowed in spite of it.
# custom:
#   code: freeze.overridden
#   effect: warn
#   cure: ask
#   remedy: No action is required now. Cover this in the review of the emergency.
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
