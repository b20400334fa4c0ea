package prodgate.v1.lib.waivers_test

import data.prodgate.v1.lib.waivers
import data.prodgate.v1.testing

_code := "vulnerabilities.denied"

_waiver := object.union(testing.waiver(_code), {"item": "CVE-2026-1"})

_with(entry) := testing.waive(testing.promotion, [object.union(_waiver, entry)])

_covered(document) if waivers.covers(_code, "CVE-2026-1") with data.prodgate.organisation as testing.organisation with input as document

test_covers_its_code_and_item if {
	_covered(_with({}))
	waivers.problems == set() with data.prodgate.organisation as testing.organisation with input as _with({})
	not waivers.covers(_code, "CVE-2026-2") with data.prodgate.organisation as testing.organisation with input as _with({})
	not waivers.covers("vulnerabilities.undetermined", "CVE-2026-1") with data.prodgate.organisation as testing.organisation with input as _with({})
	not waivers.suspends(_code) with data.prodgate.organisation as testing.organisation with input as _with({})
}

test_covers_any_digest_where_it_names_an_item if {
	_covered(_with({"digest": null}))
}

test_suspends_a_code_without_item if {
	document := testing.waive(testing.promotion, [testing.waiver(_code)])
	waivers.suspends(_code) with data.prodgate.organisation as testing.organisation with input as document
	not waivers.covers(_code, "CVE-2026-1") with data.prodgate.organisation as testing.organisation with input as document
	not waivers.covers(_code, null) with data.prodgate.organisation as testing.organisation with input as document
	not waivers.suspends("soak.too_short") with data.prodgate.organisation as testing.organisation with input as document
}

