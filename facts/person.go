package facts

import "github.com/prodgate/prodgate/internal/strict"

// IsPerson reports whether text is an id of a person as documents spell it, such as
// github:583231, and what one is.
func IsPerson(text string) (wanted string, ok bool) { return strict.Accepts("person", text) }
