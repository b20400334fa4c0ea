# METADATA
# title: Settings
# description: >-
#   The effective settings, resolved only here. Precedence: service in the environment
#   (services.NAME.environments.ENVIRONMENT), service, environment, organisation, shipped.
#   They are undefined, and nothing passes, if the request names an environment or a
#   service that is not in the settings, or if the organisation's settings have an unknown
#   key.
package prodgate.v1.lib.settings

import data.prodgate.v1.settings as shipped

effective := object.union(
	object.union_n([shipped, _organisation, _environment, _service, _service_in_environment]),
	{"additional_checks": _additional_checks},
) if {
	count(unknown) == 0
}

default _organisation := {}

_organisation := data.prodgate.organisation

# The names that requests and other facts can use.
environments := object.keys(object.union(shipped.environments, _own_environments))

services := object.keys(object.union(shipped.services, _own_services))

default _own_environments := {}

_own_environments := _organisation.environments

default _own_services := {}

_own_services := _organisation.services

_environment := object.union(shipped.environments, _own_environments)[input.request.environment]

_service := object.remove(_services[input.request.service], ["environments"])

default _service_in_environment := {}

_service_in_environment := _services[input.request.service].environments[input.request.environment]

_services := object.union(shipped.services, _own_services)

# Additional checks of all layers are combined: no layer can remove a check.
_additional_checks := sort({name |
	some layer in _layers
	some name in layer.additional_checks
})

_layers := [shipped, _organisation, _environment, _service, _service_in_environment]

# Unknown keys in the organisation's settings, as dotted paths.
unknown contains concat(".", path) if {
	walk(_organisation, [path, _])
	count(path) > 0
	every key in path {
		is_string(key)
	}
	setting := _setting(path)
	not _listed(setting)
}

# A service's settings for an environment that is not in the settings, or in another
# form, would silently do nothing.
unknown contains sprintf("services.%v.environments", [service]) if {
	some service, _ in _own_services
	not service in _well_formed
}

_well_formed contains service if {
	some service, own in _own_services
	own_environments := object.get(own, "environments", {})
	is_object(own_environments)
	every name, table in own_environments {
		name in environments
		is_object(table)
	}
}

# A value that is not a list would silently add no check.
unknown contains "additional_checks" if {
	some layer in _layers
	checks := object.get(layer, "additional_checks", [])
	not is_array(checks)
}

# An unknown word would silently exclude no one.
unknown contains "approval.independent_of" if {
	some layer in _layers
	some word in object.get(layer, ["approval", "independent_of"], [])
	not word in _independent_of
}

_independent_of := {"author"}

# The setting that a path refers to: the path itself, or the part after the name of an
# environment, of a service or of both.
_setting(path) := array.slice(path, 4, count(path)) if {
	path[0] == "services"
	path[2] == "environments"
} else := array.slice(path, 2, count(path)) if {
	path[0] in {"environments", "services"}
} else := path

_listed(setting) if object.get(shipped, setting, null) != null

# Tables in which the organisation chooses the keys.
_listed(setting) if array.slice(setting, 0, 2) in _tables

_tables := {["window", "named"], ["waivers", "allowed"], ["sources", "accepted"], ["signatures", "keys"], ["signatures", "identities"], ["signatures", "roots"]}
