package facts

import "github.com/prodgate/prodgate/internal/strict"

// Limits of a document. They apply before anything is decoded.
const (
	MaxBytes = 16 << 20        // length of a document
	MaxDepth = strict.MaxDepth // objects and lists within each other

	maxValues = 1 << 20 // values in a document
)

// form is how a document is read.
var form = strict.Form{Values: maxValues, Spell: true}

type (
	node = strict.Node
	kind = strict.Kind
)

const (
	kindNull   = strict.Null
	kindBool   = strict.Bool
	kindNumber = strict.Number
	kindString = strict.String
	kindList   = strict.List
	kindObject = strict.Object
)
