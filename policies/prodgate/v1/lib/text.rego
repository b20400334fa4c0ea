# METADATA
# title: Text
# description: >-
#   Comparisons for facts that speak against a denial. A name that is empty, no
#   text, or differs only in case or space is not shown to be another name.
package prodgate.v1.lib.text

differs(name, other) if {
	given(name)
	_plain(name) != _plain(other)
}

differs_digest(name, other) if {
	digest(name)
	name != other
}

# Whether this is how a digest is written.
digest(name) if {
	is_string(name)
	regex.match(`^sha256:[0-9a-f]{64}$`, name)
}

# Whether there is any text at all.
given(text) if {
	is_string(text)
	trim_space(text) != ""
}

_plain(name) := lower(trim_space(name))
