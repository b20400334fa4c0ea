# METADATA
# title: Vulnerabilities
# description: >-
#   Every platform of the artifact was scanned recently, with recent advisories from
#   before the scan, and no vulnerability with a denied severity was found
#   (production-readiness.md, "No Critical Vulnerabilities"). An unknown severity and
#   a package that the scanner could not assess also deny. A finding does not deny,
#   but is shown, if it is waived, within its leeway, or covered by an accepted VEX
#   statement.
package prodgate.v1.checks.vulnerabilities

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.signers
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.waivers

default pass := false

pass if {
	_readable
	_sound_settings
	count(_platforms) > 0
	count(_platforms - _scanned) == 0
	is_array(input.vulnerabilities.scans)
	count(_clean) == count(input.vulnerabilities.scans)
}

needs := {"artifact", "vulnerabilities"}

_readable if count(needs - sources.readable) == 0

_severities := {"LOW", "MEDIUM", "HIGH", "CRITICAL"}

_denying := {severity | some severity in settings.effective.vulnerabilities.deny}

# A severity above a denied severity is denied too.
_tolerated := {severity |
	some severity, no_worse in _no_worse
	count(no_worse & _denying) == 0
}

_no_worse := {
	"LOW": {"LOW"},
	"MEDIUM": {"LOW", "MEDIUM"},
	"HIGH": {"LOW", "MEDIUM", "HIGH"},
	"CRITICAL": _severities,
}

_sound_settings if {
	count(_denying) > 0
	count(_denying - _severities) == 0
}

# The platforms that production uses: all platforms of the artifact, or the named ones.
_platforms contains platform if {
	"*" in settings.effective.vulnerabilities.platforms
	some platform in input.artifact.platforms
}

_platforms contains platform if {
	some platform in input.artifact.platforms
	platform.platform in settings.effective.vulnerabilities.platforms
}

# A platform that production uses and the image lacks counts as not scanned.
_platforms contains {"platform": name, "digest": null} if {
	some name in settings.effective.vulnerabilities.platforms
	name != "*"
	count(_images(name)) == 0
}

# The artifact's images for a platform, by position.
_images(name) := {position |
	some position, platform in input.artifact.platforms
	platform.platform == name
}

# A platform is covered by a scan of its own digest, or by a scan of the whole
# artifact that names this platform. If several images have the same platform, it is
# unknown which of them was scanned, so none of them is covered.
_scanned contains platform if {
	some platform in _platforms
	platform.digest in _digests
}

_scanned contains platform if {
	some platform in _platforms
	some scan in input.vulnerabilities.scans
	scan.digest == input.artifact.digest
	text.given(scan.platform)
	scan.platform == platform.platform
	count(_images(scan.platform)) == 1
}

_digests contains input.vulnerabilities.scans[_].digest

# A clean scan is about this artifact, is recent, uses advisories from before the scan,
# has no denied finding, has assessed every package, and uses an accepted inventory.
# Each set below holds the positions of scans.
_clean := ((_ours & _fresh) & (_possible & _harmless)) & (_judged & _listed)

_ours contains position if {
	some position, scan in input.vulnerabilities.scans
	scan.digest in _own_digests
}

_own_digests := {input.artifact.digest} | {platform.digest | some platform in input.artifact.platforms}

_fresh contains position if {
	some position, scan in input.vulnerabilities.scans
	clock.fresh(scan.scanned_at, settings.effective.vulnerabilities.max_age)
	clock.fresh(scan.database.updated_at, settings.effective.vulnerabilities.database_max_age)
}

# The advisories must not be newer than the scan.
_possible contains position if {
	some position, scan in input.vulnerabilities.scans
	clock.fact(scan.database.updated_at) <= clock.fact(scan.scanned_at)
}

_judged contains position if {
	some position, scan in input.vulnerabilities.scans
	scan.undetermined == []
}

_judged contains position if {
	_some_exceptions
	some position, scan in input.vulnerabilities.scans
	is_array(scan.undetermined)
	every unjudged in scan.undetermined {
		_excused(unjudged)
	}
}

_excused(unjudged) if waivers.covers("vulnerabilities.undetermined", unjudged["package"])

_excused(unjudged) if _tolerated_package(unjudged)

_tolerated_package(unjudged) if {
	text.given(unjudged["package"])
	unjudged["package"] in settings.effective.vulnerabilities.undetermined.tolerate
}

