package facts

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/internal/canonical"
	"github.com/prodgate/prodgate/internal/spelling"
	"github.com/prodgate/prodgate/internal/strict"
)

// reader holds nodes against shapes and fills Go values on the way.
type reader struct {
	place  strict.Place
	faults strict.Faults
}

// fault notes that n is not what s wants.
func (r *reader) fault(n *node, s *shape, hint string) {
	if r.faults.Full() {
		return
	}
	if hint == "" && n.Kind == kindString && s.enum != nil {
		hint = spelling.Hint(n.Text, s.enum)
	}
	r.faults.Add(n.At, r.place.Pointer(), seen(n)+"; want "+s.wanted(), hint)
}

// unknown notes that the key of n is not one of those known.
func (r *reader) unknown(n *node, known []string, otherwise string) {
	if r.faults.Full() {
		return
	}
	hint := spelling.Hint(n.Name, known)
	if hint == "" {
		hint = otherwise
	}
	r.faults.Add(n.NameAt, r.place.Pointer(), "unknown key", hint)
}

// read fills into from n, which has to be of shape s and may not be null.
func (r *reader) read(n *node, s *shape, into reflect.Value) {
	switch {
	case s.free:
		r.free(n, s, into)
	case n.Kind != s.kind:
		r.fault(n, s, "")
	case s.fields != nil:
		r.object(n, s, into)
	case s.kind == kindObject:
		r.mapping(n, s, into)
	case s.kind == kindList:
		r.list(n, s, into)
	default:
		r.scalar(n, s, into)
	}
}

func (r *reader) scalar(n *node, s *shape, into reflect.Value) {
	switch {
	case s.kind == kindBool:
		into.SetBool(n.Text == "true")
	case s.kind == kindNumber:
		r.number(n, s, into)
	case s.instant:
		t, ok := parseInstant(n.Text)
		if !ok || s.seconds && strings.Contains(n.Text, ".") {
			r.fault(n, s, "")
			return
		}
		into.Set(reflect.ValueOf(t))
	default:
		if !s.accepts(n.Text) {
			r.fault(n, s, "")
		}
		into.SetString(n.Text)
	}
}

// maxWhole is the largest whole number that every reader of JSON keeps exact.
const maxWhole = 1<<53 - 1

func (r *reader) number(n *node, s *shape, into reflect.Value) {
	f, _ := strconv.ParseFloat(n.Text, 64) // the scanner knows that it fits
	if s.whole && (f < 0 || f > maxWhole || f != math.Trunc(f)) {
		r.fault(n, s, "")
		return
	}
	n.Text = canonical.Exact(strconv.FormatFloat(f, 'g', -1, 64))
	if s.whole {
		into.SetInt(int64(f))
		return
	}
	into.SetFloat(f)
}

// accepts reports whether a string is spelled as s wants it.
func (s *shape) accepts(text string) bool {
	if s.format != nil {
		return s.format.Matches(text)
	}
	if s.prefix != "" && strings.HasPrefix(text, s.prefix) {
		return strict.FormatNamed("name").Matches(text[len(s.prefix):])
	}
	return s.enum == nil || slices.Contains(s.enum, text)
}

func (r *reader) list(n *node, s *shape, into reflect.Value) {
	if len(n.Kids) < s.min {
		r.fault(n, s, "")
	}
	list := reflect.MakeSlice(into.Type(), len(n.Kids), len(n.Kids))
	for i := range n.Kids {
		r.place.PushItem(i)
		r.read(&n.Kids[i], s.elem, list.Index(i))
		r.place.Pop()
	}
	into.Set(list)
}

func (r *reader) object(n *node, s *shape, into reflect.Value) {
	for _, f := range s.fields {
		if f.required && n.Member(f.name) == nil && !r.faults.Full() {
			r.faults.Add(n.At, r.place.Pointer(f.name), "is missing; want "+f.shape.wanted(), "")
		}
	}
	for i := range n.Kids {
		m := &n.Kids[i]
		r.place.Push(m.Name)
		if f := s.field(m.Name); f != nil {
			r.member(m, f, into.Field(f.index))
		} else {
			r.unknown(m, s.names(), "known here: "+strings.Join(s.names(), ", "))
		}
		r.place.Pop()
	}
}

// member reads one key's value; null only where the field may be null.
func (r *reader) member(n *node, f *field, into reflect.Value) {
	if n.Kind == kindNull && f.nullable {
		return
	}
	if n.Kind == kindNull {
		r.fault(n, f.shape, r.insteadOfNull(f))
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	r.read(n, f.shape, into)
}

// insteadOfNull says how to write what null was probably meant to say.
func (r *reader) insteadOfNull(f *field) string {
	switch {
	case !f.required && len(r.place) == 1:
		return "leave the section out if it could not be read"
	case !f.required:
		return "leave the key out instead"
	case f.shape.kind == kindList:
		return "[] says that somebody looked and there are none"
	}
	return ""
}

func (r *reader) mapping(n *node, s *shape, into reflect.Value) {
	values := reflect.MakeMapWithSize(into.Type(), len(n.Kids))
	for i := range n.Kids {
		m := &n.Kids[i]
		r.place.Push(m.Name)
		if !s.keys.accepts(m.Name) {
			r.unknown(m, s.keys.enum, "want "+s.keys.wanted())
		}
		value := reflect.New(into.Type().Elem()).Elem()
		r.read(m, s.elem, value)
		values.SetMapIndex(reflect.ValueOf(m.Name), value)
		r.place.Pop()
	}
	into.Set(values)
}

func (r *reader) free(n *node, s *shape, into reflect.Value) {
	if n.Kind == kindNull {
		r.fault(n, s, "leave the section out if it could not be read")
		return
	}
	into.Set(reflect.ValueOf(value(n)))
}

// any returns n as encoding/json would with UseNumber.
func value(n *node) any {
	switch n.Kind {
	case kindBool:
		return n.Text == "true"
	case kindNumber:
		return json.Number(n.Text)
	case kindString:
		return n.Text
	case kindList:
		list := make([]any, len(n.Kids))
		for i := range n.Kids {
			list[i] = value(&n.Kids[i])
		}
		return list
	case kindObject:
		members := make(map[string]any, len(n.Kids))
		for i := range n.Kids {
			members[n.Kids[i].Name] = value(&n.Kids[i])
		}
		return members
	}
	return nil
}

// seen says what n is.
func seen(n *node) string {
	switch {
	case n.Kind == kindString:
		return "is " + quote(n.Text)
	case n.Kind == kindList && len(n.Kids) == 0:
		return "is an empty list"
	case n.Kind == kindList || n.Kind == kindObject:
		return "is " + kindWords[n.Kind]
	}
	return "is " + n.Text
}
