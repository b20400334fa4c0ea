# METADATA
# title: Text
# description: >-
#   Comparisons for facts that could avoid a denial. A name is not shown to be different
#   if it is empty, not text, or differs only in case or space.
package prodgate.v1.lib.text

differs(name, other) if {
	given(name)
	_plain(name) != _plain(other)
}

differs_digest(name, other) if {
	digest(name)
	name != other
}

# Whether this is a valid digest.
digest(name) if {
	is_string(name)
	regex.match(`^sha256:[0-9a-f]{64}$`, name)
}

# Whether this is text that is not blank.
given(text) if {
	is_string(text)
	trim_space(text) != ""
}

_plain(name) := lower(trim_space(name))
