package prodgate.v1.lib.rejections_test

import data.prodgate.v1.lib.rejections
import data.prodgate.v1.testing

_approval := testing.promotion.approvals[0]

# A rejection half an hour before the approval of the lead.
_objection := object.union(_approval, {"approver": "mailto:vp@example.com", "decision": "rejected", "approved_at": "2026-11-24T10:30:00-05:00"})

_rejected(entry) := _rejected_in(testing.promotion, entry)

_rejected_in(document, entry) := json.patch(document, [{"op": "add", "path": "/approvals/-", "value": object.union(_objection, entry)}])

_and(document, entry) := json.patch(document, [{"op": "add", "path": "/approvals/-", "value": object.union(_approval, entry)}])

_stands(document) if count(rejections.standing) > 0 with data.prodgate.organisation as testing.organisation with input as document

_falls(document) if rejections.standing == set() with data.prodgate.organisation as testing.organisation with input as document

_organisation := {
	"environments": {"production": {}, "staging": {}},
	"services": {"payments-api": {}, "search-api": {}},
}

# The same in the trail.
_step := {
	"type": "approval.rejected",
	"at": "2026-11-24T10:30:00-05:00",
	"digest": testing.artifact,
	"id": "0197a0e0-0000-7000-8000-000000000009",
	"approver": "mailto:vp@example.com",
	"writer": "repo:acme/payments-api",
	"assurance": "ci",
}

_recorded(entry) := json.patch(testing.recorded, [{"op": "add", "path": "/trail/steps/-", "value": object.union(_step, entry)}])

test_none_without_objections if {
	every document in [testing.promotion, testing.recorded, testing.rollback, testing.emergency] {
		_falls(document)
		rejections.lifted == {} with data.prodgate.organisation as testing.organisation with input as document
	}
	_falls(_rejected({"decision": "pending"}))
}

test_stands_whatever_is_not_exactly_approved_or_pending if {
	every decision in ["rejected", "withdrawn", "Approved", "approved ", "Pending", "", null, true, 1, []] {
		_stands(_rejected({"decision": decision}))
	}
	_stands(testing.remove(_rejected({}), "/approvals/1/decision"))
	every value in [value | some value in testing.garbage; value != true] {
		_stands(testing.change(_rejected({}), "/approvals/1", value))
	}
}

test_stands_whatever_the_source_is if {
	_stands(testing.change(_rejected({}), "/sources/approvals/kind", "guess"))
	_stands(testing.change(_recorded({"at": "2026-11-24T11:30:00-05:00"}), "/sources/trail/status", "error"))
}

test_stands_unless_it_shows_that_it_is_about_something_else if {
	every entry in [
		{"digest": null},
		{"digest": ""},
		{"digest": upper(testing.other)},
		{"digest": testing.image},
		{"environment": null},
		{"environment": "prod"},
		{"environment": "Production "},
		{"service": null},
		{"service": "payments"},
		{"service": ["search-api"]},
		{"kind": null},
		{"kind": "Rollback"},
		{"kind": "deployment"},
		{"configuration": testing.other},
		{"request": "2-1"},
	] {
		count(rejections.standing) > 0 with input as _rejected(entry) with data.prodgate.organisation as _organisation
	}
}

test_falls_if_it_is_about_something_else if {
	every entry in [
		{"digest": testing.other},
		{"environment": "staging"},
		{"service": "search-api"},
		{"kind": "rollback"},
		{"kind": "initial"},
		{"kind": "configuration"},
	] {
		rejections.standing == set() with input as _rejected(entry) with data.prodgate.organisation as _organisation
	}
}

test_stands_for_a_configuration_unless_it_names_another if {
	every value in [null, "", testing.values, "none"] {
		_stands(_rejected_in(testing.configuration, {"kind": "configuration", "configuration": value}))
	}
	_falls(_rejected_in(testing.configuration, {"kind": "configuration", "configuration": testing.other}))
	named := json.patch(testing.promotion, [{"op": "add", "path": "/request/configuration", "value": testing.values}])
	_stands(_rejected_in(named, {"configuration": testing.other}))
}

