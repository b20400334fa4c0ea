# METADATA
# title: Separation of duties
# description: >-
#   Nobody approves their own request or, unless the settings allow it, their own commit
#   (production-readiness.md, "Who Can Approve").
package prodgate.v1.lib.separation_of_duties

import data.prodgate.v1.lib.attempts
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings

# Whether a person is shown to be someone else than everyone who requested this
# deployment and, by approval.independent_of, than the author of the commit.
independent(person) if {
	_asked_by_others(person)
	_written_by_others(person)
	not _wrote[person]
	not _started[person]
	not _author_unnamed
}

# The people whom the directory names as the author of the commit.
_wrote contains person if {
	_author_matters
	some person, record in input.people
	some commit in record.wrote
	_same_commit(commit, input.build.commit)
}

# Whether systems that look up the author of the commit that was built have found none: its
# mail address belongs to no account, or the commit is in another repository. The run that
# asks for the deployment may be of another commit. The author of a version that goes back
# may have left since then, and it was approved before.
_author_unnamed if {
	not _goes_back
	_author_matters
	_author == null
	not _author_found
	some kind in people.kinds
	kind in {"github", "gitlab"}
}

_goes_back if input.request.kind == "rollback"

_author_found if {
	some record in input.people
	some commit in record.wrote
	_is_commit(commit)
	_is_commit(input.build.commit)
	_same_commit(commit, input.build.commit)
}

_is_commit(commit) if regex.match(`^[0-9a-f]{7,64}$`, commit)

# One of them may be abbreviated.
_same_commit(commit, other) if startswith(commit, other)

_same_commit(commit, other) if startswith(other, commit)

# The people whom the directory names as starters of this run, or of one of its jobs.
_started contains person if {
	some person, record in input.people
	some run in record.started
	run == attempts.deployment
}

_asked_by_others(person) if {
	every asker in askers {
		people.distinct(person, asker)
	}
}

_written_by_others(person) if {
	_author_matters
	people.apart(person, _author)
}

# No source names the author, so there is no one to compare with.
_written_by_others(_) if {
	_author_matters
	_author == null
}

_written_by_others(_) if {
	is_array(settings.effective.approval.independent_of)
	not _author_matters
}

_author_matters if "author" in settings.effective.approval.independent_of

default _author := null

_author := input.build.author

# Everyone who requested this deployment or started the run, in this or an earlier
# attempt. Undefined if one of them is not in the directory: then no approver can be
# shown to be a different person.
askers := {people.one(id) | some id in _asking} if {
	every id in _asking {
		people.one(id)
	}
}

_asking := _asking_now | attempts.people

_asking_now := {input.request.requested_by, input.request.triggered_by}

# The ids of requesters that do not belong to exactly one person in the directory.
strangers := {id |
	some id in _asking
	not people.one(id)
}

# Whether no entry, dismissed or not, names this person as a requester. An unknown
# requester may be this person, unless only writers that are not accepted name that
# requester.
uninvolved(person) if {
	every id in _asking_now | attempts.witnessed {
		people.distinct(person, people.one(id))
	}
	every id in attempts.named {
		_another(person, id)
	}
}

_another(person, id) if people.distinct(person, people.one(id))

_another(_, id) if people.unknown(id)

# The reasons why a person in the directory is not independent, as text.
objections[person] contains "requested this deployment, or started an attempt of it" if {
	some person in askers
}

objections[person] contains "requested this deployment, or started an attempt of it" if some person in _started

objections[person] contains sprintf("cannot be distinguished from a requester of this deployment: the directory needs an id of %s for both, and no id in two records", [_schemes_text]) if {
	some person, _ in input.people
	askers
	not person in askers
	not _asked_by_others(person)
}

objections[person] contains sprintf("these requesters of this deployment are not in the directory: %s", [concat(", ", {sprintf("%v", [id]) | some id in strangers})]) if {
	some person, _ in input.people
	not askers
}

objections[person] contains "wrote the commit that is deployed" if {
	_author_matters
	person := people.one(_author)
}

objections[person] contains "wrote the commit that is deployed" if some person in _wrote

objections[person] contains sprintf("the author of %s is not known: no account has the mail address of its author, or it is not in the repository of the run", [_built]) if {
	some person, _ in input.people
	_author_unnamed
}

default _built := "the commit that was built"

_built := sprintf("the commit %v", [input.build.commit])

objections[person] contains sprintf("cannot be distinguished from the author of the commit, %v: the directory needs an id of %s for both", [_author, _schemes_text]) if {
	some person, _ in input.people
	not _is_author(person)
	not _written_by_others(person)
}

_is_author(person) if person == people.one(_author)

_schemes_text := concat(" or ", settings.effective.approval.identified_by)
