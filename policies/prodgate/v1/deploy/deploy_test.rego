package prodgate.v1.deploy_test

import data.prodgate.v1.deploy
import data.prodgate.v1.testing

test_allow_each_kind if {
	every document in [testing.promotion, testing.configuration, testing.initial, testing.rollback, testing.emergency] {
		deploy.outcome == "allow" with input as document
	}
}
