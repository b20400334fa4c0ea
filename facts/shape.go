package facts

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prodgate/prodgate/internal/strict"
)

// shape is what one value of a document has to look like. It is read from the
// Go types and their schema tags, and so is the JSON Schema.
type shape struct {
	kind    kind
	fields  []field        // of a struct
	elem    *shape         // of a list's items or a map's values
	keys    *shape         // of a map's keys
	format  *strict.Format // of a string
	instant bool           // a string that is a time
	seconds bool           // a time without a fraction of a second
	enum    []string
	prefix  string       // a string may also be this and a name
	min     int          // items of a list
	free    bool         // any JSON value
	whole   bool         // a number that counts something
	typ     reflect.Type // of a struct
}

// field is one key of an object.
type field struct {
	name     string
	index    int // of the Go field
	shape    *shape
	required bool // must be there
	nullable bool // may be null
}

// field returns the field for a key, or nil.
func (s *shape) field(name string) *field {
	for i := range s.fields {
		if s.fields[i].name == name {
			return &s.fields[i]
		}
	}
	return nil
}

// names lists the keys of an object.
func (s *shape) names() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	return names
}

// wanted says in words what the shape asks for.
func (s *shape) wanted() string {
	switch {
	case len(s.enum) == 1:
		return quote(s.enum[0])
	case s.prefix != "":
		return "one of " + strings.Join(s.enum, ", ") + " or " + s.prefix + "NAME"
	case len(s.enum) > 1:
		return "one of " + strings.Join(s.enum, ", ")
	case s.seconds:
		return wantedInstant + ", on a whole second"
	case s.instant:
		return wantedInstant
	case s.format != nil:
		return s.format.Wanted
	case s.free:
		return "any value but null"
	case s.whole:
		return "a whole number, 0 or more"
	case s.min > 0:
		return fmt.Sprintf("a list of at least %d", s.min)
	}
	return kindWords[s.kind]
}

var kindWords = map[kind]string{
	kindNull:   "null",
	kindBool:   "true or false",
	kindNumber: "a number",
	kindString: "a string",
	kindList:   "a list",
	kindObject: "an object",
}

// documentShape is the shape of a Document.
var documentShape = sync.OnceValue(func() *shape {
	types := shapes{}
	return types.of(reflect.TypeFor[Document](), "")
})

// shapes holds the shape of each struct, so that each is made once.
type shapes map[reflect.Type]*shape

// of returns the shape of a type whose field carries tag. What it does not
// know is a string no value matches, which no test would let pass.
func (known shapes) of(t reflect.Type, tag string) *shape {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &shape{kind: kindString, instant: true, seconds: tag == "seconds"}
	case t.Kind() == reflect.Struct:
		return known.structure(t)
	case t.Kind() == reflect.Slice:
		return known.list(t, tag)
	case t.Kind() == reflect.Map:
		return known.mapping(t, tag)
	case t.Kind() == reflect.Interface:
		return &shape{free: true}
	case t.Kind() == reflect.Bool:
		return &shape{kind: kindBool}
	case t.Kind() == reflect.Float64:
		return &shape{kind: kindNumber}
	case t.Kind() == reflect.Int:
		return &shape{kind: kindNumber, whole: true}
	}
	return text(t, tag)
}

// text is the shape of a string: a closed set if its type has one, else the
// format the tag names.
func text(t reflect.Type, tag string) *shape {
	s := &shape{kind: kindString, format: strict.FormatNamed(tag)}
	switch {
	case t == reflect.TypeFor[Kind]():
		s.enum = spelled(Kinds)
	case t == reflect.TypeFor[Status]():
		s.enum = spelled(Statuses)
	case t == reflect.TypeFor[Assurance]():
		s.enum = spelled(Assurances)
	case tag == "version":
		s.enum = []string{Version}
	case tag == "source":
		s.enum, s.prefix = Sections, customPrefix
	}
	return s
}

func spelled[T ~string](words []T) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	return list
}

func (known shapes) structure(t reflect.Type) *shape {
	if s := known[t]; s != nil {
		return s
	}
	s := &shape{kind: kindObject, typ: t, fields: make([]field, 0, t.NumField())}
	known[t] = s
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || !f.IsExported() {
			continue
		}
		typ, pointer := f.Type, f.Type.Kind() == reflect.Pointer
		if pointer {
			typ = typ.Elem()
		}
		s.fields = append(s.fields, field{
			name:     name,
			index:    i,
			shape:    known.of(typ, f.Tag.Get("schema")),
			required: options == "" && !pointer,
			nullable: options == "" && pointer,
		})
	}
	return s
}

// list reads "min=N" for the list; the rest of the tag is for its items.
func (known shapes) list(t reflect.Type, tag string) *shape {
	s := &shape{kind: kindList}
	items, least, _ := strings.Cut(tag, "min=")
	s.min, _ = strconv.Atoi(least)
	s.elem = known.of(t.Elem(), strings.TrimSuffix(items, ","))
	return s
}

// mapping reads the format of the keys.
func (known shapes) mapping(t reflect.Type, tag string) *shape {
	return &shape{kind: kindObject, keys: text(t.Key(), tag), elem: known.of(t.Elem(), "")}
}
