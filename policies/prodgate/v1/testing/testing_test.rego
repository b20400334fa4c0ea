# METADATA
# title: Documents for the tests
# description: >-
#   A minimal allowed document of each kind, and functions that change one fact of it.
#   Digests are one letter, sixty-four times.
package prodgate.v1.testing

artifact := "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

image := "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

before := "sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

other := "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"

# The organisation's settings, fixed in every test with an input. The tests then give the
# same result with any pack.
organisation := {"services": {
	"payments-api": {"repositories": ["registry.example.com/api"]},
	"search-api": {"repositories": ["registry.example.com/search"]},
}}

# The same with more settings.
organised(settings) := object.union(organisation, settings)

# A promotion on Tuesday at noon, New York time.
promotion := {
	"version": "v1",
	"now": "2026-11-24T12:00:00-05:00",
	"collected_at": "2026-11-24T12:00:00-05:00",
	"request": {
		"id": "run-1",
		"service": "payments-api",
		"environment": "production",
		"kind": "promotion",
		"emergency": false,
		"ticket": null,
		"trigger": "workflow_dispatch",
		"requested_by": "github:1",
		"triggered_by": "github:1",
		"requested_at": "2026-11-24T10:00:00-05:00",
	},
	"artifact": {
		"reference": "registry.example.com/api:7a3f9c2",
		"repository": "registry.example.com/api",
		"tag": "7a3f9c2",
		"digest": artifact,
		"tag_digest": artifact,
		"platforms": [{"platform": "linux/amd64", "digest": image}],
	},
	"build": {
		"digest": artifact,
		"commit": "7a3f9c2e4b8d1f6a0c3e5d7b9f2a4c6e8d0b1f35",
		"built_at": "2026-11-24T07:00:00-05:00",
		"verified_by": null,
	},
	"staging": {
		"digest": artifact,
		"deployed_at": "2026-11-24T09:00:00-05:00",
		"restarted_at": null,
		"verification": {
			"result": "PASSED",
			"finished_at": "2026-11-24T09:30:00-05:00",
			"verified_by": null,
		},
	},
	"vulnerabilities": {"scans": [{
		"digest": image,
		"platform": "linux/amd64",
		"scanned_at": "2026-11-24T08:00:00-05:00",
		"database": {"updated_at": "2026-11-24T06:00:00-05:00"},
		"findings": [],
		"undetermined": [],
	}]},
	"calendar": {
		"timezone": "America/New_York",
		"from": "2026-11-23T00:00:00-05:00",
		"horizon": "2027-03-01T00:00:00-05:00",
		"freezes": [],
		"holidays": [],
	},
	"approvals": [{
		"approver": "mailto:lead@example.com",
		"digest": artifact,
		"service": "payments-api",
		"environment": "production",
		"kind": "promotion",
		"decision": "approved",
		"approved_at": "2026-11-24T11:00:00-05:00",
		"deployment_window": "business-hours",
		"verified_by": null,
	}],
	"people": [
		_person("github:1", "mailto:engineer@example.com", "engineer", ["payments"]),
		_person("github:2", "mailto:lead@example.com", "platform-lead", ["production-approvers"]),
		_person("github:3", "mailto:manager@example.com", "release-manager", ["production-approvers"]),
		_person("github:4", "mailto:sre@example.com", "on-call-sre", ["production-approvers"]),
		_person("github:5", "mailto:vp@example.com", "vp-engineering", ["production-approvers"]),
	],
	"production": {
		"current": _deployment,
		"history": [_deployment],
	},
	"rollback": {
		"target": {"version": "41c09be", "digest": before, "available": true},
		"procedure": "helm rollback payments-api 41",
		"reviewed_at": "2026-11-02T10:00:00-05:00",
	},
	"incidents": [],
	"on_call": {"notified_at": null},
	"notifications": [
		{"team": "on-call", "channel": "slack:#on-call", "sent_at": "2026-11-24T10:00:00-05:00"},
		{"team": "support", "channel": "slack:#support", "sent_at": "2026-11-24T10:00:01-05:00"},
	],
	"monitoring": {
		"as_of": "2026-11-24T11:00:00-05:00",
		"dashboards": [{"name": "overview", "url": "https://grafana.example.com/d/1"}],
		"alerts": [{"name": "errors", "enabled": true}],
	},
	"waivers": [],
	"trail": {
		"steps": [
			{"type": "staging.deployed", "at": "2026-11-24T09:00:00-05:00", "digest": artifact},
			{"type": "staging.verified", "at": "2026-11-24T09:30:00-05:00", "digest": artifact, "result": "PASSED"},
			{"type": "approval.granted", "at": "2026-11-24T11:00:00-05:00", "digest": artifact},
		],
		"debts": [],
	},
	"sources": object.union(
		{name: {"status": "ok", "kind": "file", "error": null} | some name in _sections},
		{"artifact": {"status": "ok", "kind": "registry", "error": null}},
	),
}

