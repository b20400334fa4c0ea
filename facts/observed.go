package facts

import "time"

// Observed is a section together with what it was read from. A collector
// returns one to have its evidence recorded in the document's Sources.
type Observed struct {
	Section

	// Evidence is the bytes the section was read from; nil: there is nothing to
	// point at.
	Evidence *Evidence

	// Kind is the kind of source, where one collector reads several; empty: what
	// the collector says.
	Kind string

	// Systems and Contradictions are those of a section that was merged of what
	// several systems report; else empty.
	Systems        []System
	Contradictions []Contradiction

	// Unverified are the statements whose signature was not verified.
	Unverified []UnverifiedStatement

	// Decides are the roles and teams that a directory looks up for each of its people.
	Decides Grants

	// At is when the source was looked at; zero: when the collector returned.
	// Only a source that answers from a store of its own needs to set it.
	At time.Time
}

// Grants are names of roles and teams.
type Grants struct{ Roles, Teams []string }

// addTo puts the section itself into d; its evidence is in d.Sources.
func (o Observed) addTo(d *Document) { d.Add(o.Section) }
