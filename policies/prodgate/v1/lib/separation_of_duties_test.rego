package prodgate.v1.lib.separation_of_duties_test

import data.prodgate.v1.lib.people
import data.prodgate.v1.testing

_lead := "mailto:lead@example.com"

# The promotion, with this author of the commit.
_by(author) := json.patch(testing.promotion, [{"op": "add", "path": "/build/author", "value": author}])

test_no_approver_who_cannot_be_distinguished_from_the_requester if {
	document := testing.changed("/people/1/ids", ["github:2", _lead])
	not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as document
	some words in people.objections(_lead) with data.prodgate.organisation as testing.organisation with input as document
	startswith(words, "cannot be distinguished from a requester of this deployment")
}

test_no_approver_who_shares_an_id_with_another_record if {
	document := testing.changed("/people/2/ids", ["github:3", "entra:manager", "github:2"])
	not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as document
	people.approver("github:5") == 4 with data.prodgate.organisation as testing.organisation with input as document
}

test_no_approver_who_requested_an_attempt if {
	every key in ["requested_by", "triggered_by"] {
		document := _attempt({key: "github:2"})
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as document
		people.objections(_lead) == {"requested this deployment, or started an attempt of it"} with data.prodgate.organisation as testing.organisation with input as document
	}
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as _attempt({})
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as _attempt({"requested_by": "github:3", "triggered_by": "github:5"})
}

# For any writer of an attempt.
test_no_approver_if_it_is_unknown_who_started_an_attempt if {
	every value in ["github:404", null, "", 0, []] {
		document := _attempt({"triggered_by": value})
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as document
		people.objections(_lead) == {sprintf("these requesters of this deployment are not in the directory: %v", [value])} with data.prodgate.organisation as testing.organisation with input as document
	}
	every path in ["/trail/requests/0/triggered_by", "/trail/requests/0/requested_by"] {
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as testing.remove(_attempt({}), path)
	}
	every value in [null, "", {}, 0] {
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as testing.change(_attempt({}), "/trail/requests", value)
		value == value
	}
}

_attempt(entry) := json.patch(testing.promotion, [{"op": "add", "path": "/trail/requests", "value": [object.union(
	{"id": "1-1", "at": "2026-11-24T10:00:00-05:00", "requested_by": "github:1", "triggered_by": "github:1", "writer": "me", "assurance": "claimed"},
	entry,
)]}])

test_no_approver_who_wrote_the_commit if {
	every author in ["github:2", _lead] {
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as _by(author)
		people.objections(_lead) == {"wrote the commit that is deployed"} with data.prodgate.organisation as testing.organisation with input as _by(author)
	}
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as _by("github:1")
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as _by("github:404")
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as _by(null)
}

test_no_approver_who_cannot_be_distinguished_from_the_author if {
	every author in ["mailto:else@example.com", "git:abc", "", " ", 0, [], true] {
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as _by(author)
		some words in people.objections(_lead) with data.prodgate.organisation as testing.organisation with input as _by(author)
		startswith(words, "cannot be distinguished from the author of the commit")
	}
	several := testing.change(_by("github:9"), "/people/0/ids", ["github:1", "github:9", "entra:1"])
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as several
	twice := testing.change(several, "/people/2/ids", ["github:9", "entra:3"])
	not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as twice
}

test_approver_who_wrote_the_commit_if_the_settings_allow_it if {
	settings := testing.settings("/approval/independent_of", [])
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as _by("github:2") with data.prodgate.v1.settings as settings
	people.objections(_lead) == set() with data.prodgate.organisation as testing.organisation with input as _by("github:2") with data.prodgate.v1.settings as settings
	not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as testing.changed("/request/requested_by", "github:2") with data.prodgate.v1.settings as settings
	every value in [null, "", "author", {}, 0, ["autor"], ["author", "reviewer"]] {
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as _by("github:2") with data.prodgate.v1.settings as testing.settings("/approval/independent_of", value)
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/approval/independent_of", value)
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as _by("github:1") with data.prodgate.v1.settings as testing.settings("/approval/independent_of", value)
		value == value
	}
	not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/approval/independent_of")
}

# The directory can name the author of a commit.
test_dependent_author_by_the_directory if {
	every commit in ["7a3f9c2e4b8d1f6a0c3e5d7b9f2a4c6e8d0b1f35", "7a3f9c2"] {
		document := testing.add(testing.promotion, "/people/1/wrote", ["0000000", commit])
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as document
		people.objections(_lead) == {"wrote the commit that is deployed"} with data.prodgate.organisation as testing.organisation with input as document
		people.approver(_lead) == 1 with data.prodgate.organisation as testing.organised({"approval": {"independent_of": []}}) with input as document
	}
	short := testing.change(testing.add(testing.promotion, "/people/1/wrote", ["7a3f9c2e4b8d1f6a0c3e5d7b9f2a4c6e8d0b1f35"]), "/build/commit", "7a3f9c2")
	not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as short
}

test_independent_author_of_other_commits if {
	every wrote in [[], ["0000000"], ["7a3f9c2e4b8d1f6a0c3e5d7b9f2a4c6e8d0b1f36"]] {
		people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as testing.add(testing.promotion, "/people/1/wrote", wrote)
	}
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as testing.add(testing.promotion, "/people/0/wrote", ["7a3f9c2"])
}

