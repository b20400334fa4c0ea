package strict

import (
	"fmt"
	"reflect"
	"strings"
)

// Value is a value of a file whose form is decided later: a field of this type
// takes whatever the file has there. The zero Value is one that is absent or null.
type Value struct {
	decoder decoder
	node    *Node
	path    string // where it is in the file, for messages
	line    int    // of its key, or of itself
}

var valueType = reflect.TypeFor[Value]()

// Root is the value that t holds, JSON or YAML. What Fill and Errorf find wrong
// with it and all that is in it is in its Err.
func (t Text) Root(rules Rules) (Value, error) {
	n, src, err := t.parse()
	if err != nil {
		return Value{}, err
	}
	return Value{decoder: decoder{src: src, rules: rules, problems: &problems{}}, node: n, line: src.line(n.At)}, nil
}

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
	return v.member(m)
}

func (v Value) member(m *Node) Value {
	return Value{decoder: v.decoder, node: m, path: join(v.path, m.Name), line: v.decoder.src.line(m.NameAt)}
}

// Kind is what v is; Null for the zero Value.
func (v Value) Kind() Kind {
	if v.node == nil {
		return Null
	}
	return v.node.Kind
}

// Line is the line of v's key, or of v itself, from 1; 0 for the zero Value.
func (v Value) Line() int { return v.line }

// Key is the last word of v's path.
func (v Value) Key() string {
	if v.node == nil {
		return ""
	}
	return v.node.Name
}

// Members are the values in the mapping v, null ones too, in the order of the file.
func (v Value) Members() []Value {
	if v.Kind() != Object {
		return nil
	}
	list := make([]Value, 0, len(v.node.Kids))
	for i := range v.node.Kids {
		list = append(list, v.member(&v.node.Kids[i]))
	}
	return list
}

// Items are the values in the list v.
func (v Value) Items() []Value {
	if v.Kind() != List {
		return nil
	}
	list := make([]Value, 0, len(v.node.Kids))
	for i := range v.node.Kids {
		n := &v.node.Kids[i]
		list = append(list, Value{decoder: v.decoder, node: n, path: fmt.Sprintf("%s[%d]", v.path, i), line: v.decoder.src.line(n.At)})
	}
	return list
}

// Without is the mapping v without some of its keys.
func (v Value) Without(keys ...string) Value {
	if v.Kind() != Object {
		return v
	}
	rest := *v.node
	rest.Kids = nil
	for i := range v.node.Kids {
		kept := true
		for _, key := range keys {
			kept = kept && v.node.Kids[i].Name != key
		}
		if kept {
			rest.Kids = append(rest.Kids, v.node.Kids[i])
		}
	}
	v.node = &rest
	return v
}

// Text is v if it is a text, else "".
func (v Value) Text() string {
	if v.Kind() != String {
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

// Fill decodes v into what into points at, and reports whether nothing was wrong.
// What is wrong is in the root's Err. The zero Value leaves into as it is.
func (v Value) Fill(into any) bool {
	if v.node == nil {
		return true
	}
	before := v.decoder.problems.count()
	v.decoder.value(v.node, reflect.ValueOf(into).Elem(), v.path, "")
	return v.decoder.problems.count() == before
}

// Errorf notes a problem of v, as a sentence that begins with its path.
func (v Value) Errorf(format string, args ...any) {
	v.decoder.problems.add(v.line, strings.TrimSpace(v.path+" "+fmt.Sprintf(format, args...)))
}

// Notef notes a problem of v: its path, a colon, and the problem.
func (v Value) Notef(format string, args ...any) {
	v.decoder.problems.add(v.line, strings.TrimPrefix(v.path+": "+fmt.Sprintf(format, args...), ": "))
}

// Err lists everything that is wrong, with file and line; nil if nothing is.
func (v Value) Err() error {
	if v.decoder.problems == nil {
		return nil
	}
	return v.decoder.problems.err(v.decoder.src.name)
}
