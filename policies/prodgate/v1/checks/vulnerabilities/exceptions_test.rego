package prodgate.v1.checks.vulnerabilities_test

import data.prodgate.v1.checks.vulnerabilities
import data.prodgate.v1.testing

# A finding of prodgate's own scan, with settings that are looser than the shipped ones.
_own_finding := object.union(_vulnerability, {
	"published_at": "2026-11-21T12:00:01-05:00",
	"purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64",
	"target": "usr/lib/libc.so",
})

_own(entry) := _found(object.union(_own_finding, entry))

_leeway := testing.settings("/vulnerabilities/leeway/CRITICAL", {"fixed": "72h", "unfixed": "336h"})

test_pass_within_leeway if {
	every entry in [
		{"fixed_version": "2.36-10"},
		{"fixed_version": "2.36-10", "published_at": "2026-11-24T12:00:00-05:00"},
		{"published_at": "2026-11-10T12:00:01-05:00"},
	] {
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _own(entry) with data.prodgate.v1.settings as _leeway
		vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as _own(entry) with data.prodgate.v1.settings as _leeway
		testing.codes(vulnerabilities.warn) == {"vulnerabilities.leeway"} with data.prodgate.organisation as testing.organisation with input as _own(entry) with data.prodgate.v1.settings as _leeway
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _indexed(_own(entry), [{"CRITICAL": [0]}]) with data.prodgate.v1.settings as _leeway
	}
}

test_deny_out_of_leeway if {
	every entry in [
		{"fixed_version": "2.36-10", "published_at": "2026-11-21T12:00:00-05:00"},
		{"published_at": "2026-11-10T12:00:00-05:00"},
		{"fixed_version": "2.36-10", "published_at": "2026-11-24T12:00:01-05:00"},
		{"fixed_version": "2.36-10", "published_at": "soon"},
		{"fixed_version": ""},
		{"fixed_version": 0},
	] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _own(entry) with data.prodgate.v1.settings as _leeway
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _indexed(_own(entry), [{"CRITICAL": [0]}]) with data.prodgate.v1.settings as _leeway
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as _own(entry) with data.prodgate.v1.settings as _leeway
	}
	every key in ["published_at", "fixed_version"] {
		document := testing.remove(_own({}), sprintf("/vulnerabilities/scans/0/findings/0/%s", [key]))
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _leeway
	}
}

test_deny_leeway_of_another_severity if {
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _own({"severity": "UNKNOWN"}) with data.prodgate.v1.settings as _leeway
	strict := testing.change({"settings": _leeway}, "/settings/vulnerabilities/deny", ["HIGH"]).settings
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _own({"severity": "HIGH"}) with data.prodgate.v1.settings as strict
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _own({}) with data.prodgate.v1.settings as strict
}

test_deny_shipped_settings_give_no_leeway if {
	every moment in ["2026-11-24T12:00:00-05:00", "2026-11-24T12:00:01-05:00", "2026-11-24T11:59:59-05:00"] {
		document := _own({"published_at": moment})
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/now", "2026-11-24T11:00:00-05:00")
	}
}

test_deny_leeway_that_is_no_duration if {
	every value in [null, "", "soon", {}, [], {"CRITICAL": "72h"}, {"CRITICAL": {"fixed": 72, "unfixed": 336}}] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _own({}) with data.prodgate.v1.settings as testing.settings("/vulnerabilities/leeway", value)
	}
}

_statement := {
	"id": "CVE-2026-1",
	"product": "pkg:oci/api",
	"digest": testing.artifact,
	"purl": "pkg:deb/debian/libc6@2.36-9",
	"status": "not_affected",
	"justification": "vulnerable_code_not_present",
	"author": "security@example.com",
	"timestamp": "2026-11-24T09:00:00-05:00",
	"expires_at": null,
	"source": "vex.json",
	"verified_by": null,
}

_vex := testing.settings("/vulnerabilities/vex", {"authors": ["security@example.com"], "products": ["pkg:oci/api"]})

