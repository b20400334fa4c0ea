package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/trail/step"
)

// stepFlag is a flag of audit record that fills a field of the step's data.
type stepFlag struct {
	flag   string
	fields []string // it fills the first of these that the step's type has
	doc    string
}

// stepFlags lists all of them. Package step defines the form of each field and which
// types have it.
var stepFlags = []stepFlag{
	{"approver", []string{"approver", "approvers"}, "who approved, as an e-mail address or scheme:value; a deployment can have several, separated by commas"},
	{"approved-at", []string{"approved_at"}, "when it was approved (RFC 3339); default: when the step happened"},
	{"duration", []string{"approval_duration_seconds"}, "how long the review took, such as 5m"},
	{"incident", []string{"incident"}, "the incident that the deployment caused"},
	{"kind", []string{"kind"}, "the kind of request: initial, promotion, configuration or rollback"},
	{"lifts", []string{"lifts"}, "rejections that the approval overrides, separated by commas: who rejected, or the id of the entry"},
	{"platforms", []string{"platforms"}, "the digests that the index of a rejection lists, separated by commas; prodgate reject finds them"},
	{"reason", []string{"reason"}, "the reason, in one sentence"},
	{"result", []string{"result"}, "the result of a verification, such as PASSED or FAILED; only PASSED counts as success"},
	{"reviewer", []string{"reviewer"}, "who did the review; default: the account that records"},
	{"role", []string{"role"}, "the approver's claimed role; only the role in the directory counts"},
	{"settles", []string{"settles"}, "the id of the emergency.used that was reviewed"},
	{"tag", []string{"artifact"}, "the tag that the reviewer saw"},
	{"ticket", []string{"ticket"}, "the ticket of the emergency or incident"},
	{"version", []string{"version"}, "the version, for example 42"},
	{"window", []string{"deployment_window"}, "the deployment window that the approval names"},
}

// field returns the field of a type that a flag fills.
func (f stepFlag) field(typ step.Type) (field step.Field, known bool) {
	for _, name := range f.fields {
		if field, known = typ.Field(name); known {
			return field, true
		}
	}
	return field, false
}

// flagOf returns the flag for a field of a step, or the field's name if it has no
// flag.
func flagOf(field string) string {
	switch field {
	case "service", "environment", "deployment":
		return "--" + field
	case "digest":
		return "--digest or --image"
	}
	name := strings.TrimPrefix(field, "data.")
	for _, f := range stepFlags {
		if slices.Contains(f.fields, name) {
			return "--" + f.flag
		}
	}
	return field
}

// flagsOf lists the flags that fill fields of a type, for use in a sentence.
func flagsOf(typ step.Type) string {
	var list []string
	for _, f := range stepFlags {
		if _, known := f.field(typ); known {
			list = append(list, "--"+f.flag)
		}
	}
	if _, known := typ.Field(configurationFlag); known {
		list = append(list, "--"+configurationFlag)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// inFlags rewrites an error about a step in terms of the flags of audit record.
func inFlags(err error) error {
	var wrong *step.Error
	if !errors.As(err, &wrong) {
		return err
	}
	var missing []string
	for _, p := range wrong.Problems {
		if p.Found != "" {
			return usage("", "%s: %s must be %s, not %s", wrong.Type, flagOf(p.Field), p.Must, p.Found)
		}
		missing = append(missing, flagOf(p.Field))
	}
	slices.Sort(missing)
	return usage("prodgate audit record --help explains the flags", "%s: missing %s", wrong.Type, strings.Join(missing, ", "))
}

// recordable lists the types that audit record records, except custom.NAME.
var recordable = slices.DeleteFunc(step.Names(), func(name string) bool {
	typ, err := step.Find(name)
	return err != nil || typ.By != step.ByHand
})

// recordableType returns the type with a name, if audit record records it.
func recordableType(name string) (step.Type, error) {
	if custom, err := step.Find(name); err == nil && custom.By != step.ByHand {
		if custom.By != "" {
			return custom, usage("use "+custom.By, "%s cannot be recorded by hand", name)
		}
		return custom, usage("prodgate records it itself", "%s cannot be recorded by hand", name)
	} else if strings.HasPrefix(name, step.CustomPrefix) {
		return custom, err
	}
	if err := knownType(name, recordable); err != nil {
		return step.Type{}, err
	}
	return step.Find(name)
}
