package facts

import (
	"reflect"
	"strings"
)

// Sections are the keys of a document's sections, in the order of Document.
// Facts of an embedder's own lie under custom instead.
var Sections, sectionKeys = sectionsOf(reflect.TypeFor[Document]())

// sectionsOf returns the keys of the sections that a document can have, and those
// keys by what a section's pointer or list is of.
func sectionsOf(document reflect.Type) ([]string, map[reflect.Type]string) {
	var names []string
	keys := map[reflect.Type]string{}
	for i := range document.NumField() {
		field := document.Field(i)
		key, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		if option == "" || key == "custom" {
			continue // required, or of any type
		}
		names, keys[field.Type.Elem()] = append(names, key), key
	}
	return names, keys
}

// Section is one part of a document, as a collector returns it. The set of
// sections is closed; an embedder's own facts travel as Custom.
type Section interface {
	// addTo puts the section into its place in d.
	addTo(d *Document)
}

// The lists that are sections of their own.
type (
	// Approvals is the section of approvals and rejections.
	Approvals []Approval
	// People is the section of persons, as the directory knows them.
	People []Person
	// Incidents is the section of incidents, whatever their status.
	Incidents []Incident
	// Notifications is the section of teams that were notified.
	Notifications []Notification
	// Waivers is the section of waivers.
	Waivers []Waiver
)

// Custom is a section of an embedder's own, seen by policies as
// input.custom.<Name>. Value must be something encoding/json can write.
type Custom struct {
	Name  string
	Value any
}

func (s *Artifact) addTo(d *Document)        { d.Artifact = s }
func (s *Build) addTo(d *Document)           { d.Build = s }
func (s *Staging) addTo(d *Document)         { d.Staging = s }
func (s *Vulnerabilities) addTo(d *Document) { d.Vulnerabilities = s }
func (s *Calendar) addTo(d *Document)        { d.Calendar = s }
func (s *Production) addTo(d *Document)      { d.Production = s }
func (s *Rollback) addTo(d *Document)        { d.Rollback = s }
func (s *OnCall) addTo(d *Document)          { d.OnCall = s }
func (s *Monitoring) addTo(d *Document)      { d.Monitoring = s }
func (s *Trail) addTo(d *Document)           { d.Trail = s }

func (s Approvals) addTo(d *Document)     { d.Approvals = nonNil(s) }
func (s People) addTo(d *Document)        { d.People = nonNil(s) }
func (s Incidents) addTo(d *Document)     { d.Incidents = nonNil(s) }
func (s Notifications) addTo(d *Document) { d.Notifications = nonNil(s) }
func (s Waivers) addTo(d *Document)       { d.Waivers = nonNil(s) }

func (s Custom) addTo(d *Document) {
	if d.Custom == nil {
		d.Custom = map[string]any{}
	}
	d.Custom[s.Name] = s.Value
}

// Add puts section into d. A nil section changes nothing.
func (d *Document) Add(section Section) {
	if section != nil {
		section.addTo(d)
	}
}

// nonNil keeps "looked and found nothing" apart from "did not look".
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// SectionName is the key of s in a document's sources: its JSON key, or
// custom.NAME for a Custom section.
func SectionName(s Section) string {
	switch s := s.(type) {
	case Observed:
		return SectionName(s.Section)
	case Custom:
		return customPrefix + s.Name
	}
	of := reflect.TypeOf(s)
	if of == nil || of.Kind() != reflect.Pointer && of.Kind() != reflect.Slice {
		return "" // a type of another package that embeds a Section
	}
	return sectionKeys[of.Elem()]
}