_person(github, mail, role, teams) := {
	"ids": [github, mail, sprintf("entra:%s", [mail])],
	"roles": [role],
	"teams": teams,
	"mfa": true,
	"as_of": "2026-11-24T06:00:00-05:00",
}

_deployment := {
	"version": "41c09be",
	"digest": before,
	"built_at": "2026-11-19T07:00:00-05:00",
	"live_at": "2026-11-19T10:00:00-05:00",
	"status": "live",
	"approvers": ["mailto:manager@example.com"],
}

_sections := {
	"approvals",
	"build",
	"calendar",
	"incidents",
	"monitoring",
	"notifications",
	"on_call",
	"people",
	"production",
	"rollback",
	"staging",
	"trail",
	"vulnerabilities",
	"waivers",
}

# The promotion, with the audit trail and the production history from a trail.
recorded := object.union(promotion, {
	"production": {
		"current": object.union(_deployment, _by_pipeline),
		"history": [object.union(_deployment, _by_pipeline)],
		"since": "2026-10-01T00:00:00Z",
		"complete": true,
	},
	"trail": {
		"steps": [
			_step("staging.deployed", "2026-11-24T09:00:00-05:00", "staging"),
			object.union(_step("staging.verified", "2026-11-24T09:30:00-05:00", "staging"), {"result": "PASSED"}),
			_step("approval.granted", "2026-11-24T11:00:00-05:00", "production"),
		],
		"debts": [],
		"complete": true,
	},
	"sources": object.union(promotion.sources, {
		"production": {"status": "ok", "kind": "trail", "error": null},
		"trail": {"status": "ok", "kind": "trail", "error": null},
	}),
})

_step(type, at, environment) := object.union(_by_pipeline, {
	"type": type,
	"at": at,
	"digest": artifact,
	"environment": environment,
})

_by_pipeline := {"writer": "repo:acme/payments-api", "assurance": "ci"}

# The promotion, with the staging section from the trail, too.
staged := json.patch(recorded, [
	{"op": "replace", "path": "/staging", "value": object.union(stay("e-0", "2026-11-24T09:00:00-05:00"), {
		"earlier": [],
		"verifications": [verified("e-1", "2026-11-24T09:30:00-05:00")],
		"complete": true,
	})},
	{"op": "replace", "path": "/sources/staging/kind", "value": "trail"},
])

stay(id, at) := object.union(_by_pipeline, {
	"id": id,
	"digest": artifact,
	"service": "payments-api",
	"environment": "staging",
	"deployed_at": at,
	"restarted_at": null,
	"ended_at": null,
	"verification": null,
})

verified(id, at) := object.union(_by_pipeline, {
	"id": id,
	"digest": artifact,
	"service": "payments-api",
	"environment": "staging",
	"result": "PASSED",
	"at": at,
})

# A first release, with a trail that reaches back to October.
recorded_initial := object.union(initial, {
	"production": {"current": null, "history": [], "since": "2026-10-25T12:00:00-05:00", "complete": true},
	"trail": recorded.trail,
	"sources": recorded.sources,
})

# A new configuration of the live version.
configuration := patched([
	{"op": "replace", "path": "/request/kind", "value": "configuration"},
	{"op": "add", "path": "/request/configuration", "value": values},
	{"op": "replace", "path": "/approvals/0/kind", "value": "configuration"},
	{"op": "add", "path": "/approvals/0/configuration", "value": values},
	{"op": "replace", "path": "/production", "value": {"current": _running, "history": [_running, _replaced]}},
])

# The SHA-256 of a values file.
values := "sha256:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"

_running := object.union(_deployment, {"digest": artifact, "version": "7a3f9c2", "live_at": "2026-11-24T10:00:00-05:00"})

_replaced := object.union(_deployment, {"status": "superseded"})

