# METADATA
# title: What runs
# description: >-
#   The versions that a system such as Kubernetes sees in the environment now. They are
#   only bad news: a version that no record explains. They never show that a deployment
#   went well.
package prodgate.v1.lib.running

import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.deployments
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Whether the versions are valid, and there if a cluster was asked. An invalid one could
# be bad news.
default sound := false

sound if {
	_listed
	every version in input.production.running {
		text.digest(version.digest)
		clock.fact(version.since)
	}
}

sound if not _asked

_listed if is_array(input.production.running)

_asked if "running" in object.keys(input.production)

_asked if input.sources.production.kind in _kinds

_asked if {
	some system in input.sources.production.systems
	system.kind in _kinds
	system.status == "ok"
}

# The kinds of system that see what runs.
_kinds := {"kubernetes"}

# Versions that run, although neither the live version nor a deployment since then has
# their digest.
unexpected contains version if {
	some version in _running
	digest := version.digest
	not digest in _expected
}

# A version is live, and nothing runs.
default absent := false

absent if {
	_asked
	count(_running) == 0
	text.given(deployments.current.digest)
}

_running := [version |
	some version in input.production.running
	not binding.elsewhere(version)
]

_expected contains deployments.current.digest

# A deployment that failed may have left some of its processes. One that was rolled back
# may not.
_expected contains deployment.digest if {
	some position, deployment in deployments.all
	deployments.status[position] != "rolled_back"
	_since_live(deployments.began[position])
	_started(deployment)
}

_since_live(began) if began >= clock.fact(deployments.current.live_at)

_since_live(_) if deployments.nothing_live

_started(deployment) if {
	some event in deployment.events
	event.type == "deploy.started"
	writers.counts(deployment.section, event.type, event)
}
