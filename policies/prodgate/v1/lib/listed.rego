# METADATA
# title: Listed names
# description: >-
#   The environments and services that the settings list. Any other name is unknown,
#   usually because it is misspelled.
package prodgate.v1.lib.listed

import data.prodgate.v1.lib.settings

# Staging environments are known names too, even if no request may name them.
environments := settings.environments | {name |
	some name in settings.effective.staging.environments
}

services := settings.services
