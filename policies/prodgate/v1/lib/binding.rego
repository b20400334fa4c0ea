# METADATA
# title: Bindings
# description: >-
#   Whether a fact is about this service, environment and digest. Good news must not
#   name another one. Bad news counts unless it names another one that the settings
#   list.
package prodgate.v1.lib.binding

import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.text

# A fact applies to this service and environment if it names them or names none. A
# source that names none, such as a plain file, is bound by the path that the
# configuration sets for the service.
ours(fact) if {
	ours_service(fact)
	ours_environment(fact)
}

ours_service(fact) if fact.service == input.request.service

ours_service(fact) if _unnamed(fact, "service")

ours_environment(fact) if fact.environment == input.request.environment

ours_environment(fact) if _unnamed(fact, "environment")

# Bad news about another service or environment that the settings list.
elsewhere(fact) if {
	fact.service in listed.services
	fact.service != input.request.service
}

elsewhere(fact) if {
	fact.environment in listed.environments
	fact.environment != input.request.environment
}

# Whether bad news is about the artifact: its index, or any of its platforms. Bad news
# without a digest may be about it too.
concerns(fact) if not foreign(fact)

foreign(fact) if {
	text.differs_digest(fact.digest, input.artifact.digest)
	is_array(input.artifact.platforms)
	every platform in input.artifact.platforms {
		text.differs_digest(fact.digest, platform.digest)
	}
}

# The image repositories of this service.
repositories := {repository |
	some repository in settings.effective.repositories
	text.given(repository)
}

_unnamed(fact, key) if object.get(fact, key, null) == null
