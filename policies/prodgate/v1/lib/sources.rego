# METADATA
# title: Sources
# description: >-
#   The sections of the document that count: read without error, from a kind of source
#   that the settings accept. A source that could not be read never means that there is
#   nothing. A check reads its facts from the section itself, so it does not pass if the
#   section is missing.
package prodgate.v1.lib.sources

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings

readable := _read - _disputed

# Read without error, from an accepted kind of source.
_read contains name if {
	some name, source in input.sources
	source.status == "ok"
	source.kind in _accepted[name]
	not name in _merged
}

# Merged from several systems, all of an accepted kind.
_read contains name if {
	some name in _merged
	input.sources[name].status == "ok"
	input.sources[name].kind == "merged"
	systems := input.sources[name].systems
	count(systems) > 1
	every system in systems {
		_counts(name, system)
	}
	some system in systems
	system.status == "ok"
}

_merged contains name if input.sources[name].kind == "merged"

_merged contains name if {
	some name, source in input.sources
	object.get(source, "systems", []) != []
}

_counts(name, system) if {
	system.status == "ok"
	system.kind in _accepted[name]
}

# It could only have added bad news.
_counts(name, system) if {
	system.status == "error"
	system.optional == true
	not name in _never_optional
}

# Sections of which every system must be read, whatever prodgate.yaml says.
_never_optional := {"approvals", "calendar", "incidents", "people"}

# Sections for which systems report different values of a fact that must be equal. A
# dispute about the live version does not block a rollback.
_disputed contains name if {
	some name in object.keys(_disputes)
	not name in _tolerated
}

_tolerated contains "production" if input.request.kind == "rollback"

_disputes[name] := disputes if {
	some name, source in input.sources
	contradictions := object.get(source, "contradictions", [])
	is_array(contradictions)
	disputes := {_shown(contradiction) |
		some contradiction in contradictions
		not contradiction in _close
	}
	disputes != set()
}

# A value that is not a list could hide contradictions.
_disputes[name] := {"contradictions that cannot be read"} if {
	some name, source in input.sources
	contradictions := object.get(source, "contradictions", [])
	not is_array(contradictions)
}

# Times of one event, as two systems measure it.
_close contains contradiction if {
	some source in input.sources
	some contradiction in source.contradictions
	contradiction.path == "/build/built_at"
	times := [clock.fact(report.value) | some report in contradiction.values]
	count(times) > 1
	count(times) == count(contradiction.values)
	max(times) - min(times) <= _tolerance
}

_tolerance := time.parse_duration_ns(settings.effective.sources.clock_tolerance)

_shown(contradiction) := sprintf("%s is %s", [contradiction.path, concat(", ", reports)]) if {
	reports := [sprintf("%v by %s", [report.value, report.system]) | some report in contradiction.values]
} else := "contradictions that cannot be read"

_accepted := settings.effective.sources.accepted

# The kinds of system that a section was read from.
_kinds(source) := [system.kind | some system in source.systems] if source.kind == "merged"

else := [source.kind]

# METADATA
# title: Source could not be read
# description: The collector could not read the source, so nothing is known about this section.
# custom:
#   code: source.error
#   cure: fix
#   remedy: Make the source readable, then collect the facts again.
#   who: [owner of the source]
trouble contains {
	"code": "source.error",
	"item": name,
	"path": sprintf("/sources/%s", [name]),
	"message": sprintf("%s could not be read: %s", [name, source.error]),
	"observed": source.status,
	"required": "ok",
} if {
	some name, source in input.sources
	source.status == "error"
}

# METADATA
# title: Source not configured
# description: No source is configured for this section.
# custom:
#   code: source.unconfigured
#   cure: fix
#   remedy: Configure the source in prodgate.yaml. "prodgate doctor" shows the key.
#   who: [owner of prodgate.yaml]
trouble contains {
	"code": "source.unconfigured",
	"item": name,
	"path": sprintf("/sources/%s", [name]),
	"message": sprintf("no source is configured for %s", [name]),
	"observed": source.status,
	"required": "ok",
} if {
	some name, source in input.sources
	source.status == "unconfigured"
}

# METADATA
# title: Source not accepted
# description: The settings do not accept this kind of source for this section.
# custom:
#   code: source.not_accepted
#   cure: fix
#   remedy: Read the section from an accepted kind of source (setting sources.accepted).
#   who: [owner of prodgate.yaml, owner of the policies]
trouble contains {
	"code": "source.not_accepted",
	"item": name,
	"path": sprintf("/sources/%s/kind", [name]),
	"message": sprintf("facts about %s are not accepted from a source of the kind %s", [name, concat(", ", [sprintf("%q", [kind]) | some kind in kinds])]),
	"observed": concat(", ", kinds),
	"required": _accepted[name],
} if {
	some name, source in input.sources
	source.status == "ok"
	not name in _read
	kinds := _kinds(source)
}

# METADATA
# title: Systems contradict each other
# description: Two systems report different values for a fact of this section that must be equal. It is unknown which of them is right.
# custom:
#   code: source.contradiction
#   cure: fix
#   remedy: >-
#     Find out which system is wrong, and correct it or remove it from sources in
#     prodgate.yaml. If the audit trail does not know what ran before the gate was set up,
#     record it with "prodgate adopt". Then collect the facts again.
#   who: [owner of the systems, owner of prodgate.yaml]
trouble contains _disagreement(name) if some name in _disputed

# METADATA
# title: Systems disagree about the live version
# description: Two systems report different deployments as the current one. That does not block a rollback.
# custom:
#   code: source.contradiction_tolerated
#   effect: warn
#   cure: fix
#   remedy: After the rollback, find out which system is wrong, and correct it or remove it from sources in prodgate.yaml.
#   who: [owner of the systems, owner of prodgate.yaml]
warn contains object.union(_disagreement(name), {"code": "source.contradiction_tolerated"}) if {
	some name in object.keys(_disputes)
	name in _tolerated
}

_disagreement(name) := {
	"code": "source.contradiction",
	"item": name,
	"path": sprintf("/sources/%s/contradictions", [name]),
	"message": sprintf("systems disagree: %s", [concat("; ", _disputes[name])]),
	"observed": concat("; ", _disputes[name]),
	"required": "the same value from every system",
}

# METADATA
# title: Optional system could not be read
# description: The section is accepted without this system. Bad news that only this system has is missing.
# custom:
#   code: source.optional_unread
#   effect: warn
#   cure: fix
#   remedy: Make the system readable, then collect the facts again.
#   who: [owner of the system]
warn contains {
	"code": "source.optional_unread",
	"item": name,
	"path": sprintf("/sources/%s/systems", [name]),
	"message": sprintf("%s could not be read: %s", [system.name, system.error]),
	"observed": system.status,
	"required": "ok",
} if {
	some name in _merged
	some system in input.sources[name].systems
	system.status != "ok"
	system.optional == true
}

# METADATA
# title: Section missing
# description: The document has neither this section nor the result of reading it.
# custom:
#   code: source.missing
#   cure: fix
#   remedy: Collect the facts again with "prodgate collect".
#   who: [author of the document]
missing(name) := {
	"code": "source.missing",
	"item": name,
	"path": sprintf("/%s", [name]),
	"message": sprintf("the document has no section %s", [name]),
	"observed": null,
	"required": "facts",
}