_said(statements) := object.union(_own({}), {"vulnerabilities": object.union(_own({}).vulnerabilities, {"statements": statements})})

_says(entry) := _said([object.union(_statement, entry)])

test_pass_vex_statement_that_counts if {
	every entry in [
		{},
		{"status": "fixed"},
		{"digest": testing.image},
		{"purl": null},
		{"purl": "pkg:deb/debian/libc6"},
		{"purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64"},
		{"digest": null},
		{"digest": null, "product": "pkg:deb/debian/libc6@2.36-9"},
		{"expires_at": "2026-11-24T12:00:01-05:00"},
		{"timestamp": "2026-11-24T12:00:00-05:00"},
	] {
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
		vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
		vulnerabilities.warn == set() with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
		testing.codes(vulnerabilities.waived) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _indexed(_says(entry), [{"CRITICAL": [0]}]) with data.prodgate.v1.settings as _vex
	}
}

test_deny_vex_statement_that_does_not_count if {
	every entry in [
		{"author": "vendor@example.com"},
		{"author": "Security@example.com"},
		{"author": null},
		{"timestamp": "2026-11-24T12:00:01-05:00"},
		{"timestamp": null},
		{"expires_at": "2026-11-24T12:00:00-05:00"},
		{"expires_at": ""},
		{"digest": testing.other},
		{"digest": ""},
		{"digest": null, "product": "pkg:oci/web"},
		{"digest": testing.other, "product": "pkg:deb/debian/libc6@2.36-9"},
		{"purl": "pkg:deb/debian/zlib1g@1"},
		{"purl": "pkg:deb/debian/libc6@2.36-8"},
		{"purl": ""},
	] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
		testing.codes(vulnerabilities.warn) == {"vulnerabilities.vex_not_accepted"} with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
		vulnerabilities.waived == set() with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
	}
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _says({})
	testing.codes(vulnerabilities.warn) == {"vulnerabilities.vex_not_accepted"} with data.prodgate.organisation as testing.organisation with input as _says({})
}

test_deny_vex_statement_without_an_author_whatever_the_settings_say if {
	settings := testing.settings("/vulnerabilities/vex", {"authors": [null, "", " "], "products": ["pkg:oci/api"]})
	every author in [null, "", " "] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _says({"author": author}) with data.prodgate.v1.settings as settings
	}
}

test_deny_vex_statement_about_something_else if {
	every entry in [{"id": "CVE-2026-2"}, {"id": null}, {"status": "affected"}, {"status": "Not_Affected"}, {"status": null}] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
		vulnerabilities.warn == set() with data.prodgate.organisation as testing.organisation with input as _says(entry) with data.prodgate.v1.settings as _vex
	}
	nameless := testing.change(_says({"id": ""}), "/vulnerabilities/scans/0/findings/0/id", "")
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as nameless with data.prodgate.v1.settings as _vex
	unspelled := testing.remove(_says({}), "/vulnerabilities/scans/0/findings/0/purl")
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as unspelled with data.prodgate.v1.settings as _vex
}

test_deny_vex_statement_without_a_fact if {
	every key in object.keys(_statement) - {"justification", "source", "verified_by", "product"} {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_says({}), sprintf("/vulnerabilities/statements/0/%s", [key])) with data.prodgate.v1.settings as _vex
	}
}

