# METADATA
# title: Sources
# description: >-
#   Which sections of the document count: read without error, from a kind of
#   source that the settings accept. "Could not look" is never "nothing there".
#   A check reads what it needs from the section itself, so a section that is
#   not there passes nothing.
package prodgate.v1.lib.sources

import data.prodgate.v1.lib.settings

readable := {name |
	input.sources[name].status == "ok"
	input.sources[name].kind == _accepted[name][_]
}

_accepted := settings.effective.sources.accepted

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
	"message": sprintf("facts about %s do not count from a source of kind %q", [name, source.kind]),
	"observed": source.kind,
	"required": _accepted[name],
} if {
	some name, source in input.sources
	source.status == "ok"
	not source.kind in _accepted[name]
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
