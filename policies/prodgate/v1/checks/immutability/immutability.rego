# METADATA
# title: Immutable artifact
# description: >-
#   The tag is the commit, the registry has the digest that the build made, and the
#   tag still points to it (production-readiness.md, "Artifact Immutability Verified").
package prodgate.v1.checks.immutability

import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.signers
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text

default pass := false

pass if {
	_readable
	_tag_names_the_commit
	_as_built
	_tag_points_here
	_verified
}

needs := {"artifact", "build"}

_readable if count(needs - sources.readable) == 0

# A reference by digest has no tag that could move.
_tag_names_the_commit if _bare

_tag_names_the_commit if {
	text.given(input.artifact.tag)
	settings.effective.immutability.tag_pattern == ""
	regex.match(`^[0-9a-f]{7,64}$`, input.artifact.tag)
	startswith(input.build.commit, input.artifact.tag)
}

_tag_names_the_commit if {
	text.given(input.artifact.tag)
	settings.effective.immutability.tag_pattern != ""
	regex.match(sprintf("^(?:%s)$", [settings.effective.immutability.tag_pattern]), input.artifact.tag)
	tag := input.artifact.tag
	not tag in {"latest", "prod"}
}

_bare if {
	object.get(input.artifact, "tag", "") == null
	input.artifact.reference == sprintf("%s@%s", [input.artifact.repository, input.artifact.digest])
}

_as_built if input.build.digest == input.artifact.digest

_tag_points_here if _bare

_tag_points_here if input.artifact.tag_digest == input.artifact.digest

_verified if signers.counts("build", input.build.verified_by)

# METADATA
# title: Mutable tag
# description: The tag is not the commit that the artifact was built from, so it may point to another image later.
# custom:
#   code: immutability.mutable_tag
#   cure: fix
#   remedy: Tag the image with its commit's hash, or deploy by digest.
#   who: [owner of the build]
deny contains {
	"code": "immutability.mutable_tag",
	"path": "/artifact/tag",
	"message": sprintf("the tag %v is not the commit %s", [input.artifact.tag, input.build.commit]),
	"required": _tag_form,
} if {
	not _tag_names_the_commit
	_readable
}

_tag_form := "the commit's hash, 7 characters or more" if {
	settings.effective.immutability.tag_pattern == ""
} else := settings.effective.immutability.tag_pattern

# METADATA
# title: Digest differs from the build
# description: The digest in the registry differs from the digest that the build recorded. The artifact may have been tampered with.
# custom:
#   code: immutability.digest_mismatch
#   cure: fix
#   remedy: Find out who pushed this image. Deploy the image that the build made, or build it again.
#   who: [owner of the build, security team]
deny contains {
	"code": "immutability.digest_mismatch",
	"path": "/artifact/digest",
	"message": sprintf("the registry has %s, the build made %s", [input.artifact.digest, input.build.digest]),
	"required": input.build.digest,
} if {
	not _as_built
	_readable
}

# METADATA
# title: Tag has moved
# description: The tag does not point to the digest that is to be deployed.
# custom:
#   code: immutability.tag_moved
#   cure: fix
#   remedy: Find out who moved the tag. Deploy by digest, or use a tag that never moves.
#   who: [owner of the build, security team]
deny contains {
	"code": "immutability.tag_moved",
	"path": "/artifact/tag_digest",
	"message": sprintf("the tag %v points to %v", [input.artifact.tag, input.artifact.tag_digest]),
	"required": input.artifact.digest,
} if {
	not _tag_points_here
	"artifact" in sources.readable
}

# METADATA
# title: Build record not signed
# description: The settings require a verified signature by a listed key on the build record, and it has none.
# custom:
#   code: immutability.unsigned_build
#   cure: fix
#   remedy: Configure the build to sign its provenance.
#   who: [owner of the build]
deny contains {
	"code": "immutability.unsigned_build",
	"path": "/build/verified_by",
	"message": sprintf("the build record %s", [signers.objection(_signer)]),
	"observed": _signer,
	"required": signers.required("build"),
} if {
	not _verified
	"build" in sources.readable
}

_signer := object.get(input.build, "verified_by", null)
