package prodgate.v1.lib.running_test

import data.prodgate.v1.checks.sequence
import data.prodgate.v1.lib.writers
import data.prodgate.v1.testing

_version(change) := object.union(
	{
		"digest": testing.before,
		"service": "payments-api",
		"environment": "production",
		"workload": "Deployment payments-api",
		"since": "2026-11-19T10:00:30-05:00",
		"restarted_at": null,
		"trouble": null,
	},
	change,
)

# The recorded promotion, with what the cluster sees.
_seeing(versions) := _in(testing.recorded, versions)

_in(document, versions) := json.patch(document, [
	{"op": "add", "path": "/production/running", "value": versions},
	{"op": "replace", "path": "/sources/production/kind", "value": "merged"},
	{"op": "add", "path": "/sources/production/systems", "value": [{"name": kind, "kind": kind, "status": "ok"} | some kind in ["trail", "kubernetes"]]},
])

_codes(document) := codes if {
	codes := testing.codes(sequence.deny) with data.prodgate.organisation as testing.organisation with input as document
	sequence.pass == _empty(codes) with data.prodgate.organisation as testing.organisation with input as document
}

_empty(codes) := count(codes) == 0

_messages(document) := messages if {
	messages := {finding.message | some finding in sequence.deny} with data.prodgate.organisation as testing.organisation with input as document
}

# A deployment after the live version, of another digest.
_later(document, events) := json.patch(document, [{"op": "add", "path": "/trail/deployments", "value": [{
	"id": "acme/payments-api/runs/7",
	"service": "payments-api",
	"environment": "production",
	"version": "0f0f0f0",
	"digest": testing.other,
	"built_at": "2026-11-19T07:00:00-05:00",
	"started_at": "2026-11-24T08:00:00-05:00",
	"live_at": "2026-11-24T08:04:00-05:00",
	"status": "failed",
	"approvers": [],
	"writer": "repo:acme/payments-api",
	"assurance": "ci",
	"events": events,
}]}])

_event(type, minute, assurance) := {
	"type": type,
	"at": sprintf("2026-11-24T08:%s:00-05:00", [minute]),
	"id": type,
	"writer": "repo:acme/payments-api",
	"assurance": assurance,
}

_failed := [_event("deploy.started", "00", "ci"), _event("deploy.failed", "04", "ci")]

test_pass_the_live_version_runs if {
	_codes(testing.recorded) == set()
	_codes(_seeing([_version({})])) == set()
	_codes(_seeing([_version({}), _version({"workload": "Deployment worker"})])) == set()
	_codes(_seeing([_version({"trouble": "CrashLoopBackOff, pod a"})])) == set()
	_codes(_seeing([_version({}), _version({"service": "search-api", "digest": testing.other})])) == set()
	_codes(_seeing([_version({}), _version({"environment": "staging", "digest": testing.other})])) == set()
}

test_deny_another_version if {
	every change in [{}, {"service": "unknown"}, {"environment": "unknown"}, {"since": "2020-01-01T00:00:00Z"}] {
		_codes(_seeing([_version({}), _version(object.union({"digest": testing.other}, change))])) == {"sequence.drift"}
	}
	_codes(_seeing([_version({"digest": testing.artifact})])) == {"sequence.drift"}
	_messages(_seeing([_version({"digest": testing.other})])) == {sprintf("Deployment payments-api runs %s since 2026-11-19T10:00:30-05:00; %s is recorded as live", [testing.other, testing.before])}
}

test_deny_nothing_runs if {
	every versions in [[], [_version({"service": "search-api"})], [_version({"environment": "staging"})]] {
		_codes(_seeing(versions)) == {"sequence.drift"}
		_messages(_seeing(versions)) == {sprintf("nothing runs; %s is recorded as live", [testing.before])}
	}
}

