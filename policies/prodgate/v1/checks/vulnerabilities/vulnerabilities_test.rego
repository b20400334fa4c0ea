package prodgate.v1.checks.vulnerabilities_test

import data.prodgate.v1.checks.vulnerabilities
import data.prodgate.v1.testing

_vulnerability := {
	"id": "CVE-2026-1",
	"package": "libc6",
	"installed_version": "2.36-9",
	"fixed_version": null,
	"severity": "CRITICAL",
	"status": "affected",
}

_unjudged := {"package": "homemade", "version": "1", "reason": "no advisories for it"}

_found(entry) := testing.changed("/vulnerabilities/scans/0/findings", [object.union(_vulnerability, entry)])

_dated(scanned_at, updated_at) := testing.change(
	testing.changed("/vulnerabilities/scans/0/scanned_at", scanned_at),
	"/vulnerabilities/scans/0/database/updated_at",
	updated_at,
)

_undetermined := testing.changed("/vulnerabilities/scans/0/undetermined", [_unjudged])

_waiver(code, item) := object.union(testing.waiver(code), {"item": item})

# The same document with the index that the evaluator adds.
_indexed(document, findings) := object.union(document, {"index": {"findings": findings}})

test_pass_clean if {
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	vulnerabilities.warn == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	vulnerabilities.waived == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	vulnerabilities.needs == {"artifact", "vulnerabilities"}
}

test_pass_tolerated_severities if {
	every severity in ["LOW", "MEDIUM", "HIGH"] {
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _found({"severity": severity})
		vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as _found({"severity": severity})
	}
}

test_deny_critical if {
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _found({})
	testing.codes(vulnerabilities.deny) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as _found({})
	indexed := _indexed(_found({}), [{"CRITICAL": [0]}])
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as indexed
	vulnerabilities.deny == {finding | some finding in vulnerabilities.deny} with data.prodgate.organisation as testing.organisation with input as indexed
	testing.codes(vulnerabilities.deny) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as indexed
}

# If the index has no entry for a scan, its findings are examined.
test_deny_critical_with_an_invalid_index if {
	leeway := testing.settings("/vulnerabilities/leeway/CRITICAL", {"fixed": "72h", "unfixed": "336h"})
	every groups in [null, "", [], 0] {
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _indexed(testing.promotion, [groups])
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _indexed(_found({}), [groups])
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _indexed(_found({}), [groups]) with data.prodgate.v1.settings as leeway
	}
}

test_warn_high if {
	testing.codes(vulnerabilities.warn) == {"vulnerabilities.high"} with data.prodgate.organisation as testing.organisation with input as _found({"severity": "HIGH"})
	indexed := _indexed(_found({"severity": "HIGH"}), [{"HIGH": [0]}])
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as indexed
	testing.codes(vulnerabilities.warn) == {"vulnerabilities.high"} with data.prodgate.organisation as testing.organisation with input as indexed
}

test_deny_critical_says_where_it_is_fixed if {
	every case in [[null, "no fix known"], ["2.36-10", "fixed in 2.36-10"]] {
		findings := vulnerabilities.deny with data.prodgate.organisation as testing.organisation with input as _found({"fixed_version": case[0]})
		{finding.message | some finding in findings} == {sprintf("CRITICAL CVE-2026-1 in libc6 2.36-9, %s", [case[1]])}
	}
}

test_deny_high_by_the_strict_setting if {
	every deny in [["CRITICAL", "HIGH"], ["HIGH"]] {
		settings := testing.settings("/vulnerabilities/deny", deny)
		every severity in ["HIGH", "CRITICAL"] {
			vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _found({"severity": severity}) with data.prodgate.v1.settings as settings
			testing.codes(vulnerabilities.deny) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as _found({"severity": severity}) with data.prodgate.v1.settings as settings
		}
		vulnerabilities.warn == set() with data.prodgate.organisation as testing.organisation with input as _found({"severity": "HIGH"}) with data.prodgate.v1.settings as settings
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _found({"severity": "MEDIUM"}) with data.prodgate.v1.settings as settings
	}
}

