package prodgate.v1.lib.settings_test

import data.prodgate.v1.lib.settings
import data.prodgate.v1.testing

test_effective_shipped if {
	settings.effective.soak.minimum == "1h" with data.prodgate.organisation as testing.organisation with input as testing.promotion
	settings.unknown == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
}

test_effective_service_over_environment_over_organisation_over_shipped if {
	organisation := {"soak": {"minimum": "2h"}}
	environment := object.union(organisation, {"environments": {"production": {"soak": {"minimum": "3h"}}}})
	service := object.union(environment, {"services": {"payments-api": {"soak": {"minimum": "4h"}}}})
	settings.effective.soak.minimum == "2h" with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
	settings.effective.soak.minimum == "3h" with input as testing.promotion with data.prodgate.organisation as testing.organised(environment)
	settings.effective.soak.minimum == "4h" with input as testing.promotion with data.prodgate.organisation as testing.organised(service)
	settings.effective.approval.max_age == "72h" with input as testing.promotion with data.prodgate.organisation as testing.organised(service)
}

test_effective_of_what_the_organisation_lists if {
	organisation := {"environments": {"canary": {}}, "services": {"search-api": {}}}
	document := testing.change(testing.changed("/request/environment", "canary"), "/request/service", "search-api")
	settings.effective.soak.minimum == "1h" with input as document with data.prodgate.organisation as testing.organised(organisation)
}

test_undefined_for_names_that_are_not_listed if {
	every path in ["/request/environment", "/request/service"] {
		every value in array.concat(testing.garbage, ["Production", "payments-api "]) {
			not settings.effective with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
			testing.changed(path, value)
		}
		not settings.effective with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
}

test_undefined_for_unknown_keys if {
	every organisation in [
		{"soak": {"minimun": "0s"}},
		{"soaking": {}},
		{"environments": {"production": {"soak": {"least": "0s"}}}},
		{"services": {"payments-api": {"aproval": {}}}},
	] {
		count(settings.unknown) > 0 with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
		not settings.effective with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
	}
}

test_undefined_for_settings_of_another_shape if {
	every organisation in [null, [], "none"] {
		not settings.effective with input as testing.promotion with data.prodgate.organisation as organisation
		organisation == organisation
	}
	every organisation in [{"environments": null}, {"services": []}, {"environments": {"production": null}}, {"additional_checks": "acme_x"}, {"additional_checks": null}] {
		not settings.effective with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
		organisation == organisation
	}
}

test_effective_tables_whose_keys_are_the_organisations if {
	organisation := {
		"window": {"named": {"lunch": [{"days": ["Monday"], "from": "12:00", "to": "13:00"}]}},
		"waivers": {"allowed": {"soak.too_short": {"roles": ["vp-engineering"], "max": "1h"}}},
		"sources": {"accepted": {"custom.licences": ["file"]}},
	}
	settings.effective.window.named.lunch[0].from == "12:00" with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
	count(settings.effective.window.named) == 5 with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
}

test_additional_checks_only_add if {
	organisation := {
		"additional_checks": ["acme_one"],
		"environments": {"production": {"additional_checks": []}},
		"services": {"payments-api": {"additional_checks": ["acme_two"]}},
	}
	settings.effective.additional_checks == ["acme_one", "acme_two"] with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
}

# The shipped settings list no service: without settings of an organisation there is no
# decision.
test_undefined_for_every_service_that_only_the_request_names if {
	every organisation in [{}, {"services": {}}, {"services": {"search-api": {}}}] {
		not settings.effective with input as testing.promotion with data.prodgate.organisation as organisation
		organisation == organisation
	}
}

test_effective_repositories_of_a_service if {
	settings.effective.repositories == ["registry.example.com/api"] with input as testing.promotion with data.prodgate.organisation as testing.organisation
	settings.effective.repositories == [] with input as testing.promotion with data.prodgate.organisation as {"services": {"payments-api": {}}}
}

# The only test without a fixed organisation: without a pack there is none.
test_organisation_is_defined_with_and_without_a_pack if {
	{settings._organisation} != set()
}

test_undefined_for_empty_independence if {
	every value in [["autor"], ["author", "reviewer"], [""], [null]] {
		organisation := testing.organised({"approval": {"independent_of": value}})
		settings.unknown == {"approval.independent_of"} with input as testing.promotion with data.prodgate.organisation as organisation
		not settings.effective with input as testing.promotion with data.prodgate.organisation as organisation
	}
	of_service := testing.organised({"services": {"payments-api": {"approval": {"independent_of": ["autor"]}}}})
	not settings.effective with input as testing.promotion with data.prodgate.organisation as of_service
	settings.effective.approval.independent_of == [] with input as testing.promotion with data.prodgate.organisation as testing.organised({"approval": {"independent_of": []}})
}

test_names_that_settings_list if {
	organisation := {"environments": {"canary": {}}, "services": {"search-api": {}}}
	{"canary", "production"} - settings.environments == set() with input as testing.promotion with data.prodgate.organisation as organisation
	"search-api" in settings.services with input as testing.promotion with data.prodgate.organisation as organisation
	not "canary" in settings.environments with input as testing.promotion
}

_in_environment(name, table) := {"services": {"payments-api": {"soak": {"minimum": "4h"}, "environments": {name: table}}}}

test_effective_service_in_the_environment_over_service if {
	organisation := _in_environment("production", {"soak": {"minimum": "5h"}})
	settings.effective.soak.minimum == "5h" with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
	other := object.union({"environments": {"canary": {}}}, _in_environment("canary", {"soak": {"minimum": "5h"}}))
	settings.effective.soak.minimum == "4h" with input as testing.promotion with data.prodgate.organisation as testing.organised(other)
	not settings.effective.environments.production.soak with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
}

test_additional_checks_of_a_service_in_the_environment if {
	organisation := _in_environment("production", {"additional_checks": ["acme_x"]})
	settings.effective.additional_checks == ["acme_x"] with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
	not settings.effective with input as testing.promotion with data.prodgate.organisation as testing.organised(_in_environment("production", {"additional_checks": "acme_x"}))
}

test_undefined_for_settings_of_a_service_in_no_environment if {
	every organisation in [
		_in_environment("prodution", {}),
		_in_environment("production", null),
		_in_environment("production", []),
		_in_environment("production", {"soak": {"minimun": "0s"}}),
		{"services": {"payments-api": {"environments": null}}},
		{"services": {"payments-api": {"environments": []}}},
		{"services": {"payments-api": {"environments": "production"}}},
		{"services": {"search-api": {"environments": {"prodution": {}}}}},
	] {
		count(settings.unknown) > 0 with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
		not settings.effective with input as testing.promotion with data.prodgate.organisation as testing.organised(organisation)
	}
}
