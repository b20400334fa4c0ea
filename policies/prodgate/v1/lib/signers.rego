# METADATA
# title: Signers
# description: >-
#   Whose signatures are accepted. A fact names the signer whose signature was verified;
#   the settings say which signers count for a section. Bad news needs no signature.
package prodgate.v1.lib.signers

import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings

# Whether facts of a section count if this signer's signature on them was verified. Facts
# without one (null) come from files; the settings say whether that is enough.
counts(section, null) if settings.effective.sources.unverified[section] == true

counts(section, signer) if accepted(section, signer)

# Whether the settings accept this signer for a section.
accepted(section, signer) if {
	is_string(signer)
	is_array(settings.effective.sources.signers[section])
	signer in settings.effective.sources.signers[section]
}

# Whether a signer may speak for a person (an id). A key or identity that names its
# person speaks for no one else. Without a signature, and for one without a person,
# the settings say that the claim is enough.
speaks_for(signer, _) if not personal(signer)

speaks_for(signer, id) if {
	every table in _holders(signer) {
		people.one(table.person) == people.one(id)
	}
}

# Whether the settings name the person of a signer.
personal(signer) if {
	some table in _holders(signer)
	"person" in object.keys(table)
}

_holders(signer) := [entry |
	some table in ["keys", "identities"]
	entry := settings.effective.signatures[table][signer]
]

# What is wrong with a signer that is not accepted, as text.
objection(signer) := "has no verified signature" if not is_string(signer)

else := sprintf("is signed by %s, which sources.signers does not list for it", [signer])

# What is required, as text.
required(section) := "a verified signature" if not _listed(section)

else := sprintf("a verified signature by %s", [concat(" or ", settings.effective.sources.signers[section])])

_listed(section) if {
	is_array(settings.effective.sources.signers[section])
	count(settings.effective.sources.signers[section]) > 0
}