test_deny_vex_statement_that_another_contradicts if {
	every entry in [
		{"status": "affected"},
		{"status": "under_investigation", "timestamp": "2026-11-24T10:00:00-05:00"},
		{"status": "affected", "digest": testing.image},
		{"status": "affected", "digest": null},
		{"status": "affected", "purl": null},
		{"status": "affected", "purl": "pkg:deb/debian/libc6"},
		{"status": "affected", "timestamp": null},
		{"status": "affected", "author": null},
		{"status": "affected", "author": "SECURITY@example.com"},
		{"status": "affected", "digest": null, "product": "pkg:deb/debian/libc6@2.36-9"},
		{"status": "affected", "product": "pkg:oci/web"},
	] {
		document := _said([_statement, object.union(_statement, entry)])
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _vex
		testing.codes(vulnerabilities.warn) == {"vulnerabilities.vex_not_accepted"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _vex
	}
	every key in ["status", "author", "timestamp", "digest", "purl", "id"] {
		document := _said([_statement, object.remove(object.union(_statement, {"status": "affected"}), [key])])
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _vex
	}
}

test_pass_vex_statement_that_none_contradicts if {
	every entry in [
		{"timestamp": "2026-11-24T08:59:59-05:00"},
		{"author": "vendor@example.com"},
		{"id": "CVE-2026-2"},
		{"digest": testing.other},
		{"purl": "pkg:deb/debian/zlib1g@1"},
		{"digest": null, "product": "pkg:oci/web"},
		{"digest": null, "product": "pkg:oci/web", "purl": null},
	] {
		document := _said([_statement, object.union(object.union(_statement, {"status": "affected"}), entry)])
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _vex
	}
}

_listed := testing.change(testing.settings("/vulnerabilities/vex", {"authors": [], "products": []}), "/sources/signers/vulnerabilities", ["security-2026"])

_by_key := object.union(_statement, {"verified_by": "security-2026", "author": "anyone"})

# What a listed key signed counts, whoever its author is.
test_pass_vex_statement_signed_by_a_listed_key if {
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _said([_by_key]) with data.prodgate.v1.settings as _listed
	every signer in [null, "", "release-2026", ["security-2026"]] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _said([object.union(_by_key, {"verified_by": signer})]) with data.prodgate.v1.settings as _listed
	}
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _said([_by_key, object.union(_by_key, {"status": "affected", "author": "vendor@example.com", "verified_by": null})]) with data.prodgate.v1.settings as _listed
}

test_deny_signed_vex_statement_that_another_contradicts if {
	every entry in [{}, {"author": "vendor@example.com"}, {"verified_by": null}, {"author": null, "verified_by": "release-2026"}] {
		document := _said([_by_key, object.union(object.union(_by_key, {"status": "affected"}), entry)])
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _listed
	}
}

_request := {
	"id": "CVE-2026-1",
	"purls": ["pkg:deb/debian/libc6"],
	"paths": ["usr/lib/*"],
	"reason": "not reachable",
	"expires_at": "2026-11-24T12:00:01-05:00",
	"source": ".trivyignore.yaml",
}

_asked(request) := object.union(_own({}), {"vulnerabilities": object.union(_own({}).vulnerabilities, {"requests": [request]})})

test_deny_waiver_requested if {
	every request in [_request, object.remove(_request, ["purls"]), object.remove(_request, ["paths"]), object.union(_request, {"expires_at": null})] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _asked(request)
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.waiver_requested"} with data.prodgate.organisation as testing.organisation with input as _asked(request)
	}
}

test_deny_request_that_asks_for_nothing_here if {
	every entry in [
		{"id": "CVE-2026-2"},
		{"purls": ["pkg:deb/debian/zlib1g"]},
		{"paths": ["opt/*"]},
		{"expires_at": "2026-11-24T12:00:00-05:00"},
	] {
		document := _asked(object.union(_request, entry))
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as document
	}
	some denial in vulnerabilities.deny with data.prodgate.organisation as testing.organisation with input as _asked(object.union(_request, {"expires_at": "2026-11-24T12:00:00-05:00"}))
	contains(denial.message, "has expired (2026-11-24T12:00:00-05:00)")
}

