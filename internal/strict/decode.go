package strict

import (
	"bytes"
	"context"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Rules say how a file is to be read beyond what its Go type says.
type Rules struct {
	// Foreign is for files that other tools write: keys nobody asked for are
	// passed over, and what is absent or null stays zero.
	Foreign bool

	// Require names keys that must be written, though null may be their value:
	// those whose absence would be good news.
	Require []string

	// Refuse names keys that a file can't vouch for, with the reason.
	Refuse map[string]string

	// Cure says what to write where a key is missing.
	Cure map[string]string

	// One allows a lone entry where a list is wanted at the top.
	One bool
}

// OwnWord refuses verified_by: a file does not say whose signature prodgate
// checked.
var OwnWord = map[string]string{
	"verified_by": "says whose signature prodgate checked, and in a file it checks none; take the key out",
}

// Decode reads the file and decodes it, as Text.Decode does.
func (p Path) Decode(ctx context.Context, into any, rules Rules) (*Evidence, error) {
	t, err := p.Read(ctx)
	if err != nil {
		return nil, err
	}
	return t.Evidence, t.Decode(into, rules)
}

// Decode reads t, JSON or YAML, into the struct or list that into points at.
// The JSON names of into's fields are the keys. A field that is no pointer and
// not marked omitempty must be there; values have the shapes that "schema" tags
// name, with persons, identifiers and e-mail addresses brought to their one
// spelling. An int field called Line, without a JSON name, gets the line that its
// struct begins on. An error names file, line, key and cure.
func (t Text) Decode(into any, rules Rules) error {
	n, err := t.parse()
	if err != nil {
		return err
	}
	to := reflect.ValueOf(into).Elem()
	if rules.One && n.kind == mapping && to.Kind() == reflect.Slice {
		n = &node{kind: list, line: n.line, items: []*node{n}}
	}
	return decoder{name: t.Name, rules: rules}.value(n, to, "", "")
}

// DecodeStream reads t as JSON values, one after another, each into a T.
func DecodeStream[T any](t Text, rules Rules) ([]T, error) {
	values, err := t.parseStream(bytes.TrimPrefix(t.Data, []byte("\ufeff")))
	if err != nil {
		return nil, err
	}
	made := make([]T, len(values))
	for i, n := range values {
		if err := (decoder{name: t.Name, rules: rules}).value(n, reflect.ValueOf(&made[i]).Elem(), "", ""); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// Line is one line of a file of JSON lines.
type Line = Value

// DecodeLines reads t as JSON lines, one value on each line that is not blank,
// and hands them to each, up to its first error.
func DecodeLines(t Text, rules Rules, each func(Line) error) error {
	if !utf8.Valid(t.Data) {
		return fmt.Errorf("%s: not UTF-8", t.Name)
	}
	for i, line := range bytes.Split(t.Data, []byte("\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		values, err := t.parseStreamFrom(line, i+1)
		if err != nil {
			return err
		}
		if len(values) != 1 {
			return fmt.Errorf("%s:%d: the line holds %d values; write one on each", t.Name, i+1, len(values))
		}
		if err := each(Line{decoder: decoder{name: t.Name, rules: rules}, node: values[0]}); err != nil {
			return err
		}
	}
	return nil
}

// Closed is a type of string that has a closed set of values.
type Closed interface{ Values() []string }

// decoder fills Go values from nodes.
type decoder struct {
	name  string
	rules Rules
}

var (
	timeType = reflect.TypeFor[time.Time]()
)

// value fills to from n. path is where n stands, shape what its schema tag says.
func (d decoder) value(n *node, to reflect.Value, path, shape string) error {
	if to.Kind() == reflect.Pointer {
		if n.kind == null {
			to.SetZero()
			return nil
		}
		to.Set(reflect.New(to.Type().Elem()))
		return d.value(n, to.Elem(), path, shape)
	}
	if n.kind == null && d.rules.Foreign {
		to.SetZero()
		return nil
	}
	switch to.Type() {
	case timeType:
		return d.instant(n, to, path)
	case valueType:
		to.Set(reflect.ValueOf(Value{decoder: d, node: n, path: path}))
		return nil
	}
	if own, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if n.kind != text {
			return d.wants(n, path, "a text")
		}
		if err := own.UnmarshalText([]byte(n.value)); err != nil {
			return d.errorf(n, path, "is %q: %v", clip(n.value), err)
		}
		return nil
	}
	switch to.Kind() {
	case reflect.Struct:
		return d.structure(n, to, path)
	case reflect.Map:
		return d.words(n, to, path)
	case reflect.Slice:
		return d.list(n, to, path, shape)
	}
	return d.scalar(n, to, path, shape)
}

// wants is the error for a value of another kind.
func (d decoder) wants(n *node, path, what string) error {
	if n.kind == list && strings.HasPrefix(what, "[]") || n.kind == null {
		return d.errorf(n, path, "is null, and %s is wanted", what)
	}
	return d.errorf(n, path, "is %s, and %s is wanted", n.kind, what)
}

// errorf is an error at n.
func (d decoder) errorf(n *node, path, format string, args ...any) error {
	if path == "" {
		path = "the file"
	}
	return fmt.Errorf("%s:%d: %s %s", d.name, n.line, path, fmt.Sprintf(format, args...))
}

// instant reads an RFC 3339 time with its offset.
func (d decoder) instant(n *node, to reflect.Value, path string) error {
	if n.kind != text {
		return d.wants(n, path, "a time like 2026-11-24T10:00:00-05:00")
	}
	var at time.Time
	if err := at.UnmarshalText([]byte(n.value)); err != nil || !d.rules.Foreign && (at.Year() < 1970 || at.Year() > 2200) {
		return d.errorf(n, path, "is %q, and a time with its offset is wanted, like 2026-11-24T10:00:00-05:00", clip(n.value))
	}
	to.Set(reflect.ValueOf(at))
	return nil
}

// list reads a list, each item of which has shape.
func (d decoder) list(n *node, to reflect.Value, path, shape string) error {
	if n.kind != list {
		return d.wants(n, path, "a list ([] for none)")
	}
	if len(n.items) == 0 && strings.Contains(shape, "min=1") {
		return d.errorf(n, path, "is an empty list, and needs one entry at least")
	}
	made := reflect.MakeSlice(to.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		if err := d.value(item, made.Index(i), fmt.Sprintf("%s[%d]", path, i), shape); err != nil {
			return err
		}
	}
	to.Set(made)
	return nil
}

// words reads a mapping of words to values of one type.
func (d decoder) words(n *node, to reflect.Value, path string) error {
	if n.kind != mapping {
		return d.wants(n, path, "a mapping")
	}
	made := reflect.MakeMapWithSize(to.Type(), len(n.keys))
	for i, key := range n.keys {
		value := reflect.New(to.Type().Elem()).Elem()
		if err := d.value(n.items[i], value, join(path, key.value), ""); err != nil {
			return err
		}
		made.SetMapIndex(reflect.ValueOf(key.value), value)
	}
	to.Set(made)
	return nil
}

// structure reads a mapping into a struct.
func (d decoder) structure(n *node, to reflect.Value, path string) error {
	if n.kind != mapping {
		return d.wants(n, path, "a mapping")
	}
	known := fields(to.Type())
	if line := to.FieldByName("Line"); line.IsValid() && line.Kind() == reflect.Int {
		line.SetInt(int64(n.line))
	}
	seen := map[string]bool{}
	for i, key := range n.keys {
		f, ok := known[key.value]
		if reason := d.rules.Refuse[key.value]; reason != "" {
			return d.errorf(key, join(path, key.value), "%s", reason)
		}
		if !ok && d.rules.Foreign {
			continue
		}
		if !ok {
			return d.errorf(key, join(path, key.value), "is an unknown key; %s", suggest(key.value, known))
		}
		seen[key.value] = true
		if err := d.value(n.items[i], to.FieldByIndex(f.index), join(path, key.value), f.shape); err != nil {
			return err
		}
	}
	return d.complete(n, path, known, seen)
}

// complete says which key is missing from n.
func (d decoder) complete(n *node, path string, known map[string]field, seen map[string]bool) error {
	if d.rules.Foreign {
		return nil
	}
	var missing []string
	for key, f := range known {
		if !seen[key] && d.rules.Refuse[key] == "" && (!f.optional || slices.Contains(d.rules.Require, key)) {
			missing = append(missing, key)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	key := missing[0]
	if cure := d.rules.Cure[key]; cure != "" {
		return d.errorf(n, join(path, key), "is missing; %s", cure)
	}
	if known[key].optional {
		return d.errorf(n, join(path, key), "is missing; write it, or null if it was looked for and there is none")
	}
	return d.errorf(n, join(path, key), "is missing; write it")
}

// scalar reads a text, a number, true or false.
func (d decoder) scalar(n *node, to reflect.Value, path, shape string) error {
	switch to.Kind() {
	case reflect.String:
		if n.kind != text && (n.kind != number || d.rules.Foreign) {
			return d.wants(n, path, "a text")
		}
		value, err := Normalise(n.value, shape)
		if err != nil {
			return d.errorf(n, path, "is %q: %v", clip(n.value), err)
		}
		if set, ok := to.Interface().(Closed); ok && !slices.Contains(set.Values(), value) {
			return d.errorf(n, path, "is %q, and must be one of %s", clip(n.value), strings.Join(set.Values(), ", "))
		}
		to.SetString(value)
		return nil
	case reflect.Bool:
		if n.kind != boolean {
			return d.wants(n, path, "true or false")
		}
		value, err := strconv.ParseBool(strings.ToLower(n.value))
		to.SetBool(value)
		return err
	case reflect.Float64, reflect.Int:
		value, err := strconv.ParseFloat(n.value, 64)
		if n.kind != number || err != nil || value != value || value-value != 0 {
			return d.wants(n, path, "a number")
		}
		if to.Kind() == reflect.Int {
			to.SetInt(int64(value))
			return nil
		}
		to.SetFloat(value)
		return nil
	}
	return fmt.Errorf("%s: no way to read a %s", d.name, to.Type())
}

// field is one field of a struct.
type field struct {
	index    []int
	shape    string
	optional bool
}

// fields are the fields of a struct by their JSON names, those of embedded
// structs among them.
func fields(of reflect.Type) map[string]field {
	known := map[string]field{}
	for _, f := range reflect.VisibleFields(of) {
		key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || key == "" || key == "-" {
			continue
		}
		optional := f.Type.Kind() == reflect.Pointer || strings.Contains(options, "omit")
		known[key] = field{index: f.Index, shape: f.Tag.Get("schema"), optional: optional}
	}
	return known
}

// join is the path of key below path.
func join(path, key string) string {
	if path == "" {
		return clip(key)
	}
	return path + "." + clip(key)
}

// clip bounds a text that is quoted in a message.
func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:77], "") + "…"
	}
	return s
}
