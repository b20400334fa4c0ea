# METADATA
# title: Waivers
# description: >-
#   A waiver suspends one denial for one service, environment and digest or item, for a
#   limited time, granted by an authorized person. It has no effect unless all of that
#   is shown. Waived findings are shown too.
package prodgate.v1.lib.waivers

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.people
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.signers
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

# Code families that cannot be waived, whatever the settings say.
_never := {"approval", "audit", "immutability", "waiver"}

# Whether a denial of this item is waived.
covers(code, item) if {
	text.given(item)
	some waiver in _valid
	waiver.code == code
	waiver.item == item
}

# Whether a denial without an item is waived.
suspends(code) if {
	some waiver in _valid
	waiver.code == code
	_absent(waiver, "item")
}

# Only null means that a waiver does not restrict this. A missing fact does not.
_absent(waiver, key) if object.get(waiver, key, "") == null

_valid contains waiver if {
	"waivers" in sources.readable
	some waiver in input.waivers
	_ours(waiver)
	_sound(waiver)
}

_ours(waiver) if {
	waiver.service == input.request.service
	waiver.environment == input.request.environment
}

_sound(waiver) if {
	_waivable(waiver)
	_bound(waiver)
	_in_force(waiver)
	_short(waiver)
	_documented(waiver)
	_approved(waiver)
}

_waivable(waiver) if {
	settings.effective.waivers.allowed[waiver.code]
	family := split(waiver.code, ".")[0]
	not family in _never
}

_bound(waiver) if waiver.digest == input.artifact.digest

_bound(waiver) if {
	_absent(waiver, "digest")
	text.given(waiver.item)
}

_in_force(waiver) if {
	clock.past(waiver.issued_at)
	clock.now < time.parse_rfc3339_ns(waiver.expires_at)
}

_short(waiver) if {
	length := time.parse_rfc3339_ns(waiver.expires_at) - time.parse_rfc3339_ns(waiver.issued_at)
	length <= time.parse_duration_ns(settings.effective.waivers.allowed[waiver.code].max)
}

_documented(waiver) if {
	text.given(waiver.reason)
	text.given(waiver.ticket)
}

# A waiver is an approval: if approvals must be signed, waivers must be too.
_approved(waiver) if {
	_signed(waiver)
	person := people.approver(waiver.approver)
	signers.speaks_for(waiver.verified_by, waiver.approver)
	some role in input.people[person].roles
	role in settings.effective.waivers.allowed[waiver.code].roles
}

_signed(waiver) if {
	waiver.verified_by == null
	settings.effective.sources.unverified.approvals == true
}

_signed(waiver) if signers.accepted("waivers", waiver.verified_by)

# METADATA
# title: Code cannot be waived
# description: The settings do not list the waiver's code, or the code is in a family that cannot be waived.
# custom:
#   code: waiver.not_allowed
#   effect: warn
#   cure: fix
#   remedy: Fix the finding itself. The setting waivers.allowed lists the codes that can be waived.
#   who: [owner of the policies]
problems contains _problem("waiver.not_allowed", position, "/code", object.keys(settings.effective.waivers.allowed), "cannot be waived") if {
	some position, waiver in input.waivers
	_ours(waiver)
	not _waivable(waiver)
}

# METADATA
# title: Waiver not valid now
# description: The waiver has expired, or its issue date is in the future.
# custom:
#   code: waiver.expired
#   effect: warn
#   cure: ask
#   remedy: Fix the finding itself, or ask for a new waiver.
#   who: [VP Engineering]
problems contains _problem("waiver.expired", position, "/expires_at", input.now, "is not valid now") if {
	some position, waiver in input.waivers
	_ours(waiver)
	not _in_force(waiver)
}

# METADATA
# title: Waiver too long
# description: The waiver lasts longer than the settings allow for this code.
# custom:
#   code: waiver.too_long
#   effect: warn
#   cure: ask
#   remedy: Ask for a shorter waiver.
#   who: [VP Engineering]
problems contains _problem("waiver.too_long", position, "/expires_at", settings.effective.waivers.allowed[waiver.code].max, "is too long") if {
	some position, waiver in input.waivers
	_ours(waiver)
	_waivable(waiver)
	not _short(waiver)
}

# METADATA
# title: Waiver not approved by an authorized person
# description: >-
#   The approver has no role that may waive this code, or cannot be an approver of this
#   request, or the settings require signed approvals and the waiver is not signed.
# custom:
#   code: waiver.unapproved
#   effect: warn
#   cure: ask
#   remedy: Ask one of the roles listed in the setting waivers.allowed to approve the waiver.
#   who: [VP Engineering]
problems contains _problem("waiver.unapproved", position, "/approver", settings.effective.waivers.allowed[waiver.code].roles, _objection(waiver)) if {
	some position, waiver in input.waivers
	_ours(waiver)
	_waivable(waiver)
	not _approved(waiver)
}

_objection(waiver) := signers.objection(object.get(waiver, "verified_by", null)) if {
	not _signed(waiver)
} else := sprintf("is signed by %s, the key of another person", [waiver.verified_by]) if {
	not signers.speaks_for(waiver.verified_by, waiver.approver)
} else := "is not approved by a person who may waive this"

# METADATA
# title: Waiver for another artifact
# description: The waiver names another digest, or neither a digest nor an item.
# custom:
#   code: waiver.unbound
#   effect: warn
#   cure: ask
#   remedy: Ask for a waiver of this digest or item.
#   who: [VP Engineering]
problems contains _problem("waiver.unbound", position, "/digest", input.artifact.digest, "is not bound to this artifact") if {
	some position, waiver in input.waivers
	_ours(waiver)
	not _bound(waiver)
}

# METADATA
# title: Waiver for an unknown environment or service
# description: The waiver names an environment or a service that is not in the settings.
# custom:
#   code: waiver.unknown_name
#   effect: warn
#   cure: fix
#   remedy: Correct the name in the waiver, or add it to environments or services in the policy pack.
#   who: [author of the waiver, owner of the policies]
problems contains _problem("waiver.unknown_name", position, sprintf("/%s", [kind]), names, sprintf("names the %s %v, which is not in the settings", [kind, waiver[kind]])) if {
	some position, waiver in input.waivers
	some kind, names in {
		"environment": listed.environments,
		"service": listed.services,
	}
	name := waiver[kind]
	text.given(name)
	not name in names
}

_problem(code, position, key, required, words) := {
	"code": code,
	"item": input.waivers[position].code,
	"path": sprintf("/waivers/%d%s", [position, key]),
	"message": sprintf("the waiver of %s %s, so it has no effect", [input.waivers[position].code, words]),
	"required": required,
}
