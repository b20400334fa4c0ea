package strict

import (
	"reflect"
	"slices"
)

// Value is a value of a file whose form is decided later: a field of this type
// takes whatever the file holds there. The zero Value is one that is absent or
// null.
type Value struct {
	decoder decoder
	node    *node
	path    string // where it is in the file, for messages
}

var valueType = reflect.TypeFor[Value]()

// Has reports whether v is a mapping with that key.
func (v Value) Has(key string) bool {
	return v.node != nil && slices.ContainsFunc(v.node.keys, func(k *node) bool { return k.value == key })
}

// Get is the value of key in the mapping v; the zero Value if v is no mapping or
// does not have it.
func (v Value) Get(key string) Value {
	if v.node == nil {
		return Value{}
	}
	for i, k := range v.node.keys {
		if k.value == key && v.node.items[i].kind != null {
			return Value{decoder: v.decoder, node: v.node.items[i], path: join(v.path, key)}
		}
	}
	return Value{}
}

// Text is v if it is a text, else "".
func (v Value) Text() string {
	if v.node == nil || v.node.kind != text {
		return ""
	}
	return v.node.value
}

// Decode decodes v into what into points at, as Text.Decode does. The zero Value
// leaves it as it is.
func (v Value) Decode(into any) error {
	if v.node == nil {
		return nil
	}
	return v.decoder.value(v.node, reflect.ValueOf(into).Elem(), v.path, "")
}
