package prodgate.v1.checks.incident_test

import data.prodgate.v1.checks.incident
import data.prodgate.v1.testing

_with(entry) := testing.changed("/incidents", [object.union(testing.incident, entry)])

test_pass_none if {
	incident.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	incident.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	incident.needs == {"incidents"}
}

test_pass_resolved if {
	incident.pass == true with data.prodgate.organisation as testing.organisation with input as _with({"status": "resolved"})
}

test_pass_of_another_service if {
	incident.pass == true with data.prodgate.organisation as testing.organisation with input as _with({"service": "search-api"})
}

test_deny_active_unless_exactly_resolved if {
	every status in ["open", "acknowledged", "Resolved", "resolved ", "closed", "", null, true, {}] {
		incident.pass == false with data.prodgate.organisation as testing.organisation with input as _with({"status": status})
		testing.codes(incident.deny) == {"incident.active"} with data.prodgate.organisation as testing.organisation with input as _with({"status": status})
	}
}

test_deny_active_unless_shown_to_be_of_another_service if {
	every service in ["Payments-API", " payments-api ", "", null, 1, []] {
		incident.pass == false with data.prodgate.organisation as testing.organisation with input as _with({"service": service})
	}
}

test_deny_active_missing_fact if {
	every path in ["/incidents/0/status", "/incidents/0/service"] {
		incident.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_with({}), path)
	}
	incident.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_with({"service": "search-api"}), "/incidents/0/service")
	incident.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_with({"status": "resolved"}), "/incidents/0/status")
}

test_deny_active_without_id if {
	document := testing.remove(_with({}), "/incidents/0/id")
	incident.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(incident.deny) == {"incident.active"} with data.prodgate.organisation as testing.organisation with input as document
}

test_fail_missing_fact if {
	every path in ["/incidents", "/sources/incidents", "/sources"] {
		incident.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every value in array.concat([value | some value in testing.garbage; value != []], [[1], ["resolved"], [[]]]) {
		incident.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/incidents", value)
	}
}

# The finding of the source gives the reason.
test_fail_source_in_error_explains_nothing if {
	document := testing.change(_with({}), "/sources/incidents/status", "error")
	incident.pass == false with data.prodgate.organisation as testing.organisation with input as document
	incident.deny == set() with data.prodgate.organisation as testing.organisation with input as document
}

test_pass_emergency_that_answers_it if {
	incident.pass == true with data.prodgate.organisation as testing.organisation with input as testing.emergency
}

test_deny_emergency_that_answers_another if {
	second := object.union(testing.incident, {"id": "INC-2"})
	document := testing.change(testing.emergency, "/incidents", [testing.incident, second])
	incident.pass == false with data.prodgate.organisation as testing.organisation with input as document
	{finding.item | some finding in incident.deny} == {"INC-2"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_emergency_that_is_not_granted if {
	incident.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(testing.emergency, "/approvals", [])
}

test_pass_incident_of_another_environment if {
	settings := testing.settings("/environments", {"production": {}, "canary": {}})
	document := testing.changed("/incidents", [object.union(testing.incident, {"environment": "canary"})])
	incident.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	incident.pass == false with data.prodgate.organisation as testing.organisation with input as document
	incident.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(document, "/incidents/0/environment", "production") with data.prodgate.v1.settings as settings
}
