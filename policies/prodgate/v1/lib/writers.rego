# METADATA
# title: Writers
# description: >-
#   Whether an entry of the audit trail counts, by who wrote it and how that was
#   established. A source that knows no writers, such as a file, counts as a
#   whole or not at all (sources.accepted in the settings).
package prodgate.v1.lib.writers

import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

# Whether an entry of this section, recorded as this type of step, counts.
counts(section, _, _) if whole(section)

counts(section, type, entry) if {
	section in sources.readable
	accepted := for_type(type)
	entry.assurance in accepted.assurances
	entry.assurance != "claimed"
	text.given(entry.writer)
	_named(entry.writer, accepted.subjects)
}

# Who counts for a type of step.
for_type(type) := accepted if {
	accepted := settings.effective.audit.writers[type]
} else := settings.effective.audit.writers.other

# Whether the section comes from a source that knows no writers.
whole(section) if {
	section in sources.readable
	input.sources[section].kind != "trail"
}

# Sections of which everything was read that the source knows. Only then does it
# prove something that an entry is not there. A file is read whole.
complete contains "production" if {
	"production" in sources.readable
	input.production.complete == true
}

complete contains "production" if {
	whole("production")
	object.get(input.production, "complete", null) == null
}

complete contains "trail" if {
	"trail" in sources.readable
	input.trail.complete == true
}

complete contains "trail" if {
	whole("trail")
	object.get(input.trail, "complete", null) == null
}

_named(_, subjects) if "*" in subjects

_named(writer, subjects) if writer in subjects