test_stands_from_the_trail_by_any_writer if {
	every entry in [
		{},
		{"type": "approval.withdrawn"},
		{"assurance": "claimed"},
		{"writer": null},
		{"environment": "prod"},
		{"digest": testing.image},
		{"approver": "mailto:nobody@example.com"},
		{"approver": null},
	] {
		later := object.union({"at": "2026-11-24T11:30:00-05:00"}, entry)
		_stands(_recorded(later))
	}
	_falls(_recorded({"digest": testing.other}))
	_falls(_recorded({"type": "approval.granted"}))
	_falls(_recorded({"kind": "rollback"}))
}

test_stands_until_the_same_person_approves if {
	_stands(_rejected({}))
	_falls(_and(_rejected({}), {"approver": "github:5"}))
	_falls(_and(_rejected({}), {"approver": "mailto:vp@example.com", "approved_at": "2026-11-24T10:30:01-05:00"}))
	_stands(_and(_rejected({}), {"approver": "mailto:vp@example.com", "approved_at": "2026-11-24T10:30:00-05:00"}))
	_stands(_and(_rejected({}), {"approver": "mailto:manager@example.com"}))
	rejections.lifted == {"/approvals/1": {2}} with data.prodgate.organisation as testing.organisation with input as _and(_rejected({}), {"approver": "github:5"})
	_falls(_and(_recorded({}), {"approver": "github:5"}))
	_stands(_and(_recorded({}), {"approver": "github:3"}))
}

test_stands_where_the_approval_that_would_lift_it_does_not_count if {
	lifting := {"approver": "github:5"}
	every entry in [{"digest": testing.image}, {"kind": "rollback"}, {"service": null}, {"approved_at": "2026-11-24T09:59:59-05:00"}] {
		_stands(_and(_rejected({}), object.union(lifting, entry)))
	}
	_stands(testing.change(_and(_rejected({}), lifting), "/people/4/mfa", false))
}

test_stands_if_it_is_unknown_when_it_was if {
	every at in [null, "", 0, "2026-11-24T12:00:01-05:00"] {
		_stands(_and(_rejected({"approved_at": at}), {"approver": "github:5"}))
		_stands(_and(_recorded({"at": at}), {"approver": "github:5"}))
	}
}

test_lifted_by_a_role_that_names_it if {
	by_manager := {"approver": "github:3"}
	lifting := {"approver": "github:5", "lifts": ["github:3"]}
	_falls(_and(_rejected(by_manager), lifting))
	every lifts in [["mailto:manager@example.com"], ["else", "entra:mailto:manager@example.com"]] {
		_falls(_and(_rejected(by_manager), object.union(lifting, {"lifts": lifts})))
	}
	every entry in [
		{"lifts": ["github:2"]},
		{"lifts": ["mailto:nobody@example.com"]},
		{"lifts": []},
		{"lifts": null},
		{"lifts": "github:3"},
		{"approved_at": "2026-11-24T10:30:00-05:00"},
		{"digest": testing.other},
		{"approver": "github:4"},
	] {
		_stands(_and(_rejected(by_manager), object.union(lifting, entry)))
	}
	every value in [[], null, "vp-engineering", ["on-call-sre"]] {
		count(rejections.standing) > 0 with data.prodgate.organisation as testing.organisation with input as _and(_rejected(by_manager), lifting) with data.prodgate.v1.settings as testing.settings("/approval/rejection_lifted_by", value)
	}
}

test_lifted_by_a_role_that_names_the_entry if {
	document := _recorded({"approver": "github:3"})
	_falls(_and(document, {"approver": "github:5", "lifts": [_step.id]}))
	_stands(_and(document, {"approver": "github:5", "lifts": ["0197a0e0-0000-7000-8000-000000000008"]}))
	nameless := testing.remove(testing.remove(document, "/trail/steps/3/id"), "/trail/steps/3/approver")
	_stands(_and(nameless, {"approver": "github:5", "lifts": [_step.id]}))
}

