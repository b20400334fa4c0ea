package facts

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// reader holds nodes against shapes and fills Go values on the way.
type reader struct {
	place  place
	faults faults
}

// fault notes that n is not what was wanted.
func (r *reader) fault(n *node, want, hint string) {
	if !r.faults.full() {
		r.faults.add(n.at, r.place.pointer(), seen(n)+"; want "+want, hint)
	}
}

// read fills into from n, which has to be of shape s and may not be null.
func (r *reader) read(n *node, s *shape, into reflect.Value) {
	switch {
	case s.free:
		r.free(n, s, into)
	case n.kind != s.kind:
		r.fault(n, s.wanted(), "")
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
		f, _ := strconv.ParseFloat(n.text, 64) // the scanner knows that it fits
		n.text = strconv.FormatFloat(f, 'g', -1, 64)
		into.SetFloat(f)
	case s.instant:
		t, ok := parseInstant(n.text)
		if !ok || s.seconds && strings.Contains(n.text, ".") {
			r.fault(n, s.wanted(), "")
			return
		}
		into.Set(reflect.ValueOf(t))
	default:
		if hint, ok := s.accepts(n.text); !ok {
			r.fault(n, s.wanted(), hint)
		}
		into.SetString(n.text)
	}
}

// accepts says whether a string is as s wants it; if not, hint may name what
// was meant.
func (s *shape) accepts(text string) (hint string, ok bool) {
	if s.format != nil {
		return "", s.format.matches(text)
	}
	if s.enum == nil {
		return "", true
	}
	if slices.Contains(s.enum, text) {
		return "", true
	}
	if name, ok := strings.CutPrefix(text, s.prefix); ok && s.prefix != "" && isName(name) {
		return "", true
	}
	return meant(text, s.enum), false
}

func (r *reader) list(n *node, s *shape, into reflect.Value) {
	if len(n.kids) < s.min {
		r.fault(n, "at least "+strconv.Itoa(s.min), "")
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
		} else if !r.faults.full() {
			hint := meant(m.name, s.names())
			if hint == "" {
				hint = "known here: " + strings.Join(s.names(), ", ")
			}
			r.faults.add(m.nameAt, r.place.pointer(), "unknown key", hint)
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
		r.fault(n, f.shape.wanted(), f.insteadOfNull())
		return
	}
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	r.read(n, f.shape, into)
}

// insteadOfNull says how to write what null was probably meant to say.
func (f *field) insteadOfNull() string {
	switch {
	case !f.required:
		return "leave the key out if it is not known"
	case f.shape.kind == kindList:
		return "[] says that there are none"
	}
	return ""
}

func (r *reader) mapping(n *node, s *shape, into reflect.Value) {
	values := reflect.MakeMapWithSize(into.Type(), len(n.kids))
	for i := range n.kids {
		m := &n.kids[i]
		r.place.push(m.name)
		if hint, ok := s.keys.accepts(m.name); !ok && !r.faults.full() {
			r.faults.add(m.nameAt, r.place.pointer(), "unknown key; want "+s.keys.wanted(), hint)
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
		r.fault(n, s.wanted(), "leave the key out if it is not known")
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

// meant asks for the known word that is closest to word, if one is close.
func meant(word string, known []string) string {
	const longest = 64
	if len(word) > longest {
		return ""
	}
	best, least := "", 1+longest
	for _, k := range known {
		distance := levenshtein.ComputeDistance(strings.ToLower(word), k)
		if distance <= max(len(k), len(word))/3 && distance < least {
			best, least = k, distance
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + quote(best) + "?"
}
