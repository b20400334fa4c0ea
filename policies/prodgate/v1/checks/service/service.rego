# METADATA
# title: Service
# description: >-
#   The artifact and the rollback target come from an image repository of this service.
#   Facts about an image of another service prove nothing about this one.
package prodgate.v1.checks.service

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.sources

default pass := false

pass if {
	count(needs - sources.readable) == 0
	_own_artifact
	_own_target
}

needs := {"artifact", "rollback"}

_own_artifact if input.artifact.repository in binding.repositories

# A target without a repository is in the artifact's repository.
_own_target if input.rollback.target == null

_own_target if object.get(input.rollback.target, "repository", "") in (binding.repositories | {null})

_own_target if {
	is_object(input.rollback.target)
	keys := object.keys(input.rollback.target)
	not "repository" in keys
}

# METADATA
# title: Artifact of another service
# description: The settings do not list the image's repository for this service.
# custom:
#   code: service.foreign_artifact
#   cure: fix
#   remedy: Name the service that the image belongs to (--service), or add the repository to the service's settings (repositories).
#   who: [the engineer who wants to deploy, owner of the policies]
deny contains {
	"code": "service.foreign_artifact",
	"path": "/artifact/repository",
	"message": sprintf("%v is not a repository of %s", [input.artifact.repository, input.request.service]),
	"observed": input.artifact.repository,
	"required": {"repositories": binding.repositories},
} if {
	"artifact" in sources.readable
	not _own_artifact
}

# METADATA
# title: Rollback target of another service
# description: The settings do not list the target's repository for this service.
# custom:
#   code: service.foreign_target
#   cure: fix
#   remedy: Name a rollback target from a repository of this service.
#   who: [owner of the service]
deny contains {
	"code": "service.foreign_target",
	"path": "/rollback/target/repository",
	"message": sprintf("the rollback target is in %v, which is not a repository of %s", [
		object.get(input.rollback.target, "repository", "an unknown repository"),
		input.request.service,
	]),
	"required": {"repositories": binding.repositories},
} if {
	"rollback" in sources.readable
	not _own_target
}
