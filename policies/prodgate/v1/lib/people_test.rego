package prodgate.v1.lib.people_test

import data.prodgate.v1.lib.people
import data.prodgate.v1.testing

# Two records with these ids.
_two(ids, others) := testing.changed("/people", [_with(ids), _with(others)])

_with(ids) := object.union(testing.promotion.people[1], {"ids": ids})

_lead := "mailto:lead@example.com"

test_distinct_by_the_best_scheme_that_either_has if {
	every case in [
		[["entra:a"], ["entra:b"]],
		[["entra:a", "github:1"], ["entra:b"]],
		[["github:1"], ["github:2"]],
		[["github:1", "mailto:a@example.com"], ["github:2", "user:b"]],
		[["user:a"], ["user:b"]],
	] {
		people.distinct(0, 1) with data.prodgate.organisation as testing.organisation with input as _two(case[0], case[1])
		people.distinct(1, 0) with data.prodgate.organisation as testing.organisation with input as _two(case[0], case[1])
	}
}

test_not_distinct_unless_both_have_it if {
	every case in [
		[["entra:a"], ["github:1"]],
		[["entra:a", "github:1"], ["github:2"]],
		[["entra:a", "github:1"], ["mailto:b@example.com"]],
		[["mailto:a@example.com"], ["mailto:b@example.com"]],
		[["entra:a"], ["entra:a"]],
		[["entra:a", "github:1"], ["entra:b", "github:1"]],
	] {
		not people.distinct(0, 1) with data.prodgate.organisation as testing.organisation with input as _two(case[0], case[1])
		not people.distinct(1, 0) with data.prodgate.organisation as testing.organisation with input as _two(case[0], case[1])
		case
	}
	not people.distinct(0, 0) with data.prodgate.organisation as testing.organisation with input as testing.promotion
}

# A third record connects two others.
test_not_distinct_where_a_record_shares_an_id if {
	joined := testing.changed("/people", [_with(["entra:a", "okta:1"]), _with(["entra:b", "okta:2"]), _with(["okta:1", "okta:2"])])
	not people.distinct(0, 1) with data.prodgate.organisation as testing.organisation with input as joined
	not people.distinct(1, 0) with data.prodgate.organisation as testing.organisation with input as joined
	people.distinct(0, 1) with data.prodgate.organisation as testing.organisation with input as testing.remove(joined, "/people/2")
}

test_not_distinct_by_settings_emptied_or_removed if {
	every value in [[], null, "entra", {}, ["mail"], 0] {
		not people.distinct(0, 1) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/approval/identified_by", value)
		true
		value == value
	}
	not people.distinct(0, 1) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/approval/identified_by")
}

test_apart_from_an_id_that_is_not_in_the_directory if {
	people.apart(1, "github:404") with data.prodgate.organisation as testing.organisation with input as testing.promotion
	people.apart(1, "github:1") with data.prodgate.organisation as testing.organisation with input as testing.promotion
	every id in ["mailto:else@example.com", "okta:1", "github:2", "github", "github:", "github:4:4", "", " ", null, 404, [], _lead] {
		not people.apart(1, id) with data.prodgate.organisation as testing.organisation with input as testing.promotion
		id == id
	}
	not people.apart(1, "github:404") with data.prodgate.organisation as testing.organisation with input as testing.changed("/sources/people/status", "error")
}

test_unknown_only_by_a_directory_that_was_read if {
	people.unknown("github:404") with data.prodgate.organisation as testing.organisation with input as testing.promotion
	not people.unknown("github:1") with data.prodgate.organisation as testing.organisation with input as testing.promotion
	not people.unknown("github:404") with data.prodgate.organisation as testing.organisation with input as testing.changed("/people/0/ids", [])
	not people.unknown("github:404") with data.prodgate.organisation as testing.organisation with input as testing.changed("/people/0/ids/0", "GitHub")
	not people.unknown("github:404") with data.prodgate.organisation as testing.organisation with input as testing.changed("/sources/people/kind", "guess")
}

test_no_one_in_a_directory_that_is_not_a_list if {
	keyed := {sprintf("%d", [position]): person | some position, person in testing.promotion.people}
	every value in [keyed, null, "", {}] {
		not people.one(_lead) with data.prodgate.organisation as testing.organisation with input as testing.changed("/people", value)
		not people.unknown(_lead) with data.prodgate.organisation as testing.organisation with input as testing.changed("/people", value)
		value == value
	}
}

