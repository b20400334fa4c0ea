package prodgate.v1.checks.service_test

import data.prodgate.v1.checks.service
import data.prodgate.v1.testing

test_pass_own_repositories if {
	every document in [testing.promotion, testing.configuration, testing.initial, testing.rollback, testing.emergency] {
		service.pass == true with data.prodgate.organisation as testing.organisation with input as document
		service.deny == set() with data.prodgate.organisation as testing.organisation with input as document
	}
	service.needs == {"artifact", "rollback"}
}

test_deny_artifact_of_another_repository if {
	every value in ["registry.example.com/search", "registry.example.com/api/", "Registry.example.com/api", "registry.example.com", ""] {
		document := testing.changed("/artifact/repository", value)
		service.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(service.deny) == {"service.foreign_artifact"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_target_of_another_repository if {
	document := object.union(testing.promotion, {"rollback": {"target": {"repository": "registry.example.com/search"}}})
	service.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(service.deny) == {"service.foreign_target"} with data.prodgate.organisation as testing.organisation with input as document
	every value in ["registry.example.com/api", null] {
		service.pass == true with data.prodgate.organisation as testing.organisation with input as object.union(testing.promotion, {"rollback": {"target": {"repository": value}}})
	}
}

test_deny_service_without_repositories if {
	every value in [[], null, "", {}, [""], [" "], "registry.example.com/api"] {
		service.pass == false with input as testing.promotion
			with data.prodgate.organisation as {"services": {"payments-api": {"repositories": value}}}
	}
}

test_deny_repository_without_a_name if {
	every value in ["", " ", null, true] {
		service.pass == false with input as testing.changed("/artifact/repository", value)
			with data.prodgate.organisation as {"services": {"payments-api": {"repositories": [value]}}}
	}
}

test_fail_missing_fact if {
	every path in ["/artifact", "/artifact/repository", "/rollback", "/rollback/target", "/sources/artifact", "/sources/rollback"] {
		service.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_fail_garbage if {
	every path in ["/artifact", "/artifact/repository"] {
		every value in testing.garbage {
			service.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
	every value in [true, false, 0, 1, "", "ok", [], [null]] {
		service.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/rollback/target", value)
	}
}

test_fail_source_that_was_not_read_explains_nothing if {
	document := object.union(testing.promotion, {
		"artifact": {"repository": "registry.example.com/search"},
		"rollback": {"target": {"repository": "registry.example.com/search"}},
	})
	every section, code in {"artifact": "service.foreign_artifact", "rollback": "service.foreign_target"} {
		testing.codes(service.deny) == {"service.foreign_artifact", "service.foreign_target"} - {code} with data.prodgate.organisation as testing.organisation with input as testing.remove(document, sprintf("/sources/%s", [section]))
	}
}
