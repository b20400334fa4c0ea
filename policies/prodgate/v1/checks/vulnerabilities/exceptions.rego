# Exceptions from what the check would deny, and who asks for them.
package prodgate.v1.checks.vulnerabilities

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.text

# What speaks for a finding that would deny, other than a waiver: its age, and
# what a VEX document says. And who asks for a waiver. Without any of these no
# finding that denies is looked at twice.
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

# Until when a finding may stay. Undefined for one that may not: one that is too
# old, or of which nobody knows when it was published or whether there is a fix.
_leeway_until(finding) := until if {
	_some_leeway
	leeway := settings.effective.vulnerabilities.leeway[finding.severity][_fix(finding)]
	until := clock.past(finding.published_at) + time.parse_duration_ns(leeway)
	clock.now < until
}

_fix(finding) := "fixed" if text.given(finding.fixed_version)

_fix(finding) := "unfixed" if _null(finding, "fixed_version")

# Only null says that there is none: a fact that got lost does not.
_null(fact, key) if object.get(fact, key, "") == null

# METADATA
# title: Vulnerability within its leeway
# description: >-
#   The scan found a vulnerability of a severity that denies, published so
#   recently that the settings leave time to cure it (vulnerabilities.leeway).
# custom:
#   code: vulnerabilities.leeway
#   effect: warn
#   cure: fix
#   remedy: Rebuild with the fixed version before the leeway ends; from then on it denies.
#   who: [owner of the service]
warn contains object.union(_finding(position, finding), {
	"code": "vulnerabilities.leeway",
	"message": sprintf("%s; it may stay until %s", [_words(finding), time.format(_leeway_until(finding))]),
}) if {
	_some_leeway
	some position, _ in input.vulnerabilities.scans
	some finding in _bad(position)
	_leeway_until(finding)
}

# The VEX statements that take a finding out of what denies: by somebody whose
# word counts, in force, about this image and package, and not taken back.
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

# What has to be right about a statement, and what is said where it is not.
_reasons := {
	"author": "its author does not count (vulnerabilities.vex.authors)",
	"date": "it bears no date, or one after the facts were collected",
	"expiry": "it has expired",
	"product": "it is about another product",
	"package": "it is about another package",
	"last word": "another statement, not older, says otherwise",
}

_right("author", statement, _, _) if {
	text.given(statement.author)
	statement.author in settings.effective.vulnerabilities.vex.authors
}

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

# A statement about the artifact covers all its images, one about an image that
# image alone. A product without a digest has to be one of this service's, or
# the package itself, wherever that is.
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

# A package URL, the same without qualifiers, and without version.
_spellings(purl) := {purl, plain, split(plain, "@")[0]} if {
	plain := split(split(purl, "#")[0], "?")[0]
}

# Whatever does not say not_affected or fixed says otherwise, unless it is shown
# to be older, somebody else's, or about something else.
_contradicted(statement, position, finding) if {
	some other in input.vulnerabilities.statements
	not _benign(other)
	not _older(other, statement)
	not _elsewhere(other, position, finding)
}

_older(other, statement) if _made(other) < _made(statement)

_elsewhere(other, _, finding) if text.differs(other.id, finding.id)

_elsewhere(other, _, _) if {
	every author in settings.effective.vulnerabilities.vex.authors {
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
# title: A VEX statement does not count
# description: >-
#   A VEX document says that a vulnerability which was found does no harm, and
#   the statement changes nothing, for the reasons given.
# custom:
#   code: vulnerabilities.vex_not_accepted
#   effect: warn
#   cure: ask
#   remedy: Ask an author whom vulnerabilities.vex.authors names for a statement about this image and package, or ask for a waiver.
#   who: [owner of the policies, whoever wrote the statement]
warn contains {
	"code": "vulnerabilities.vex_not_accepted",
	"item": finding.id,
	"path": sprintf("/vulnerabilities/statements/%d", [place]),
	"message": sprintf("%v says %s of %s in %s, which does not count: %s", [
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

# Requests to waive a finding, from ignore files. They change what a denial says
# and nothing else.
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

# What is left to say of those that have expired, where none stands.
_expired_requests(finding) := [words |
	some request in _requests(finding)
	words := sprintf("the waiver that %s asks for has expired (%s)", [request.source, request.expires_at])
] if {
	_some_requests
} else := []

_asks_about(request, finding) if {
	_asks_here(request, finding)
	_asks_for_package(request, finding)
}

_asks_here(request, _) if object.get(request, "paths", []) == []

# As far as a path's first wildcard.
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
# title: A waiver was asked for and not granted
# description: >-
#   An ignore file asks to let a vulnerability pass that denies. Nobody who may
#   waive it has done so yet, so it denies.
# custom:
#   code: vulnerabilities.waiver_requested
#   cure: ask
#   remedy: Have one of the roles that may (waivers.allowed in the settings) grant a waiver of vulnerabilities.denied for this item, or cure the vulnerability itself.
#   who: [VP Engineering]
deny contains object.union(_finding(position, finding), {
	"code": "vulnerabilities.waiver_requested",
	"message": sprintf("%s; %s asks for a waiver (reason: %v; expires: %v), which nobody who may has granted", [
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
