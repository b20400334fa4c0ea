package prodgate.v1.lib.delegations_test

import data.prodgate.v1.checks.approval
import data.prodgate.v1.lib.approvals
import data.prodgate.v1.lib.delegations
import data.prodgate.v1.testing

# The key of the Platform Lead signs approvals, and so delegations.
_signing := testing.organised({
	"signatures": {"keys": {
		"lead-2026": {"public": "…", "person": "mailto:lead@example.com"},
		"vp-2026": {"public": "…", "person": "mailto:vp@example.com"},
		"shared": {"public": "…"},
		"unlisted": {"public": "…", "person": "mailto:lead@example.com"},
	}},
	"sources": {"signers": {"approvals": ["lead-2026", "vp-2026", "shared"]}},
})

_delegation := {
	"id": "e-1",
	"role": "platform-lead",
	"by": "mailto:lead@example.com",
	"to": "github:6",
	"from": "2026-11-24T08:00:00-05:00",
	"until": "2026-11-30T08:00:00-05:00",
	"verified_by": "lead-2026",
	"writer": "user:anyone",
	"assurance": "claimed",
	"ended": [],
}

_deputy := {
	"ids": ["github:6", "mailto:deputy@example.com", "entra:6"],
	"roles": ["engineer"],
	"teams": ["production-approvers"],
	"mfa": true,
	"as_of": "2026-11-24T06:00:00-05:00",
}

# The promotion, approved by a deputy of the Platform Lead.
_promotion := json.patch(testing.recorded, [
	{"op": "add", "path": "/people/-", "value": _deputy},
	{"op": "replace", "path": "/approvals/0/approver", "value": "mailto:deputy@example.com"},
	{"op": "add", "path": "/trail/delegations", "value": [_delegation]},
])

_with(key, value) := testing.change(_promotion, concat("/", ["/trail/delegations/0", key]), value)

_without(key) := testing.remove(_promotion, concat("/", ["/trail/delegations/0", key]))

_counts(document) if {
	approvals.counting[0] == 5 with data.prodgate.organisation as _signing with input as document
}

_denied(document) if {
	not _counts(document)
	not approval.pass with data.prodgate.organisation as _signing with input as document
}

_reasons(document) := found if {
	found := approvals.ignored[0] with data.prodgate.organisation as _signing with input as document
}

test_counts_the_approval_of_a_delegate if {
	_counts(_promotion)
	approval.pass with data.prodgate.organisation as _signing with input as _promotion
	found := approvals.roles with data.prodgate.organisation as _signing with input as _promotion
	found == {"engineer", "platform-lead"}
}

test_shows_both_names if {
	found := approval.warn with data.prodgate.organisation as _signing with input as _promotion
	found == {{
		"code": "approval.delegated",
		"item": "mailto:deputy@example.com",
		"path": "/trail/delegations/0",
		"message": "the approval by mailto:deputy@example.com counts with the role platform-lead of mailto:lead@example.com, which is delegated until 2026-11-30T08:00:00-05:00",
		"observed": "platform-lead",
		"required": {"by": "mailto:lead@example.com", "to": "github:6", "until": "2026-11-30T08:00:00-05:00"},
	}}
}

# Who has the role needs no delegation.
test_says_nothing_of_a_delegation_that_is_not_needed if {
	document := json.patch(_promotion, [{"op": "replace", "path": "/people/5/roles", "value": ["platform-lead"]}])
	_counts(document)
	found := approval.warn with data.prodgate.organisation as _signing with input as document
	found == set()
}

# A Release Manager approves with both roles.
test_adds_a_role_to_an_approver if {
	document := json.patch(_promotion, [{"op": "replace", "path": "/people/5/roles", "value": ["release-manager"]}])
	found := approvals.roles with data.prodgate.organisation as _signing with input as document
	found == {"platform-lead", "release-manager"}
	given := approvals.given_by({"platform-lead"}) with data.prodgate.organisation as _signing with input as document
	given == {0}
}