test_deny_unknown_severity if {
	every severity in ["UNKNOWN", "Critical", "low", "", " LOW", null, true, 0] {
		document := _found({"severity": severity})
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.unknown_severity"} with data.prodgate.organisation as testing.organisation with input as document
		count(vulnerabilities.deny) == 1 with data.prodgate.organisation as testing.organisation with input as document
	}
	indexed := _indexed(_found({"severity": "UNKNOWN"}), [{"UNKNOWN": [0]}])
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as indexed
	testing.codes(vulnerabilities.deny) == {"vulnerabilities.unknown_severity"} with data.prodgate.organisation as testing.organisation with input as indexed
}

test_deny_undetermined if {
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _undetermined
	testing.codes(vulnerabilities.deny) == {"vulnerabilities.undetermined"} with data.prodgate.organisation as testing.organisation with input as _undetermined
}

test_deny_not_scanned if {
	every document in [
		testing.changed("/vulnerabilities/scans", []),
		testing.changed("/artifact/platforms", [
			{"platform": "linux/amd64", "digest": testing.image},
			{"platform": "linux/arm64", "digest": testing.other},
		]),
	] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.not_scanned"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_scan_of_the_index_that_names_the_platform if {
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/vulnerabilities/scans/0/digest", testing.artifact)
}

test_deny_scan_of_the_index_that_does_not_name_the_platform if {
	scan := testing.changed("/vulnerabilities/scans/0/digest", testing.artifact)
	every platform in ["linux/arm64", "Linux/amd64", "", null] {
		document := testing.change(scan, "/vulnerabilities/scans/0/platform", platform)
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.not_scanned"} with data.prodgate.organisation as testing.organisation with input as document
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/artifact/platforms/0/platform", null)
	}
}

test_deny_scan_of_the_index_where_two_images_are_for_the_platform if {
	scan := testing.changed("/vulnerabilities/scans/0/digest", testing.artifact)
	document := testing.change(scan, "/artifact/platforms", [
		{"platform": "linux/amd64", "digest": testing.image},
		{"platform": "linux/amd64", "digest": testing.other},
	])
	every settings in [testing.settings("/vulnerabilities/platforms", ["linux/amd64"]), testing.settings("/vulnerabilities/platforms", ["*"])] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.not_scanned"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
}

test_deny_platform_that_a_scan_of_another_image_names if {
	two := testing.changed("/artifact/platforms", [
		{"platform": "linux/amd64", "digest": testing.image},
		{"platform": "linux/arm64", "digest": testing.other},
	])
	scan := testing.promotion.vulnerabilities.scans[0]
	every scans in [
		[object.union(scan, {"digest": testing.artifact})],
		[scan, object.union(scan, {"platform": "linux/arm64"})],
	] {
		document := testing.change(two, "/vulnerabilities/scans", scans)
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
		findings := vulnerabilities.deny with data.prodgate.organisation as testing.organisation with input as document
		{[finding.code, finding.item] | some finding in findings} == {["vulnerabilities.not_scanned", "linux/arm64"]}
	}
}

