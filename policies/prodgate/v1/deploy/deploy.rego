# METADATA
# title: Deploy
# description: >-
#   May this artifact go to this environment now? Only if every required check
#   passes and no denial stands. The required shipped checks stand here, once, and
#   no data changes them; every check of a loaded pack is required as well.
package prodgate.v1.deploy

import data.prodgate.v1.checks
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.waivers

_checks := {
	"approval",
	"audit",
	"emergency",
	"freeze",
	"immutability",
	"incident",
	"monitoring",
	"notification",
	"request",
	"rollback",
	"sequence",
	"service",
	"soak",
	"staging",
	"vulnerabilities",
	"window",
}

_required := {
	"initial": _checks,
	"promotion": _checks,
	"configuration": _checks,
	"rollback": {"approval", "audit", "immutability", "notification", "request", "rollback", "service"},
}

# Checks that only warn: what holds up a way forward does not hold up the way back.
_advisory := {"rollback": {"emergency", "freeze", "incident", "soak", "vulnerabilities", "window"}}

# METADATA
# entrypoint: true
decision := {
	"outcome": outcome,
	"required": required,
	"passed": passed,
	"not_applicable": _checks - required,
	"findings": ((_denials | _warnings) | _waived),
}

default outcome := "deny"

outcome := "allow" if {
	count(required) > 0
	count(required - passed) == 0
	count(_denials) == 0
}

# Additional checks only add. Without sound settings nothing passes anyway.
required := _required[input.request.kind] | _additional

# Every check of a loaded pack is required, whether settings list it or not.
_additional := {name | some name in settings.effective.additional_checks} | _loaded

# Every check says what it needs, as a constant, so that looking costs next to
# nothing and evaluates no check.
_loaded := {name | some name; _ = checks[name].needs} - _checks

passed contains name if {
	some name in _required[input.request.kind]
	checks[name].pass == true
}

# A check that was added may forget to ask whether its facts count.
passed contains name if {
	some name in _additional
	checks[name].pass == true
	count(checks[name].needs - sources.readable) == 0
}

# Only failing checks are asked for their reasons: none of the checks above
# denies what it passes (a test shows it). A check that was added may, and then
# its denial stands.
_denials contains object.union(finding, {"check": name, "effect": "deny"}) if {
	some name in ((required - passed) | _additional)
	some finding in checks[name].deny
}

# A source that a failing check needs and does not have.
_denials contains object.union(finding, {"check": name, "effect": "deny"}) if {
	some name in (required - passed)
	some section in (checks[name].needs - sources.readable)
	some finding in _trouble(section)
}

# METADATA
# title: A check failed without saying why
# description: >-
#   A required check did not pass and gave no reason: it does not exist, a fact
#   it needs is not there, or the settings it needs are missing.
# custom:
#   code: gate.unexplained
#   cure: fix
#   remedy: Compare the document with "prodgate schema input", the settings with the shipped ones, and mend the check.
#   who: [owner of the policies]
_denials contains {
	"code": "gate.unexplained",
	"check": name,
	"effect": "deny",
	"item": name,
	"path": "",
	"message": sprintf("the check %s did not pass and gave no reason", [name]),
	"observed": "no reason",
	"required": "a reason",
} if {
	some name in (required - passed)
	not _explained(name)
}

_explained(name) if count(checks[name].deny) > 0

_explained(name) if count(checks[name].needs - sources.readable) > 0

# Whatever keeps a section from being read, there is a finding that says so.
_trouble(section) := found if {
	found := {finding |
		some finding in sources.trouble
		finding.item == section
	}
	count(found) > 0
} else := {sources.missing(section)}

_warnings contains object.union(finding, {"check": name, "effect": "warn"}) if {
	some name in required
	some finding in checks[name].warn
}

_warnings contains object.union(finding, {"check": name, "effect": "warn"}) if {
	some name in _advisory[input.request.kind]
	some finding in checks[name].deny
}

_warnings contains object.union(finding, {"check": name, "effect": "warn"}) if {
	some name in _advisory[input.request.kind]
	some finding in checks[name].warn
}

_warnings contains object.union(finding, {"check": name, "effect": "warn"}) if {
	some name in _advisory[input.request.kind]
	some section in (checks[name].needs - sources.readable)
	some finding in _trouble(section)
}

_warnings contains object.union(finding, {"check": "source", "effect": "warn"}) if {
	some finding in sources.warn
}

_warnings contains object.union(finding, {"check": "waiver", "effect": "warn"}) if {
	some finding in waivers.problems
}

_waived contains object.union(finding, {"check": name, "effect": "waived"}) if {
	some name in required
	some finding in checks[name].waived
}
