package prodgate.v1.lib.staging_test

import data.prodgate.v1.lib.staging
import data.prodgate.v1.testing

test_stays_of_a_source_that_was_read if {
	object.keys(staging.stays) == {"staging"} with data.prodgate.organisation as testing.organisation with input as testing.promotion
	staging.stays == {} with data.prodgate.organisation as testing.organisation with input as testing.changed("/sources/staging/status", "error")
}
