# METADATA
# title: Verified in staging
# description: >-
#   This digest was deployed to staging and passed its verification there,
#   after that deployment (production-readiness.md, "Staging Verification Passed").
package prodgate.v1.checks.staging

import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

default pass := false

pass if {
	_readable
	_this_digest
	_passed
	_in_order
	_verified
}

needs := {"artifact", "staging"}

_readable if count(needs - sources.readable) == 0

_this_digest if input.staging.digest == input.artifact.digest

_passed if input.staging.verification.result == "PASSED"

_in_order if clock.past(input.staging.deployed_at) <= clock.past(input.staging.verification.finished_at)

_verified if text.given(input.staging.verification.verified_by)

_verified if settings.effective.sources.unverified.staging == true

_reported if input.staging.verification.result

# METADATA
# title: Another artifact is in staging
# description: Staging ran and verified another digest than the one to deploy.
# custom:
#   code: staging.other_digest
#   cure: fix
#   remedy: Deploy this digest to staging and verify it there.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "staging.other_digest",
	"path": "/staging/digest",
	"message": sprintf("staging ran %s", [input.staging.digest]),
	"required": input.artifact.digest,
} if {
	not _this_digest
	_readable
}

# METADATA
# title: Not verified in staging yet
# description: The verification in staging has not reported.
# custom:
#   code: staging.not_verified
#   cure: fix
#   remedy: Run the staging verification to its end.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "staging.not_verified",
	"path": "/staging/verification",
	"message": "the staging verification has not reported",
	"required": "PASSED",
} if {
	not _reported
	"staging" in sources.readable
}

# METADATA
# title: Staging verification did not pass
# description: The verification in staging reported something else than PASSED.
# custom:
#   code: staging.not_passed
#   cure: fix
#   remedy: Find out in the staging verification's report what failed, mend it, and deploy the new build to staging.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "staging.not_passed",
	"path": "/staging/verification/result",
	"message": sprintf("the staging verification reported %v", [input.staging.verification.result]),
	"required": "PASSED",
} if {
	not _passed
	_reported
}

# METADATA
# title: Staging was verified at an impossible time
# description: The verification ended before the deployment it is about, or is dated in the future.
# custom:
#   code: staging.out_of_order
#   cure: fix
#   remedy: Verify the artifact again, after its latest deployment to staging.
#   who: [the engineer who wants to deploy]
deny contains {
	"code": "staging.out_of_order",
	"path": "/staging/verification/finished_at",
	"message": sprintf("verified at %s, deployed at %s", [input.staging.verification.finished_at, input.staging.deployed_at]),
	"required": {"not_before": input.staging.deployed_at, "not_after": input.now},
} if {
	not _in_order
	_reported
}

# METADATA
# title: The staging verification is not signed
# description: The settings ask for a verified signature on the staging verification, and there is none.
# custom:
#   code: staging.unsigned
#   cure: fix
#   remedy: Have the staging verification signed by its system.
#   who: [whoever runs staging]
deny contains {
	"code": "staging.unsigned",
	"path": "/staging/verification/verified_by",
	"message": "nobody's signature on the staging verification was verified",
	"required": "a verified signature",
} if {
	not _verified
	_reported
}
