package prodgate.v1.checks.rollback_test

import data.prodgate.v1.checks.rollback
import data.prodgate.v1.testing

_ways := [testing.promotion, testing.configuration, testing.rollback]

test_pass_each_kind if {
	every document in [testing.promotion, testing.configuration, testing.initial, testing.rollback, testing.emergency] {
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as document
		rollback.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	rollback.needs == {"artifact", "production", "rollback"} with data.prodgate.organisation as testing.organisation with input as testing.promotion
	rollback.needs == {"artifact", "production", "rollback", "incidents"} with data.prodgate.organisation as testing.organisation with input as testing.rollback
}

test_deny_not_documented if {
	every document in [testing.promotion, testing.configuration, testing.initial] {
		every value in [null, "", " ", 1, [], {}] {
			mutant := testing.change(document, "/rollback/procedure", value)
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
			testing.codes(rollback.deny) == {"rollback.not_documented"} with data.prodgate.organisation as testing.organisation with input as mutant
		}
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/rollback/procedure")
	}
}

test_pass_rollback_needs_no_plan_of_its_own if {
	every path in ["/rollback/procedure", "/rollback/reviewed_at"] {
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(testing.rollback, path, null)
		rollback.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.change(testing.rollback, path, null)
	}
}

test_deny_not_available if {
	every document in _ways {
		every value in [false, null, "true", 1, {}] {
			mutant := testing.change(document, "/rollback/target/available", value)
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
			testing.codes(rollback.deny) == {"rollback.not_available"} with data.prodgate.organisation as testing.organisation with input as mutant
			{finding.required | some finding in rollback.deny} == {{"available": true}} with data.prodgate.organisation as testing.organisation with input as mutant
		}
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/rollback/target/available")
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/rollback/target", null)
	}
}

test_deny_not_proven if {
	every document in _ways {
		every status in ["failed", "rolled_back", "Live", "", null, true] {
			mutant := testing.change(document, _last(document, "status"), status)
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
			testing.codes(rollback.deny) == {"rollback.not_proven"} with data.prodgate.organisation as testing.organisation with input as mutant
		}
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, _last(document, "digest"), testing.other)
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/history", [])
	}
}

_last(document, key) := sprintf("/production/history/%d/%s", [count(document.production.history) - 1, key])

test_deny_two_unknown_digests_are_not_the_same if {
	every value in [null, "", [], true] {
		mutant := testing.change(
			testing.change(testing.configuration, "/production/history/0/digest", value),
			"/rollback/target/digest",
			value,
		)
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
	}
}

test_deny_same_artifact if {
	document := testing.patched([
		{"op": "replace", "path": "/rollback/target/digest", "value": testing.artifact},
		{"op": "replace", "path": "/production/history/0/digest", "value": testing.artifact},
	])
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(rollback.deny) == {"rollback.same_artifact"} with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(rollback.deny) == {"rollback.not_available"} with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/rollback/target/available", false)
	same := testing.change(testing.configuration, "/rollback/target/digest", testing.artifact)
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as same
	testing.codes(rollback.deny) == {"rollback.same_artifact"} with data.prodgate.organisation as testing.organisation with input as same
}

