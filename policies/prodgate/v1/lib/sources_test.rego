package prodgate.v1.lib.sources_test

import data.prodgate.v1.lib.sources
import data.prodgate.v1.testing

_about(path, value) := testing.changed(sprintf("/sources/staging/%s", [path]), value)

test_readable_all if {
	"staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as testing.promotion
	count(sources.readable) == count(testing.promotion.sources) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	sources.trouble == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
}

test_trouble_error if {
	document := testing.changed("/sources/staging", {"status": "error", "kind": "file", "error": "no such file"})
	not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sources.trouble) == {"source.error"} with data.prodgate.organisation as testing.organisation with input as document
}

test_trouble_error_of_a_kind_that_is_not_accepted_either if {
	document := testing.changed("/sources/staging", {"status": "error", "kind": "guess", "error": "no such file"})
	testing.codes(sources.trouble) == {"source.error"} with data.prodgate.organisation as testing.organisation with input as document
}

test_trouble_unconfigured if {
	document := _about("status", "unconfigured")
	not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sources.trouble) == {"source.unconfigured"} with data.prodgate.organisation as testing.organisation with input as document
}

test_trouble_not_accepted if {
	document := _about("kind", "guess")
	not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sources.trouble) == {"source.not_accepted"} with data.prodgate.organisation as testing.organisation with input as document
}

test_nothing_readable_by_garbage if {
	every key in ["status", "kind"] {
		every value in ["OK", "File", "", null, true, 0, [], {}] {
			not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as _about(key, value)
			_about(key, value)
		}
	}
}

test_nothing_readable_by_settings_emptied_or_removed if {
	every value in [null, [], {}, "file", ""] {
		not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/sources/accepted/staging", value)
	}
	count(sources.readable) == 0 with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/sources")
}

test_missing_names_the_section if {
	sources.missing("staging").code == "source.missing"
}

_system(kind, status) := {"name": kind, "kind": kind, "status": status, "observed_at": null, "evidence": null, "error": null}

# The promotion, with a section that two systems report.
_merged(section, systems) := json.patch(testing.promotion, [
	{"op": "replace", "path": sprintf("/sources/%s/kind", [section]), "value": "merged"},
	{"op": "add", "path": sprintf("/sources/%s/systems", [section]), "value": systems},
])

_disputed(section, contradictions) := json.patch(
	_merged(section, [_system("file", "ok"), _system("file", "ok")]),
	[{"op": "add", "path": sprintf("/sources/%s/contradictions", [section]), "value": contradictions}],
)

_contradiction(path, values) := {
	"path": path,
	"values": [{"system": system, "value": value} | some system, value in values],
}