test_denied_without_the_delegation if {
	every document in [
		testing.remove(_promotion, "/trail/delegations"),
		testing.change(_promotion, "/trail/delegations", []),
		testing.change(_promotion, "/trail/delegations", null),
		_with("to", "github:4"),
		_with("to", "github:7"),
		_with("to", "github:2"),
	] {
		_denied(document)
		"has no approver role in the directory" in _reasons(document)
	}
}

test_denied_if_a_fact_of_the_delegation_is_missing_or_garbage if {
	every key in ["role", "by", "to", "from", "until", "verified_by", "ended"] {
		_denied(_without(key))
		every value in array.concat(testing.garbage, ["x"]) {
			_denied_with(key, value)
		}
	}
}

_denied_with(key, value) if _denied(_with(key, value))

# Without an end the list is empty.
_denied_with("ended", [])

test_denied_unless_the_holder_signed if {
	every signer, reason in {
		"vp-2026": "it is signed by vp-2026",
		"shared": "it is signed by shared",
		"unlisted": "it is signed by unlisted",
		"unknown": "it is signed by unknown",
	} {
		document := _with("verified_by", signer)
		_denied(document)
		sprintf("the delegation of platform-lead by mailto:lead@example.com does not count: its signature is not that of mailto:lead@example.com: %s", [reason]) in _reasons(document)
	}
	unsigned := json.patch(_with("verified_by", null), [{"op": "add", "path": "/trail/delegations/0/unverified", "value": "it is not signed"}])
	"the delegation of platform-lead by mailto:lead@example.com does not count: its signature is not that of mailto:lead@example.com: it is not signed" in _reasons(unsigned)
	"the delegation of platform-lead by mailto:lead@example.com does not count: its signature is not that of mailto:lead@example.com: it is signed by no one" in _reasons(_without("verified_by"))
}

test_denied_for_longer_than_fourteen_days if {
	_counts(_with("until", "2026-12-08T08:00:00-05:00"))
	document := _with("until", "2026-12-08T08:00:01-05:00")
	_denied(document)
	"the delegation of platform-lead by mailto:lead@example.com does not count: it is for longer than approval.delegation_max" in _reasons(document)
	_denied(_with("until", "2026-11-24T08:00:00-05:00"))
	_denied(_with("until", "2026-11-24T07:59:59-05:00"))
}

test_the_setting_can_shorten_but_not_lengthen if {
	every value in ["144h", "145h", "10000h"] {
		approvals.counting[0] with data.prodgate.organisation as object.union(_signing, {"approval": {"delegation_max": value}}) with input as _promotion
		value == value
	}
	every value in ["0s", "143h59m59s", "-1h", null, 336, "", "forever"] {
		not approvals.counting[0] with data.prodgate.organisation as object.union(_signing, {"approval": {"delegation_max": value}}) with input as _promotion
		value == value
	}
	not approvals.counting[0] with data.prodgate.organisation as object.union(_signing, {"approval": {"delegation_max": "10000h"}}) with input as _with("until", "2026-12-08T08:00:01-05:00")
}

test_counts_from_its_begin_until_its_end if {
	_counts(_with("until", "2026-11-24T12:00:01-05:00"))
	document := _with("until", "2026-11-24T12:00:00-05:00")
	_denied(document)
	"the delegation of platform-lead by mailto:lead@example.com does not count: it is in force from 2026-11-24T08:00:00-05:00 until 2026-11-24T12:00:00-05:00" in _reasons(document)
	_counts(_with("from", "2026-11-24T11:00:00-05:00"))
	later := _with("from", "2026-11-24T11:00:01-05:00")
	_denied(later)
	"the delegation of platform-lead by mailto:lead@example.com does not count: the approval was given before it began" in _reasons(later)
	future := _with("from", "2026-11-24T12:00:01-05:00")
	_denied(future)
	"the delegation of platform-lead by mailto:lead@example.com does not count: it is in force from 2026-11-24T12:00:01-05:00 until 2026-11-30T08:00:00-05:00" in _reasons(future)
}

test_denied_once_ended_by_anyone if {
	document := _with("ended", [{"at": "2026-11-24T11:59:00-05:00", "writer": "user:anyone", "assurance": "claimed"}])
	_denied(document)
	"the delegation of platform-lead by mailto:lead@example.com does not count: it was ended" in _reasons(document)
	_denied(_with("ended", {}))
}

