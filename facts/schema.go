package facts

import (
	_ "embed" // the schema is a file, so that editors and other tools can use it
	"slices"
)

//go:embed schema/input.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the input document. It is
// generated from the types of this package; Parse checks the same and, beyond
// it, what the descriptions of the interval, the calendar, the sources and the
// timezone say and a schema cannot.
func Schema() []byte { return slices.Clone(schema) }