# prodgate's own scans name the kind of inventory they read. A report without that is
# from another tool. An SBOM attached to the image also counts if an accepted signer
# signed it.
_listed contains position if {
	some position, scan in input.vulnerabilities.scans
	scan.inventory in settings.effective.vulnerabilities.inventories
}

_listed contains position if {
	some position, scan in input.vulnerabilities.scans
	scan.inventory == "attached"
	signers.accepted("vulnerabilities", scan.inventory_verified_by)
}

_listed contains position if {
	some position, scan in input.vulnerabilities.scans
	is_object(scan)
	not _own(scan)
}

_own(scan) if scan.inventory = _

_own(scan) if {
	is_string(scan.scanner)
	startswith(lower(scan.scanner), "prodgate")
}

# The evaluator can add an index of each scan's findings by severity. Without it, every
# finding is examined.
_harmless contains position if {
	some position, groups in input.index.findings
	count(object.keys(groups) - _tolerated) == 0
}

_harmless contains position if {
	_some_exceptions
	some position, _ in input.index.findings
	every finding in _bad(position) {
		_harmless_finding(position, finding)
	}
}

_harmless contains position if {
	some position, scan in input.vulnerabilities.scans
	not _groups(position)
	is_array(scan.findings)
	every finding in scan.findings {
		_harmless_finding(position, finding)
	}
}

_some_waivers if count(input.waivers) > 0

_groups(position) := groups if {
	groups := input.index.findings[position]
	is_object(groups)
}

_harmless_finding(_, finding) if finding.severity in _tolerated

_harmless_finding(_, finding) if waivers.covers(_code(finding), finding.id)

_harmless_finding(_, finding) if _leeway_until(finding)

_harmless_finding(position, finding) if {
	_some_statements
	count(_speaking(position, finding)) > 0
}

_code(finding) := "vulnerabilities.denied" if {
	finding.severity in _severities
} else := "vulnerabilities.unknown_severity"

# The findings of one scan that have one of these severities, by position.
_of(position, severities) := [finding |
	some severity in severities
	some place in _groups(position)[severity]
	finding := input.vulnerabilities.scans[position].findings[place]
] if {
	_groups(position)
} else := [finding |
	some finding in input.vulnerabilities.scans[position].findings
	finding.severity in severities
]

_bad(position) := [finding |
	some severity, places in _groups(position)
	not severity in _tolerated
	some place in places
	finding := input.vulnerabilities.scans[position].findings[place]
] if {
	_groups(position)
} else := [finding |
	some finding in input.vulnerabilities.scans[position].findings
	not _tolerable(finding)
]

_tolerable(finding) if finding.severity in _tolerated

# METADATA
# title: Vulnerability with a denied severity
# description: The scan found a vulnerability that must not be deployed to production.
# custom:
#   code: vulnerabilities.denied
#   cure: fix
#   remedy: Rebuild with the fixed version and scan again. If there is no fixed version, ask for a waiver of this vulnerability.
#   who: [owner of the service, VP Engineering for a waiver]
#   waivable: true
deny contains object.union(_finding(position, finding), {"message": concat("; ", array.concat([_words(finding)], _expired_requests(finding)))}) if {
	not pass
	some position, _ in input.vulnerabilities.scans
	some finding in _bad(position)
	_code(finding) == "vulnerabilities.denied"
	not _harmless_finding(position, finding)
	not _requested(finding)
}

# METADATA
# title: Unknown severity
# description: The scan found a vulnerability with an unknown severity, so it may be critical.
# custom:
#   code: vulnerabilities.unknown_severity
#   cure: fix
#   remedy: Scan again with newer advisories, or remove the package. Otherwise ask for a waiver.
#   who: [owner of the service, security team]
#   waivable: true
deny contains object.union(_finding(position, finding), {"message": sprintf("%s in %s %s has the severity %v", [
	finding.id,
	finding["package"],
	finding.installed_version,
	finding.severity,
])}) if {
	not pass
	some position, _ in input.vulnerabilities.scans
	some finding in _bad(position)
	_code(finding) == "vulnerabilities.unknown_severity"
	not _harmless_finding(position, finding)
}