test_denied_unless_the_trail_was_read_completely if {
	every document in [
		testing.change(_promotion, "/trail/complete", false),
		testing.remove(_promotion, "/trail/complete"),
		testing.change(_promotion, "/sources/trail/kind", "file"),
		testing.remove(testing.change(_promotion, "/sources/trail/kind", "file"), "/trail/complete"),
	] {
		not _counts(document)
		"the delegation of platform-lead by mailto:lead@example.com does not count: the audit trail was not read completely" in _reasons(document)
	}
}

# The holder must be able to approve this request.
test_denied_if_the_holder_could_not_approve if {
	every patch in [
		{"op": "replace", "path": "/people/1/roles", "value": ["release-manager"]},
		{"op": "replace", "path": "/people/1/roles", "value": []},
		{"op": "replace", "path": "/people/1/teams", "value": []},
		{"op": "replace", "path": "/people/1/mfa", "value": false},
		{"op": "add", "path": "/people/1/active", "value": false},
		{"op": "add", "path": "/people/1/human", "value": false},
		{"op": "replace", "path": "/people/1/as_of", "value": "2026-11-20T06:00:00-05:00"},
		{"op": "replace", "path": "/request/requested_by", "value": "github:2"},
		{"op": "replace", "path": "/request/triggered_by", "value": "github:2"},
		{"op": "add", "path": "/build/author", "value": "github:2"},
	] {
		document := json.patch(_promotion, [patch])
		_denied(document)
		"the delegation of platform-lead by mailto:lead@example.com does not count: mailto:lead@example.com does not have this role in the directory, or could not approve this request with it" in _reasons(document)
	}
}

# Everything but the role is required of the delegate too.
test_denied_if_the_delegate_could_not_approve if {
	every patch in [
		{"op": "replace", "path": "/people/5/teams", "value": []},
		{"op": "replace", "path": "/people/5/mfa", "value": false},
		{"op": "add", "path": "/people/5/active", "value": false},
		{"op": "add", "path": "/people/5/human", "value": false},
		{"op": "replace", "path": "/request/requested_by", "value": "github:6"},
		{"op": "add", "path": "/build/author", "value": "github:6"},
	] {
		document := json.patch(_promotion, [patch])
		_denied(document)
		not "has no approver role in the directory" in _reasons(document)
		count(_reasons(document)) > 0
	}
}

# A delegated role is not one of the directory.
test_denied_onward if {
	onward := object.union(_delegation, {"id": "e-2", "by": "github:6", "to": "github:7", "verified_by": "deputy-2026"})
	keys := testing.organised({
		"signatures": {"keys": {"lead-2026": {"public": "…", "person": "mailto:lead@example.com"}, "deputy-2026": {"public": "…", "person": "github:6"}}},
		"sources": {"signers": {"approvals": ["lead-2026", "deputy-2026"]}},
	})
	document := json.patch(_promotion, [
		{"op": "add", "path": "/people/-", "value": object.union(_deputy, {"ids": ["github:7", "mailto:other@example.com", "entra:7"]})},
		{"op": "replace", "path": "/approvals/0/approver", "value": "github:7"},
		{"op": "add", "path": "/trail/delegations/-", "value": onward},
	])
	not approvals.counting[0] with data.prodgate.organisation as keys with input as document
	reasons := approvals.ignored[0] with data.prodgate.organisation as keys with input as document
	"the delegation of platform-lead by github:6 does not count: github:6 does not have this role in the directory, or could not approve this request with it" in reasons
}

# A role that approves nothing cannot be delegated.
test_denied_for_another_role if {
	every role in ["engineer", "admin"] {
		document := json.patch(_with("role", role), [{"op": "add", "path": "/people/1/roles/-", "value": role}])
		_denied(document)
		role == role
	}
}

_two := object.union(_signing, {"approval": {"quorum": 2}})

_also(person) := json.patch(_promotion, [{
	"op": "add", "path": "/approvals/-",
	"value": object.union(testing.promotion.approvals[0], {"approver": person}),
}])

