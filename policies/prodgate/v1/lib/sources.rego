# METADATA
# title: Sources
# description: >-
#   Which sections of the document count: read without error, from a kind of
#   source that the settings accept. "Could not look" is never "nothing there".
#   A check reads what it needs from the section itself, so a section that is
#   not there passes nothing.
package prodgate.v1.lib.sources

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings

readable := _read - _disputed

# Read without error, from a kind of source that counts.
_read contains name if {
	some name, source in input.sources
	source.status == "ok"
	source.kind in _accepted[name]
	not name in _merged
}

# Merged of several systems, each of which counts.
_read contains name if {
	some name in _merged
	input.sources[name].status == "ok"
	input.sources[name].kind == "merged"
	systems := input.sources[name].systems
	count(systems) > 1
	every system in systems {
		_counts(system, _accepted[name])
	}
}

_merged contains name if input.sources[name].kind == "merged"

_merged contains name if {
	some name, source in input.sources
	object.get(source, "systems", []) != []
}

_counts(system, accepted) if {
	system.status == "ok"
	system.kind in accepted
}

# All that it could have reported is more bad news.
_counts(system, _) if {
	system.status == "error"
	system.optional == true
}

# Sections of which systems report a fact differently that has to be equal. What
# runs now holds back no rollback.
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

# What is no list of contradictions hides some.
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
# title: A source could not be read
# description: The collector tried and failed, so nothing is known about this section.
# custom:
#   code: source.error
#   cure: fix
#   remedy: Make the source readable again, then collect the facts anew.
#   who: [whoever runs the source]
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
# title: A source is not configured
# description: Nobody said where the facts of this section come from.
# custom:
#   code: source.unconfigured
#   cure: fix
#   remedy: Name the source in prodgate.yaml; "prodgate doctor" shows the key.
#   who: [owner of prodgate.yaml]
trouble contains {
	"code": "source.unconfigured",
	"item": name,
	"path": sprintf("/sources/%s", [name]),
	"message": sprintf("nobody said where the facts about %s come from", [name]),
	"observed": source.status,
	"required": "ok",
} if {
	some name, source in input.sources
	source.status == "unconfigured"
}

# METADATA
# title: A kind of source does not count
# description: The settings do not accept facts of this section from this kind of source.
# custom:
#   code: source.not_accepted
#   cure: fix
#   remedy: Read the section from an accepted kind of source (sources.accepted in the settings).
#   who: [owner of prodgate.yaml, owner of the policies]
trouble contains {
	"code": "source.not_accepted",
	"item": name,
	"path": sprintf("/sources/%s/kind", [name]),
	"message": sprintf("facts about %s do not count from a source of kind %s", [name, concat(", ", [sprintf("%q", [kind]) | some kind in kinds])]),
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
# description: Two systems report one fact of this section differently, and it must be equal. Nothing shows which of them is right.
# custom:
#   code: source.contradiction
#   cure: fix
#   remedy: Find out which system is wrong, and correct it or take it out of sources in prodgate.yaml. Then collect the facts again.
#   who: [owner of the systems, owner of prodgate.yaml]
trouble contains _disagreement(name) if some name in _disputed

# METADATA
# title: Systems contradict each other on what runs now
# description: Two systems report different deployments as the current one. It does not hold back a rollback.
# custom:
#   code: source.contradiction_tolerated
#   cure: fix
#   remedy: After the rollback, find out which system is wrong, and correct it or take it out of sources in prodgate.yaml.
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
	"required": "the same from every system",
}

# METADATA
# title: An optional system could not be read
# description: The section counts without this system. Bad news that only this system knows is missing.
# custom:
#   code: source.optional_unread
#   cure: fix
#   remedy: Make the system readable again.
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
# title: A section is missing
# description: The document says nothing about this section, not even that it could not be read.
# custom:
#   code: source.missing
#   cure: fix
#   remedy: Collect the facts anew with "prodgate collect".
#   who: [whoever made the document]
missing(name) := {
	"code": "source.missing",
	"item": name,
	"path": sprintf("/%s", [name]),
	"message": sprintf("the document says nothing about %s", [name]),
	"observed": null,
	"required": "facts",
}