test_lifted_by_a_role_that_names_an_id_of_several_people if {
	shared := json.patch(testing.promotion, [
		{"op": "replace", "path": "/people/2/ids", "value": ["github:3", "entra:3", "mailto:duty@example.com"]},
		{"op": "replace", "path": "/people/3/ids", "value": ["github:4", "entra:4", "mailto:duty@example.com"]},
	])
	document := _rejected_in(shared, {"approver": "mailto:duty@example.com"})
	_stands(document)
	_falls(_and(document, {"approver": "github:5", "lifts": ["mailto:duty@example.com"]}))
	_stands(_and(document, {"approver": "github:5", "lifts": ["github:3"]}))
}

# A statement that nobody signed can name anyone: any approval that counts lifts it, and
# it revokes no approval of the person that it names.
test_lifted_by_any_approval_since_where_it_is_not_signed_as_settings_ask if {
	signed := testing.change(testing.signed("approvals", ["lead-2026", "vp-2026"]), "/signatures/keys", {"vp-2026": {"public": "x", "person": "github:5"}})
	approved := testing.changed("/approvals/0/verified_by", "lead-2026")
	every entry in [{}, {"verified_by": "release-2026"}, {"verified_by": "vp-2026", "approver": "mailto:manager@example.com"}] {
		_falls(_rejected_in(approved, entry)) with data.prodgate.v1.settings as signed
		_stands(_rejected_in(approved, object.union(entry, {"approved_at": "2026-11-24T11:30:00-05:00"}))) with data.prodgate.v1.settings as signed
	}
	every signer in ["vp-2026", "lead-2026"] {
		_stands(_rejected_in(approved, {"verified_by": signer})) with data.prodgate.v1.settings as signed
	}
	own := _rejected_in(approved, {"approver": "github:2", "approved_at": "2026-11-24T11:30:00-05:00"})
	rejections.revoked == set() with data.prodgate.organisation as testing.organisation with input as own with data.prodgate.v1.settings as signed
	rejections.revoked == {0} with data.prodgate.organisation as testing.organisation with input as testing.change(own, "/approvals/1/verified_by", "lead-2026") with data.prodgate.v1.settings as signed
}

# As shipped, an unsigned rejection binds. A signature that does not count makes it no weaker.
test_stands_with_a_signature_that_does_not_count if {
	every signer in ["release-2026", "", 1, true, {}, []] {
		_stands(_rejected({"verified_by": signer}))
	}
	own := _rejected({"approver": "github:2", "approved_at": "2026-11-24T11:30:00-05:00", "verified_by": "release-2026"})
	rejections.revoked == {0} with data.prodgate.organisation as testing.organisation with input as own
}

# Anyone can claim an identity, so any approval that counts lifts a claimed rejection.
test_lifted_by_any_approval_since_where_it_is_not_by_an_approver if {
	every entry in [{"approver": "mailto:nobody@example.com"}, {"approver": "mailto:engineer@example.com"}] {
		_falls(_rejected(entry))
		_falls(_recorded(entry))
		_stands(_rejected(object.union(entry, {"approved_at": "2026-11-24T11:00:00-05:00"})))
		_stands(_recorded(object.union(entry, {"at": "2026-11-24T11:00:00-05:00"})))
		rejections.lifted == {"/approvals/1": {0}} with data.prodgate.organisation as testing.organisation with input as _rejected(entry)
	}
	_falls(_recorded({"assurance": "claimed"}))
	_falls(_recorded({"writer": null}))
	_stands(testing.change(_recorded({"assurance": "claimed"}), "/approvals", []))
	_stands(testing.change(_rejected({"approver": "mailto:nobody@example.com"}), "/approvals/0/kind", "rollback"))
}

