package prodgate.v1.checks.approval_test

import data.prodgate.v1.checks.approval
import data.prodgate.v1.testing

test_deny_approval_for_a_name_that_settings_do_not_list if {
	document := testing.changed("/approvals/0/environment", "prod")
	_reasons == {"is for the environment prod, which is not in the settings"} with data.prodgate.organisation as testing.organisation with input as document
	_reasons == {"is for the service payments, which is not in the settings"} with data.prodgate.organisation as testing.organisation with input as testing.changed("/approvals/0/service", "payments")
	_reasons == {"is for another environment, or does not name one"} with data.prodgate.organisation as testing.organisation with input as testing.changed("/approvals/0/environment", null)
	_reasons == {"is for another environment, or does not name one"} with input as testing.changed("/approvals/0/environment", "staging")
		with data.prodgate.organisation as {"environments": {"production": {}, "staging": {}}, "services": {"payments-api": {}}}
}

test_deny_by_name_where_no_approval_counts if {
	every case in [
		["service", "payment-api", "this request is for payments-api"],
		["environment", "prod", "this request is for production"],
		["environment", "Production", "this request is for production"],
	] {
		document := testing.changed(sprintf("/approvals/0/%s", [case[0]]), case[1])
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(approval.deny) == {"approval.missing", "approval.unknown_name"} with data.prodgate.organisation as testing.organisation with input as document
		some finding in approval.deny with data.prodgate.organisation as testing.organisation with input as document
		finding.code == "approval.unknown_name"
		finding.path == sprintf("/approvals/0/%s", [case[0]])
		finding.message == sprintf("the approval by mailto:lead@example.com names the %s %s, which is not in the settings; %s", case)
	}
}

test_deny_each_name_of_each_approval if {
	wrong := {"service": "payment-api", "environment": "prod"}
	document := testing.changed("/approvals", [object.union(_approval, wrong), object.union(_approval, {"service": "payment"})])
	paths := {finding.path |
		some finding in approval.deny with data.prodgate.organisation as testing.organisation with input as document
		finding.code == "approval.unknown_name"
	}
	paths == {"/approvals/0/environment", "/approvals/0/service", "/approvals/1/service"}
}

test_pass_a_misspelled_approval_next_to_one_that_counts if {
	document := _also({"service": "payment-api"})
	approval.pass == true with data.prodgate.organisation as testing.organisation with input as document
	approval.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(approval.warn) == {"approval.not_counted"} with data.prodgate.organisation as testing.organisation with input as document
}

# Not for a listed name, for a missing name, for another digest, or for a record that is
# not an approval.
test_deny_without_a_name_to_correct if {
	every wrong in [
		{"service": "search-api"},
		{"service": null},
		{"service": ""},
		{"service": 1},
		{"environment": "staging"},
		{"environment": null},
		{"service": "payment-api", "digest": testing.other},
		{"service": "payment-api", "decision": "pending"},
	] {
		document := testing.changed("/approvals", [object.union(_approval, wrong)])
		approval.pass == false with data.prodgate.organisation as testing.organisation with input as document
		not "approval.unknown_name" in testing.codes(approval.deny) with data.prodgate.organisation as testing.organisation with input as document
	}
}
