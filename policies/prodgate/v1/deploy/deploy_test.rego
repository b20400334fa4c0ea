package prodgate.v1.deploy_test

import data.prodgate.v1.deploy
import data.prodgate.v1.testing

_documents := [testing.promotion, testing.configuration, testing.initial, testing.rollback, testing.emergency]

_denials := {finding | some finding in deploy.decision.findings; finding.effect == "deny"}

_codes := testing.codes(_denials)

# A section that a check needs, and the code if its source fails.
_unread(source) := testing.changed("/sources/staging", source)

_organisation := testing.organised({"additional_checks": ["acme_licences"]})

test_allow_each_kind if {
	every document in _documents {
		deploy.decision.outcome == "allow" with data.prodgate.organisation as testing.organisation with input as document
		deploy.decision.passed == deploy.decision.required with data.prodgate.organisation as testing.organisation with input as document
		_denials == set() with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_required_of_each_kind if {
	every document in [testing.promotion, testing.configuration, testing.initial, testing.emergency] {
		count(deploy.decision.required) == 16 with input as document with data.prodgate.organisation as testing.organisation with data.prodgate.v1.deploy._loaded as set()
		deploy.decision.not_applicable == set() with input as document with data.prodgate.organisation as testing.organisation with data.prodgate.v1.deploy._loaded as set()
	}
	deploy.decision.required == {"approval", "audit", "immutability", "notification", "request", "rollback", "service"} with input as testing.rollback with data.prodgate.organisation as testing.organisation with data.prodgate.v1.deploy._loaded as set()
	count(deploy.decision.not_applicable) == 9 with input as testing.rollback with data.prodgate.organisation as testing.organisation with data.prodgate.v1.deploy._loaded as set()
}

test_deny_unknown_kind if {
	every kind in array.concat(testing.garbage, ["Promotion", "promotion ", "emergency"]) {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.changed("/request/kind", kind)
		not deploy.decision with data.prodgate.organisation as testing.organisation with input as testing.changed("/request/kind", kind)
	}
	deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.without("/request/kind")
}

test_deny_nothing_at_all if {
	every document in array.concat(testing.garbage, [testing.without("/request"), testing.without("/sources")]) {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as document
	}
}

_silent := {"pass": false, "deny": set(), "needs": set()}

test_deny_check_that_fails_without_a_reason if {
	deploy.decision.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.checks.soak as _silent
	_codes == {"gate.unexplained"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.checks.soak as _silent
	{finding.item | some finding in _denials} == {"soak"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.checks.soak as _silent
}

test_deny_check_that_is_empty if {
	deploy.decision.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.checks.soak as {}
	_codes == {"gate.unexplained"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.checks.soak as {}
}

# The check did not pass, whatever it reports.
test_deny_check_whose_reason_is_no_finding if {
	every reason in ["no", null, ["no"]] {
		check := {"pass": false, "deny": {reason}, "needs": set()}
		deploy.decision.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.checks.soak as check
	}
}

test_deny_where_nothing_is_required if {
	deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.deploy._required as {"promotion": set()} with data.prodgate.v1.deploy._loaded as set()
}

test_deny_pass_that_is_not_true if {
	every value in ["true", 1, null, {}] {
		deploy.decision.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.checks.soak.pass as value
	}
}

test_deny_source_error if {
	document := _unread({"status": "error", "kind": "file", "error": "no such file"})
	deploy.decision.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as document
	_codes == {"source.error"} with data.prodgate.organisation as testing.organisation with input as document
	{finding.check | some finding in _denials} == {"approval", "soak", "staging"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_source_error_where_a_check_needs_it if {
	document := testing.change(_unread({"status": "error", "kind": "file", "error": "no such file"}), "/sources/build/status", "error")
	{finding.item | some finding in _denials; finding.check == "soak"} == {"staging"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_source_unconfigured if {
	document := _unread({"status": "unconfigured", "kind": "file", "error": "nobody said"})
	deploy.decision.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as document
	_codes == {"source.unconfigured"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_source_not_accepted if {
	document := _unread({"status": "ok", "kind": "guess", "error": null})
	deploy.decision.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as document
	_codes == {"source.not_accepted"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_source_missing if {
	every document in [
		testing.without("/sources/staging"),
		_unread(null),
		_unread({"status": "OK", "kind": "file"}),
		_unread({"status": "error", "kind": "file"}),
		_unread({"status": "ok"}),
	] {
		deploy.decision.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as document
		_codes == {"source.missing"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_section_missing if {
	every section in object.keys(testing.promotion.sources) - {"on_call", "waivers"} {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.without(sprintf("/%s", [section]))
	}
}

test_deny_name_that_settings_do_not_list if {
	every path in ["/request/service", "/request/environment"] {
		deploy.decision.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.changed(path, "unlisted")
		deploy.decision.passed == set() with data.prodgate.organisation as testing.organisation with input as testing.changed(path, "unlisted")
	}
}

test_deny_unknown_key_of_the_organisation if {
	deploy.decision.outcome == "deny" with input as testing.promotion with data.prodgate.organisation as testing.organised({"soak": {"minimun": "0s"}})
	deploy.decision.passed == set() with input as testing.promotion with data.prodgate.organisation as testing.organised({"soak": {"minimun": "0s"}})
}

test_deny_service_over_environment if {
	organisation := {
		"environments": {"production": {"soak": {"minimum": "1m"}}},
		"services": {"payments-api": {"soak": {"minimum": "24h"}}},
	}
	deploy.decision.outcome == "deny" with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
	_codes == {"soak.too_short"} with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
}

test_deny_setting_removed_1 if {
	every path in [
		"/environments",
		"/soak",
		"/window",
		"/approval/roles/any_request",
		"/audit",
	] {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, [], ""] {
			deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}

test_deny_setting_removed_2 if {
	every path in [
		"/services",
		"/soak/minimum",
		"/window/timezone",
		"/rollback",
		"/audit/required_steps",
	] {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, [], ""] {
			deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}

test_deny_setting_removed_3 if {
	every path in [
		"/request",
		"/vulnerabilities",
		"/window/named",
		"/rollback/working_statuses",
	] {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, [], ""] {
			deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}

test_deny_setting_removed_4 if {
	every path in [
		"/request/triggers",
		"/vulnerabilities/deny",
		"/approval",
		"/notification",
	] {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, [], ""] {
			deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}

test_deny_setting_removed_5 if {
	every path in [
		"/sources",
		"/vulnerabilities/max_age",
		"/approval/team",
		"/notification/teams",
	] {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, [], ""] {
			deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}

test_deny_setting_removed_6 if {
	every path in [
		"/sources/accepted",
		"/vulnerabilities/database_max_age",
		"/approval/max_age",
		"/monitoring",
	] {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, [], ""] {
			deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}

test_deny_setting_removed_7 if {
	every path in [
		"/sources/accepted/artifact",
		"/vulnerabilities/platforms",
		"/approval/directory_max_age",
		"/monitoring/minimum_dashboards",
	] {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, [], ""] {
			deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}

test_deny_setting_removed_8 if {
	every path in [
		"/sources/unverified",
		"/immutability",
		"/approval/roles",
		"/monitoring/minimum_alerts",
	] {
		deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, [], ""] {
			deploy.outcome == "deny" with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}

test_deny_additional_check_that_does_not_pass if {
	check := {"pass": false, "deny": {{"code": "acme_licences.missing", "message": "no"}}}
	deploy.decision.outcome == "deny" with input as testing.promotion with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as _organisation
	_codes == {"acme_licences.missing"} with input as testing.promotion with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as _organisation
}

test_deny_additional_check_that_denies_what_it_passes if {
	check := {"pass": true, "deny": {{"code": "acme_licences.missing", "message": "no"}}, "needs": set()}
	deploy.decision.outcome == "deny" with input as testing.promotion with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as _organisation
	deploy.decision.passed == deploy.decision.required with input as testing.promotion with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as _organisation
}

test_deny_additional_check_that_does_not_exist if {
	deploy.decision.outcome == "deny" with input as testing.promotion with data.prodgate.organisation as _organisation
	_codes == {"gate.unexplained"} with input as testing.promotion with data.prodgate.organisation as _organisation
}

test_allow_additional_check_that_passes if {
	check := {"pass": true, "deny": set(), "needs": {"build"}}
	every document in _documents {
		deploy.decision.outcome == "allow" with input as document with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as _organisation
		"acme_licences" in deploy.decision.passed with input as document with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as _organisation
	}
}

test_deny_additional_check_whose_facts_do_not_count if {
	check := {"pass": true, "deny": set(), "needs": {"monitoring"}}
	unread := testing.change(testing.rollback, "/sources/monitoring", {"status": "error", "error": "refused"})
	deploy.decision.outcome == "deny" with input as unread with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as _organisation
	_codes == {"source.error"} with input as unread with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as _organisation
}

test_deny_additional_check_that_does_not_say_what_it_needs if {
	check := {"pass": true, "deny": set()}
	deploy.decision.outcome == "deny" with input as testing.promotion with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as _organisation
}

test_deny_loaded_check_that_is_not_listed if {
	every pass in [false, null, "yes"] {
		check := {"pass": pass, "deny": set(), "needs": set()}
		deploy.decision.outcome == "deny" with input as testing.promotion with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as testing.organisation
		deploy.decision.outcome == "deny" with input as testing.rollback with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as testing.organised({"additional_checks": []})
	}
	unread := {"pass": true, "deny": set(), "needs": {"monitoring"}}
	document := testing.change(testing.rollback, "/sources/monitoring", {"status": "error", "error": "refused"})
	deploy.decision.outcome == "deny" with input as document with data.prodgate.v1.checks.acme_licences as unread with data.prodgate.organisation as testing.organisation
}

test_allow_loaded_check_that_passes if {
	check := {"pass": true, "deny": set(), "needs": set()}
	decision := deploy.decision with input as testing.rollback with data.prodgate.v1.checks.acme_licences as check with data.prodgate.organisation as testing.organisation
	decision.outcome == "allow"
	"acme_licences" in decision.required
	"acme_licences" in decision.passed
}

test_required_is_complete_with_additional_checks if {
	every names in [["soak"], ["acme_licences", "window"]] {
		deploy.required == deploy.required | {name | some name in names} with input as testing.promotion with data.prodgate.organisation as testing.organised({"additional_checks": names})
		count(deploy.required) >= 14 with input as testing.promotion with data.prodgate.organisation as testing.organised({"additional_checks": names})
	}
}

test_deny_additional_checks_that_are_no_list if {
	every value in [null, "acme_licences", {"name": "acme_licences"}] {
		deploy.outcome == "deny" with input as testing.promotion with data.prodgate.organisation as testing.organised({"additional_checks": value})
	}
}

test_warn_vulnerabilities_of_a_rollback if {
	document := testing.change(testing.rollback, "/vulnerabilities/scans", [])
	deploy.decision.outcome == "allow" with data.prodgate.organisation as testing.organisation with input as document
	{finding.code | some finding in deploy.decision.findings; finding.effect == "warn"} == _held_up | {"vulnerabilities.not_scanned"} with data.prodgate.organisation as testing.organisation with input as document
}

test_warn_scans_that_could_not_be_read_of_a_rollback if {
	document := testing.change(testing.rollback, "/sources/vulnerabilities", {"status": "error", "error": "refused"})
	deploy.decision.outcome == "allow" with data.prodgate.organisation as testing.organisation with input as document
	{finding.code | some finding in deploy.decision.findings} == _held_up | {"source.error"} with data.prodgate.organisation as testing.organisation with input as document
	{finding.effect | some finding in deploy.decision.findings} == {"warn"} with data.prodgate.organisation as testing.organisation with input as document
}

# What would block a promotion at the time of the rollback: an open incident on a holiday.
_held_up := {"incident.active", "window.holiday", "window.zone_from_calendar"}

test_allow_rollback_says_nothing_of_a_check_that_does_not_apply if {
	finding := {"code": "monitoring.no_alert", "message": "no"}
	check := {"pass": false, "deny": {finding}, "warn": {finding}, "waived": {finding}, "needs": {"monitoring"}}
	document := testing.change(testing.rollback, "/sources/monitoring", {"status": "error", "error": "refused"})
	decision := deploy.decision with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.checks.monitoring as check
	decision.outcome == "allow"
	{finding.check | some finding in decision.findings} & {"monitoring"} == set()
}

test_warn_finding_of_a_rollback_that_only_warns_anyway if {
	document := testing.change(testing.rollback, "/vulnerabilities/scans/0/findings", [{"id": "CVE-1", "package": "a", "installed_version": "1", "fixed_version": null, "severity": "HIGH", "status": ""}])
	deploy.decision.outcome == "allow" with data.prodgate.organisation as testing.organisation with input as document
	{finding.effect | some finding in deploy.decision.findings; finding.check == "vulnerabilities"} == {"warn"} with data.prodgate.organisation as testing.organisation with input as document
}

test_warn_waiver_that_waives_nothing if {
	document := testing.waive(testing.promotion, [testing.waiver("soak.too_short")])
	{[finding.check, finding.code, finding.effect] | some finding in deploy.decision.findings; finding.check == "waiver"} == {["waiver", "waiver.not_allowed", "warn"]} with data.prodgate.organisation as testing.organisation with input as document
	deploy.decision.outcome == "allow" with data.prodgate.organisation as testing.organisation with input as document
}

test_waived_is_shown if {
	document := testing.waive(
		testing.changed("/staging/deployed_at", "2026-11-24T11:30:00-05:00"),
		[testing.waiver("soak.too_short")],
	)
	verified := testing.change(document, "/staging/verification/finished_at", "2026-11-24T11:40:00-05:00")
	later := testing.change(verified, "/approvals/0/approved_at", "2026-11-24T11:50:00-05:00")
	shipped := testing.waivable({"soak.too_short"})
	deploy.decision.outcome == "allow" with data.prodgate.organisation as testing.organisation with input as later with data.prodgate.v1.settings as shipped
	{[finding.code, finding.effect] | some finding in deploy.decision.findings; finding.check == "soak"} == {["soak.too_short", "waived"]} with data.prodgate.organisation as testing.organisation with input as later with data.prodgate.v1.settings as shipped
}

test_warn_optional_system_that_could_not_be_read if {
	systems := [
		{"name": "file", "kind": "file", "status": "ok"},
		{"name": "pager", "kind": "pager", "status": "error", "error": "timeout", "optional": true},
	]
	source := object.union(testing.promotion.sources.staging, {"kind": "merged", "systems": systems})
	document := testing.changed("/sources/staging", source)
	{[finding.check, finding.code, finding.effect] | some finding in deploy.decision.findings; finding.check == "source"} == {["source", "source.optional_unread", "warn"]} with data.prodgate.organisation as testing.organisation with input as document
	deploy.decision.outcome == "allow" with data.prodgate.organisation as testing.organisation with input as document
}
