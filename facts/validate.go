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
	place  place
	faults faults
}

// fault notes that n is not what s wants.
func (r *reader) fault(n *node, s *shape, hint string) {
	if r.faults.full() {
		return
	}
	if hint == "" && n.kind == kindString && s.enum != nil {
		hint = spelling.Hint(n.text, s.enum)
	}
	r.faults.add(n.at, r.place.pointer(), seen(n)+"; want "+s.wanted(), hint)
}

// unknown notes that the key of n is not one of those known.
func (r *reader) unknown(n *node, known []string, otherwise string) {
	if r.faults.full() {
		return
	}
	hint := spelling.Hint(n.name, known)
	if hint == "" {
		hint = otherwise
	}
	r.faults.add(n.nameAt, r.place.pointer(), "unknown key", hint)
}

// read fills into from n, which has to be of shape s and may not be null.
func (r *reader) read(n *node, s *shape, into reflect.Value) {
	switch {
	case s.free:
		r.free(n, s, into)
	case n.kind != s.kind:
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
		into.SetBool(n.text == "true")
	case s.kind == kindNumber:
		r.number(n, s, into)
	case s.instant:
		t, ok := parseInstant(n.text)
		if !ok || s.seconds && strings.Contains(n.text, ".") {
			r.fault(n, s, "")
			return
		}
		into.Set(reflect.ValueOf(t))
	default:
		if !s.accepts(n.text) {
			r.fault(n, s, "")
		}
		into.SetString(n.text)
	}
}

// maxWhole is the largest whole number that every reader of JSON keeps exact.
const maxWhole = 1<<53 - 1

func (r *reader) number(n *node, s *shape, into reflect.Value) {
	f, _ := strconv.ParseFloat(n.text, 64) // the scanner knows that it fits
	if s.whole && (f < 0 || f > maxWhole || f != math.Trunc(f)) {
		r.fault(n, s, "")
		return
	}
	n.text = canonical.Exact(strconv.FormatFloat(f, 'g', -1, 64))
	if s.whole {
		into.SetInt(int64(f))
		return
	}
	into.SetFloat(f)
}

// accepts says whether a string is spelled as s wants it.
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
	if len(n.kids) < s.min {
		r.fault(n, s, "")
	}
	list := reflect.MakeSlice(into.Type(), len(n.kids), len(n.kids))
	for i := range n.kids {
		r.place.pushItem(i)
		r.read(&n.kids[i], s.elem, list.Index(i))
		r.place.pop()
	}
	into.Set(list)
}

func (r *reader) object(n *node, s *shape, into reflect.Value) {
	for _, f := range s.fields {
		if f.required && n.member(f.name) == nil && !r.faults.full() {
			r.faults.add(n.at, r.place.pointer(f.name), "is missing; want "+f.shape.wanted(), "")
		}
	}
	for i := range n.kids {
		m := &n.kids[i]
		r.place.push(m.name)
		if f := s.field(m.name); f != nil {
			r.member(m, f, into.Field(f.index))
		} else {
			r.unknown(m, s.names(), "known here: "+strings.Join(s.names(), ", "))
		}
		r.place.pop()
	}
}

// member reads one key's value; null only where the field may be null.
func (r *reader) member(n *node, f *field, into reflect.Value) {
	if n.kind == kindNull && f.nullable {
		return
	}
	if n.kind == kindNull {
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
	values := reflect.MakeMapWithSize(into.Type(), len(n.kids))
	for i := range n.kids {
		m := &n.kids[i]
		r.place.push(m.name)
		if !s.keys.accepts(m.name) {
			r.unknown(m, s.keys.enum, "want "+s.keys.wanted())
		}
		value := reflect.New(into.Type().Elem()).Elem()
		r.read(m, s.elem, value)
		values.SetMapIndex(reflect.ValueOf(m.name), value)
		r.place.pop()
	}
	into.Set(values)
}

func (r *reader) free(n *node, s *shape, into reflect.Value) {
	if n.kind == kindNull {
		r.fault(n, s, "leave the section out if it could not be read")
		return
	}
	into.Set(reflect.ValueOf(n.any()))
}

// any returns n as encoding/json would with UseNumber.
func (n *node) any() any {
	switch n.kind {
	case kindBool:
		return n.text == "true"
	case kindNumber:
		return json.Number(n.text)
	case kindString:
		return n.text
	case kindList:
		list := make([]any, len(n.kids))
		for i := range n.kids {
			list[i] = n.kids[i].any()
		}
		return list
	case kindObject:
		members := make(map[string]any, len(n.kids))
		for i := range n.kids {
			members[n.kids[i].name] = n.kids[i].any()
		}
		return members
	}
	return nil
}

// seen says what n is.
func seen(n *node) string {
	switch {
	case n.kind == kindString:
		return "is " + quote(n.text)
	case n.kind == kindList && len(n.kids) == 0:
		return "is an empty list"
	case n.kind == kindList || n.kind == kindObject:
		return "is " + kindWords[n.kind]
	}
	return "is " + n.text
}
