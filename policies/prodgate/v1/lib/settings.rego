# METADATA
# title: Settings
# description: >-
#   The settings in force, resolved here and nowhere else: service over
#   environment over organisation over shipped. Undefined, so that nothing
#   passes, if the request names an environment or a service that no settings
#   list, or if the organisation's settings have a key that does not exist.
package prodgate.v1.lib.settings

import data.prodgate.v1.settings as shipped

effective := object.union(
	object.union_n([shipped, _organisation, _environment, _service]),
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

_service := object.union(shipped.services, _own_services)[input.request.service]

# Additional checks only ever add: no layer takes away what another asks for.
_additional_checks := sort({name |
	some layer in _layers
	some name in layer.additional_checks
})

_layers := [shipped, _organisation, _environment, _service]

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
# of an environment or service.
_setting(path) := array.slice(path, 2, count(path)) if path[0] in {"environments", "services"}

else := path

_listed(setting) if object.get(shipped, setting, null) != null

# Tables whose keys are the organisation's own.
_listed(setting) if array.slice(setting, 0, 2) in _tables

_tables := {["window", "named"], ["waivers", "allowed"], ["sources", "accepted"]}
