package prodgate.v1.lib.signers_test

import data.prodgate.v1.lib.signers
import data.prodgate.v1.testing

test_a_fact_without_a_signature_counts_only_if_the_settings_say_so if {
	signers.counts("build", null) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	not signers.counts("waivers", null) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	every value in [false, null, "true", 1, [], {}] {
		not signers.counts("build", null) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/sources/unverified/build", value)
	}
}

_key(person) := testing.change(testing.signed("approvals", ["lead-2026"]), "/signatures/keys", {"lead-2026": {"public": "x", "person": person}})

# A key with a person speaks for no one else.
test_a_persons_key_speaks_for_that_person if {
	lead := "mailto:lead@example.com"
	signers.speaks_for("lead-2026", lead) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _key("github:2")
	every person in ["github:3", "github:99", "", null, 1, [lead], {}] {
		not signers.speaks_for("lead-2026", lead) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _key(person)
	}
	every signer in [null, "release-2026", 1] {
		signers.speaks_for(signer, lead) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _key("github:3")
	}
}

# A root with the name of a key is no key.
test_a_key_without_a_person_speaks_for_everyone if {
	settings := testing.change(testing.signed("approvals", ["ci"]), "/signatures/keys", {"ci": {"public": "x"}})
	signers.speaks_for("ci", "mailto:lead@example.com") with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	signers.speaks_for("ci", "mailto:nobody@example.com") with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	named := testing.change(_key("github:2"), "/signatures/roots", {"lead-2026": "{}"})
	signers.speaks_for("lead-2026", "mailto:lead@example.com") with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as named
}

test_no_signer_counts_but_text if {
	every signer in [true, 1, null, ["release-2026"]] {
		not signers.accepted("build", signer) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.signed("build", [signer])
	}
}

test_a_persons_identity_speaks_for_that_person if {
	lead := "mailto:lead@example.com"
	_identity := {"lead": {"root": "x", "subject": "lead@example.com", "issuer": "y", "person": "github:2"}}
	settings := testing.change(testing.signed("approvals", ["lead"]), "/signatures/identities", _identity)
	signers.speaks_for("lead", lead) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	not signers.speaks_for("lead", "mailto:manager@example.com") with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
}

# Where a signature is not required, a key for something else does not count either.
test_a_signature_counts_only_by_a_listed_key if {
	signers.counts("build", "release-2026") with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.signed("build", ["release-2026"])
	every signer in ["staging-2026", "", " ", true, 1, [], {}, ["release-2026"]] {
		not signers.counts("build", signer) with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.signed("build", ["release-2026"])
		not signers.counts("build", signer) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	}
}
