package prodgate.v1.checks.acme_pace_test

import data.prodgate.v1.checks.acme_pace

# Valid facts: the version in production went live exactly half an hour ago.
_good := {
	"now": "2026-11-24T11:20:00-05:00",
	"collected_at": "2026-11-24T11:20:00-05:00",
	"request": {"service": "web-shop", "environment": "production", "kind": "promotion", "emergency": false},
	"production": {"current": {"version": "41", "live_at": "2026-11-24T10:50:00-05:00"}},
	"sources": {"production": {"status": "ok", "kind": "file"}},
}

_with(path, value) := json.patch(_good, [{"op": "replace", "path": path, "value": value}])

_codes := {finding.code | some finding in acme_pace.deny}

test_pass_after_half_an_hour if {
	acme_pace.pass with input as _good
	_codes == set() with input as _good
}

test_pass_without_a_version_in_production if {
	first := _with("/production/current", null)
	acme_pace.pass with input as first
	_codes == set() with input as first
}

test_pass_rollback_at_once if {
	back := json.patch(_good, [
		{"op": "replace", "path": "/request/kind", "value": "rollback"},
		{"op": "replace", "path": "/production/current/live_at", "value": "2026-11-24T11:19:00-05:00"},
	])
	acme_pace.pass with input as back
	_codes == set() with input as back
}

test_pass_emergency_at_once if {
	hurry := json.patch(_good, [
		{"op": "replace", "path": "/request/emergency", "value": true},
		{"op": "replace", "path": "/production/current/live_at", "value": "2026-11-24T11:19:00-05:00"},
	])
	acme_pace.pass with input as hurry
	_codes == set() with input as hurry
}

test_deny_a_second_too_soon if {
	young := _with("/production/current/live_at", "2026-11-24T10:50:01-05:00")
	not acme_pace.pass with input as young
	_codes == {"acme_pace.too_soon"} with input as young
}

test_deny_invalid_or_future_time if {
	every time in ["2026-11-24T11:20:01-05:00", null, 7, {}, []] {
		not acme_pace.pass with input as _with("/production/current/live_at", time)
		_codes == {"acme_pace.unknown"} with input as _with("/production/current/live_at", time)
	}
}

test_deny_each_missing_fact if {
	every path in ["/now", "/collected_at", "/production", "/production/current", "/production/current/live_at", "/sources", "/sources/production/status"] {
		not acme_pace.pass with input as json.patch(_good, [{"op": "remove", "path": path}])
	}
}

test_deny_facts_that_are_not_accepted if {
	not acme_pace.pass with input as _with("/sources/production/status", "error")
	not acme_pace.pass with input as _with("/sources/production/kind", "hearsay")
}

test_deny_unknown_production if {
	_codes == {"acme_pace.unknown"} with input as json.remove(_good, ["production"])
}
