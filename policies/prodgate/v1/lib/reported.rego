# METADATA
# title: Reported deployments
# description: >-
#   Deployments as a platform such as GitHub reports them. They name a run and no digest,
#   and everyone who may write deployments there can add or change them. So they are only
#   bad news: a deployment that the audit trail does not account for.
package prodgate.v1.lib.reported

import data.prodgate.v1.lib.adoption
import data.prodgate.v1.lib.binding
import data.prodgate.v1.lib.clock
import data.prodgate.v1.lib.deployments
import data.prodgate.v1.lib.dismissals
import data.prodgate.v1.lib.settings
import data.prodgate.v1.lib.text
import data.prodgate.v1.lib.writers

# Whether the reports of a section are valid. An invalid one could be bad news.
sound(section) if {
	reports := object.get(input[section], "reported", [])
	is_array(reports)
	is_array(_allowed)
	every report in reports {
		clock.fact(report.created_at)
		_never_or_known(report.succeeded_at)
	}
}

_never_or_known(null)

_never_or_known(at) if clock.fact(at)

# Whether all reports since an instant were read.
covers(section, _) if object.get(input[section], "reported_since", null) == null

covers(section, instant) if clock.fact(input[section].reported_since) <= instant

# Whether the job of a deployment started. A deployment without a known state did.
started(report) if {
	state := object.get(report, "state", null)
	not state in {"pending", "queued", "waiting"}
}

# Successful deployments to production after the last known one, of which the trail has
# no end by an accepted writer. It is unknown which digest is live.
unaccounted contains report if {
	some report in _production
	report.succeeded_at != null
	not _recorded(report)
	not _earlier(report)
}

# Whether the reports go back to the last known deployment.
default complete := false

complete if covers("production", 0)

complete if covers("production", _known_until)

_earlier(report) if clock.fact(report.succeeded_at) <= _known_until

# Until when it is known what ran.
_known_until := max({clock.fact(deployments.current.live_at)} | {clock.fact(input.production.adoption.at) | adoption.valid})

# Deployments to production of other runs that have started and not ended, within the
# maximum duration.
in_progress contains report if {
	some report in _production
	started(report)
	report.succeeded_at == null
	not _over(report)
	not _own(report)
	not _recorded(report)
	not _outlasted(report)
}

_over(report) if report.state in {"error", "failure", "inactive", "success"}

_outlasted(report) if {
	clock.now - clock.fact(report.created_at) >= time.parse_duration_ns(settings.effective.deploy.max_duration)
}

# Failed deployments of the artifact by other runs, of which the trail has no end by an
# accepted writer. A run fails, too, if the gate denies: only runs that the gate allowed
# count.
failed contains report if {
	some report in _production
	report.state in {"error", "failure"}
	report.succeeded_at == null
	not _own(report)
	not _recorded(report)
	some entry in _allowed
	entry.deployment == report.run
	binding.concerns(entry)
	step := object.union(entry, {"type": "gate.evaluated"})
	not dismissals.dismissed("trail", step)
}

default _allowed := []

_allowed := input.trail.allowed

_production := object.get(input.production, "reported", [])

_own(report) if {
	text.given(report.run)
	report.run == input.request.deployment
}

_recorded(report) if {
	text.given(report.run)
	some deployment in deployments.all
	deployment.id == report.run
	some event in deployment.events
	event.type in {"deploy.live", "deploy.failed", "rollback.live"}
	writers.counts(deployment.section, event.type, event)
}
