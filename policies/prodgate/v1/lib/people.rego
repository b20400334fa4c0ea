# METADATA
# title: People
# description: >-
#   People in the directory. They are compared by all their ids. Two records are two
#   different people only if an immutable id shows it (production-readiness.md, "Who
#   Can Approve").
package prodgate.v1.lib.people

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.separation_of_duties
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

# The position of the only person with this id. Undefined if there is none or more than
# one.
one(id) := person if {
	holders := _holders(id)
	count(holders) == 1
	some person in holders
}

# Whether the directory was read and has no record with this id.
unknown(id) if {
	text.given(id)
	count(_holders(id)) == 0
}

_holders(id) := {holder | some holder; input.people[holder].ids[_] == id} if _well_formed

# A malformed id could hide that two people have the same id.
_well_formed if {
	"people" in sources.readable
	is_array(input.people)
	every person in input.people {
		is_array(person.ids)
		count(person.ids) > 0
		every id in person.ids {
			regex.match(`^[a-z][a-z0-9+.-]*:[!-@\[-~]+$`, id)
		}
	}
}

# Whether two records are two different people: the first shares no id with any other
# record, and both have an id of the best scheme that either has. If only one of them
# has it, they cannot be distinguished.
distinct(person, other) if {
	person != other
	_alone(person)
	scheme := _best(_schemes(person) | _schemes(other))
	scheme in _schemes(person)
	scheme in _schemes(other)
}

# Whether a person is not the holder of this id. An id that is not in the directory
# belongs to another person only if both have an id of the same immutable scheme.
apart(person, id) if distinct(person, one(id))

apart(person, id) if {
	unknown(id)
	[scheme, value] := split(id, ":")
	value != ""
	scheme in settings.effective.approval.identified_by
	scheme in _schemes(person)
}

_alone(person) if {
	every id in input.people[person].ids {
		_holders(id) == {person}
	}
}

_schemes(person) := {split(id, ":")[0] | some id in input.people[person].ids}

_best(schemes) := [scheme |
	some scheme in settings.effective.approval.identified_by
	scheme in schemes
][0]

# Whether the directory's record of a person is recent and shows MFA, and the account is
# active in every directory that was read.
proven(person) if {
	_has_mfa(input.people[person])
	active(person)
	_mapped(person)
	clock.fresh(input.people[person].as_of, settings.effective.approval.directory_max_age)
}

_has_mfa(record) if record.mfa == true

# The person with this id, if this person can be an approver: a human with a role in
# the directory, in the team, with MFA, with a recent record, and neither a requester
# nor excluded by approval.independent_of.
approver(id) := person if {
	person := eligible(id)
	has_role(person)
}

# The same, but for the role, which can be delegated.
eligible(id) := person if {
	person := one(id)
	proven(person)
	settings.effective.approval.team in input.people[person].teams
	human(person)
	separation_of_duties.independent(person)
}

# Whether a person has an approver role in the directory.
has_role(person) if approver_roles[input.people[person].roles[_]]

approver_roles contains settings.effective.approval.roles[_][_]

# "human" is optional: a directory sets it to false for bots and agents.
human(person) if object.get(input.people[person], "human", true) == true

# "active" is optional: a directory sets it to false for accounts that are disabled or
# deleted.
active(person) if object.get(input.people[person], "active", true) == true

# Whether a person has an id of each directory that was read. Without one, the directory
# does not know this person, and what other systems report does not count.
_mapped(person) if {
	every scheme in _directories {
		scheme in _schemes(person)
	}
}

# The schemes of the ids of those directories in which people must be.
_directories contains "entra" if "entra" in kinds

# The kinds of the systems that people were read from.
kinds contains input.sources.people.kind

kinds contains input.sources.people.systems[_].kind

# Whether a person is shown not to be an approver, by role or by team.
outsider(person) if {
	is_array(input.people[person].roles)
	every role in input.people[person].roles {
		_no_role(role)
	}
}

outsider(person) if {
	is_array(input.people[person].teams)
	every team in input.people[person].teams {
		text.differs(team, settings.effective.approval.team)
	}
}

_no_role(role) if {
	every approving in approver_roles {
		text.differs(role, approving)
	}
}

# The reasons why the holder of an id cannot approve, as text.
objections(id) := {_unmapped} if {
	unknown(id)
	count(_directories) > 0
} else := {"no person, or more than one person, in the directory has this id"} if {
	not one(id)
} else := {words | some words in _objections[one(id)]}

_unmapped := "is not in the mapping file of Entra ID: add this id to it"

_objections[person] contains "MFA is not shown to be enabled" if {
	some person, record in input.people
	not _has_mfa(record)
}

_objections[person] contains sprintf("not an active member of %s", [settings.effective.approval.team]) if {
	some person, record in input.people
	not _in_team(record)
}

_in_team(record) if settings.effective.approval.team in record.teams

_objections[person] contains no_role if {
	some person, _ in input.people
	not has_role(person)
}

no_role := "has no approver role in the directory"

_objections[person] contains "the account is disabled or deleted in the directory" if {
	some person, _ in input.people
	not active(person)
}

_objections[person] contains _unmapped if {
	some person, _ in input.people
	not _mapped(person)
}

_objections[person] contains "is not shown to be a human" if {
	some person, _ in input.people
	not human(person)
}

_objections[person] contains "the directory's record is too old" if {
	some person, record in input.people
	not clock.fresh(record.as_of, settings.effective.approval.directory_max_age)
}

_objections[person] contains objection if {
	some person, found in separation_of_duties.objections
	some objection in found
}