test_deny_waiver_requested_of_what_denies_by_its_severity if {
	document := testing.change(_asked(_request), "/vulnerabilities/scans/0/findings/0/severity", "UNKNOWN")
	testing.codes(vulnerabilities.deny) == {"vulnerabilities.unknown_severity"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_request_that_was_granted_next_to_another_finding if {
	granted := testing.waive(_asked(_request), [_waiver("vulnerabilities.denied", "CVE-2026-1")])
	document := json.patch(granted, [{"op": "add", "path": "/vulnerabilities/scans/0/findings/-", "value": object.union(_own_finding, {"id": "CVE-2026-2"})}])
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document
	findings := vulnerabilities.deny with data.prodgate.organisation as testing.organisation with input as document
	{[finding.code, finding.item] | some finding in findings} == {["vulnerabilities.denied", "CVE-2026-2"]}
}

test_waived_request_that_was_granted if {
	document := testing.waive(_asked(_request), [_waiver("vulnerabilities.denied", "CVE-2026-1")])
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as document
	vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(vulnerabilities.waived) == {"vulnerabilities.denied"} with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_tolerated_package if {
	settings := testing.settings("/vulnerabilities/undetermined/tolerate", ["homemade"])
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _undetermined with data.prodgate.v1.settings as settings
	vulnerabilities.deny == set() with data.prodgate.organisation as testing.organisation with input as _undetermined with data.prodgate.v1.settings as settings
	testing.codes(vulnerabilities.warn) == {"vulnerabilities.undetermined_tolerated"} with data.prodgate.organisation as testing.organisation with input as _undetermined with data.prodgate.v1.settings as settings
}

test_deny_package_next_to_a_tolerated_one if {
	settings := testing.settings("/vulnerabilities/undetermined/tolerate", ["homemade"])
	document := json.patch(_undetermined, [{"op": "add", "path": "/vulnerabilities/scans/0/undetermined/-", "value": object.union(_unjudged, {"package": "other"})}])
	vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	{finding.item | some finding in vulnerabilities.deny} == {"other"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	{finding.item | some finding in vulnerabilities.warn} == {"homemade"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

test_deny_package_not_tolerated if {
	every tolerated in [["Homemade"], ["home*"], ["*"], [""], "homemade", {}, null] {
		settings := testing.settings("/vulnerabilities/undetermined/tolerate", tolerated)
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _undetermined with data.prodgate.v1.settings as settings
	}
}

test_deny_package_without_a_name_or_in_no_list if {
	nameless := testing.settings("/vulnerabilities/undetermined/tolerate", [null, "", " "])
	every value in [null, "", " "] {
		document := testing.change(_undetermined, "/vulnerabilities/scans/0/undetermined/0/package", value)
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as nameless
	}
	settings := testing.settings("/vulnerabilities/undetermined/tolerate", ["homemade"])
	every value in [{}, {"0": _unjudged}] {
		document := testing.change(_undetermined, "/vulnerabilities/scans/0/undetermined", value)
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
}

_scan(entry) := testing.changed("/vulnerabilities/scans/0", object.union(testing.promotion.vulnerabilities.scans[0], entry))

test_pass_inventory_that_counts if {
	every entry in [{"inventory": "image", "scanner": "prodgate 1"}, {"inventory": "sbom"}, {"scanner": "trivy 1"}, {"scanner": null}] {
		vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _scan(entry)
	}
	settings := testing.settings("/vulnerabilities/inventories", ["attached"])
	vulnerabilities.pass == true with data.prodgate.organisation as testing.organisation with input as _scan({"inventory": "attached"}) with data.prodgate.v1.settings as settings
}

test_deny_inventory_that_does_not_count if {
	every entry in [{"inventory": "attached"}, {"inventory": "Image"}, {"inventory": ""}, {"inventory": null}, {"inventory": ["image"]}, {"scanner": "prodgate 1"}, {"scanner": "Prodgate"}] {
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _scan(entry)
		testing.codes(vulnerabilities.deny) == {"vulnerabilities.inventory"} with data.prodgate.organisation as testing.organisation with input as _scan(entry)
	}
	every value in [null, "", [], {}, 0] {
		settings := testing.settings("/vulnerabilities/inventories", value)
		vulnerabilities.pass == false with data.prodgate.organisation as testing.organisation with input as _scan({"inventory": "image"}) with data.prodgate.v1.settings as settings
	}
}