# A holder and a delegate approve as one, two holders as two.
test_a_delegate_is_no_second_person_beside_the_holder if {
	not approval.pass with data.prodgate.organisation as _two with input as _also("mailto:lead@example.com")
	approval.pass with data.prodgate.organisation as _two with input as _also("mailto:manager@example.com")
	every role in ["release-manager", "platform-lead"] {
		document := json.patch(_also("mailto:lead@example.com"), [{"op": "replace", "path": "/people/5/roles", "value": [role]}])
		approval.pass with data.prodgate.organisation as _two with input as document
	}
}

test_two_delegates_of_one_holder_are_one_person if {
	document := json.patch(_also("github:7"), [
		{"op": "add", "path": "/people/-", "value": object.union(_deputy, {"ids": ["github:7", "mailto:other@example.com", "entra:7"]})},
		{"op": "add", "path": "/trail/delegations/-", "value": object.union(_delegation, {"id": "e-2", "to": "github:7"})},
	])
	found := approvals.counting with data.prodgate.organisation as _two with input as document
	found == {0: 5, 1: 6}
	not approval.pass with data.prodgate.organisation as _two with input as document
}

# The role of a VP lifts a rejection that the approval names.
test_lifts_a_rejection if {
	document := json.patch(_promotion, [
		{"op": "replace", "path": "/trail/delegations/0", "value": object.union(_delegation, {"role": "vp-engineering", "by": "mailto:vp@example.com", "verified_by": "vp-2026"})},
		{"op": "add", "path": "/approvals/0/lifts", "value": ["mailto:lead@example.com"]},
		{"op": "add", "path": "/approvals/-", "value": object.union(testing.promotion.approvals[0], {"decision": "rejected", "approved_at": "2026-11-24T10:30:00-05:00"})},
	])
	found := approval.deny with data.prodgate.organisation as _signing with input as document
	not "approval.rejected" in {finding.code | some finding in found}
	other := approval.deny with data.prodgate.organisation as _signing with input as testing.change(document, "/trail/delegations/0/role", "platform-lead")
	"approval.rejected" in {finding.code | some finding in other}
}

# A delegation to somebody else gives no role and is no voice.
test_a_delegation_is_for_one_person if {
	document := json.patch(_also("mailto:manager@example.com"), [{
		"op": "add", "path": "/trail/delegations/-",
		"value": object.union(_delegation, {"id": "e-2", "role": "vp-engineering", "by": "mailto:vp@example.com", "to": "github:4", "verified_by": "vp-2026"}),
	}])
	roles := approvals.roles with data.prodgate.organisation as _signing with input as document
	roles == {"engineer", "platform-lead", "release-manager"}
	people := approvals.different with data.prodgate.organisation as _signing with input as document
	people == {1, 2}
	found := approval.warn with data.prodgate.organisation as _signing with input as document
	{finding.path | some finding in found} == {"/trail/delegations/0"}
	first := json.patch(document, [{"op": "move", "from": "/trail/delegations/1", "path": "/trail/delegations/0"}])
	others := approvals.different with data.prodgate.organisation as _signing with input as first
	others == {1, 2}
	swapped := json.patch(document, [
		{"op": "replace", "path": "/trail/delegations/0/to", "value": "github:4"},
		{"op": "replace", "path": "/trail/delegations/1/to", "value": "github:6"},
	])
	voices := approvals.different with data.prodgate.organisation as _signing with input as swapped
	voices == {2, 4}
}

# With two roles, the one that does not count is not listed as a reason.
test_objections_are_about_the_person_only if {
	document := testing.change(_promotion, "/approvals/0/digest", testing.other)
	_reasons(document) == {"is for another digest, or does not name one"}
	found := delegations.objections(3) with data.prodgate.organisation as _signing with input as _without("until")
	found == set()
}

test_a_future_approval_shows_no_delegation if {
	document := testing.change(_promotion, "/approvals/0/approved_at", "2026-11-24T12:00:01-05:00")
	"is dated in the future" in _reasons(document)
}
