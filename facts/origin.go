package facts

// origin is where a document came from. It is no part of the JSON: whoever
// reads a document from a file holds one that was not collected here.
type origin int

const (
	fromElsewhere origin = iota // a file, a test, a caller's own hand
	fromHere                    // this process gathered it, by its own clock
)

// MarkCollected records that this process gathered d from its sources, by its
// own clock. Only collectors.Gather calls it.
func (d *Document) MarkCollected() { d.origin = fromHere }

// Collected reports whether this process gathered d, so that a decision on it
// can be one that enforces. It is false for a document that was decoded.
func (d *Document) Collected() bool { return d.origin == fromHere }
