# METADATA
# title: Verified in staging
# description: >-
#   This digest was deployed to staging and passed its verification there after its
#   latest deployment in any source, and no source contradicts that
#   (production-readiness.md, "Staging Verification Passed").
package prodgate.v1.checks.staging

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.signers
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.staging
import data.prodgate.v1.lib.trail
import data.prodgate.v1.lib.writers

default pass := false

pass if {
	_readable
	trail.complete
	some environment, _ in staging.stays
	_sound(environment)
}

needs := {"artifact", "staging", "trail"}

_readable if count(needs - sources.readable) == 0

_sound(environment) if {
	_in_order(environment)
	_signed(environment)
	_fresh(environment)
	_undisputed(environment)
}

_in_order(environment) if staging.passed(environment)

# The verification proves nothing if it is unknown since when the artifact ran.
_signed(environment) if {
	signers.counts("staging", _verification(environment).verified_by)
	signers.counts("staging", staging.stays[environment].signer)
}

# An artifact that ran in production was verified before, so a configuration change or
# a rollback does not require a recent verification.
_fresh(_) if input.request.kind in {"configuration", "rollback"}

_fresh(environment) if {
	input.request.kind in {"initial", "promotion"}
	clock.now - staging.passed(environment) < time.parse_duration_ns(settings.effective.staging.max_age)
}

_undisputed(environment) if count(_standing(environment)) == 0

_standing(environment) := object.get(staging.failures, environment, set()) - object.get(staging.dismissed, environment, set())

_verification(environment) := staging.verification(environment)

_passed(environment) if _verification(environment).result == "PASSED"

_reported(environment) if _verification(environment).result

_any if count(staging.stays) > 0

deny contains finding if some finding in trail.partial

# METADATA
# title: Artifact not in staging
# description: >-
#   The staging source has no valid deployment of this digest by an accepted writer, for
#   this service, in an environment that is accepted for verification.
# custom:
#   code: staging.other_digest
#   cure: fix
#   remedy: Deploy this digest to staging and verify it there. The setting staging.environments lists the accepted environments.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "staging.other_digest",
	"path": "/staging/digest",
	"message": _unusable,
	"observed": {key: value | some key in ["digest", "service", "environment", "deployed_at"]; value := input.staging[key]},
	"required": {"digest": input.artifact.digest, "environments": settings.effective.staging.environments},
} if {
	_readable
	not _any
}

_unusable := "the staging records were not read completely" if {
	not "staging" in writers.complete
} else := "a time in the staging records is missing or in the future, or they are for another service or environment, or by a writer that is not accepted" if {
	input.staging.digest == input.artifact.digest
} else := sprintf("staging ran %v", [input.staging.digest])

# METADATA
# title: Not yet verified in staging
# description: The staging verification has not reported a result.
# custom:
#   code: staging.not_verified
#   cure: fix
#   remedy: Run the staging verification until it completes.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "staging.not_verified",
	"path": "/staging/verification",
	"message": "the staging verification has not reported a result",
	"required": "PASSED",
} if {
	_failing
	some environment, _ in staging.stays
	not _reported(environment)
}

# METADATA
# title: Staging verification did not pass
# description: The staging verification reported a result other than PASSED.
# custom:
#   code: staging.not_passed
#   cure: fix
#   remedy: Read the report of the staging verification, fix what failed, and deploy the new build to staging.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "staging.not_passed",
	"path": "/staging/verification/result",
	"message": sprintf("the staging verification reported %v", [_verification(environment).result]),
	"required": "PASSED",
} if {
	_failing
	some environment, _ in staging.stays
	_reported(environment)
	not _passed(environment)
}

