# METADATA
# title: Settings
# description: >-
#   The settings in force, resolved here and nowhere else: service in the
#   environment (services.NAME.environments.ENVIRONMENT) over service over
#   environment over organisation over shipped. Undefined, so that nothing passes,
#   if the request names an environment or a service that no settings list, or if
#   the organisation's settings have a key that does not exist.
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

# The names that requests may use, and that other facts can name.
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

# Additional checks only ever add: no layer takes away what another asks for.
_additional_checks := sort({name |
	some layer in _layers
	some name in layer.additional_checks
})

_layers := [shipped, _organisation, _environment, _service, _service_in_environment]

# Keys of the organisation's settings that mean nothing, as dotted paths.
unknown contains concat(".", path) if {
	walk(_organisation, [path, _])
	count(path) > 0
	every key in path {
		is_string(key)
	}
	setting := _setting(path)
	not _listed(setting)
}

# A service's settings for an environment that nobody lists, or in another form,
# would do nothing, in silence.
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

# What is no list would add no check, in silence.
unknown contains "additional_checks" if {
	some layer in _layers
	checks := object.get(layer, "additional_checks", [])
	not is_array(checks)
}

# A word that names nobody would keep nobody out, in silence.
unknown contains "approval.independent_of" if {
	some layer in _layers
	some word in object.get(layer, ["approval", "independent_of"], [])
	not word in _independent_of
}

_independent_of := {"author"}

# The setting that a path is about: the path itself, or what follows the name
# of an environment, of a service or of both.
_setting(path) := array.slice(path, 4, count(path)) if {
	path[0] == "services"
	path[2] == "environments"
} else := array.slice(path, 2, count(path)) if {
	path[0] in {"environments", "services"}
} else := path

_listed(setting) if object.get(shipped, setting, null) != null

# Tables whose keys are the organisation's own.
_listed(setting) if array.slice(setting, 0, 2) in _tables

_tables := {["window", "named"], ["waivers", "allowed"], ["sources", "accepted"]}
