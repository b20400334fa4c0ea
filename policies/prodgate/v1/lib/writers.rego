# METADATA
# title: Writers
# description: >-
#   Whether the writer of a trail entry is accepted, by who it is and how that was
#   established. A source without writers, such as a file, is accepted or not as a
#   whole (setting sources.accepted).
package prodgate.v1.lib.writers

import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

# Whether an entry of this section, recorded as this type of step, is accepted.
counts(section, _, _) if whole(section)

counts(section, type, entry) if {
	section in recorded
	accepted := for_type(type)
	entry.assurance in accepted.assurances
	entry.assurance != "claimed"
	text.given(entry.writer)
	_named(entry.writer, accepted.subjects)
}

# The accepted writers for a type of step.
for_type(type) := accepted if {
	accepted := settings.effective.audit.writers[type]
} else := settings.effective.audit.writers.other

# Whether the section comes from a source without writers, which says everything itself.
whole(section) if {
	section in sources.readable
	not section in _recorded
}

# Sections with entries of an audit trail that was read, alone or with other systems. Only
# a trail establishes who writes: what another source says of a writer proves nothing.
recorded contains section if {
	some section in sources.readable
	input.sources[section].kind == "trail"
}

recorded contains section if {
	some section in sources.readable
	some system in input.sources[section].systems
	system.kind == "trail"
	system.status == "ok"
}

# Sections that come from an audit trail, alone or with other systems.
_recorded contains section if input.sources[section].kind == "trail"

# Neither a platform nor a cluster says which version is to be live.
_recorded contains "production" if input.sources.production.kind in _reporting

_recorded contains "production" if {
	kinds := {system.kind | some system in input.sources.production.systems}
	count(kinds - _reporting) == 0
	count(kinds) > 0
}

_reporting := {"github", "kubernetes"}

_recorded contains section if {
	some section, source in input.sources
	some system in source.systems
	system.kind == "trail"
}

# Sections that were read completely. Only then does a missing entry prove something. A
# file is always read completely.
complete contains section if {
	some section in ["production", "staging", "trail"]
	section in sources.readable
	input[section].complete == true
}

complete contains section if {
	some section in ["production", "staging", "trail"]
	whole(section)
	object.get(input[section], "complete", null) == null
}

_named(_, subjects) if "*" in subjects

_named(writer, subjects) if writer in subjects