initial := patched([
	{"op": "replace", "path": "/request/kind", "value": "initial"},
	{"op": "replace", "path": "/approvals/0/kind", "value": "initial"},
	{"op": "replace", "path": "/production", "value": {"current": null, "history": []}},
	{"op": "replace", "path": "/rollback/target", "value": null},
	{"op": "replace", "path": "/rollback/procedure", "value": "helm uninstall payments-api"},
])

# A rollback at night to the previous version, approved by an On-Call SRE.
rollback := patched([
	{"op": "replace", "path": "/request/kind", "value": "rollback"},
	{"op": "replace", "path": "/request/ticket", "value": "INC-1"},
	{"op": "replace", "path": "/incidents", "value": [incident]},
	{"op": "replace", "path": "/approvals/0/approver", "value": "mailto:sre@example.com"},
	{"op": "replace", "path": "/approvals/0/kind", "value": "rollback"},
	{"op": "replace", "path": "/rollback/target/digest", "value": artifact},
	{"op": "replace", "path": "/production", "value": {"current": _undone, "history": [_undone, _target]}},
	{"op": "replace", "path": "/calendar/holidays", "value": [today]},
])

_undone := object.union(_deployment, {"version": "5c7e1a4", "live_at": "2026-11-23T10:00:00-05:00"})

_target := object.union(_deployment, {"digest": artifact, "version": "7a3f9c2", "status": "superseded"})

# An emergency in a freeze on a holiday, approved by a VP, with the debt recorded
# in the trail that the gate reads.
emergency := patched([
	{"op": "replace", "path": "/request/emergency", "value": true},
	{"op": "replace", "path": "/request/ticket", "value": "INC-1"},
	{"op": "replace", "path": "/incidents", "value": [incident]},
	{"op": "replace", "path": "/approvals/0/approver", "value": "mailto:vp@example.com"},
	{"op": "replace", "path": "/approvals/0/deployment_window", "value": "emergency"},
	{"op": "add", "path": "/approvals/0/ticket", "value": "INC-1"},
	{"op": "replace", "path": "/on_call/notified_at", "value": "2026-11-24T09:45:00-05:00"},
	{"op": "replace", "path": "/calendar/freezes", "value": [today]},
	{"op": "replace", "path": "/calendar/holidays", "value": [today]},
	{"op": "replace", "path": "/trail", "value": recorded.trail},
	{"op": "replace", "path": "/sources/trail/kind", "value": "trail"},
])

incident := {
	"id": "INC-1",
	"service": "payments-api",
	"status": "open",
	"opened_at": "2026-11-24T09:40:00-05:00",
}

# A freeze or holiday that lasts all day.
today := {
	"name": "today",
	"start": "2026-11-24T00:00:00-05:00",
	"end": "2026-11-25T00:00:00-05:00",
}

# A valid waiver of a code for this artifact, without an item.
waiver(code) := {
	"code": code,
	"item": null,
	"service": "payments-api",
	"environment": "production",
	"digest": artifact,
	"reason": "known and mitigated",
	"ticket": "SEC-1",
	"issued_at": "2026-11-24T08:00:00-05:00",
	"expires_at": "2026-11-30T08:00:00-05:00",
	"approver": "mailto:vp@example.com",
	"verified_by": null,
}

# The promotion with another value of one fact, or without this fact.
changed(path, value) := change(promotion, path, value)

without(path) := remove(promotion, path)

patched(operations) := json.patch(promotion, operations)

# The same for any document.
change(document, path, value) := json.patch(document, [{"op": "replace", "path": path, "value": value}])

# The same for a path that the document need not have.
add(document, path, value) := json.patch(document, [{"op": "add", "path": path, "value": value}])

remove(document, path) := json.patch(document, [{"op": "remove", "path": path}])

# A document with these waivers.
waive(document, waivers) := change(document, "/waivers", waivers)

# The shipped settings with another value, or without a value.
settings(path, value) := change(data.prodgate.v1.settings, path, value)

# Settings under which a section counts only if one of these keys signed it.
signed(section, signers) := change(settings(sprintf("/sources/unverified/%s", [section]), false), sprintf("/sources/signers/%s", [section]), signers)

settings_without(path) := remove(data.prodgate.v1.settings, path)

# Settings under which these codes can be waived.
waivable(codes) := settings("/waivers/allowed", {code: {"roles": ["vp-engineering"], "max": "336h"} | some code in codes})

# Values that are invalid for facts of every kind.
garbage := [null, true, false, 0, 1, -1, "", " ", "none", "ok", "PASSED", [], {}, [null], {"a": 1}]

codes(findings) := {finding.code | some finding in findings}
