# METADATA
# title: People
# description: >-
#   Who is who, by the directory. People are compared as people: by all their
#   ids, never by one spelling (production-readiness.md, "Who Can Approve").
package prodgate.v1.lib.people

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

# The one person with this id, by position. Undefined for nobody and for
# several.
one(id) := person if {
	_well_formed
	holders := {holder | some holder; input.people[holder].ids[_] == id}
	count(holders) == 1
	some person in holders
}

# A directory in which an id is malformed may hide that two people have it.
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

# Every id of those who asked for the deployment. Undefined unless both are
# known, for then nobody can be shown to be somebody else.
askers := ids if {
	requester := one(input.request.requested_by)
	actor := one(input.request.triggered_by)
	ids := {id | some id in input.people[requester].ids} | {id | some id in input.people[actor].ids}
}

# The person with this id, if it is one who may approve something here: a role
# in the directory, the team, MFA, all fresh, and not one who asked.
approver(id) := person if {
	person := one(id)
	input.people[person].mfa == true
	input.people[person].teams[_] == settings.effective.approval.team
	approver_roles[input.people[person].roles[_]]
	clock.fresh(input.people[person].as_of, settings.effective.approval.directory_max_age)
	_independent(person)
}

_independent(person) if count(askers & {id | some id in input.people[person].ids}) == 0

_has_role(person) if approver_roles[input.people[person].roles[_]]

approver_roles contains settings.effective.approval.roles[_][_]

# Shown twice, by role and by team, to be no approver.
outsider(person) if {
	is_array(input.people[person].roles)
	not _has_role(person)
	is_array(input.people[person].teams)
	every team in input.people[person].teams {
		text.differs(team, settings.effective.approval.team)
	}
}

# Why the holder of an id cannot approve here, in words.
objections(id) := {"nobody in the directory, or several people, have this id"} if {
	not one(id)
} else := {words | some words in _objections[one(id)]}

_objections[person] contains "MFA is not shown to be on" if {
	some person, record in input.people
	not record.mfa == true
}

_objections[person] contains sprintf("not an active member of %s", [settings.effective.approval.team]) if {
	some person, record in input.people
	not settings.effective.approval.team in record.teams
}

_objections[person] contains "holds no approver's role in the directory" if {
	some person, _ in input.people
	not _has_role(person)
}

_objections[person] contains "asked for this deployment" if {
	some person, _ in input.people
	askers
	not _independent(person)
}

_objections[person] contains "it is not known in the directory who asked for this deployment" if {
	some person, _ in input.people
	not askers
}

_objections[person] contains "the directory's record is too old" if {
	some person, record in input.people
	not clock.fresh(record.as_of, settings.effective.approval.directory_max_age)
}
