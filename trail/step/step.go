// Package step says what each type of step in the audit trail must contain, in one
// list (Types), and checks steps against it. It reads no log and no file, and it
// does not judge what a step says: that is for the policies.
package step

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/spelling"
)

// Step is what is checked of an event.
type Step struct {
	Type        string
	Service     string
	Environment string
	Digest      string // of the image, sha256:…; empty: none
	Deployment  string
	Mode        string    // of a decision: enforce, document or simulate
	Now         time.Time // the instant decided about; zero: none

	Data json.RawMessage // the type's own fields, a JSON object; empty: none
}

// Error lists everything that is wrong with a step.
type Error struct {
	Type     string
	Problems []Problem
}

// Problem is one field that is missing or malformed.
type Problem struct {
	Field string // service, environment, digest, …, or data.NAME
	Must  string // completes "must be"
	Found string // as JSON; empty: the field is missing
}

func (p Problem) String() string {
	if p.Found == "" {
		return fmt.Sprintf("missing %s (%s)", p.Field, p.Must)
	}
	return fmt.Sprintf("%s must be %s, not %s", p.Field, p.Must, p.Found)
}

// Error names the type, each field and what it must be.
func (e *Error) Error() string {
	list := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		list[i] = p.String()
	}
	return e.Type + ": " + strings.Join(list, "; ")
}

// Check returns an error if s has an unknown type, or if a field that its type
// requires is missing, or a field that its type knows is malformed: an *Error.
// Fields of other names may hold anything.
func Check(s Step) error {
	t, err := Find(s.Type)
	if err != nil {
		return err
	}
	problems := t.envelope(s)
	data, err := Object(s.Data)
	if err != nil {
		return fmt.Errorf("%s: data: %w", s.Type, err)
	}
	inside := check(t.Fields, data, "data.")
	problems = append(problems, inside...)
	if len(inside) == 0 && t.check != nil {
		problems = append(problems, t.check(s, data)...)
	}
	if len(problems) > 0 {
		return &Error{Type: s.Type, Problems: problems}
	}
	return nil
}

// Find returns the type with a name, custom.NAME included.
func Find(name string) (Type, error) {
	if own, ok := strings.CutPrefix(name, CustomPrefix); ok {
		if !Identifier.holds(own) {
			return Type{}, fmt.Errorf("unknown type %q: the part after %q must be %s", name, CustomPrefix, Identifier.Must)
		}
		custom := custom
		custom.Name = name
		return custom, nil
	}
	at := slices.IndexFunc(Types, func(t Type) bool { return t.Name == name })
	if at < 0 {
		names := Names()
		help := "use one of " + strings.Join(names, ", ") + " or " + CustomPrefix + "NAME"
		if hint := spelling.Hint(name, names); hint != "" {
			help = hint
		}
		return Type{}, fmt.Errorf("unknown type %q: %s", name, help)
	}
	return Types[at], nil
}

// envelope checks the fields outside of the data.
func (t Type) envelope(s Step) (problems []Problem) {
	environment := Text
	if t.Named {
		environment = Identifier
	}
	for _, f := range []struct {
		name, value string
		required    bool
		form        Form
	}{
		{"service", s.Service, t.Place, Text},
		{"environment", s.Environment, t.Place && !t.Everywhere, environment},
		{"digest", s.Digest, t.Image, Digest},
		{"deployment", s.Deployment, t.Deployment, Text},
	} {
		switch {
		case f.value == "" && f.required:
			problems = append(problems, Problem{Field: f.name, Must: f.form.Must})
		case f.value != "" && !f.form.holds(f.value):
			problems = append(problems, Problem{f.name, f.form.Must, found(f.value)})
		}
	}
	if s.Mode != t.Mode {
		must := "empty"
		if t.Mode != "" {
			must = t.Mode
		}
		problems = append(problems, Problem{"mode", must, found(s.Mode)})
	}
	if t.Mode != "" && s.Now.IsZero() {
		problems = append(problems, Problem{Field: "now", Must: "the instant decided about"})
	}
	return problems
}

// check checks the fields of an object whose path is given by a prefix.
func check(fields []Field, data map[string]any, prefix string) (problems []Problem) {
	for _, f := range fields {
		v := data[f.Name]
		text, isText := v.(string)
		switch {
		case absent(v) && f.Required && (f.Unless == "" || absent(data[f.Unless])):
			problems = append(problems, Problem{Field: prefix + f.Name, Must: f.Form.Must})
		case absent(v), !f.Required && f.Form.blank && isText && strings.TrimSpace(text) == "":
		default:
			problems = append(problems, f.Form.check(v, prefix+f.Name)...)
		}
	}
	for name := range data {
		at := slices.IndexFunc(fields, func(f Field) bool { return f.Name != name && strings.EqualFold(f.Name, name) })
		if at >= 0 { // readers would take it for the field
			problems = append(problems, Problem{prefix + name, "spelled " + fields[at].Name, found(name)})
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
	return problems
}

// absent reports whether a value counts as missing.
func absent(v any) bool {
	list, isList := v.([]any)
	return v == nil || v == "" || isList && len(list) == 0
}

// Object reads a JSON object, its numbers as json.Number. A name that is there twice
// is an error; empty text is an object without fields.
func Object(text json.RawMessage) (map[string]any, error) {
	data := map[string]any{}
	if len(text) == 0 {
		return data, nil
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf("must be a JSON object, not %s", shorten(string(text)))
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := value(d)
	if err != nil {
		return nil, err
	}
	data, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("must be a JSON object, not %s", found(v))
	}
	return data, nil
}

// value reads the next value of valid JSON.
func value(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return members(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}

func members(d *json.Decoder) (any, error) {
	data := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, io.ErrUnexpectedEOF
		}
		if _, twice := data[name]; twice {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		if data[name], err = value(d); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return data, err
}

// found is a value as an error shows it.
func found(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	return shorten(string(text))
}

const longestShown = 80 // bytes

func shorten(text string) string {
	if len(text) > longestShown {
		text = strings.ToValidUTF8(text[:longestShown], "") + "…"
	}
	return text
}