test_pass_platforms_of_the_settings if {
	document := testing.changed("/artifact/platforms", [
		{"platform": "linux/amd64", "digest": testing.image},
		{"platform": "linux/arm64", "digest": testing.other},
	])
	settings := testing.settings("/vulnerabilities/platforms", ["linux/amd64"])
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_deny_platform_of_the_settings_that_the_image_lacks if {
	settings := testing.settings("/vulnerabilities/platforms", ["linux/amd64", "linux/s390x"])
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	testing.codes(vulnerabilities.deny) == {"vulnerabilities.not_scanned"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
}

test_deny_other_digest if {
	foreign := object.union(testing.promotion.vulnerabilities.scans[0], {"digest": testing.other})
	document := testing.changed("/vulnerabilities/scans", [testing.promotion.vulnerabilities.scans[0], foreign])
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(vulnerabilities.deny) == {"vulnerabilities.other_digest"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_stale if {
	every case in [
		["2026-11-23T12:00:00-05:00", "2026-11-23T06:00:00-05:00"],
		["2026-11-24T12:00:01-05:00", "2026-11-24T06:00:00-05:00"],
		["2026-11-24T08:00:00-05:00", "2026-11-22T12:00:00-05:00"],
		["2026-11-24T12:00:01-05:00", "2026-11-24T12:00:01-05:00"],
	] {
		document := _dated(case[0], case[1])
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.stale"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_pass_at_the_edges_of_the_ages if {
	every case in [
		["2026-11-23T12:00:01-05:00", "2026-11-23T06:00:00-05:00"],
		["2026-11-24T12:00:00-05:00", "2026-11-24T06:00:00-05:00"],
		["2026-11-24T08:00:00-05:00", "2026-11-22T12:00:01-05:00"],
	] {
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _dated(case[0], case[1])
	}
}

test_pass_advisories_of_the_instant_of_the_scan if {
	every instant in ["2026-11-24T08:00:00-05:00", "2026-11-24T13:00:00Z"] {
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _dated("2026-11-24T08:00:00-05:00", instant)
		vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as _dated("2026-11-24T08:00:00-05:00", instant)
	}
}

test_deny_advisories_from_after_the_scan if {
	every instant in ["2026-11-24T08:00:01-05:00", "2026-11-24T08:00:00.000000001-05:00", "2026-11-24T13:00:01Z", "2026-11-24T12:00:00-05:00"] {
		document := _dated("2026-11-24T08:00:00-05:00", instant)
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.impossible_dates"} with data.prodgate.organisation as testing.organisation with input as document
	}
	every path in ["/vulnerabilities/scans/0/scanned_at", "/vulnerabilities/scans/0/database/updated_at"] {
		every value in testing.garbage {
			not "vulnerabilities.impossible_dates" in testing.codes(vulnerabilities.deny) with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
}

# The finding of the source gives the reason.
test_fail_source_in_error_explains_nothing if {
	every document in [
		testing.changed("/vulnerabilities/scans", []),
		testing.changed("/vulnerabilities/scans/0/digest", testing.other),
		_dated("2026-11-23T12:00:00-05:00", "2026-11-23T06:00:00-05:00"),
		_dated("2026-11-24T08:00:00-05:00", "2026-11-24T08:00:01-05:00"),
		object.union(testing.promotion, {"vulnerabilities": {"scans": [object.union(testing.promotion.vulnerabilities.scans[0], {"inventory": "attached"})]}}),
	] {
		count(vulnerabilities.deny) > 0 with data.prodgate.organisation as testing.organisation with input as document
		unread := testing.change(document, "/sources/vulnerabilities/status", "error")
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as unread
		vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as unread
	}
}

test_deny_other_digest_says_nothing_of_its_age if {
	foreign := object.union(testing.promotion.vulnerabilities.scans[0], {"digest": testing.other, "scanned_at": "2026-11-20T12:00:00-05:00", "database": {"updated_at": "2026-11-20T06:00:00-05:00"}})
	document := testing.changed("/vulnerabilities/scans", [testing.promotion.vulnerabilities.scans[0], foreign])
	testing.codes(vulnerabilities.deny) == {"vulnerabilities.other_digest"} with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_ages_count_from_the_collection if {
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/now", "2026-12-24T12:00:00-05:00")
}

test_fail_missing_fact if {
	every path in [
		"/vulnerabilities",
		"/vulnerabilities/scans",
		"/vulnerabilities/scans/0",
		"/vulnerabilities/scans/0/digest",
		"/vulnerabilities/scans/0/scanned_at",
		"/vulnerabilities/scans/0/database",
		"/vulnerabilities/scans/0/database/updated_at",
		"/vulnerabilities/scans/0/findings",
		"/vulnerabilities/scans/0/undetermined",
		"/artifact",
		"/artifact/platforms",
		"/artifact/platforms/0",
		"/artifact/platforms/0/digest",
		"/collected_at",
		"/sources/artifact",
		"/sources/vulnerabilities",
	] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
	every key in ["id", "package", "installed_version", "severity"] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_found({}), sprintf("/vulnerabilities/scans/0/findings/0/%s", [key]))
	}
}

test_fail_garbage if {
	every path in [
		"/vulnerabilities",
		"/vulnerabilities/scans",
		"/vulnerabilities/scans/0",
		"/vulnerabilities/scans/0/digest",
		"/vulnerabilities/scans/0/scanned_at",
		"/vulnerabilities/scans/0/database",
		"/vulnerabilities/scans/0/database/updated_at",
		"/artifact/platforms",
		"/artifact/platforms/0/digest",
	] {
		every value in testing.garbage {
			vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
	keyed := testing.changed("/vulnerabilities/scans", {"0": testing.promotion.vulnerabilities.scans[0]})
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as keyed
	every path in ["/vulnerabilities/scans/0/findings", "/vulnerabilities/scans/0/undetermined"] {
		every value in array.concat([value | some value in testing.garbage; value != []], [["none"], [[]], [{}]]) {
			vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
}

test_fail_setting_emptied_or_removed if {
	every path in ["/vulnerabilities/deny", "/vulnerabilities/max_age", "/vulnerabilities/database_max_age", "/vulnerabilities/platforms"] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without(path)
		every value in [null, "", [], {}, "CRITICAL", ["Critical"], ["UNKNOWN"], 0] {
			vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings(path, value)
		}
	}
}

test_waived_finding if {
	document := testing.waive(_found({}), [_waiver("vulnerabilities.denied", "CVE-2026-1")])
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as document
	vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(vulnerabilities.waived) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as document
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _indexed(document, [{"CRITICAL": [0]}])
}

test_waived_package if {
	document := testing.waive(_undetermined, [_waiver("vulnerabilities.undetermined", "homemade")])
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(vulnerabilities.waived) == {"vulnerabilities.undetermined"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_finding_that_is_not_waived_next_to_a_waived_one if {
	packages := testing.changed("/vulnerabilities/scans/0/undetermined", [_unjudged, object.union(_unjudged, {"package": "other"})])
	one := testing.waive(packages, [_waiver("vulnerabilities.undetermined", "homemade")])
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as one
	{finding.item | some finding in vulnerabilities.deny} == {"other"} with data.prodgate.organisation as testing.organisation with input as one
	{finding.item | some finding in vulnerabilities.waived} == {"homemade"} with data.prodgate.organisation as testing.organisation with input as one
	findings := testing.changed("/vulnerabilities/scans/0/findings", [object.union(_vulnerability, {"severity": "UNKNOWN"}), object.union(_vulnerability, {"id": "CVE-2026-2"})])
	unknown := testing.waive(findings, [_waiver("vulnerabilities.unknown_severity", "CVE-2026-1")])
	settings := testing.waivable({"vulnerabilities.unknown_severity"})
	{finding.item | some finding in vulnerabilities.deny} == {"CVE-2026-2"} with data.prodgate.organisation as testing.organisation with input as unknown with data.prodgate.v1.settings as settings
	{finding.item | some finding in vulnerabilities.waived} == {"CVE-2026-1"} with data.prodgate.organisation as testing.organisation with input as unknown with data.prodgate.v1.settings as settings
}

test_deny_waiver_of_something_else if {
	every waiver in [
		_waiver("vulnerabilities.denied", "CVE-2026-2"),
		_waiver("vulnerabilities.denied", "cve-2026-1"),
		_waiver("vulnerabilities.denied", "*"),
		_waiver("vulnerabilities.denied", null),
		_waiver("vulnerabilities.undetermined", "CVE-2026-1"),
		_waiver("vulnerabilities.unknown_severity", "CVE-2026-1"),
	] {
		document := testing.waive(_found({}), [waiver])
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as document
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/vulnerabilities/scans/0/findings/0/id", null)
	}
}

test_deny_waiver_leaves_every_other_condition if {
	document := testing.waive(_found({}), [_waiver("vulnerabilities.denied", "CVE-2026-1")])
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/vulnerabilities/scans/0/scanned_at", "2026-11-20T12:00:00-05:00")
}

# Two critical findings and a tolerated one, without and with the index.
_three := [document, _indexed(document, [{"HIGH": [0], "CRITICAL": [1, 2]}])] if {
	document := testing.changed("/vulnerabilities/scans/0/findings", [
		object.union(_vulnerability, {"id": "CVE-2026-2", "severity": "HIGH"}),
		_vulnerability,
		object.union(_vulnerability, {"id": "CVE-2026-3"}),
	])
}

test_waived_only_what_would_deny if {
	every document in _three {
		waived := testing.waive(document, [_waiver("vulnerabilities.denied", id) | some id in ["CVE-2026-1", "CVE-2026-2"]])
		{finding.item | some finding in vulnerabilities.waived} == {"CVE-2026-1"} with data.prodgate.organisation as testing.organisation with input as waived
		{finding.item | some finding in vulnerabilities.deny} == {"CVE-2026-3"} with data.prodgate.organisation as testing.organisation with input as waived
	}
}

test_warn_counts_only_high if {
	every document in _three {
		findings := vulnerabilities.warn with data.prodgate.organisation as testing.organisation with input as document
		{[finding.code, finding.observed] | some finding in findings} == {["vulnerabilities.high", 1]}
	}
}

test_deny_names_only_what_denies if {
	findings := [object.union(_vulnerability, {"id": "CVE-2026-2", "severity": "LOW"}), _vulnerability]
	document := testing.changed("/vulnerabilities/scans/0/findings", findings)
	{finding.item | some finding in vulnerabilities.deny} == {"CVE-2026-1"} with data.prodgate.organisation as testing.organisation with input as document
	{finding.item | some finding in vulnerabilities.deny} == {"CVE-2026-1"} with data.prodgate.organisation as testing.organisation with input as _indexed(document, [{"LOW": [0], "CRITICAL": [1]}])
}

_scans_of(inventory, signer) := object.union(testing.promotion, {"vulnerabilities": {"scans": [object.union(scan, {
	"inventory": inventory,
	"inventory_verified_by": signer,
}) |
	some scan in testing.promotion.vulnerabilities.scans
]}})

_signed_inventories := testing.settings("/sources/signers/vulnerabilities", ["security-2026"])

# An SBOM attached to the image counts if an accepted signer signed it.
test_pass_attached_inventory_with_an_accepted_signature if {
	document := _scans_of("attached", "security-2026")
	vulnerabilities.pass with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed_inventories
	vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed_inventories
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_attached_inventory_says_who_signed_it if {
	every signer, words in {
		"other-2026": "the scan's inventory is of the kind attached, and is signed by other-2026, which sources.signers does not list for it",
		null: "the scan's inventory is of the kind attached, and has no verified signature",
	} {
		document := _scans_of("attached", signer)
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed_inventories
		{deny.message | some deny in vulnerabilities.deny} == {words} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed_inventories
	}
}

# A signature says nothing of another kind of inventory.
test_deny_other_inventory_with_a_signature if {
	document := _scans_of("guess", "security-2026")
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed_inventories
	{deny.message | some deny in vulnerabilities.deny} == {"the scan's inventory is of the kind guess"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed_inventories
}
