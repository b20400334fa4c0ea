package strict

// Kind is what a value is.
type Kind uint8

// The kinds of JSON, which are those of the YAML that is read too.
const (
	Null Kind = iota
	Bool
	Number
	String
	List
	Object
)

// String is the kind as messages call it.
func (k Kind) String() string {
	return [...]string{"null", "true or false", "a number", "a text", "a list", "a mapping"}[k]
}

// Node is one value with its place in the source.
type Node struct {
	Name   string // its key, if it is a member of an object
	Text   string // a string's text, a number's or a boolean's literal
	Kids   []Node // a list's items, an object's members in the order given
	At     int32  // offset of the value
	NameAt int32  // offset of the key; the value's for a list's item
	Kind   Kind
}

// Member returns the member called name, or nil.
func (n *Node) Member(name string) *Node {
	if n == nil || n.Kind != Object {
		return nil
	}
	for i := range n.Kids {
		if n.Kids[i].Name == name {
			return &n.Kids[i]
		}
	}
	return nil
}