test_no_one_in_a_directory_with_ids_that_are_not_a_list if {
	every value in [{"0": "github:2"}, {}, [], null, "github:2"] {
		not people.one("github:1") with data.prodgate.organisation as testing.organisation with input as testing.changed("/people/1/ids", value)
		value == value
	}
}

test_approver if {
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as testing.promotion
	people.objections(_lead) == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
}

test_no_approver_who_is_a_bot if {
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as _human(true)
	every value in [false, null, "true", 1, "", []] {
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as _human(value)
		people.objections(_lead) == {"is not shown to be a human"} with data.prodgate.organisation as testing.organisation with input as _human(value)
	}
}

_human(value) := json.patch(testing.promotion, [{"op": "add", "path": "/people/1/human", "value": value}])

test_no_approver_whose_account_is_not_active if {
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as _active(true)
	every value in [false, null, "true", 1, "", []] {
		not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as _active(value)
		not people.proven(1) with data.prodgate.organisation as testing.organisation with input as _active(value)
		people.objections(_lead) == {"the account is disabled or deleted in the directory"} with data.prodgate.organisation as testing.organisation with input as _active(value)
	}
}

_active(value) := json.patch(testing.promotion, [{"op": "add", "path": "/people/1/active", "value": value}])

test_approver_of_a_directory_only_with_an_id_of_it if {
	every document in [_from_directory(testing.promotion), _from_directory_and_github(testing.promotion)] {
		people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as document
		not people.approver("github:2") with data.prodgate.organisation as testing.organisation with input as json.patch(document, _without_entra)
		not people.proven(1) with data.prodgate.organisation as testing.organisation with input as json.patch(document, _without_entra)
		people.objections("github:2") == {_unmapped} with data.prodgate.organisation as testing.organisation with input as json.patch(document, _without_entra)
		people.objections("github:404") == {_unmapped} with data.prodgate.organisation as testing.organisation with input as document
		people.objections(_lead) == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	people.approver("github:2") == 1 with data.prodgate.organisation as testing.organisation with input as json.patch(testing.promotion, _without_entra)
	people.objections("github:404") == {"no person, or more than one person, in the directory has this id"} with data.prodgate.organisation as testing.organisation with input as testing.promotion
}

_unmapped := "is not in the mapping file of Entra ID: add this id to it"

_without_entra := [
	{"op": "replace", "path": "/people/0/ids", "value": ["github:1"]},
	{"op": "replace", "path": "/people/1/ids", "value": ["github:2"]},
]

_from_directory(document) := json.patch(document, [{"op": "replace", "path": "/sources/people/kind", "value": "entra"}])

_from_directory_and_github(document) := json.patch(document, [
	{"op": "replace", "path": "/sources/people/kind", "value": "merged"},
	{"op": "add", "path": "/sources/people/systems", "value": [_system("github"), _system("entra")]},
	{"op": "add", "path": "/people/0/wrote", "value": ["7a3f9c2"]},
])

_system(kind) := {"name": kind, "kind": kind, "status": "ok"}

test_outsider_shown_by_role_or_team if {
	people.outsider(0) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	people.outsider(1) with data.prodgate.organisation as testing.organisation with input as testing.changed("/people/1/roles", [])
	people.outsider(1) with data.prodgate.organisation as testing.organisation with input as testing.changed("/people/1/teams", ["platform"])
	not people.outsider(1) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	every value in [null, "", {}, [null], ["Platform-Lead"], [""], ["engineer", "platform-lead "]] {
		not people.outsider(1) with data.prodgate.organisation as testing.organisation with input as testing.changed("/people/1/roles", value)
		value == value
	}
	every value in [null, "", {}, [null], ["Production-Approvers"], ["sre", 1]] {
		not people.outsider(1) with data.prodgate.organisation as testing.organisation with input as testing.changed("/people/1/teams", value)
		value == value
	}
}

# A role can be delegated; nothing else can.
test_eligible_without_a_role_in_the_directory if {
	document := testing.changed("/people/1/roles", ["engineer"])
	people.eligible(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as document
	not people.approver(_lead) with data.prodgate.organisation as testing.organisation with input as document
	people.approver(_lead) == 1 with data.prodgate.organisation as testing.organisation with input as testing.promotion
}
