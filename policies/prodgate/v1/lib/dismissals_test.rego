package prodgate.v1.lib.dismissals_test

import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.testing

_document(id) := object.union(testing.recorded, {"trail": {"dismissals": [{
	"entry": id,
	"at": "2026-11-24T11:56:00-05:00",
	"by": "github:2",
	"reason": "a test entry",
	"writer": "github:2",
	"assurance": "oidc",
}]}})

_entry(type, id) := {
	"type": type,
	"id": id,
	"at": "2026-11-24T11:55:00-05:00",
	"writer": "user:mallory",
	"assurance": "claimed",
}

_failed := _entry("staging.verified", "e-1")

test_dismissed_by_its_id if {
	dismissals.dismissed("trail", _entry("staging.verified", "e-1")) with data.prodgate.organisation as testing.organisation with input as _document("e-1")
	every document in [_document("e-2"), testing.remove(_document("e-1"), "/sources/trail")] {
		not dismissals.dismissed("trail", _entry("staging.verified", "e-1")) with data.prodgate.organisation as testing.organisation with input as document
		document == document
	}
}

test_stands_what_is_settled_in_another_way if {
	every type in ["approval.rejected", "approval.withdrawn", "emergency.used"] {
		not dismissals.dismissed("trail", _entry(type, "e-1")) with data.prodgate.organisation as testing.organisation with input as _document("e-1")
		type == type
	}
}

test_stands_what_has_no_id if {
	every id in [null, "", " ", 1, []] {
		not dismissals.dismissed("trail", _entry("staging.verified", id)) with data.prodgate.organisation as testing.organisation with input as _document(id)
		id == id
	}
}

# A file does not establish its writers.
test_stands_where_the_trail_is_a_file if {
	document := _document("e-1")
	dismissals.dismissed("production", _entry("rollback.live", "e-1")) with data.prodgate.organisation as testing.organisation with input as document
	not dismissals.dismissed("production", _entry("rollback.live", "e-1")) with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/sources/trail/kind", "file")
}

test_dismissed_afterwards_and_by_now if {
	every at in ["2026-11-24T11:55:00-05:00", "2026-11-24T12:00:00-05:00", "2026-11-24T16:55:00Z"] {
		dismissals.dismissed("trail", _failed) with data.prodgate.organisation as testing.organisation with input as testing.change(_document("e-1"), "/trail/dismissals/0/at", at)
	}
	every at in array.concat(testing.garbage, ["2026-11-24T11:54:59-05:00", "2026-11-24T12:00:01-05:00"]) {
		not dismissals.dismissed("trail", _failed) with data.prodgate.organisation as testing.organisation with input as testing.change(_document("e-1"), "/trail/dismissals/0/at", at)
		at == at
	}
}

# By their positions in the trail.
test_dismissed_although_it_claims_a_time_in_the_future if {
	future := object.union(_failed, {"at": "2031-01-01T00:00:00Z", "seq": 7})
	document := json.patch(_document("e-1"), [{"op": "add", "path": "/trail/dismissals/0/seq", "value": 8}])
	dismissals.dismissed("trail", future) with data.prodgate.organisation as testing.organisation with input as document
	every seq in [null, "", "7", [], {}, 8, 9] {
		not dismissals.dismissed("trail", object.union(future, {"seq": seq})) with data.prodgate.organisation as testing.organisation with input as document
		seq == seq
	}
	every seq in [null, "", "8", [], {}, 6, 7] {
		not dismissals.dismissed("trail", future) with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/trail/dismissals/0/seq", seq)
		seq == seq
	}
	not dismissals.dismissed("trail", future) with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/trail/dismissals/0/at", "2026-11-24T12:00:01-05:00")
	not dismissals.dismissed("trail", object.union(future, {"at": testing.promotion.collected_at})) with data.prodgate.organisation as testing.organisation with input as document
	not dismissals.dismissed("trail", object.union(future, {"at": "soon"})) with data.prodgate.organisation as testing.organisation with input as document
}

# It is not shown that the dismissal came later.
test_stands_an_entry_without_a_time if {
	every at in array.concat(testing.garbage, ["2026-11-24T12:00:01-05:00"]) {
		not dismissals.dismissed("trail", object.union(_failed, {"at": at})) with data.prodgate.organisation as testing.organisation with input as _document("e-1")
		at == at
	}
	not dismissals.dismissed("trail", object.remove(_failed, ["at"])) with data.prodgate.organisation as testing.organisation with input as _document("e-1")
}

test_stands_unless_the_directory_proves_the_person if {
	every change in [
		{"mfa": false},
		{"mfa": null},
		{"human": false},
		{"as_of": "2026-11-23T11:59:59-05:00"},
		{"as_of": "2026-11-24T12:00:01-05:00"},
		{"as_of": null},
		{"roles": ["on-call-sre"]},
	] {
		lead := object.union(testing.promotion.people[1], change)
		document := testing.change(_document("e-1"), "/people/1", lead)
		not dismissals.dismissed("trail", _failed) with data.prodgate.organisation as testing.organisation with input as document
		change == change
	}
	every key in ["mfa", "as_of"] {
		document := testing.remove(_document("e-1"), sprintf("/people/1/%s", [key]))
		not dismissals.dismissed("trail", _failed) with data.prodgate.organisation as testing.organisation with input as document
		key == key
	}
}

test_stands_if_dismissed_by_a_requester if {
	every key in ["requested_by", "triggered_by"] {
		document := testing.change(_document("e-1"), sprintf("/request/%s", [key]), "mailto:lead@example.com")
		not dismissals.dismissed("trail", _failed) with data.prodgate.organisation as testing.organisation with input as document
		key == key
	}
}

test_stands_if_the_writer_does_not_count if {
	every wrong in [{"assurance": "claimed"}, {"writer": "user:mallory"}, {"writer": ""}] {
		dismissal := object.union(_document("e-1").trail.dismissals[0], wrong)
		document := testing.change(_document("e-1"), "/trail/dismissals/0", dismissal)
		not dismissals.dismissed("trail", _failed) with data.prodgate.organisation as testing.organisation with input as document
		wrong == wrong
	}
}

# Without a type it is not known that the entry can be dismissed.
test_stands_what_has_no_type if {
	not dismissals.dismissed("trail", object.remove(_failed, ["type"])) with data.prodgate.organisation as testing.organisation with input as _document("e-1")
}
