# METADATA
# title: Sources
# description: >-
#   The sections of the document that count: read without error, from a kind of source
#   that the settings accept. A source that could not be read never means that there is
#   nothing. A check reads its facts from the section itself, so it does not pass if the
#   section is missing.
package prodgate.v1.lib.sources

import data.prodgate.v1.lib.settings

readable := {name |
	input.sources[name].status == "ok"
	input.sources[name].kind == _accepted[name][_]
}

_accepted := settings.effective.sources.accepted

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
	"message": sprintf("facts about %s are not accepted from a source of the kind %q", [name, source.kind]),
	"observed": source.kind,
	"required": _accepted[name],
} if {
	some name, source in input.sources
	source.status == "ok"
	not source.kind in _accepted[name]
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