test_stands_unless_it_is_shown_to_be_by_no_approver if {
	every document in [
		testing.remove(_rejected({}), "/approvals/1/approver"),
		_rejected({"approver": null}),
		_rejected({"approver": ""}),
		testing.change(_rejected({}), "/people/4/roles", ["VP-engineering"]),
		testing.remove(_rejected({}), "/people/4/roles"),
		testing.change(_rejected({}), "/people/4/teams", ["Production-approvers"]),
		testing.remove(_rejected({}), "/people/4/teams"),
		testing.change(_rejected({}), "/people/4/mfa", false),
		testing.change(_rejected({}), "/people/4/as_of", "2026-11-01T00:00:00Z"),
		testing.change(_rejected({}), "/people/3/ids", ["github:4", "entra:4", "mailto:vp@example.com"]),
	] {
		_stands(document)
	}
	_falls(testing.change(_rejected({}), "/people/4/roles", ["engineer"]))
	_falls(testing.change(_rejected({}), "/people/4/teams", ["platform"]))
}

# A request that was rejected by its id.

_named(document) := json.patch(document, [
	{"op": "add", "path": "/request/id", "value": "1-2"},
	{"op": "add", "path": "/request/deployment", "value": "acme/payments-api/1"},
])

test_ends_the_request_that_it_names if {
	every entry in [{}, {"approver": "mailto:nobody@example.com"}] {
		document := _and(_rejected_in(_named(testing.promotion), object.union(entry, {"request": "1-2"})), {"approver": "github:5", "lifts": ["github:5"]})
		_stands(document)
		rejections.ending == {"/approvals/1"} with data.prodgate.organisation as testing.organisation with input as document
	}
	every request in ["1-1", "acme/payments-api/1", "", null, "1-2 "] {
		document := _and(_rejected_in(_named(testing.promotion), {"request": request}), {"approver": "github:5"})
		_falls(document)
		rejections.ending == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	_stands(_and(json.patch(_named(_recorded({"request": "1-2"})), []), {"approver": "github:5"}))
}

# A rollback.

_back(entry) := _rejected_in(_named(testing.rollback), object.union({"kind": null}, entry))

test_stands_against_this_rollback if {
	every entry in [
		{"request": "1-2"},
		{"request": "1-2", "approved_at": "2026-11-20T10:00:00-05:00"},
		{"request": "acme/payments-api/1", "approved_at": "2026-11-20T10:00:00-05:00"},
		{"kind": "rollback"},
		{"kind": "rollback", "approved_at": "2026-11-24T10:00:00-05:00"},
		{"kind": "rollback", "request": "2-1"},
		{"kind": "rollback", "approved_at": null},
		{},
		{"approved_at": "2026-11-24T10:00:00-05:00"},
		{"approved_at": null},
		{"request": ""},
		{"kind": "undo"},
	] {
		_stands(_back(entry))
	}
}

test_falls_against_another_rollback_or_promotion if {
	every entry in [
		{"kind": "promotion"},
		{"kind": "rollback", "approved_at": "2026-11-24T09:59:59-05:00"},
		{"approved_at": "2026-11-24T09:59:59-05:00"},
		{"request": "2-1"},
		{"digest": testing.other},
	] {
		_falls(_back(entry))
	}
}

test_falls_against_a_rollback_that_has_no_name if {
	document := testing.change(_back({"request": "", "approved_at": "2026-11-24T09:59:59-05:00"}), "/request/deployment", "")
	_falls(document)
	_falls(testing.change(document, "/request/id", ""))
}

# A person who withdraws an approval has no approval.

test_revoked_by_the_same_person_since if {
	withdrawn := _rejected({"approver": "github:2", "decision": "withdrawn", "approved_at": "2026-11-24T11:30:00-05:00"})
	rejections.revoked == {0} with data.prodgate.organisation as testing.organisation with input as withdrawn
	rejections.revoked == {0} with data.prodgate.organisation as testing.organisation with input as testing.change(withdrawn, "/approvals/1/approved_at", "2026-11-24T11:00:00-05:00")
	0 in rejections.revoked with data.prodgate.organisation as testing.organisation with input as testing.change(withdrawn, "/approvals/1/approved_at", null)
	not 0 in rejections.revoked with data.prodgate.organisation as testing.organisation with input as testing.change(withdrawn, "/approvals/1/approved_at", "2026-11-24T10:59:59-05:00")
	not 0 in rejections.revoked with data.prodgate.organisation as testing.organisation with input as testing.change(withdrawn, "/approvals/1/approver", "github:5")
	rejections.revoked == {0} with data.prodgate.organisation as testing.organisation with input as _recorded({"approver": "github:2", "at": "2026-11-24T11:30:00-05:00"})
	rejections.revoked == set() with data.prodgate.organisation as testing.organisation with input as _recorded({"approver": "github:2", "at": "2026-11-24T11:30:00-05:00", "assurance": "claimed"})
}

# For an entry of the approvals the source counts, whatever keys the entry has.
test_revoked_by_no_entry_of_approvals_that_do_not_count if {
	withdrawn := _rejected(object.union(_step, {"approver": "github:2", "decision": "withdrawn", "approved_at": "2026-11-24T11:30:00-05:00"}))
	rejections.revoked == {0} with data.prodgate.organisation as testing.organisation with input as withdrawn
	rejections.revoked == set() with data.prodgate.organisation as testing.organisation with input as testing.change(withdrawn, "/sources/approvals/kind", "guess")
}

test_words if {
	rejections.word("/approvals/1") == "withdrawn" with data.prodgate.organisation as testing.organisation with input as _rejected({"decision": "withdrawn"})
	rejections.word("/approvals/1") == "rejected" with data.prodgate.organisation as testing.organisation with input as testing.remove(_rejected({}), "/approvals/1/decision")
	rejections.word("/approvals/1") == "withdrawn" with data.prodgate.organisation as testing.organisation with input as _rejected({"decision": "withdrawn", "type": "approval.rejected"})
	rejections.word("/approvals/1") == "rejected" with data.prodgate.organisation as testing.organisation with input as _rejected({"decision": false})
	rejections.word("/trail/steps/3") == "withdrawn" with data.prodgate.organisation as testing.organisation with input as _recorded({"type": "approval.withdrawn"})
	rejections.by("/approvals/1") == "an unknown person" with data.prodgate.organisation as testing.organisation with input as testing.remove(_rejected({}), "/approvals/1/approver")
	rejections.by("/trail/steps/3") == "mailto:vp@example.com" with data.prodgate.organisation as testing.organisation with input as _recorded({})
	rejections.at("/approvals/1") == "an unknown time" with data.prodgate.organisation as testing.organisation with input as testing.remove(_rejected({}), "/approvals/1/approved_at")
	rejections.at("/trail/steps/3") == _step.at with data.prodgate.organisation as testing.organisation with input as _recorded({})
}

test_reasons if {
	rejections.because("/trail/steps/3") == ": it leaks 100% of the memory" with data.prodgate.organisation as testing.organisation with input as _recorded({"reason": "it leaks 100% of the memory"})
	rejections.because("/trail/steps/3") == "" with data.prodgate.organisation as testing.organisation with input as _recorded({})
	rejections.because("/trail/steps/3") == "" with data.prodgate.organisation as testing.organisation with input as _recorded({"reason": " "})
	rejections.because("/trail/steps/3") == "" with data.prodgate.organisation as testing.organisation with input as _recorded({"reason": 1})
	rejections.because("/approvals/1") == "" with data.prodgate.organisation as testing.organisation with input as _rejected({"reason": "it leaks"})
}

test_stands_however_the_type_of_the_step_is_written if {
	every type in ["Approval.Rejected", "APPROVAL.REJECTED", " approval.rejected ", "approval.Withdrawn"] {
		_stands(_recorded({"at": "2026-11-24T11:10:00-05:00", "type": type}))
	}
	rejections.word("/trail/steps/3") == "rejected" with data.prodgate.organisation as testing.organisation with input as _recorded({"type": "Approval.Rejected"})
	_falls(_recorded({"at": "2026-11-24T11:10:00-05:00", "type": "approval.granted"}))
}