test_deny_what_a_cluster_does_not_say if {
	every versions in [null, "none", {}, [_version({"digest": "sha256:1"})], [object.remove(_version({}), {"digest"})], [_version({"since": "2026-11-24T12:00:01-05:00"})], [null]] {
		"sequence.history_incomplete" in _codes(_seeing(versions))
	}
	"sequence.history_incomplete" in _codes(json.patch(_seeing([]), [{"op": "remove", "path": "/production/running"}]))
	alone := json.patch(testing.recorded, [{"op": "replace", "path": "/sources/production/kind", "value": "kubernetes"}])
	"sequence.history_incomplete" in _codes(alone)
	failed := json.patch(_seeing([]), [{"op": "remove", "path": "/production/running"}, {"op": "replace", "path": "/sources/production/systems/1/status", "value": "error"}, {"op": "add", "path": "/sources/production/systems/1/optional", "value": true}])
	_codes(failed) == set()
}

# What could not be read is one reason, and not several.
test_unreadable_history_has_no_drift if {
	every versions in [[], [_version({"digest": testing.other})]] {
		every section in ["artifact", "production"] {
			unread := json.patch(_seeing(versions), [{"op": "replace", "path": sprintf("/sources/%s/status", [section]), "value": "error"}])
			count(_messages(unread)) == 0
		}
	}
}

# A rollout that failed leaves its processes.
test_pass_a_deployment_since_then_runs if {
	both := [_version({}), _version({"digest": testing.other})]
	_codes(_later(_seeing(both), _failed)) == set()
	_codes(_later(_seeing([_version({"digest": testing.other})]), _failed)) == set()
	begun := json.patch(_later(_seeing(both), _failed), [{"op": "replace", "path": "/trail/deployments/0/started_at", "value": "2026-11-19T10:00:00-05:00"}])
	_codes(begun) == set()
}

# Nobody makes a version expected with a claim, nor with a deployment of before.
test_deny_a_deployment_that_explains_nothing if {
	both := [_version({}), _version({"digest": testing.other})]
	"sequence.drift" in _codes(_later(_seeing(both), [_event("deploy.started", "00", "claimed"), _event("deploy.failed", "04", "ci")]))
	"sequence.drift" in _codes(_later(_seeing(both), [_event("deploy.failed", "04", "ci")]))
	"sequence.drift" in _codes(_later(_seeing(both), array.concat(_failed, [_event("rollback.live", "05", "ci")])))
	before := json.patch(_later(_seeing(both), _failed), [{"op": "replace", "path": "/trail/deployments/0/started_at", "value": "2026-11-19T09:59:59-05:00"}])
	_codes(before) == {"sequence.drift"}
}

# While nothing is live, a deployment may have failed.
test_first_release if {
	_codes(_in(testing.recorded_initial, [])) == set()
	_codes(_in(testing.recorded_initial, [_version({})])) == {"sequence.drift"}
	_messages(_in(testing.recorded_initial, [_version({})])) == {sprintf("Deployment payments-api runs %s since 2026-11-19T10:00:30-05:00; no version is recorded as live", [testing.before])}
	_codes(_later(_in(testing.recorded_initial, [_version({"digest": testing.other})]), _failed)) == set()
}

# Platforms and clusters together do not know what is to be live.
test_a_cluster_is_no_record if {
	every kinds in [["kubernetes"], ["github", "kubernetes"]] {
		document := json.patch(_seeing([]), [{"op": "replace", "path": "/sources/production/systems", "value": [{"name": kind, "kind": kind, "status": "ok"} | some kind in kinds]}])
		not writers.whole("production") with data.prodgate.organisation as testing.organisation with input as document
	}
	alone := json.patch(testing.recorded, [{"op": "replace", "path": "/sources/production/kind", "value": "kubernetes"}])
	not writers.whole("production") with data.prodgate.organisation as testing.organisation with input as alone
	with_a_file := json.patch(_seeing([]), [{"op": "replace", "path": "/sources/production/systems/0/kind", "value": "file"}])
	writers.whole("production") with data.prodgate.organisation as testing.organisation with input as with_a_file
}
