# Exceptions from denied findings, and requests for exceptions.
package prodgate.v1.checks.vulnerabilities

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.signers
import data.prodgate.v1.lib.text

# Whether any exception is possible: a waiver, leeway, a VEX statement or a tolerated
# package. If not, denied findings need no further examination.
_some_exceptions if _some_waivers

_some_exceptions if _some_leeway

_some_exceptions if _some_statements

_some_exceptions if count(settings.effective.vulnerabilities.undetermined.tolerate) > 0

_some_leeway if {
	some by_fix in settings.effective.vulnerabilities.leeway
	some leeway in by_fix
	time.parse_duration_ns(leeway) > 0
}

_some_statements if count(input.vulnerabilities.statements) > 0

# The end of a finding's leeway. Undefined if the finding has no leeway: it is too old,
# or it is unknown when it was published or whether there is a fix.
_leeway_until(finding) := until if {
	_some_leeway
	leeway := settings.effective.vulnerabilities.leeway[finding.severity][_fix(finding)]
	until := clock.past(finding.published_at) + time.parse_duration_ns(leeway)
	clock.now < until
}

_fix(finding) := "fixed" if text.given(finding.fixed_version)

_fix(finding) := "unfixed" if _null(finding, "fixed_version")

# Only null means that there is none. A missing fact does not.
_null(fact, key) if object.get(fact, key, "") == null

# METADATA
# title: Vulnerability within its leeway
# description: >-
#   The scan found a vulnerability with a denied severity. It was published recently,
#   and the settings allow time to fix it (vulnerabilities.leeway).
# custom:
#   code: vulnerabilities.leeway
#   effect: warn
#   cure: fix
#   remedy: Rebuild with the fixed version before the leeway ends. After that, it denies.
#   who: [owner of the service]
warn contains object.union(_finding(position, finding), {
	"code": "vulnerabilities.leeway",
	"message": sprintf("%s; tolerated until %s", [_words(finding), time.format(_leeway_until(finding))]),
}) if {
	_some_leeway
	some position, _ in input.vulnerabilities.scans
	some finding in _bad(position)
	_leeway_until(finding)
}

# The VEX statements that suppress a finding: by an accepted author, valid now, about
# this image and package, and not contradicted.
_speaking(position, finding) := {statement |
	some statement in input.vulnerabilities.statements
	_suppresses(statement, finding)
	count(_objections(statement, position, finding)) == 0
}

_suppresses(statement, finding) if {
	text.given(finding.id)
	statement.id == finding.id
	_benign(statement)
}

_benign(statement) if statement.status in {"not_affected", "fixed"}

_objections(statement, position, finding) := {words |
	some aspect, words in _reasons
	not _right(aspect, statement, position, finding)
}

# The aspects of a statement that must be right, and the text for one that is not.
_reasons := {
	"author": "its author is not accepted (vulnerabilities.vex.authors), and no listed key signed it (sources.signers)",
	"date": "it has no date, or a date after the collection of the facts",
	"expiry": "it has expired",
	"product": "it is about another product",
	"package": "it is about another package",
	"last word": "another statement that is not older contradicts it",
}

_right("author", statement, _, _) if {
	text.given(statement.author)
	statement.author in settings.effective.vulnerabilities.vex.authors
}

_right("author", statement, _, _) if signers.accepted("vulnerabilities", statement.verified_by)

_right("date", statement, _, _) if _made(statement)

_right("expiry", statement, _, _) if _unexpired(statement)

_right("product", statement, position, _) if _about(statement, input.vulnerabilities.scans[position].digest)

_right("package", statement, _, finding) if _names(statement, finding)

_right("last word", statement, position, finding) if not _contradicted(statement, position, finding)

_made(statement) := clock.past(statement.timestamp)

_unexpired(statement) if _null(statement, "expires_at")

_unexpired(statement) if {
	is_string(statement.expires_at)
	clock.now < time.parse_rfc3339_ns(statement.expires_at)
}

# A statement about the artifact covers all its images. A statement about an image
# covers that image only. A product without a digest must be a product of this service,
# or the package itself.
_about(statement, digest) if statement.digest in {input.artifact.digest, digest}

_about(statement, _) if {
	_null(statement, "digest")
	statement.product in settings.effective.vulnerabilities.vex.products
}

_about(statement, _) if {
	_null(statement, "digest")
	statement.product == statement.purl
}

_names(statement, _) if _null(statement, "purl")

_names(statement, finding) if statement.purl in _spellings(finding.purl)

# A package URL as given, without qualifiers, and without version.
_spellings(purl) := {purl, plain, split(plain, "@")[0]} if {
	plain := split(split(purl, "#")[0], "?")[0]
}

# A statement with any status except not_affected and fixed contradicts, unless it is
# shown to be older, by another author, or about something else.
_contradicted(statement, position, finding) if {
	some other in input.vulnerabilities.statements
	not _benign(other)
	not _older(other, statement)
	not _elsewhere(other, position, finding)
	not _another_author(other, statement)
}