# METADATA
# title: Entry about staging by a writer that is not accepted
# description: >-
#   The audit trail has a deployment to staging or a passed verification of this digest
#   that does not count, because its writer is not accepted.
# custom:
#   code: staging.not_counted
#   cure: fix
#   remedy: >-
#     Have an accepted writer record the step ("prodgate audit record"). The setting
#     audit.writers lists the accepted writers.
#   who: [owner of the pipeline, owner of the policies]
deny contains {
	"code": "staging.not_counted",
	"item": object.get(entry, "id", entry.type),
	"path": "/staging",
	"message": sprintf("%s at %v was recorded by %v (%v), which is not an accepted writer", [
		entry.type,
		entry.at,
		object.get(entry, "writer", "an unknown writer"),
		object.get(entry, "assurance", "not established"),
	]),
	"observed": {key: value | some key in ["writer", "assurance"]; value := entry[key]},
	"required": writers.for_type(entry.type),
} if {
	_failing
	some entries in staging.uncounted
	some entry in entries
}

# METADATA
# title: Staging verification at an invalid time
# description: >-
#   The verification ended before the latest deployment in any source, or is dated in
#   the future.
# custom:
#   code: staging.out_of_order
#   cure: fix
#   remedy: Verify the artifact again, after its latest deployment to staging.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "staging.out_of_order",
	"path": "/staging/verification/finished_at",
	"message": sprintf("verified at %v, deployed at %s", [_verification(environment).finished_at, _text(stay.redeployed)]),
	"required": {"not_before": _text(stay.redeployed), "not_after": input.now},
} if {
	_failing
	some environment, stay in staging.stays
	_passed(environment)
	not _in_order(environment)
}

# METADATA
# title: Staging verification not signed
# description: >-
#   The settings require a verified signature by a listed key on the staging verification
#   and on the record of the stay, and one of them has none.
# custom:
#   code: staging.unsigned
#   cure: fix
#   remedy: Configure the verification system to sign its result.
#   who: [owner of staging]
deny contains {
	"code": "staging.unsigned",
	"path": "/staging/verification/verified_by",
	"message": _objection(environment),
	"observed": {"verification": _signer(environment), "stay": staging.stays[environment].signer},
	"required": signers.required("staging"),
} if {
	_failing
	some environment, _ in staging.stays
	_reported(environment)
	not _signed(environment)
}

_objection(environment) := sprintf("the record of the stay in staging %s", [signers.objection(staging.stays[environment].signer)]) if {
	signers.counts("staging", _signer(environment))
} else := sprintf("the staging verification %s", [signers.objection(_signer(environment))])

_signer(environment) := object.get(_verification(environment), "verified_by", null)

# METADATA
# title: Staging verification too old
# description: The digest was verified in staging longer ago than the settings allow.
# custom:
#   code: staging.too_old
#   cure: fix
#   remedy: Verify the artifact in staging again.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "staging.too_old",
	"path": "/staging/verification/finished_at",
	"message": sprintf("verified at %v", [_verification(environment).finished_at]),
	"required": {"max_age": settings.effective.staging.max_age},
} if {
	_failing
	some environment, _ in staging.stays
	_in_order(environment)
	not _fresh(environment)
}

# METADATA
# title: Failed verification in the audit trail
# description: >-
#   The audit trail has a failed verification of this digest, and no later one by an
#   accepted writer passed. Bad news counts from any writer.
# custom:
#   code: staging.contradicted
#   cure: fix
#   remedy: >-
#     Find out what failed and verify again. An entry by a writer that is not accepted
#     can be dismissed ("prodgate audit dismiss").
#   who: [the engineer who wants to deploy, Platform Lead to dismiss]
deny contains object.union(_contradiction(step), {"message": sprintf("%v recorded the result %v at %v", [
	object.get(step, "writer", "the trail"),
	object.get(step, "result", step.type),
	step.at,
])}) if {
	_failing
	some environment, _ in staging.stays
	some step in _standing(environment)
}

waived contains object.union(_contradiction(step), {"message": sprintf("the result %v at %v is dismissed", [object.get(step, "result", step.type), step.at])}) if {
	some steps in staging.dismissed
	some step in steps
}

_contradiction(step) := {
	"code": "staging.contradicted",
	"item": object.get(step, "id", "staging.verified"),
	"path": "/trail/steps",
	"observed": step,
	"required": "PASSED",
}

default _failing := false

_failing if {
	_readable
	not pass
}

_text(ns) := time.format([ns, "UTC", "RFC3339"])
