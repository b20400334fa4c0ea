# METADATA
# title: Listed names
# description: >-
#   The environments and services that the settings list. Whatever names another
#   one is about nothing that can be deployed, which is as a rule a misspelling.
package prodgate.v1.lib.listed

import data.prodgate.v1.lib.settings

# Those in which versions are staged are known, also where no request may name them.
environments := settings.environments | {name |
	some name in settings.effective.staging.environments
}

services := settings.services
