package strict

import (
	"bytes"
	"context"
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Rules say how a file is to be read beyond what its Go type says.
type Rules struct {
	// Foreign is for files that other tools write: unknown keys are
	// passed over, and what is absent or null stays zero.
	Foreign bool

	// Require names keys that must be written, though null may be their value:
	// those whose absence would be good news.
	Require []string

	// Refuse names keys that a file can't vouch for, with the reason.
	Refuse map[string]string

	// Cure says what to write where a key is missing.
	Cure map[string]string

	// One allows a single entry instead of a list at the top.
	One bool
}

// OwnWord refuses verified_by: a file does not say whose signature prodgate
// checked.
var OwnWord = map[string]string{
	"verified_by": "says whose signature prodgate checked, and in a file it checks none; take the key out",
}

// OwnReview refuses verified_by, run and latest: a file is no record of the CI system.
var OwnReview = map[string]string{
	"verified_by": OwnWord["verified_by"],
	"run":         "says which run was reviewed, and only the CI system knows it; take the key out, and name digest, service and kind",
	"latest":      "is the end of an estimated time, and a file says when an approval was given; take the key out",
}

// OwnStay refuses verified_by and what only the audit trail or a platform knows of stays
// in staging.
var OwnStay = map[string]string{
	"verified_by":    OwnWord["verified_by"],
	"id":             onlyInTrail,
	"seq":            onlyInTrail,
	"writer":         onlyInTrail,
	"assurance":      onlyInTrail,
	"verifications":  onlyInTrail,
	"complete":       onlyInTrail,
	"reported":       onlyOnPlatform,
	"reported_since": onlyOnPlatform,
}

const (
	onlyInTrail    = "is what the audit trail records, and no file; take the key out"
	onlyOnPlatform = "is what a platform such as GitHub reports, and no file; take the key out"
)

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
// struct begins on. An
// error lists everything that is wrong, with file, line, key and cure.
func (t Text) Decode(into any, rules Rules) error {
	n, src, err := t.parse()
	if err != nil {
		return err
	}
	to := reflect.ValueOf(into).Elem()
	if rules.One && n.Kind == Object && to.Kind() == reflect.Slice {
		n = &Node{Kind: List, At: n.At, Kids: []Node{*n}}
	}
	return decode(decoder{src: src, rules: rules}, n, to, "")
}

// decode fills to from n, and lists everything that is wrong.
func decode(d decoder, n *Node, to reflect.Value, path string) error {
	d.problems = &problems{}
	d.value(n, to, path, "")
	return d.problems.err(d.src.name)
}

// DecodeStream reads t as JSON values, one after another, each into a T.
func DecodeStream[T any](t Text, rules Rules) ([]T, error) {
	values, src, err := t.parseStream(bytes.TrimPrefix(t.Data, []byte("\ufeff")), 1)
	if err != nil {
		return nil, err
	}
	made := make([]T, len(values))
	for i := range values {
		if err := decode(decoder{src: src, rules: rules}, &values[i], reflect.ValueOf(&made[i]).Elem(), ""); err != nil {
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
		values, src, err := t.parseStream(line, i+1)
		if err != nil {
			return err
		}
		if len(values) != 1 {
			return fmt.Errorf("%s:%d: the line holds %d values; write one on each", t.Name, i+1, len(values))
		}
		if err := each(Line{decoder: decoder{src: src, rules: rules}, node: &values[0], line: i + 1}); err != nil {
			return err
		}
	}
	return nil
}

// Closed is a type of string that has a closed set of values.
type Closed interface{ Values() []string }

// decoder fills Go values from nodes.
type decoder struct {
	src      *source
	rules    Rules
	problems *problems
}

var timeType = reflect.TypeFor[time.Time]()

// value fills to from n. path is the path of n, shape its schema tag.
func (d decoder) value(n *Node, to reflect.Value, path, shape string) {
	if to.Kind() == reflect.Pointer {
		if n.Kind == Null {
			to.SetZero()
			return
		}
		to.Set(reflect.New(to.Type().Elem()))
		d.value(n, to.Elem(), path, shape)
		return
	}
	if n.Kind == Null && d.rules.Foreign {
		to.SetZero()
		return
	}
	switch to.Type() {
	case timeType:
		d.instant(n, to, path)
		return
	case valueType:
		to.Set(reflect.ValueOf(Value{decoder: d, node: n, path: path, line: d.src.line(n.NameAt)}))
		return
	}
	if own, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if n.Kind != String {
			d.wants(n, path, "a text")
		} else if err := own.UnmarshalText([]byte(n.Text)); err != nil {
			d.errorf(n.At, path, "is %q: %v", clip(n.Text), err)
		}
		return
	}
	switch to.Kind() {
	case reflect.Struct:
		d.structure(n, to, path)
	case reflect.Map:
		d.words(n, to, path)
	case reflect.Slice:
		d.list(n, to, path, shape)
	default:
		d.scalar(n, to, path, shape)
	}
}

// wants notes a value of another kind.
func (d decoder) wants(n *Node, path, what string) {
	if n.Kind == Null {
		d.errorf(n.At, path, "is null, and must be %s", what)
		return
	}
	d.errorf(n.At, path, "is %s, and must be %s", n.Kind, what)
}

// errorf notes a problem at an offset.
func (d decoder) errorf(at int32, path, format string, args ...any) {
	if path == "" {
		path = "the file"
	}
	d.problems.add(d.src.line(at), path+" "+fmt.Sprintf(format, args...))
}

// instant reads an RFC 3339 time with its offset.
func (d decoder) instant(n *Node, to reflect.Value, path string) {
	if n.Kind != String {
		d.wants(n, path, "a time like 2026-11-24T10:00:00-05:00")
		return
	}
	var at time.Time
	if err := at.UnmarshalText([]byte(n.Text)); err != nil || !d.rules.Foreign && (at.Year() < 1970 || at.Year() > 2200) {
		d.errorf(n.At, path, "is %q, and must be a time with its offset, like 2026-11-24T10:00:00-05:00", clip(n.Text))
		return
	}
	to.Set(reflect.ValueOf(at))
}

// list reads a list, each item of which has shape.
func (d decoder) list(n *Node, to reflect.Value, path, shape string) {
	if n.Kind != List {
		d.wants(n, path, "a list ([] for none)")
		return
	}
	if len(n.Kids) == 0 && strings.Contains(shape, "min=1") {
		d.errorf(n.At, path, "is an empty list, and needs at least one entry")
	}
	made := reflect.MakeSlice(to.Type(), len(n.Kids), len(n.Kids))
	for i := range n.Kids {
		d.value(&n.Kids[i], made.Index(i), fmt.Sprintf("%s[%d]", path, i), shape)
	}
	to.Set(made)
}

// words reads a mapping of words to values of one type.
func (d decoder) words(n *Node, to reflect.Value, path string) {
	if n.Kind != Object {
		d.wants(n, path, "a mapping")
		return
	}
	made := reflect.MakeMapWithSize(to.Type(), len(n.Kids))
	for i := range n.Kids {
		m := &n.Kids[i]
		value := reflect.New(to.Type().Elem()).Elem()
		d.value(m, value, join(path, m.Name), "")
		made.SetMapIndex(reflect.ValueOf(m.Name), value)
	}
	to.Set(made)
}

// structure reads a mapping into a struct.
func (d decoder) structure(n *Node, to reflect.Value, path string) {
	if n.Kind != Object {
		d.wants(n, path, "a mapping")
		return
	}
	known := fields(to.Type())
	if line := to.FieldByName("Line"); line.IsValid() && line.Kind() == reflect.Int {
		line.SetInt(int64(d.src.line(n.At)))
	}
	seen := map[string]bool{}
	for i := range n.Kids {
		m := &n.Kids[i]
		f, ok := known[m.Name]
		switch reason := d.rules.Refuse[m.Name]; {
		case reason != "":
			d.errorf(m.NameAt, join(path, m.Name), "%s", reason)
		case ok:
			seen[m.Name] = true
			d.value(m, to.FieldByIndex(f.index), join(path, m.Name), f.shape)
		case !d.rules.Foreign:
			d.errorf(m.NameAt, join(path, m.Name), "is an unknown key; %s", suggest(m.Name, known))
		}
	}
	d.complete(n, path, known, seen)
}

// complete notes which keys are missing from n.
func (d decoder) complete(n *Node, path string, known map[string]field, seen map[string]bool) {
	if d.rules.Foreign {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(known)) {
		f := known[key]
		if seen[key] || d.rules.Refuse[key] != "" || f.optional && !slices.Contains(d.rules.Require, key) {
			continue
		}
		cure := d.rules.Cure[key]
		switch {
		case cure == "" && f.optional:
			cure = "write it, or null if it was looked for and there is none"
		case cure == "":
			cure = "write it"
		}
		d.errorf(n.At, join(path, key), "is missing; %s", cure)
	}
}

// scalar reads a text, a number, true or false.
func (d decoder) scalar(n *Node, to reflect.Value, path, shape string) {
	switch to.Kind() {
	case reflect.String:
		d.text(n, to, path, shape)
	case reflect.Bool:
		value, err := strconv.ParseBool(strings.ToLower(n.Text))
		if n.Kind != Bool || err != nil {
			d.wants(n, path, "true or false")
			return
		}
		to.SetBool(value)
	case reflect.Float64, reflect.Int:
		value, err := strconv.ParseFloat(n.Text, 64)
		if n.Kind != Number || err != nil || value != value || value-value != 0 {
			d.wants(n, path, "a number")
			return
		}
		if to.Kind() == reflect.Int {
			to.SetInt(int64(value))
			return
		}
		to.SetFloat(value)
	default:
		d.errorf(n.At, path, "cannot be read as %s", to.Type())
	}
}

// text reads a text that has shape.
func (d decoder) text(n *Node, to reflect.Value, path, shape string) {
	if n.Kind != String && (n.Kind != Number || d.rules.Foreign) {
		d.wants(n, path, "a text")
		return
	}
	value, err := Normalise(n.Text, shape)
	if err != nil {
		d.errorf(n.At, path, "is %q: %v", clip(n.Text), err)
		return
	}
	if set, ok := to.Interface().(Closed); ok && !slices.Contains(set.Values(), value) {
		d.errorf(n.At, path, "is %q, and must be one of %s", clip(n.Text), strings.Join(set.Values(), ", "))
		return
	}
	to.SetString(value)
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
