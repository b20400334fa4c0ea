package prodgate.v1.lib.writers_test

import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.writers
import data.prodgate.v1.testing

_entry := {"writer": "repo:acme/payments-api", "assurance": "ci"}

_counts(entry) if writers.counts("trail", "staging.verified", entry) with data.prodgate.organisation as testing.organisation with input as testing.recorded

_path := "/audit/writers/staging.verified"

test_counts_by_every_accepted_writer if {
	every assurance in ["user", "ci", "oidc"] {
		_counts(object.union(_entry, {"assurance": assurance}))
	}
}

test_counts_whatever_a_source_without_writers_says if {
	writers.counts("trail", "staging.verified", {}) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	writers.whole("trail") with data.prodgate.organisation as testing.organisation with input as testing.promotion
	not writers.whole("trail") with data.prodgate.organisation as testing.organisation with input as testing.recorded
}

test_nothing_by_a_writer_that_is_not_established if {
	every assurance in array.concat(testing.garbage, ["claimed", "CI", "github"]) {
		not _counts(object.union(_entry, {"assurance": assurance}))
		testing.recorded
	}
	every writer in [null, "", " ", true, 0, [], {}] {
		not _counts(object.union(_entry, {"writer": writer}))
		testing.recorded
	}
	not _counts({"writer": _entry.writer})
	not _counts({"assurance": "ci"})
	not _counts({})
	not _counts(null)
}

test_nothing_claimed_even_if_the_settings_allow_it if {
	settings := testing.settings(sprintf("%s/assurances", [_path]), ["claimed"])
	not writers.counts("trail", "staging.verified", object.union(_entry, {"assurance": "claimed"})) with data.prodgate.organisation as testing.organisation with input as testing.recorded
		with data.prodgate.v1.settings as settings
}

test_counts_exactly_the_subjects_that_the_settings_name if {
	settings := testing.settings(sprintf("%s/subjects", [_path]), ["repo:acme/payments-api"])
	writers.counts("trail", "staging.verified", _entry) with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as settings
	every writer in ["repo:acme/payments", "repo:acme/payments-api-fork", "*", "Repo:acme/payments-api"] {
		not writers.counts("trail", "staging.verified", object.union(_entry, {"writer": writer})) with data.prodgate.organisation as testing.organisation with input as testing.recorded
			with data.prodgate.v1.settings as settings
		settings
	}
}

test_counts_types_that_are_not_listed_like_others if {
	settings := testing.settings("/audit/writers/other/assurances", ["oidc"])
	every type in ["verification.passed", "gate.evaluated"] {
		writers.counts("trail", type, _entry) with data.prodgate.organisation as testing.organisation with input as testing.recorded
		not writers.counts("trail", type, _entry) with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as settings
	}
	writers.counts("trail", "staging.verified", _entry) with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as settings
}

test_nothing_by_settings_emptied_or_removed if {
	every path in ["/audit/writers", concat("", [_path, "/assurances"]), concat("", [_path, "/subjects"])] {
		not writers.counts("trail", "staging.verified", _entry) with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, "", [], {}, "ci", "*"] {
			not writers.counts("trail", "staging.verified", _entry) with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as testing.settings(path, value)
			path
		}
	}
}

test_nothing_of_a_type_whose_setting_is_emptied if {
	every value in [null, "", [], {}, "ci", "*", false] {
		not writers.counts("trail", "staging.verified", _entry) with data.prodgate.organisation as testing.organisation with input as testing.recorded with data.prodgate.v1.settings as testing.settings(_path, value)
		value != 0
	}
}

test_nothing_where_the_source_is_not_known if {
	every value in [null, "trail"] {
		not writers.counts("trail", "staging.verified", {}) with data.prodgate.organisation as testing.organisation with input as testing.change(testing.promotion, "/sources/trail/kind", value)
	}
	not writers.counts("trail", "staging.verified", {}) with data.prodgate.organisation as testing.organisation with input as testing.without("/sources/trail/kind")
}

test_nothing_from_a_section_that_was_not_read if {
	not writers.counts("trail", "staging.verified", _entry) with data.prodgate.organisation as testing.organisation with input as testing.change(testing.recorded, "/sources/trail/status", "error")
}