# METADATA
# title: Item could not be assessed
# description: >-
#   The scanner could not determine whether an item has vulnerabilities. The item is a
#   package, the release of the operating system, a file, a layer, a platform or an
#   attached SBOM. Not assessed does not mean clean.
# custom:
#   code: vulnerabilities.undetermined
#   cure: fix
#   remedy: >-
#     Fix the problem that the message names. Package or release: use a version that the
#     advisories cover. File, layer or platform: rebuild the image with a readable one.
#     Attached SBOM: attach a readable SBOM, or get read access to the registry. Report:
#     scan the image itself. Otherwise ask for a waiver of the named item.
#   who: [owner of the service, VP Engineering for a waiver]
#   waivable: true
deny contains object.union(_unjudged(position, place), {"message": sprintf("%s %s: %s", [
	unjudged["package"],
	unjudged.version,
	unjudged.reason,
])}) if {
	not pass
	some position, scan in input.vulnerabilities.scans
	some place, unjudged in scan.undetermined
	not _excused(unjudged)
}

# METADATA
# title: Platform not scanned
# description: No scan covers this platform of the artifact.
# custom:
#   code: vulnerabilities.not_scanned
#   cure: fix
#   remedy: Scan the image of this platform, by digest.
#   who: [owner of the build]
deny contains {
	"code": "vulnerabilities.not_scanned",
	"item": platform.platform,
	"path": "/vulnerabilities/scans",
	"message": sprintf("no scan of %s (%v)", [platform.platform, platform.digest]),
	"observed": [scan.digest | some scan in input.vulnerabilities.scans],
	"required": platform,
} if {
	_readable
	some platform in (_platforms - _scanned)
}

# METADATA
# title: Scan of another artifact
# description: The scan is of a digest that is not part of this artifact.
# custom:
#   code: vulnerabilities.other_digest
#   cure: fix
#   remedy: Scan this artifact, by digest, and remove the other report.
#   who: [owner of the build]
deny contains {
	"code": "vulnerabilities.other_digest",
	"item": sprintf("%v", [scan.digest]),
	"path": sprintf("/vulnerabilities/scans/%d/digest", [position]),
	"message": sprintf("the scan is of %v", [scan.digest]),
	"required": input.artifact.digest,
} if {
	_readable
	some position, scan in input.vulnerabilities.scans
	not position in _ours
}

# METADATA
# title: Scan or advisories too old
# description: The scan or its advisories were too old when the facts were collected, or are dated later than the collection.
# custom:
#   code: vulnerabilities.stale
#   cure: fix
#   remedy: Update the scanner's advisories and scan again.
#   who: [owner of the build]
deny contains {
	"code": "vulnerabilities.stale",
	"item": sprintf("%v", [scan.digest]),
	"path": sprintf("/vulnerabilities/scans/%d", [position]),
	"message": sprintf("scanned at %s with advisories of %s", [scan.scanned_at, scan.database.updated_at]),
	"observed": {"scanned_at": scan.scanned_at, "database": scan.database},
	"required": {
		"scan_max_age": settings.effective.vulnerabilities.max_age,
		"database_max_age": settings.effective.vulnerabilities.database_max_age,
		"not_after": input.collected_at,
	},
} if {
	"vulnerabilities" in sources.readable
	some position, scan in input.vulnerabilities.scans
	position in _ours
	not position in _fresh
}

# METADATA
# title: Advisories newer than the scan
# description: >-
#   The advisories are newer than the scan that used them, so one of the two dates is
#   wrong, and the age of the scan is unknown.
# custom:
#   code: vulnerabilities.impossible_dates
#   cure: fix
#   remedy: Scan again, and provide the metadata of the advisory database that this scan used. Check the scanner's clock.
#   who: [owner of the build]
deny contains {
	"code": "vulnerabilities.impossible_dates",
	"item": sprintf("%v", [scan.digest]),
	"path": sprintf("/vulnerabilities/scans/%d/database/updated_at", [position]),
	"message": sprintf("advisories of %s in a scan of %s", [scan.database.updated_at, scan.scanned_at]),
	"observed": {"scanned_at": scan.scanned_at, "database": scan.database},
	"required": "advisories from before the scan",
} if {
	"vulnerabilities" in sources.readable
	some position, scan in input.vulnerabilities.scans
	time.parse_rfc3339_ns(scan.database.updated_at) > time.parse_rfc3339_ns(scan.scanned_at)
}