test_readable_of_several_systems if {
	document := _merged("staging", [_system("file", "ok"), _system("file", "ok")])
	"staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	sources.trouble == set() with data.prodgate.organisation as testing.organisation with input as document
	sources.warn == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_trouble_of_several_systems if {
	every systems in [
		[_system("file", "ok"), _system("guess", "ok")],
		[_system("guess", "ok"), _system("file", "ok")],
		[_system("file", "ok"), _system("file", "error")],
		[_system("file", "ok"), _system("file", "unconfigured")],
		[_system("file", "ok"), object.union(_system("guess", "ok"), {"optional": true})],
		[_system("file", "ok"), object.union(_system("file", "unconfigured"), {"optional": true})],
		[_system("file", "ok"), object.union(_system("file", "error"), {"optional": "true"})],
		[_system("file", "ok"), null],
		[_system("file", "ok")],
		[],
		{},
		null,
		"file",
	] {
		document := _merged("staging", systems)
		not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(sources.trouble) == {"source.not_accepted"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_systems_under_another_kind_do_not_count if {
	document := testing.change(_merged("staging", [_system("file", "ok"), _system("file", "ok")]), "/sources/staging/kind", "file")
	not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
}

test_merged_without_systems_does_not_count if {
	not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as _about("kind", "merged")
	testing.codes(sources.trouble) == {"source.not_accepted"} with data.prodgate.organisation as testing.organisation with input as _about("kind", "merged")
}

test_warn_optional_system if {
	document := _merged("staging", [_system("file", "ok"), object.union(_system("pager", "error"), {"optional": true, "error": "timeout"})])
	"staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	sources.trouble == set() with data.prodgate.organisation as testing.organisation with input as document
	[finding.message | some finding in sources.warn] == ["pager could not be read: timeout"] with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sources.warn) == {"source.optional_unread"} with data.prodgate.organisation as testing.organisation with input as document
}

test_no_warning_of_a_system_that_is_not_optional if {
	every optional in [{}, {"optional": false}] {
		document := _merged("staging", [_system("file", "ok"), object.union(object.union(_system("pager", "error"), {"error": "timeout"}), optional)])
		sources.warn == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_optional_systems_do_not_count_alone if {
	unread := object.union(_system("pager", "error"), {"optional": true, "error": "timeout"})
	document := _merged("staging", [unread, unread])
	not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sources.trouble) == {"source.not_accepted"} with data.prodgate.organisation as testing.organisation with input as document
}

test_no_system_is_optional_for_who_decides_and_what_stops if {
	every section in ["approvals", "calendar", "incidents", "people"] {
		document := _merged(section, [_system("file", "ok"), object.union(_system("file", "error"), {"optional": true, "error": "timeout"})])
		not section in sources.readable with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(sources.trouble) == {"source.not_accepted"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_trouble_contradiction if {
	document := _disputed("build", [_contradiction("/build/commit", {"ci": "c1", "log": "c2"})])
	not "build" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sources.trouble) == {"source.contradiction"} with data.prodgate.organisation as testing.organisation with input as document
	[finding.message | some finding in sources.trouble] == ["systems disagree: /build/commit is c1 by ci, c2 by log"] with data.prodgate.organisation as testing.organisation with input as document
}

test_trouble_contradiction_that_cannot_be_read if {
	every contradictions in [null, "", {}, {"a": 1}, true, 0, [null], [{}], [[]], ["x"]] {
		document := _disputed("build", contradictions)
		not "build" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(sources.trouble) == {"source.contradiction"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_contradictions_may_be_empty if {
	document := _disputed("build", [])
	"build" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
}

_measured(path, second) := _disputed("build", [_contradiction(path, {"ci": "2026-11-23T10:00:00Z", "log": second})])

test_times_of_one_event_may_differ_by_the_tolerance if {
	every second in ["2026-11-23T10:05:00Z", "2026-11-23T09:55:00Z", "2026-11-23T10:00:01Z"] {
		"build" in sources.readable with data.prodgate.organisation as testing.organisation with input as _measured("/build/built_at", second)
	}
	every second in ["2026-11-23T10:05:01Z", "2026-11-23T09:54:59Z", "2036-11-23T10:00:00Z", null, 1] {
		not "build" in sources.readable with data.prodgate.organisation as testing.organisation with input as _measured("/build/built_at", second)
	}
	unknown := _disputed("build", [_contradiction("/build/built_at", {"ci": "2026-11-23T10:00:00Z", "log": "2026-11-23T10:00:01Z", "registry": null})])
	not "build" in sources.readable with data.prodgate.organisation as testing.organisation with input as unknown
	not "build" in sources.readable with data.prodgate.organisation as testing.organisation with input as _measured("/build/commit", "2026-11-23T10:00:01Z")
	not "build" in sources.readable with data.prodgate.organisation as testing.organisation with input as _disputed("build", [_contradiction("/build/built_at", {"ci": "2026-11-23T10:00:00Z"})])
	not "build" in sources.readable with data.prodgate.organisation as testing.organisation with input as _disputed("build", [
		_contradiction("/build/built_at", {"ci": "2026-11-23T10:00:00Z", "log": "2026-11-23T10:00:01Z"}),
		_contradiction("/build/commit", {"ci": "c1", "log": "c2"}),
	])
}

test_what_runs_now_holds_back_no_rollback if {
	contradictions := [_contradiction("/production/current/digest", {"cluster": "sha256:1", "log": null})]
	promotion := _disputed("production", contradictions)
	not "production" in sources.readable with data.prodgate.organisation as testing.organisation with input as promotion
	testing.codes(sources.trouble) == {"source.contradiction"} with data.prodgate.organisation as testing.organisation with input as promotion
	rollback := testing.change(promotion, "/request/kind", "rollback")
	"production" in sources.readable with data.prodgate.organisation as testing.organisation with input as rollback
	sources.trouble == set() with data.prodgate.organisation as testing.organisation with input as rollback
	testing.codes(sources.warn) == {"source.contradiction_tolerated"} with data.prodgate.organisation as testing.organisation with input as rollback
	other := testing.change(_disputed("build", contradictions), "/request/kind", "rollback")
	not "build" in sources.readable with data.prodgate.organisation as testing.organisation with input as other
}

test_warn_of_statements_that_do_not_count if {
	statement := {"statement": "referrer sha256:1", "reason": "it is not signed"}
	every document in [
		testing.changed("/sources/build", object.union(testing.promotion.sources.build, {"unverified": [statement]})),
		testing.changed("/sources/build", object.union(testing.promotion.sources.build, {"systems": [{"name": "a", "unverified": [statement]}, {"name": "b"}]})),
	] {
		found := {[finding.code, finding.item, finding.message] | some finding in sources.warn} with data.prodgate.organisation as testing.organisation with input as document
		found == {["source.unverified_statement", "build", "a statement does not count, referrer sha256:1: it is not signed"]}
	}
	sources.warn == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
}
