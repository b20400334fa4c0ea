package file

import (
	"context"
	"embed"
	"path"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// form is how a section is written in a file.
type form struct {
	section  string
	filename string // of the skeleton, and the name that init gives the file
	rules    strict.Rules
	read     func(context.Context, strict.Path, strict.Rules) (facts.Section, *facts.Evidence, error)
}

// forms are the sections that a file of their own can hold, in the document's
// order. What null or a missing key means in a file is said here: a key whose
// absence would be good news must be written.
var forms = []form{
	{section: "staging", filename: "staging.yaml", read: record[facts.Staging],
		rules: strict.Rules{Require: []string{"restarted_at"}, Refuse: strict.OwnStay}},
	{section: "approvals", filename: "approvals.yaml", read: list[facts.Approvals],
		rules: strict.Rules{One: true, Refuse: strict.OwnReview, Cure: map[string]string{
			"decision": "write approved, rejected or withdrawn: an entry that does not say so is no approval",
		}}},
	{section: "people", filename: "people.yaml", read: list[facts.People],
		rules: strict.Rules{Require: []string{"mfa"}}},
	{section: "incidents", filename: "incidents.yaml", read: list[facts.Incidents]},
	{section: "on_call", filename: "on-call.yaml", read: record[facts.OnCall],
		rules: strict.Rules{Require: []string{"notified_at"}}},
	{section: "notifications", filename: "notifications.yaml", read: list[facts.Notifications]},
	{section: "monitoring", filename: "monitoring.yaml", read: record[facts.Monitoring]},
	{section: "waivers", filename: "waivers.yaml", read: list[facts.Waivers],
		rules: strict.Rules{Refuse: strict.OwnWord}},
}

// Sections are the sections that a file of their own can hold.
func Sections() []string {
	names := make([]string, 0, len(forms))
	for _, f := range forms {
		names = append(names, f.section)
	}
	return names
}

func formOf(section string) (form, bool) {
	for _, f := range forms {
		if f.section == section {
			return f, true
		}
	}
	return form{}, false
}

// record reads a section that is one mapping.
func record[T any, S interface {
	*T
	facts.Section
}](ctx context.Context, p strict.Path, rules strict.Rules) (facts.Section, *facts.Evidence, error) {
	section := S(new(T))
	evidence, err := p.Decode(ctx, section, rules)
	return section, evidence, err
}

// list reads a section that is a list of entries.
func list[S facts.Section](ctx context.Context, p strict.Path, rules strict.Rules) (facts.Section, *facts.Evidence, error) {
	var section S
	evidence, err := p.Decode(ctx, &section, rules)
	return section, evidence, err
}

//go:embed skeletons
var skeletons embed.FS

// Skeleton is an annotated file for a section to begin with, and its name. Both
// are empty for a section that is not one of Sections.
func Skeleton(section string) (filename, content string) {
	f, ok := formOf(section)
	if !ok {
		return "", ""
	}
	text, err := skeletons.ReadFile(path.Join("skeletons", f.filename))
	if err != nil {
		return "", "" // a test reads every one
	}
	return f.filename, string(text)
}
