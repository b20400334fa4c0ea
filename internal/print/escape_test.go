package print

import "testing"

// A document is escaped alike, whether or not there is something to escape
// elsewhere in it.
func TestDocumentsAreEscapedWhereTheyHaveTo(t *testing.T) {
	for name, test := range map[string]struct{ document, want string }{
		"plain":             {"{\n  \"a\": \"#1 # [b]\"\n}\n", "{\n  \"a\": \"#1 # [b]\"\n}\n"},
		"letters":           {`"Zürich 東京"`, `"Zürich 東京"`},
		"a command":         {`"##[error]"`, `"#\u0023[error]"`},
		"only number signs": {`"## two"`, `"## two"`},
		"a delete":          {"\"a\x7f\"", `"a\u007f"`},
		"a control":         {"\"\u009b31m\"", `"\u009b31m"`},
		"an override":       {"\"\u202e\"", `"\u202e"`},
		"a tag":             {"\"\U000e0041\"", `"\udb40\udc41"`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(EscapeJSON([]byte(test.document))); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