test_complete_if_a_trail_says_so if {
	writers.complete == {"production", "staging", "trail"} with data.prodgate.organisation as testing.organisation with input as testing.recorded
	every section in ["production", "trail"] {
		every value in [value | some value in testing.garbage; value != true] {
			not section in writers.complete with data.prodgate.organisation as testing.organisation with input as testing.change(testing.recorded, sprintf("/%s/complete", [section]), value)
			value == value
			section == section
		}
		not section in writers.complete with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.recorded, sprintf("/%s/complete", [section]))
		not section in writers.complete with data.prodgate.organisation as testing.organisation with input as testing.change(testing.recorded, sprintf("/sources/%s/status", [section]), "error")
	}
}

test_complete_as_a_file_is_read if {
	writers.complete == {"production", "staging", "trail"} with data.prodgate.organisation as testing.organisation with input as testing.promotion
	every section in ["production", "staging", "trail"] {
		path := sprintf("/%s/complete", [section])
		section in writers.complete with data.prodgate.organisation as testing.organisation with input as json.patch(testing.promotion, [{"op": "add", "path": path, "value": true}])
		section in writers.complete with data.prodgate.organisation as testing.organisation with input as json.patch(testing.promotion, [{"op": "add", "path": path, "value": null}])
		not section in writers.complete with data.prodgate.organisation as testing.organisation with input as json.patch(testing.promotion, [{"op": "add", "path": path, "value": false}])
		not section in writers.complete with data.prodgate.organisation as testing.organisation with input as testing.changed(sprintf("/sources/%s/kind", [section]), "guess")
	}
}

_system(kind) := {"name": kind, "kind": kind, "status": "ok", "observed_at": null, "evidence": null, "error": null}

# The production history, merged of two systems.
_history(kinds) := json.patch(testing.recorded, [
	{"op": "replace", "path": "/sources/production/kind", "value": "merged"},
	{"op": "add", "path": "/sources/production/systems", "value": [_system(kind) | some kind in kinds]},
])

test_entries_of_a_trail_need_their_writer_beside_another_system if {
	every kinds in [["trail", "file"], ["file", "trail"]] {
		not writers.whole("production") with data.prodgate.organisation as testing.organisation with input as _history(kinds)
		not writers.counts("production", "deploy.live", {}) with data.prodgate.organisation as testing.organisation with input as _history(kinds)
		writers.counts("production", "deploy.live", _entry) with data.prodgate.organisation as testing.organisation with input as _history(kinds)
	}
	writers.whole("production") with data.prodgate.organisation as testing.organisation with input as _history(["file", "file"])
}

test_a_trail_that_was_read_in_part_is_not_complete_beside_another_system if {
	document := _history(["trail", "file"])
	"production" in writers.complete with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/complete", true)
	not "production" in writers.complete with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/complete", false)
	not "production" in writers.complete with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/complete", null)
}

test_nothing_by_a_writer_if_the_trail_was_not_read if {
	document := json.patch(_history(["trail", "file"]), [
		{"op": "replace", "path": "/sources/production/systems/0/status", "value": "error"},
		{"op": "add", "path": "/sources/production/systems/0/optional", "value": true},
	])
	"production" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	not writers.counts("production", "deploy.live", _entry) with data.prodgate.organisation as testing.organisation with input as document
	writers.recorded == {"production", "trail"} with data.prodgate.organisation as testing.organisation with input as _history(["file", "trail"])
	unread := json.patch(_history(["file", "trail"]), [{"op": "replace", "path": "/sources/production/status", "value": "error"}])
	writers.recorded == {"trail"} with data.prodgate.organisation as testing.organisation with input as unread
}

test_nothing_by_a_writer_on_a_platform if {
	document := testing.change(testing.recorded, "/sources/production/kind", "github")
	not writers.counts("production", "deploy.live", _entry) with data.prodgate.organisation as testing.organisation with input as document
	writers.recorded == {"trail"} with data.prodgate.organisation as testing.organisation with input as document
}
