package evaluator

import (
	"maps"
	"slices"
	"time"

	"github.com/prodgate/prodgate/facts"
)

// keys checks the form of signatures.keys. Whether a public key is one is for whoever
// verifies with it.
func (l *settingsLint) keys(path settingPath, set any) {
	table, ok := set.(map[string]any)
	if !ok {
		l.problem(path, "must be a table of keys")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		at := path.key(name)
		key, ok := table[name].(map[string]any)
		if !ok || !settingName.MatchString(name) {
			l.problem(at, "must be a table with public, from, until, person, under a name in lower case")
			continue
		}
		if _, ok := key["public"]; !ok {
			l.problem(at.key("public"), "is missing; it must be a public key in PEM")
		}
		for _, field := range slices.Sorted(maps.Keys(key)) {
			l.keyField(at.key(field), field, key[field])
		}
	}
}

func (l *settingsLint) keyField(path settingPath, field string, value any) {
	text, ok := value.(string)
	switch {
	case !slices.Contains(keyFields, field):
		l.problem(path, "is unknown; a key has public, from, until, person%s", didYouMean(field, keyFields))
	case !ok || text == "":
		l.problem(path, "must be text")
	case field == "person":
		if wanted, ok := facts.IsPerson(text); !ok {
			l.problem(path, "is %q; it must be %s", text, wanted)
		}
	case field != "public":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			l.problem(path, "is %q; it must be a time such as 2026-01-01T00:00:00Z", text)
		}
	}
}

var keyFields = []string{"public", "from", "until", "person"}
