# METADATA
# title: Reviews of a run
# description: >-
#   Reviews that a CI system keeps. A review names a run and an environment, but not what
#   was reviewed. It counts for the request that the audit trail has of that run, if
#   every entry about the run and the environment says the same.
package prodgate.v1.lib.reviews

import data.prodgate.v1.lib.attempts
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.listed
import data.prodgate.v1.lib.sources
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Whether an approval is a review of a run.
of_run(approval) if text.given(approval.run)

# Whether an approval is not a review of a run, but names what it is for.
direct(approval) if object.get(approval, "run", null) == null

# Whether an approval is a review of this run, and this request is what was reviewed.
bound(approval) if {
	approval.run == attempts.deployment
	_silent(approval)
	"trail" in writers.complete
	_witnessed(approval)
	_unambiguous
}

# A review names nothing of what only the audit trail can say.
_silent(approval) if {
	every key in ["digest", "service", "kind", "configuration"] {
		object.get(approval, key, null) == null
	}
}

# Whether an accepted writer had recorded what is requested before the review, by the
# clock of the trail.
_witnessed(approval) if {
	some request in _here
	writers.counts("trail", "gate.requested", request)
	clock.past(request.recorded_at) <= clock.past(given(approval)) + tolerance
}

# When an approval was given. A review of a run was given in an interval, and this is its
# beginning, or a later time that an accepted writer recorded (a webhook of the CI system).
# It never is later than the review.
given(approval) := at if {
	at := _reported_at(approval)
} else := approval.approved_at

# Whether the time of an approval is not exact.
estimated(approval) if {
	text.given(approval.latest)
	not _exact(approval)
}

_exact(approval) if _reported_at(approval)

# The earliest recorded time of the reviewer's approvals of this run for the environment.
# It counts if all of them were recorded and it lies in the interval.
_reported_at(approval) := at if {
	approval.decision == "approved"
	times := {instant | some entry in _recorded_of(approval); instant := clock.past(entry.at)}
	count(times) >= count(_alike(approval))
	earliest := min(times)
	earliest >= clock.past(approval.approved_at)
	earliest <= clock.past(approval.latest)
	at := min({entry.at | some entry in _recorded_of(approval); clock.past(entry.at) == earliest})
}

_recorded_of(approval) := [entry |
	some entry in input.trail.reviews
	entry.run == approval.run
	entry.reviewer == approval.approver
	entry.decision == approval.decision
	approval.environment in entry.environments
	"trail" in writers.complete
	writers.counts("trail", "review.given", entry)
]

_alike(approval) := [other |
	some other in input.approvals
	every key in ["run", "approver", "decision", "environment"] {
		other[key] == approval[key]
	}
]

# By how much the clocks of the CI system, its runners and the trail may differ. No job
# starts and records anything this soon after its deployment began to wait.
tolerance := time.parse_duration_ns("5s")

_unambiguous if {
	every request in _here {
		_same(request)
	}
}

# The entries about this run and environment, whoever wrote them, but for those that
# were dismissed.
_here := [request |
	some request in attempts.standing
	not _elsewhere(request)
]

_elsewhere(request) if {
	request.environment in listed.environments
	request.environment != input.request.environment
}

_same(request) if {
	request.digest == input.artifact.digest
	request.service == input.request.service
	request.environment == input.request.environment
	request.kind == input.request.kind
	every key in ["configuration", "emergency", "ticket"] {
		object.get(request, key, null) == object.get(input.request, key, null)
	}
}

# Why a review does not count, as text. Empty if it does.
objection(approval) := "" if {
	bound(approval)
} else := sprintf("is a review of another run, %v", [approval.run]) if {
	text.differs(approval.run, attempts.deployment)
} else := "names a digest, service, kind or configuration, which a review of a run does not" if {
	not _silent(approval)
} else := "cannot be joined to a request: the audit trail was not read completely" if {
	not "trail" in writers.complete
} else := "cannot be joined to a request: an accepted writer must record what is requested in this run (prodgate request) before it is reviewed" if {
	not _witnessed(approval)
} else := "counts for no request: the audit trail has requests in this run that differ from each other, or from this one"

# Where this run is reviewed: the pages that the sources of the approvals name.
pages := {page |
	some source in _systems
	source.kind in ["github", "gitlab"]
	page := source.evidence.uri
}

_systems contains input.sources.approvals if "approvals" in sources.readable

_systems contains system if {
	"approvals" in sources.readable
	some system in input.sources.approvals.systems
}
