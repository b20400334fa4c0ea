package strict

import "reflect"

// Value is a value of a file whose form is decided later: a field of this type
// takes whatever the file holds there. The zero Value is one that is absent or
// null.
type Value struct {
	decoder decoder
	node    *Node
	path    string // where it is in the file, for messages
}

var valueType = reflect.TypeFor[Value]()

// Has reports whether v is a mapping with that key.
func (v Value) Has(key string) bool {
	return v.node.Member(key) != nil
}

// Get is the value of key in the mapping v; the zero Value if v is no mapping or
// does not have it.
func (v Value) Get(key string) Value {
	m := v.node.Member(key)
	if m == nil || m.Kind == Null {
		return Value{}
	}
	return Value{decoder: v.decoder, node: m, path: join(v.path, key)}
}

// Text is v if it is a text, else "".
func (v Value) Text() string {
	if v.node == nil || v.node.Kind != String {
		return ""
	}
	return v.node.Text
}

// Decode decodes v into what into points at, as Text.Decode does. The zero Value
// leaves it as it is.
func (v Value) Decode(into any) error {
	if v.node == nil {
		return nil
	}
	return decode(v.decoder, v.node, reflect.ValueOf(into).Elem(), v.path)
}