test_deny_not_target if {
	document := testing.change(testing.rollback, "/artifact/digest", testing.other)
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(rollback.deny) == {"rollback.not_target"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_no_ticket if {
	every document in [
		testing.change(testing.rollback, "/request/ticket", null),
		testing.change(testing.rollback, "/request/ticket", "INC-2"),
		testing.change(testing.rollback, "/request/ticket", "inc-1"),
		testing.change(testing.rollback, "/incidents", []),
		testing.change(testing.rollback, "/incidents/0/service", "search-api"),
		testing.change(testing.rollback, "/incidents/0/status", "resolved"),
		testing.change(testing.rollback, "/incidents/0/status", "Open"),
		testing.change(testing.rollback, "/incidents/0/opened_at", "2026-11-24T12:00:01-05:00"),
	] {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(rollback.deny) == {"rollback.no_ticket"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_not_initial if {
	history := testing.change(testing.initial, "/production/history", testing.promotion.production.history)
	current := testing.change(testing.initial, "/production/current", testing.promotion.production.current)
	foreign := testing.change(testing.initial, "/production/history", [object.union(testing.promotion.production.current, {"service": "search-api"})])
	every document in [history, current, foreign] {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(rollback.deny) == {"rollback.not_initial"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_fail_missing_fact_of_any_kind if {
	every document in array.concat(_ways, [testing.initial]) {
		every path in ["/production", "/production/history", "/rollback", "/sources/artifact", "/sources/production", "/sources/rollback", "/request/kind"] {
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, path)
		}
	}
}

test_fail_missing_current_of_a_first_release if {
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.initial, "/production/current")
}

test_fail_missing_fact_of_a_rollback if {
	every path in ["/request/ticket", "/request/service", "/incidents", "/incidents/0/id", "/incidents/0/service", "/incidents/0/status", "/incidents/0/opened_at", "/sources/incidents", "/artifact/digest"] {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(testing.rollback, path)
	}
}

test_fail_garbage if {
	every document in array.concat(_ways, [testing.initial]) {
		every path in ["/production", "/rollback", "/request/kind"] {
			every value in testing.garbage {
				rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, path, value)
			}
		}
	}
	every path in ["/rollback/target", "/rollback/target/digest", "/production/history", "/production/history/0", "/production/history/0/digest"] {
		every value in testing.garbage {
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
	every value in array.slice(testing.garbage, 1, count(testing.garbage)) {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.initial, "/production/current", value)
	}
}

test_fail_setting_emptied_or_removed if {
	every value in [[], null, "live", {}] {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/rollback/working_statuses", value)
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.rollback with data.prodgate.v1.settings as testing.settings("/incident/open_statuses", value)
	}
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/rollback")
}

_recorded_rollback := object.union(testing.rollback, {
	"production": {
		"current": null,
		"history": [object.union(deployment, {"writer": "repo:acme/payments-api", "assurance": "ci"}) | some deployment in testing.rollback.production.history],
		"since": "2026-10-01T00:00:00Z",
		"complete": true,
	},
	"sources": object.union(testing.rollback.sources, {"production": {"status": "ok", "kind": "trail", "error": null}}),
})

test_pass_history_of_a_trail if {
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.recorded
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.recorded_initial
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as _recorded_rollback
	rollback.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.recorded_initial
	every document in [testing.recorded, _recorded_rollback] {
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as json.patch(document, [{"op": "add", "path": _last(document, "adopted"), "value": false}])
	}
}

test_deny_not_proven_by_a_writer_that_is_not_accepted if {
	every document in [testing.recorded, _recorded_rollback] {
		every value in ["claimed", null, "", true] {
			mutant := testing.change(document, _last(document, "assurance"), value)
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
			testing.codes(rollback.deny) == {"rollback.not_proven"} with data.prodgate.organisation as testing.organisation with input as mutant
		}
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, _last(document, "writer"))
	}
}

# A name that is not in the settings is not shown to be this one.
test_deny_not_proven_elsewhere if {
	every document in _ways {
		every key in ["environment", "service"] {
			mutant := json.patch(document, [{"op": "add", "path": _last(document, key), "value": "unlisted"}])
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
			testing.codes(rollback.deny) == {"rollback.not_proven"} with data.prodgate.organisation as testing.organisation with input as mutant
		}
	}
}

test_deny_first_release_by_a_trail_that_is_new if {
	every since in ["2026-10-25T12:00:01-05:00", "2026-11-24T12:00:00-05:00", "2026-11-24T12:00:01-05:00", "2036-01-01T00:00:00Z", null, "", true, 0] {
		document := testing.change(testing.recorded_initial, "/production/since", since)
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(rollback.deny) == {"rollback.history_too_short"} with data.prodgate.organisation as testing.organisation with input as document
	}
	document := testing.remove(testing.recorded_initial, "/production/since")
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(rollback.deny) == {"rollback.history_too_short"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_first_release_by_a_file_that_begins_too_late if {
	document := testing.change(testing.initial, "/production", {"current": null, "history": [], "since": "2026-11-01T00:00:00Z"})
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(rollback.deny) == {"rollback.history_too_short"} with data.prodgate.organisation as testing.organisation with input as document
	every value in array.slice(testing.garbage, 1, count(testing.garbage)) {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/since", value)
	}
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/since", null)
}

test_fail_setting_of_a_first_release_emptied_or_removed if {
	every value in [null, "", "soon", [], {}] {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.recorded_initial with data.prodgate.v1.settings as testing.settings("/rollback/first_release/minimum_history", value)
	}
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.recorded_initial with data.prodgate.v1.settings as testing.settings_without("/rollback/first_release")
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.recorded_initial with data.prodgate.v1.settings as testing.settings("/rollback/first_release/minimum_history", "721h")
}

test_deny_rollback_procedure_not_checked_recently if {
	every document in [testing.promotion, testing.configuration, testing.initial] {
		every value in [null, "", "2026-08-26T12:00:00-05:00", "2026-11-24T12:00:01-05:00", true, 0] {
			mutant := testing.change(document, "/rollback/reviewed_at", value)
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
			testing.codes(rollback.deny) == {"rollback.not_reviewed"} with data.prodgate.organisation as testing.organisation with input as mutant
		}
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/rollback/reviewed_at")
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/rollback/reviewed_at", "2026-08-26T12:00:01-05:00")
	}
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(testing.rollback, "/rollback/reviewed_at", null)
}

test_deny_plan_of_another_service if {
	every document in [testing.promotion, testing.configuration, testing.initial, testing.rollback] {
		mutant := object.union(document, {"rollback": {"service": "search-api"}})
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
		testing.codes(rollback.deny) == {"rollback.foreign_plan"} with data.prodgate.organisation as testing.organisation with input as mutant
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as object.union(document, {"rollback": {"service": "payments-api"}})
		rollback.deny == set() with data.prodgate.organisation as testing.organisation with input as object.union(document, {"rollback": {"service": "payments-api"}})
	}
}

_again(document, entry) := json.patch(document, [{
	"op": "add",
	"path": "/production/history/0",
	"value": object.union(document.production.history[count(document.production.history) - 1], entry),
}])

test_deny_target_whose_latest_deployment_did_not_end_well if {
	every document in [testing.promotion, testing.configuration, testing.rollback] {
		every status in ["failed", "rolled_back", "verification_failed", "in_progress", "odd"] {
			mutant := _again(document, {"status": status, "live_at": "2026-11-20T10:00:00-05:00"})
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as mutant
			testing.codes(rollback.deny) == {"rollback.target_spoiled"} with data.prodgate.organisation as testing.organisation with input as mutant
		}
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as _again(document, {"status": "failed", "live_at": "2026-11-18T10:00:00-05:00"})
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as _again(document, {"status": "failed"})
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as _again(document, {"status": "failed", "live_at": "no time"})
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as _again(document, {"live_at": "no time"})
	}
}

test_deny_spoiled_target_shows_its_deployments if {
	document := _again(testing.rollback, {"status": "failed", "live_at": "2026-11-23T11:00:00-05:00"})
	findings := rollback.deny with data.prodgate.organisation as testing.organisation with input as document
	{[finding.code, finding.observed] | some finding in findings} == {["rollback.target_spoiled", ["failed", "superseded"]]}
	initial := object.union(testing.initial, {
		"production": _again(testing.promotion, {"status": "failed", "live_at": "2026-11-20T10:00:00-05:00"}).production,
		"rollback": {"target": testing.promotion.rollback.target},
	})
	testing.codes(rollback.deny) == {"rollback.not_initial"} with data.prodgate.organisation as testing.organisation with input as initial
}

test_deny_rollback_to_what_did_not_run_before if {
	newest := testing.change(testing.rollback, "/production/history/1/live_at", "2026-11-23T10:00:00-05:00")
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as newest
	testing.codes(rollback.deny) == {"rollback.not_before"} with data.prodgate.organisation as testing.organisation with input as newest
	alone := testing.remove(testing.rollback, "/production/history/0")
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as alone
	testing.codes(rollback.deny) == {"rollback.not_before"} with data.prodgate.organisation as testing.organisation with input as alone
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(testing.rollback, "/production/history/1/live_at", "2026-11-23T09:59:59-05:00")
}

_backdated(at) := json.patch(testing.rollback, [{"op": "add", "path": "/production/history/1/recorded_at", "value": at}])

test_deny_rollback_to_a_deployment_recorded_afterwards if {
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as _backdated("2026-11-23T09:59:59-05:00")
	every at in ["2026-11-23T10:00:00-05:00", "2026-11-24T11:59:00-05:00", "soon"] {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as _backdated(at)
		testing.codes(rollback.deny) == {"rollback.not_before"} with data.prodgate.organisation as testing.organisation with input as _backdated(at)
	}
}

test_pass_rollback_of_what_never_went_live if {
	every status in ["failed", "in_progress"] {
		document := json.patch(testing.rollback, [
			{"op": "replace", "path": "/production/history/0/status", "value": status},
			{"op": "add", "path": "/production/history/0/started_at", "value": "2026-11-24T11:50:00-05:00"},
			{"op": "replace", "path": "/production/current", "value": testing.rollback.production.history[1]},
		])
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as document
	}
}

_earlier := "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

# A rollback to the same image with its previous configuration.
_configuration_back := json.patch(testing.rollback, [
	{"op": "add", "path": "/request/configuration", "value": _earlier},
	{"op": "add", "path": "/rollback/target/configuration", "value": _earlier},
	{"op": "add", "path": "/production/history/1/configuration", "value": _earlier},
	{"op": "replace", "path": "/production/history/0/digest", "value": testing.artifact},
	{"op": "add", "path": "/production/history/0/configuration", "value": testing.values},
])

test_pass_rollback_of_a_configuration if {
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as _configuration_back
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(_configuration_back, "/production/history/1/configuration", testing.values)
	other := testing.change(_configuration_back, "/request/configuration", testing.values)
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as other
	testing.codes(rollback.deny) == {"rollback.not_target"} with data.prodgate.organisation as testing.organisation with input as other
}

test_deny_configurations_that_are_empty_are_not_the_same if {
	every value in ["", " ", [], false] {
		document := json.patch(_configuration_back, [{"op": "replace", "path": path, "value": value} |
			some path in ["/request/configuration", "/rollback/target/configuration", "/production/history/1/configuration"]
		])
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_configuration_whose_way_back_is_the_configuration_before if {
	document := json.patch(testing.configuration, [
		{"op": "replace", "path": "/rollback/target/digest", "value": testing.artifact},
		{"op": "add", "path": "/rollback/target/configuration", "value": _earlier},
		{"op": "add", "path": "/production/history/0/configuration", "value": _earlier},
	])
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as document
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/rollback/target/configuration", testing.values)
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/request/configuration")
	every path in ["/request/configuration", "/rollback/target/configuration"] {
		every value in [null, ""] {
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, path, value)
		}
	}
	same := testing.change(testing.change(document, "/rollback/target/configuration", testing.values), "/production/history/0/configuration", testing.values)
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as same
	testing.codes(rollback.deny) == {"rollback.same_artifact"} with data.prodgate.organisation as testing.organisation with input as same
	promotion := testing.change(document, "/request/kind", "promotion")
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as promotion
	testing.codes(rollback.deny) == {"rollback.same_artifact"} with data.prodgate.organisation as testing.organisation with input as promotion
}

test_deny_target_without_a_digest if {
	document := testing.changed("/rollback/target/digest", null)
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(rollback.deny) == {"rollback.not_proven", "rollback.same_artifact"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_first_release_with_anything_before if {
	every section in [
		{"adoption": {"at": "2026-11-01T00:00:00Z"}},
		{"unjoined": [{"type": "deploy.failed", "at": "2026-11-01T00:00:00Z"}]},
		{"complete": false},
	] {
		document := object.union(testing.initial, {"production": section})
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(rollback.deny) == {"rollback.not_initial"} with data.prodgate.organisation as testing.organisation with input as document
	}
	every section in [{"complete": false}, {"complete": null}] {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as object.union(testing.recorded_initial, {"production": section})
	}
	every section in [
		{"deployments": [testing.promotion.production.current]},
		{"unjoined": [{"type": "deploy.failed", "at": "2026-11-01T00:00:00Z"}]},
	] {
		trail := object.union(testing.initial, {"trail": section})
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as trail
		testing.codes(rollback.deny) == {"rollback.not_initial"} with data.prodgate.organisation as testing.organisation with input as trail
	}
}

test_deny_short_history_only_for_a_first_release if {
	short := testing.change(testing.recorded_initial, "/production/since", null)
	promotion := testing.change(short, "/request/kind", "promotion")
	codes := testing.codes(rollback.deny) with data.prodgate.organisation as testing.organisation with input as promotion
	not "rollback.history_too_short" in codes
	full := testing.change(short, "/production/history", testing.recorded.production.history)
	testing.codes(rollback.deny) == {"rollback.not_initial"} with data.prodgate.organisation as testing.organisation with input as full
}

test_fail_source_that_was_not_read_explains_nothing if {
	every document in [
		testing.changed("/rollback/procedure", null),
		testing.changed("/rollback/reviewed_at", null),
		object.union(testing.promotion, {"rollback": {"service": "search-api"}}),
		testing.changed("/rollback/target/available", false),
		testing.changed("/production/history/0/status", "failed"),
		_again(testing.promotion, {"status": "failed", "live_at": "2026-11-20T10:00:00-05:00"}),
		testing.changed("/rollback/target/digest", testing.artifact),
		testing.change(testing.rollback, "/production/history/1/live_at", "2026-11-23T10:00:00-05:00"),
		testing.change(testing.rollback, "/artifact/digest", testing.other),
		testing.change(testing.rollback, "/request/ticket", null),
		testing.change(testing.initial, "/production/history", testing.promotion.production.history),
		testing.change(testing.recorded_initial, "/production/since", null),
	] {
		count(rollback.deny) > 0 with data.prodgate.organisation as testing.organisation with input as document
		rollback.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.remove(document, "/sources/artifact")
	}
}

test_deny_target_of_which_something_failed_since if {
	child := object.union(testing.rollback.production.history[1], {"digest": testing.image, "status": "rolled_back", "live_at": "2026-11-20T10:00:00-05:00"})
	document := json.patch(testing.rollback, [{"op": "add", "path": "/production/history/1", "value": child}])
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(rollback.deny) == {"rollback.target_spoiled"} with data.prodgate.organisation as testing.organisation with input as document
	every entry in [{"status": "superseded"}, {"live_at": "2026-11-18T10:00:00-05:00"}] {
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/production/history/1", object.union(child, entry))
	}
	every key in ["status", "live_at"] {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(document, sprintf("/production/history/1/%s", [key]))
	}
	at_once := testing.change(document, "/production/history/1/live_at", testing.rollback.production.history[1].live_at)
	testing.codes(rollback.deny) == {"rollback.target_spoiled"} with data.prodgate.organisation as testing.organisation with input as at_once
	promotion := json.patch(testing.promotion, [{"op": "add", "path": "/production/history/0", "value": child}])
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as promotion
	every base in [testing.rollback, testing.promotion] {
		event := {"type": "verification.failed", "at": "2026-11-19T10:00:00-05:00", "digest": base.rollback.target.digest}
		loose := object.union(base, {"trail": {"unjoined": [event]}})
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as loose
		testing.codes(rollback.deny) == {"rollback.target_spoiled"} with data.prodgate.organisation as testing.organisation with input as loose
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(loose, "/trail/unjoined/0/at", "2026-11-19T09:59:59-05:00")
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(loose, "/trail/unjoined/0/digest", testing.other)
	}
}

# An invalid platform could be the one that failed.
test_fail_platforms_that_are_garbled if {
	every platforms in [null, {}, "", [null], [{}], [{"digest": ""}], [{"digest": upper(testing.image)}]] {
		rollback.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.rollback, "/artifact/platforms", platforms)
	}
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as testing.change(testing.rollback, "/artifact/platforms", [])
}

# An invalid entry in a list of deployments could be bad news about the target.
test_fail_lists_of_deployments_that_are_garbled if {
	every path in ["/production/unjoined", "/trail/deployments", "/trail/unjoined"] {
		every value in [null, {}, "", [null], [{}]] {
			rollback.pass == false with data.prodgate.organisation as testing.organisation with input as json.patch(testing.rollback, [{"op": "add", "path": path, "value": value}])
		}
		rollback.pass == true with data.prodgate.organisation as testing.organisation with input as json.patch(testing.rollback, [{"op": "add", "path": path, "value": []}])
	}
}

# An event of an unknown type is bad news only for the deployment that has it.
test_pass_unknown_event_of_another_deployment if {
	target := testing.rollback.production.history[1]
	target.digest == testing.rollback.rollback.target.digest
	unknown := [{"type": "canary.started", "at": "2026-11-24T10:00:00-05:00", "writer": "user:mallory", "assurance": "claimed"}]
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as json.patch(testing.rollback, [{"op": "add", "path": "/production/history/0/events", "value": unknown}])
	live := {"type": "deploy.live", "at": target.live_at, "writer": "repo:acme/payments-api", "assurance": "ci"}
	rollback.pass == true with data.prodgate.organisation as testing.organisation with input as json.patch(testing.rollback, [{"op": "add", "path": "/production/history/1/events", "value": [live]}])
	rollback.pass == false with data.prodgate.organisation as testing.organisation with input as json.patch(testing.rollback, [{"op": "add", "path": "/production/history/1/events", "value": array.concat([live], unknown)}])
}