test_nothing_without_digest_and_item if {
	every entry in [{"digest": null}, {"digest": ""}, {"digest": testing.other}] {
		document := testing.waive(testing.promotion, [object.union(testing.waiver(_code), entry)])
		not waivers.suspends(_code) with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(waivers.problems) == {"waiver.unbound"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_nothing_for_others if {
	every entry in [{"environment": "staging"}, {"service": null}] {
		document := _with(entry)
		not _covered(document)
		waivers.problems == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_nothing_if_a_field_is_missing if {
	every key in ["code", "item", "service", "environment", "digest", "reason", "ticket", "issued_at", "expires_at", "approver"] {
		document := testing.remove(_with({}), sprintf("/waivers/0/%s", [key]))
		not _covered(document)
		not waivers.suspends(_code) with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_nothing_if_a_field_is_garbage if {
	every key in ["code", "item", "service", "environment", "reason", "ticket", "issued_at", "expires_at", "approver"] {
		every value in [null, "", " ", true, 1, [], {}, "*"] {
			document := _with({key: value})
			_garbled(key, value, document)
		}
	}
}

# Any text is accepted as a reason or a ticket.
_garbled(key, "*", _) if key in {"reason", "ticket"}

_garbled(_, _, document) if not _covered(document)

test_problem_not_allowed if {
	every code in ["soak.too_short", "nonsense", ""] {
		document := _with({"code": code})
		"waiver.not_allowed" in testing.codes(waivers.problems) with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_nothing_of_families_that_cannot_be_waived if {
	every code in ["approval.missing", "audit.step_missing", "immutability.mutable_tag", "waiver.expired"] {
		document := testing.waive(testing.promotion, [testing.waiver(code)])
		settings := testing.waivable({code})
		not waivers.suspends(code) with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		testing.codes(waivers.problems) == {"waiver.not_allowed"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
}

# Wrong in every way.
_wrong := {"digest": testing.other, "item": null, "issued_at": "2026-10-01T00:00:00Z", "expires_at": "2026-11-01T00:00:00Z", "approver": "mailto:lead@example.com"}

test_problem_all_at_once if {
	testing.codes(waivers.problems) == {"waiver.expired", "waiver.too_long", "waiver.unapproved", "waiver.unbound"} with data.prodgate.organisation as testing.organisation with input as _with(_wrong)
}

test_no_problem_of_what_is_for_others if {
	every entry in [{"environment": "staging"}, {"service": "search-api"}] {
		every code in [_code, "nonsense"] {
			document := _with(object.union(object.union(_wrong, {"code": code}), entry))
			waivers.problems == set() with data.prodgate.organisation as testing.organisation with input as document
		}
	}
}

test_problem_only_of_the_code_that_cannot_be_waived if {
	document := testing.waive(testing.promotion, [object.union(testing.waiver("approval.missing"), {"issued_at": "2026-11-01T00:00:00Z", "approver": "mailto:lead@example.com"})])
	settings := testing.waivable({"approval.missing"})
	testing.codes(waivers.problems) == {"waiver.not_allowed"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_problem_expired if {
	every entry in [
		{"expires_at": "2026-11-24T12:00:00-05:00"},
		{"issued_at": "2026-11-24T12:00:01-05:00"},
		{"expires_at": "soon"},
	] {
		document := _with(entry)
		not _covered(document)
		"waiver.expired" in testing.codes(waivers.problems) with data.prodgate.organisation as testing.organisation with input as document
	}
	_covered(_with({"expires_at": "2026-11-24T12:00:01-05:00"}))
	_covered(_with({"issued_at": "2026-11-24T12:00:00-05:00"}))
}

test_problem_too_long if {
	_covered(_with({"issued_at": "2026-11-24T08:00:00-05:00", "expires_at": "2026-12-08T08:00:00-05:00"}))
	document := _with({"issued_at": "2026-11-24T08:00:00-05:00", "expires_at": "2026-12-08T08:00:01-05:00"})
	not _covered(document)
	testing.codes(waivers.problems) == {"waiver.too_long"} with data.prodgate.organisation as testing.organisation with input as document
}

test_problem_unapproved if {
	every approver in ["mailto:lead@example.com", "mailto:engineer@example.com", "mailto:nobody@example.com"] {
		document := _with({"approver": approver})
		not _covered(document)
		testing.codes(waivers.problems) == {"waiver.unapproved"} with data.prodgate.organisation as testing.organisation with input as document
	}
	document := testing.change(_with({}), "/people/4/mfa", false)
	not _covered(document)
}

test_problem_unsigned_where_approvals_must_be_signed if {
	settings := testing.change(testing.settings("/sources/unverified/approvals", false), "/sources/signers/waivers", ["lead-2026"])
	every signer in [null, "", " ", "github"] {
		document := _with({"verified_by": signer})
		not _covered(document) with data.prodgate.v1.settings as settings
		testing.codes(waivers.problems) == {"waiver.unapproved"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
	_covered(_with({"verified_by": "lead-2026"})) with data.prodgate.v1.settings as settings
}

test_problem_signed_by_the_key_of_another_person if {
	settings := testing.change(testing.settings("/sources/unverified/approvals", false), "/sources/signers/waivers", ["vp-2026"])
	document := _with({"verified_by": "vp-2026"})
	_covered(document) with data.prodgate.v1.settings as testing.change(settings, "/signatures/keys", {"vp-2026": {"public": "x", "person": "github:5"}})
	other := testing.change(settings, "/signatures/keys", {"vp-2026": {"public": "x", "person": "github:2"}})
	not _covered(document) with data.prodgate.v1.settings as other
	messages := {problem.message | some problem in waivers.problems} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as other
	every message in messages {
		contains(message, "is signed by vp-2026, the key of another person")
	}
	count(messages) == 1
	lead := testing.change(settings, "/signatures/keys", {"vp-2026": {"public": "x", "person": "github:2"}})
	unauthorised := {problem.message | some problem in waivers.problems} with data.prodgate.organisation as testing.organisation with input as _with({"verified_by": "vp-2026", "approver": "mailto:lead@example.com"}) with data.prodgate.v1.settings as lead
	every message in unauthorised {
		contains(message, "is not approved by a person who may waive this")
	}
	count(unauthorised) == 1
}

test_problem_signed_by_an_unlisted_key_where_no_signature_is_needed if {
	_covered(_with({"verified_by": null}))
	not _covered(_with({"verified_by": "somebody"}))
}

test_nothing_from_a_source_that_does_not_count if {
	every status in ["error", "unconfigured", "OK", null] {
		not _covered(testing.change(_with({}), "/sources/waivers/status", status))
	}
	not _covered(testing.change(_with({}), "/sources/waivers/kind", "guess"))
}

test_nothing_by_settings_emptied_or_removed if {
	every path in ["/waivers", "/waivers/allowed", "/waivers/allowed/vulnerabilities.denied", "/waivers/allowed/vulnerabilities.denied/roles", "/waivers/allowed/vulnerabilities.denied/max"] {
		document := _with({})
		not waivers.covers(_code, "CVE-2026-1") with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as testing.settings_without(path)
		testing.settings_without(path)
		every value in [null, "", [], {}] {
			not waivers.covers(_code, "CVE-2026-1") with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}
