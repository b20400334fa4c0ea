package evaluator

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
)

// entryForm is the form of the entries of a table under signatures.
type entryForm struct {
	what     string   // an entry is
	fields   []string // all that it can have
	required []string // alternatives are joined by "|"
}

// signatureForms are the tables under signatures, but roots, whose entries are text.
var signatureForms = map[string]entryForm{
	"keys": {"a key", []string{"public", "from", "until", "person"}, []string{"public"}},
	"identities": {
		"an identity", []string{"root", "subject", "subject_pattern", "issuer", "issuer_pattern", "from", "until", "person"},
		[]string{"root", "subject|subject_pattern", "issuer|issuer_pattern"},
	},
}

// signatures checks the form of a table under signatures. Whether a public key, a root or
// a pattern is one is for whoever verifies with it.
func (l *settingsLint) signatures(path settingPath, name string, set any) {
	table, ok := set.(map[string]any)
	if !ok {
		l.problem(path, "must be a table of %s", name)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		at := path.key(key)
		if !settingName.MatchString(key) {
			l.problem(at, "must have a name in lower case")
			continue
		}
		if form, ok := signatureForms[name]; ok {
			l.signatureEntry(at, form, table[key])
		} else if text, ok := table[key].(string); !ok || text == "" {
			l.problem(at, "must be the text of a trusted root (trusted_root.json)")
		}
	}
}

func (l *settingsLint) signatureEntry(at settingPath, form entryForm, set any) {
	entry, ok := set.(map[string]any)
	if !ok {
		l.problem(at, "must be a table with %s", strings.Join(form.fields, ", "))
		return
	}
	for _, required := range form.required {
		given := 0
		for _, field := range strings.Split(required, "|") {
			if _, ok := entry[field]; ok {
				given++
			}
		}
		switch {
		case given == 0:
			l.problem(at, "has no %s", strings.ReplaceAll(required, "|", " or "))
		case given > 1:
			l.problem(at, "has both %s; one is enough", strings.ReplaceAll(required, "|", " and "))
		}
	}
	for _, field := range slices.Sorted(maps.Keys(entry)) {
		l.signatureField(at.key(field), form, field, entry[field])
	}
}

func (l *settingsLint) signatureField(path settingPath, form entryForm, field string, value any) {
	text, ok := value.(string)
	switch {
	case !slices.Contains(form.fields, field):
		l.problem(path, "is unknown; %s has %s%s", form.what, strings.Join(form.fields, ", "), didYouMean(field, form.fields))
	case !ok || text == "":
		l.problem(path, "must be text")
	case field == "person":
		if wanted, ok := facts.IsPerson(text); !ok {
			l.problem(path, "is %q; it must be %s", text, wanted)
		}
	case field == "from" || field == "until":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			l.problem(path, "is %q; it must be a time such as 2026-01-01T00:00:00Z", text)
		}
	}
}