# Systems that look up authors have found none: the author can be anyone.
test_no_approver_if_the_author_was_looked_up_and_is_unknown if {
	every kind in ["github", "gitlab"] {
		every document in [_looked_up(kind), _looked_up_by_one_of_two(kind), _looked_up_of(kind, "0000000"), _looked_up_of(kind, "7a3f9c2e4b8d1f6a0c3e5d7b9f2a4c6e8d0b1f36"), _looked_up_of(kind, ""), _looked_up_of(kind, "7a3f9c"), _looked_up_of(kind, 7)] {
			not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as document
			people.objections(_lead) == {sprintf(_unknown, ["the commit 7a3f9c2e4b8d1f6a0c3e5d7b9f2a4c6e8d0b1f35"])} with data.prodgate.organisation as testing.organisation with input as document
			people.approver(_lead) == 1 with data.prodgate.organisation as testing.organised({"approval": {"independent_of": []}}) with input as document
			people.objections(_lead) == set() with data.prodgate.organisation as testing.organised({"approval": {"independent_of": []}}) with input as document
		}
		every path in ["/build", "/build/commit"] {
			document := testing.remove(_looked_up_of(kind, "7a3f9c2"), path)
			not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as document
			people.objections(_lead) == {sprintf(_unknown, ["the commit that was built"])} with data.prodgate.organisation as testing.organisation with input as document
		}
	}
}

test_no_approver_if_the_build_names_no_commit if {
	every commit in ["", "7a3f9c", 7] {
		document := testing.change(_looked_up_of("github", "7a3f9c2"), "/build/commit", commit)
		not people.approver("github:3") with data.prodgate.organisation as testing.organisation with input as document
		people.objections("github:3") == {sprintf(_unknown, [sprintf("the commit %v", [commit])])} with data.prodgate.organisation as testing.organisation with input as document
	}
}

# Whoever wrote the version that a rollback restores may have left.
test_approver_of_a_rollback_if_the_author_is_unknown if {
	document := testing.change(_looked_up("github"), "/request/kind", "rollback")
	people.objections(_lead) == set() with data.prodgate.organisation as testing.organisation with input as document
	by_the_lead := testing.add(document, "/people/1/wrote", ["7a3f9c2"])
	people.objections(_lead) == {"wrote the commit that is deployed"} with data.prodgate.organisation as testing.organisation with input as by_the_lead
}

# The run is of another commit, whose author is found, too.
test_author_of_the_build_and_not_of_the_run if {
	every kind in ["github", "gitlab"] {
		of_run := testing.add(_looked_up(kind), "/people/1/wrote", ["0000000"])
		by_another := testing.add(of_run, "/people/0/wrote", ["7a3f9c2e4b8d1f6a0c3e5d7b9f2a4c6e8d0b1f35"])
		people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as by_another
		people.objections(_lead) == set() with data.prodgate.organisation as testing.organisation with input as by_another
		by_the_lead := testing.add(_looked_up_of(kind, "0000000"), "/people/1/wrote", ["7a3f9c2e4b8d1f6a0c3e5d7b9f2a4c6e8d0b1f35"])
		people.approver("github:3") == 2 with data.prodgate.organisation as testing.organisation with input as by_the_lead
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as by_the_lead
		people.objections(_lead) == {"wrote the commit that is deployed"} with data.prodgate.organisation as testing.organisation with input as by_the_lead
	}
}

test_approver_if_only_the_build_names_the_author if {
	document := testing.change(_by("github:1"), "/sources/people/kind", "github")
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as document
}

_unknown := "the author of %s is not known: no account has the mail address of its author, or it is not in the repository of the run"

_looked_up(kind) := testing.changed("/sources/people/kind", kind)

_looked_up_of(kind, commit) := testing.add(_looked_up(kind), "/people/0/wrote", [commit])

_looked_up_by_one_of_two(kind) := json.patch(testing.promotion, [
	{"op": "replace", "path": "/sources/people/kind", "value": "merged"},
	{"op": "add", "path": "/sources/people/systems", "value": [
		{"name": "directory", "kind": "file", "status": "ok"},
		{"name": kind, "kind": kind, "status": "ok"},
	]},
])

# The directory can name who started this run or one of its jobs, whatever the request and
# the trail say.
test_dependent_starter_of_the_run_by_the_directory if {
	started := testing.add(testing.change(testing.promotion, "/request/id", "acme/payments-api/pipelines/77"), "/people/1/started", ["acme/other/pipelines/1", "acme/payments-api/pipelines/77"])
	not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as started
	people.objections(_lead) == {"requested this deployment, or started an attempt of it"} with data.prodgate.organisation as testing.organisation with input as started
	named := testing.add(testing.change(started, "/request/id", "other"), "/request/deployment", "acme/payments-api/pipelines/77")
	not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as named
}

test_independent_starter_of_other_runs if {
	every started in [[], ["acme/payments-api/pipelines/7"], ["acme/payments-api/pipelines/77/jobs/1"]] {
		document := testing.add(testing.change(testing.promotion, "/request/id", "acme/payments-api/pipelines/77"), "/people/1/started", started)
		people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as document
	}
}
