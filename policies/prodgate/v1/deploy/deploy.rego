# METADATA
# title: Deploy
# description: >-
#   Decides whether this artifact may be deployed to this environment now. It may if
#   every required check passes and nothing denies. The required shipped checks are
#   listed here, and no data can change the list. Every check of a loaded pack is
#   required too.
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

# Checks that only warn: a rollback is not blocked by what blocks a promotion.
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

# Additional checks can only be added. With invalid settings nothing passes.
required := _required[input.request.kind] | _additional

# Every check of a loaded pack is required, even if no settings list it.
_additional := {name | some name in settings.effective.additional_checks} | _loaded

# "needs" is a constant in every check, so reading it is cheap and evaluates no check.
_loaded := {name | some name; _ = checks[name].needs} - _checks

passed contains name if {
	some name in _required[input.request.kind]
	checks[name].pass == true
}

# An additional check might not test whether its facts are accepted, so this rule does.
passed contains name if {
	some name in _additional
	checks[name].pass == true
	count(checks[name].needs - sources.readable) == 0
}

# Shipped checks report denials only if they do not pass (a test shows that). An
# additional check may pass and deny, and then its denial counts.
_denials contains object.union(finding, {"check": name, "effect": "deny"}) if {
	some name in ((required - passed) | _additional)
	some finding in checks[name].deny
}

# A source that a failing check needs and that is not readable.
_denials contains object.union(finding, {"check": name, "effect": "deny"}) if {
	some name in (required - passed)
	some section in (checks[name].needs - sources.readable)
	some finding in _trouble(section)
}

# METADATA
# title: Check failed without a reason
# description: >-
#   A required check did not pass and gave no reason. The check does not exist, or a
#   fact or setting that it needs is missing.
# custom:
#   code: gate.unexplained
#   cure: fix
#   remedy: Compare the document with "prodgate schema input" and the settings with the shipped settings. Then correct the check.
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

# Every section that is not readable has a finding that gives the reason.
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