_older(other, statement) if _made(other) < _made(statement)

_elsewhere(other, _, finding) if text.differs(other.id, finding.id)

# What a listed key signed contradicts, whoever its author is.
_another_author(other, statement) if {
	not signers.accepted("vulnerabilities", other.verified_by)
	every author in array.concat(settings.effective.vulnerabilities.vex.authors, [statement.author]) {
		text.differs(other.author, author)
	}
}

_elsewhere(other, position, _) if {
	text.differs_digest(other.digest, input.artifact.digest)
	text.differs_digest(other.digest, input.vulnerabilities.scans[position].digest)
}

_elsewhere(other, _, finding) if {
	every purl in _spellings(finding.purl) {
		text.differs(other.purl, purl)
	}
}

_elsewhere(other, _, _) if {
	_null(other, "digest")
	_no_package(other)
	every product in settings.effective.vulnerabilities.vex.products {
		text.differs(other.product, product)
	}
}

_no_package(statement) if _null(statement, "purl")

_no_package(statement) if text.differs(statement.product, statement.purl)

# METADATA
# title: VEX statement not accepted
# description: >-
#   A VEX statement says that a vulnerability of this scan does not affect the product.
#   The statement does not count, for the reasons given.
# custom:
#   code: vulnerabilities.vex_not_accepted
#   effect: warn
#   cure: ask
#   remedy: Ask an author listed in the setting vulnerabilities.vex.authors for a statement about this image and package, or ask for a waiver.
#   who: [owner of the policies, author of the statement]
warn contains {
	"code": "vulnerabilities.vex_not_accepted",
	"item": finding.id,
	"path": sprintf("/vulnerabilities/statements/%d", [place]),
	"message": sprintf("the statement by %v, %s for %s in %s, does not count: %s", [
		object.get(statement, "author", null),
		statement.status,
		finding.id,
		statement.product,
		concat("; ", objections),
	]),
	"observed": statement,
	"required": settings.effective.vulnerabilities.vex,
} if {
	some place, statement in input.vulnerabilities.statements
	some position, _ in input.vulnerabilities.scans
	some finding in _bad(position)
	_suppresses(statement, finding)
	objections := _objections(statement, position, finding)
	count(objections) > 0
}

waived contains object.union(_finding(position, finding), {"message": sprintf("%s %s in %s: %s says %s (%v)", [
	finding.severity,
	finding.id,
	finding["package"],
	statement.author,
	statement.status,
	object.get(statement, "justification", null),
])}) if {
	_some_statements
	some position, _ in input.vulnerabilities.scans
	some finding in _bad(position)
	some statement in _speaking(position, finding)
}

# Requests to waive a finding, from ignore files. They change only the text of a
# denial.
_requests(finding) := [request |
	some request in input.vulnerabilities.requests
	request.id == finding.id
	_asks_about(request, finding)
]

_some_requests if count(input.vulnerabilities.requests) > 0

_requested(finding) if {
	_some_requests
	count(_standing_requests(finding)) > 0
}

# The text about expired requests.
_expired_requests(finding) := [words |
	some request in _requests(finding)
	words := sprintf("the waiver request in %s has expired (%s)", [request.source, request.expires_at])
] if {
	_some_requests
} else := []

_asks_about(request, finding) if {
	_asks_here(request, finding)
	_asks_for_package(request, finding)
}

_asks_here(request, _) if object.get(request, "paths", []) == []

# Compares the path up to its first wildcard.
_asks_here(request, finding) if {
	some path in request.paths
	startswith(finding.target, split(path, "*")[0])
}

_asks_for_package(request, _) if object.get(request, "purls", []) == []

_asks_for_package(request, finding) if {
	some purl in request.purls
	purl in _spellings(finding.purl)
}

_standing_requests(finding) := [request |
	some request in _requests(finding)
	_unexpired(request)
]

# METADATA
# title: Waiver requested but not granted
# description: >-
#   An ignore file requests a waiver of a denied vulnerability. No authorized person has
#   granted it, so the vulnerability still denies.
# custom:
#   code: vulnerabilities.waiver_requested
#   cure: ask
#   remedy: Ask one of the roles listed in the setting waivers.allowed to grant a waiver of vulnerabilities.denied for this item, or fix the vulnerability.
#   who: [VP Engineering]
deny contains object.union(_finding(position, finding), {
	"code": "vulnerabilities.waiver_requested",
	"message": sprintf("%s; %s requests a waiver (reason: %v; expires: %v), which has not been granted", [
		_words(finding),
		request.source,
		object.get(request, "reason", null),
		object.get(request, "expires_at", null),
	]),
	"required": {"waiver_by": settings.effective.waivers.allowed["vulnerabilities.denied"].roles},
}) if {
	_some_requests
	not pass
	some position, _ in input.vulnerabilities.scans
	some finding in _bad(position)
	_code(finding) == "vulnerabilities.denied"
	not _harmless_finding(position, finding)
	some request in _standing_requests(finding)
}
