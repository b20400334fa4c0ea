package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/spelling"
	"gopkg.in/yaml.v3"
)

// shape returns an error for every key of node that target's type does not
// have, every key that stands twice and every alias, with file and line.
func shape(path string, node *yaml.Node, target any) error {
	s := shapes{path: path}
	s.check(node, reflect.TypeOf(target), "")
	return errors.Join(s.problems...)
}

type shapes struct {
	path     string
	problems []error
}

func (s *shapes) report(node *yaml.Node, format string, args ...any) {
	s.problems = append(s.problems, fmt.Errorf("%s:%d: %s", s.path, node.Line, fmt.Sprintf(format, args...)))
}

var (
	nodeType        = reflect.TypeFor[yaml.Node]()
	unmarshalerType = reflect.TypeFor[yaml.Unmarshaler]()
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// check compares node, which stands at the key called at, with t. Types that
// read themselves are left to do so.
func (s *shapes) check(node *yaml.Node, t reflect.Type, at string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case node.Kind == yaml.AliasNode || node.Anchor != "":
		s.report(node, "anchors and aliases are not supported: write the value out")
	case t == nodeType || readsItself(t):
	case node.Tag == "!!null":
		s.empty(node, at)
	case t.Kind() == reflect.Struct:
		s.mapping(node, at, func(key *yaml.Node) reflect.Type { return s.field(key, t, at) })
	case t.Kind() == reflect.Map:
		s.mapping(node, at, func(*yaml.Node) reflect.Type { return t.Elem() })
	case t.Kind() == reflect.Slice:
		s.list(node, t.Elem(), at)
	case node.Kind != yaml.ScalarNode:
		s.report(node, "%s: want one value", at)
	case node.Decode(reflect.New(t).Interface()) != nil:
		s.report(node, "%s: %q is not %s", at, node.Value, wordFor(t))
	}
}

// wordFor is what a value of t is to users.
func wordFor(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a length of time with its unit, as in 30s"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "text"
	default:
		return "a number"
	}
}

func readsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(unmarshalerType) || p.Implements(textType)
}

// empty reports a key without a value: it reads like "nothing" and may be a
// slip of indentation.
func (s *shapes) empty(node *yaml.Node, at string) {
	if at != "" {
		s.report(node, "%s: has no value; give one or leave the key out", at)
	}
}

func (s *shapes) mapping(node *yaml.Node, at string, typeOf func(key *yaml.Node) reflect.Type) {
	if node.Kind != yaml.MappingNode {
		s.report(node, "%s: want keys and values", orFile(at))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if line, ok := seen[key.Value]; ok {
			s.report(key, "%s stands twice, first on line %d", join(at, key.Value), line)
			continue
		}
		seen[key.Value] = key.Line
		if t := typeOf(key); t != nil {
			s.check(value, t, join(at, key.Value))
		}
	}
}

func (s *shapes) list(node *yaml.Node, element reflect.Type, at string) {
	if node.Kind != yaml.SequenceNode {
		s.report(node, "%s: want a list", orFile(at))
		return
	}
	for i, item := range node.Content {
		s.check(item, element, fmt.Sprintf("%s[%d]", at, i))
	}
}

// field returns the type of t's field for key, or reports that there is none.
func (s *shapes) field(key *yaml.Node, t reflect.Type, at string) reflect.Type {
	fields := fieldsOf(t)
	if field, ok := fields[key.Value]; ok {
		return field
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	hint := spelling.Hint(key.Value, names)
	if hint == "" {
		hint = "known are " + strings.Join(names, ", ")
	}
	s.report(key, "unknown key %q: %s", join(at, key.Value), hint)
	return nil
}

// fieldsOf returns t's fields by the key that YAML knows them under.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case strings.Contains(options, "inline"):
			for k, v := range fieldsOf(f.Type) {
				fields[k] = v
			}
		case !f.IsExported() || name == "-":
		case name == "":
			fields[strings.ToLower(f.Name)] = f.Type
		default:
			fields[name] = f.Type
		}
	}
	return fields
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func orFile(at string) string {
	if at == "" {
		return "the file"
	}
	return at
}
