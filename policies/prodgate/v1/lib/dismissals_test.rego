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

_entry(type, id) := {"type": type, "id": id, "writer": "user:mallory", "assurance": "claimed"}

test_dismissed_by_its_id if {
	dismissals.dismissed("trail", _entry("staging.verified", "e-1")) with data.prodgate.organisation as testing.organisation with input as _document("e-1")
	every document in [_document("e-2"), testing.remove(_document("e-1"), "/sources/trail")] {
		not dismissals.dismissed("trail", _entry("staging.verified", "e-1")) with data.prodgate.organisation as testing.organisation with input as document
		document == document
	}
}

test_stands_what_has_a_way_of_its_own_to_be_settled if {
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

# A file does not establish who wrote what.
test_stands_where_the_trail_is_a_file if {
	document := _document("e-1")
	dismissals.dismissed("production", _entry("rollback.live", "e-1")) with data.prodgate.organisation as testing.organisation with input as document
	not dismissals.dismissed("production", _entry("rollback.live", "e-1")) with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/sources/trail/kind", "file")
}
