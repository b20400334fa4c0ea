package prodgate.v1.lib.sources_test

import data.prodgate.v1.lib.sources
import data.prodgate.v1.testing

_about(path, value) := testing.changed(sprintf("/sources/staging/%s", [path]), value)

test_readable_all if {
	"staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as testing.promotion
	count(sources.readable) == count(testing.promotion.sources) with data.prodgate.organisation as testing.organisation with input as testing.promotion
	sources.trouble == set() with data.prodgate.organisation as testing.organisation with input as testing.promotion
}

test_trouble_error if {
	document := testing.changed("/sources/staging", {"status": "error", "kind": "file", "error": "no such file"})
	not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sources.trouble) == {"source.error"} with data.prodgate.organisation as testing.organisation with input as document
}

test_trouble_error_of_a_kind_that_is_not_accepted_either if {
	document := testing.changed("/sources/staging", {"status": "error", "kind": "guess", "error": "no such file"})
	testing.codes(sources.trouble) == {"source.error"} with data.prodgate.organisation as testing.organisation with input as document
}

test_trouble_unconfigured if {
	document := _about("status", "unconfigured")
	not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sources.trouble) == {"source.unconfigured"} with data.prodgate.organisation as testing.organisation with input as document
}

test_trouble_not_accepted if {
	document := _about("kind", "guess")
	not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as document
	testing.codes(sources.trouble) == {"source.not_accepted"} with data.prodgate.organisation as testing.organisation with input as document
}

test_nothing_readable_by_garbage if {
	every key in ["status", "kind"] {
		every value in ["OK", "File", "", null, true, 0, [], {}] {
			not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as _about(key, value)
			_about(key, value)
		}
	}
}

test_nothing_readable_by_settings_emptied_or_removed if {
	every value in [null, [], {}, "file", ""] {
		not "staging" in sources.readable with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings("/sources/accepted/staging", value)
	}
	count(sources.readable) == 0 with data.prodgate.organisation as testing.organisation with input as testing.promotion with data.prodgate.v1.settings as testing.settings_without("/sources")
}

test_missing_names_the_section if {
	sources.missing("staging").code == "source.missing"
}