# METADATA
# title: Inventory not accepted
# description: >-
#   The scan took its list of packages from a source that the settings do not accept,
#   for example an SBOM attached to the image in the registry, which everyone with push
#   access can replace, and which no signer in sources.signers.vulnerabilities signed.
# custom:
#   code: vulnerabilities.inventory
#   cure: fix
#   remedy: "Scan the image itself (sources.vulnerabilities.scan.inventory: image in prodgate.yaml), or sign its SBOM (prodgate attest cyclonedx)."
#   who: [owner of prodgate.yaml, owner of the build]
deny contains {
	"code": "vulnerabilities.inventory",
	"item": sprintf("%v", [scan.digest]),
	"path": sprintf("/vulnerabilities/scans/%d/inventory", [position]),
	"message": sprintf("the scan's inventory is of the kind %v%s", [object.get(scan, "inventory", null), _unsigned(scan)]),
	"observed": object.get(scan, "inventory", null),
	"required": settings.effective.vulnerabilities.inventories,
} if {
	_readable
	some position, scan in input.vulnerabilities.scans
	not position in _listed
}

_unsigned(scan) := sprintf(", and %s", [signers.objection(object.get(scan, "inventory_verified_by", null))]) if {
	scan.inventory == "attached"
} else := ""

waived contains object.union(_finding(position, finding), {"message": sprintf("%s %s in %s is waived", [
	finding.severity,
	finding.id,
	finding["package"],
])}) if {
	_some_waivers
	some position, _ in input.vulnerabilities.scans
	some finding in _bad(position)
	waivers.covers(_code(finding), finding.id)
}

waived contains object.union(_unjudged(position, place), {"message": sprintf("%s: %s is waived", [
	unjudged["package"],
	unjudged.reason,
])}) if {
	_some_waivers
	some position, scan in input.vulnerabilities.scans
	some place, unjudged in scan.undetermined
	waivers.covers("vulnerabilities.undetermined", unjudged["package"])
}

# METADATA
# title: Unassessed package tolerated
# description: The scanner could not determine whether this package is vulnerable, and the settings tolerate that.
# custom:
#   code: vulnerabilities.undetermined_tolerated
#   effect: warn
#   cure: fix
#   remedy: Use a release and version that the advisories cover, and remove the package from the setting vulnerabilities.undetermined.tolerate.
#   who: [owner of the policies]
warn contains object.union(_unjudged(position, place), {
	"code": "vulnerabilities.undetermined_tolerated",
	"message": sprintf("%s: %s", [unjudged["package"], unjudged.reason]),
}) if {
	count(settings.effective.vulnerabilities.undetermined.tolerate) > 0
	some position, scan in input.vulnerabilities.scans
	some place, unjudged in scan.undetermined
	_tolerated_package(unjudged)
}

# METADATA
# title: High-severity vulnerabilities
# description: >-
#   The scan found vulnerabilities with high severity. They deny only if the setting
#   vulnerabilities.deny includes HIGH.
# custom:
#   code: vulnerabilities.high
#   effect: warn
#   cure: fix
#   remedy: Plan the upgrades.
#   who: [owner of the service]
warn contains {
	"code": "vulnerabilities.high",
	"item": input.vulnerabilities.scans[position].digest,
	"path": sprintf("/vulnerabilities/scans/%d/findings", [position]),
	"message": sprintf("%d vulnerabilities with high severity, the first is %s", [count(high), high[0].id]),
	"observed": count(high),
	"required": 0,
} if {
	"HIGH" in _tolerated
	some position, _ in input.vulnerabilities.scans
	high := _of(position, {"HIGH"})
	count(high) > 0
}

_finding(position, finding) := {
	"code": _code(finding),
	"item": finding.id,
	"path": sprintf("/vulnerabilities/scans/%d/findings", [position]),
	"observed": finding,
	"required": sprintf("no finding with severity %s", [concat(" or ", settings.effective.vulnerabilities.deny)]),
}

_words(finding) := sprintf("%s %s in %s %s, %s", [
	finding.severity,
	finding.id,
	finding["package"],
	finding.installed_version,
	_fixed_in(finding),
])

_fixed_in(finding) := "no fix known" if {
	_null(finding, "fixed_version")
} else := sprintf("fixed in %v", [object.get(finding, "fixed_version", null)])

_unjudged(position, place) := {
	"code": "vulnerabilities.undetermined",
	"item": input.vulnerabilities.scans[position].undetermined[place]["package"],
	"path": sprintf("/vulnerabilities/scans/%d/undetermined/%d", [position, place]),
	"required": "every package assessed",
}
