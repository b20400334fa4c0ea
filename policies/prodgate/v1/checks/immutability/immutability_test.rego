package prodgate.v1.checks.immutability_test

import data.prodgate.v1.checks.immutability
import data.prodgate.v1.testing

_signed := testing.signed("build", ["release-2026", "release-2025"])

_bare := testing.patched([
	{"op": "replace", "path": "/artifact/tag", "value": null},
	{"op": "replace", "path": "/artifact/tag_digest", "value": null},
	{"op": "replace", "path": "/artifact/reference", "value": sprintf("registry.example.com/api@%s", [testing.artifact])},
])

test_pass_tag_is_the_commit if {
	immutability.pass == true with data.prodgate.organisation as testing.organisation with input as testing.promotion
	immutability.deny == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
	immutability.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/artifact/tag", testing.promotion.build.commit)
	immutability.needs == {"artifact", "build"}
}

test_pass_bare_digest if {
	immutability.pass == true with data.prodgate.organisation as testing.organisation with input as _bare
	immutability.deny == set() with data.prodgate.organisation as testing.organisation with input as _bare
}

test_deny_bare_digest_of_another_reference if {
	every reference in ["registry.example.com/api", "registry.example.com/api:latest", sprintf("registry.example.com/api@%s", [testing.other]), "", null] {
		immutability.pass == false with data.prodgate.organisation as testing.organisation with input as testing.change(_bare, "/artifact/reference", reference)
	}
}

test_deny_mutable_tag if {
	every tag in ["latest", "prod", "main", "v1.2.3", "7a3f9c", "7A3F9C2", "7a3f9c2 ", "8b3f9c2", "", "deadbeef"] {
		document := testing.changed("/artifact/tag", tag)
		immutability.pass == false with data.prodgate.organisation as testing.organisation with input as document
		testing.codes(immutability.deny) == {"immutability.mutable_tag"} with data.prodgate.organisation as testing.organisation with input as document
	}
}

test_deny_mutable_tag_names_the_form if {
	document := testing.changed("/artifact/tag", "main")
	{finding.required | some finding in immutability.deny} == {"the commit's hash, 7 characters or more"} with data.prodgate.organisation as testing.organisation with input as document
	settings := testing.settings("/immutability/tag_pattern", "v[0-9]+")
	{finding.required | some finding in immutability.deny} == {"v[0-9]+"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
}

# The finding of the source gives the reason.
test_fail_source_in_error_explains_nothing if {
	every case in [
		["/artifact/tag", "main", {"artifact", "build"}, data.prodgate.v1.settings],
		["/build/digest", testing.other, {"artifact", "build"}, data.prodgate.v1.settings],
		["/artifact/tag_digest", testing.other, {"artifact"}, data.prodgate.v1.settings],
		["/build/verified_by", null, {"build"}, _signed],
	] {
		every section in case[2] {
			document := testing.change(testing.changed(case[0], case[1]), sprintf("/sources/%s/status", [section]), "error")
			immutability.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as case[3]
			immutability.deny == set() with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as case[3]
		}
	}
}

test_deny_digest_mismatch if {
	document := testing.changed("/build/digest", testing.other)
	immutability.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(immutability.deny) == {"immutability.digest_mismatch"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_tag_moved if {
	document := testing.changed("/artifact/tag_digest", testing.other)
	immutability.pass == false with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(immutability.deny) == {"immutability.tag_moved"} with data.prodgate.organisation as testing.organisation with input as document
}

test_deny_unsigned_build if {
	immutability.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _signed
	testing.codes(immutability.deny) == {"immutability.unsigned_build"} with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as _signed
	every value in ["", " ", true, [], {}] {
		immutability.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/build/verified_by", value) with data.prodgate.v1.settings as _signed
	}
}

test_deny_build_signed_by_another_key if {
	document := testing.changed("/build/verified_by", "staging-2026")
	immutability.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	messages := {[finding.message, finding.required] | some finding in immutability.deny} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
	messages == {["the build record is signed by staging-2026, which sources.signers does not list for it", "a verified signature by release-2026 or release-2025"]}
}

test_deny_signed_build_if_no_key_is_listed if {
	document := testing.changed("/build/verified_by", "release-2025")
	every settings in [
		testing.signed("build", []), testing.signed("build", null), testing.signed("build", "release-2025"), testing.signed("build", {"a": "release-2025"}),
		testing.remove(testing.signed("build", []), "/sources/signers"),
	] {
		immutability.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		required := {finding.required | some finding in immutability.deny} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		required == {"a verified signature"}
	}
}

test_pass_signed_build if {
	document := testing.changed("/build/verified_by", "release-2025")
	immutability.pass == true with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as _signed
}

test_pass_tag_of_the_settings_pattern if {
	settings := testing.settings("/immutability/tag_pattern", "v[0-9]+\\.[0-9]+")
	immutability.pass == true with data.prodgate.organisation as testing.organisation with input as testing.changed("/artifact/tag", "v1.2") with data.prodgate.v1.settings as settings
	every tag in ["v1.2.3", "xv1.2", "7a3f9c2", "", null] {
		immutability.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed("/artifact/tag", tag) with data.prodgate.v1.settings as settings
	}
}

test_deny_tags_that_no_pattern_can_allow if {
	settings := testing.settings("/immutability/tag_pattern", ".*")
	every tag in ["latest", "prod", "", " "] {
		document := testing.changed("/artifact/tag", tag)
		immutability.pass == false with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
		testing.codes(immutability.deny) == {"immutability.mutable_tag"} with data.prodgate.organisation as testing.organisation with input as document with data.prodgate.v1.settings as settings
	}
}

test_fail_missing_fact if {
	every path in [
		"/artifact",
		"/artifact/tag",
		"/artifact/digest",
		"/artifact/tag_digest",
		"/build",
		"/build/digest",
		"/build/commit",
		"/sources/artifact",
		"/sources/build",
	] {
		immutability.pass == false with data.prodgate.organisation as testing.organisation with input as testing.without(path)
	}
	every path in ["/artifact/tag", "/artifact/reference", "/artifact/repository"] {
		immutability.pass == false with data.prodgate.organisation as testing.organisation with input as testing.remove(_bare, path)
	}
}

test_fail_garbage if {
	every path in ["/artifact", "/artifact/tag", "/artifact/digest", "/artifact/tag_digest", "/build", "/build/digest", "/build/commit"] {
		every value in array.concat(testing.garbage, [upper(testing.artifact)]) {
			immutability.pass == false with data.prodgate.organisation as testing.organisation with input as testing.changed(path, value)
		}
	}
}

test_fail_setting_removed if {
	every settings in [
		testing.settings_without("/immutability/tag_pattern"),
		testing.settings("/immutability/tag_pattern", null),
		testing.settings("/immutability/tag_pattern", "("),
		testing.settings_without("/sources/unverified/build"),
		testing.settings("/sources/unverified/build", "true"),
	] {
		immutability.pass == false with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as settings
	}
}
