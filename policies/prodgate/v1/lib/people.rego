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

# The one person with this id. Undefined for nobody and for several.
one(id) := person if {
	_well_formed
	holders := [holder |
		some holder in input.people
		id in holder.ids
	]
	count(holders) == 1
	person := holders[0]
}

_well_formed if {
	"people" in sources.readable
	is_array(input.people)
	every person in input.people {
		is_array(person.ids)
	}
}

# Every id of those who asked for the deployment. Undefined unless both are
# known, for then nobody can be shown to be somebody else.
askers := ids if {
	requester := one(input.request.requested_by)
	actor := one(input.request.triggered_by)
	ids := {id | some id in requester.ids} | {id | some id in actor.ids}
}

# The person with this id, if it is one who may approve something here: a role
# in the directory, the team, MFA, all fresh, and not one who asked.
approver(id) := person if {
	person := one(id)
	person.mfa == true
	settings.effective.approval.team in person.teams
	clock.fresh(person.as_of, settings.effective.approval.directory_max_age)
	_holds_a_role(person)
	independent(person)
}

_holds_a_role(person) if {
	some role in person.roles
	role in approver_roles
}

independent(person) if {
	is_set(askers)
	every id in person.ids {
		not id in askers
	}
}

approver_roles contains role if {
	some roles in settings.effective.approval.roles
	some role in roles
}

# Shown twice, by role and by team, to be no approver.
outsider(person) if {
	is_array(person.roles)
	not _holds_a_role(person)
	is_array(person.teams)
	every team in person.teams {
		text.differs(team, settings.effective.approval.team)
	}
}

# Why the holder of an id cannot approve here, in words.
objections(id) := {"nobody in the directory, or several people, have this id"} if {
	not one(id)
} else := {words | some words in _objections(one(id))}

_objections(person) := ((_mfa(person) | _team(person)) | _role(person)) | (_self(person) | _age(person))

_mfa(person) := set() if {
	person.mfa == true
} else := {"MFA is not shown to be on"}

_team(person) := set() if {
	settings.effective.approval.team in person.teams
} else := {sprintf("not an active member of %s", [settings.effective.approval.team])}

_role(person) := set() if {
	_holds_a_role(person)
} else := {"holds no approver's role in the directory"}

_self(person) := set() if {
	independent(person)
} else := {"asked for this deployment, or it is not known who did"}

_age(person) := set() if {
	clock.fresh(person.as_of, settings.effective.approval.directory_max_age)
} else := {"the directory's record is too old"}
