package facts

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/strict"
)

var update = flag.Bool("update", false, "write schema/input.json and the error texts of fixtures/invalid")

const schemaFile = "schema/input.json"

func TestSchemaIsWhatTheTypesSay(t *testing.T) {
	want := generate(t)
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(Schema(), want) {
		t.Errorf("%s is not what the types say: run go test ./facts -update", schemaFile)
	}
}

// generate writes the schema of a document, described by the doc comments.
func generate(t testing.TB) []byte {
	t.Helper()
	g := generator{docs: docComments(t), defs: members{}}
	root := g.structure(documentShape())
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.ID = "https://github.com/prodgate/prodgate/facts/schema/input.json"
	root.Title = "prodgate input document " + Version
	root.Defs = g.defs
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// schemaNode is a schema; its fields are in the order they are read best.
type schemaNode struct {
	Schema        string        `json:"$schema,omitempty"`
	ID            string        `json:"$id,omitempty"`
	Title         string        `json:"title,omitempty"`
	Description   string        `json:"description,omitempty"`
	Ref           string        `json:"$ref,omitempty"`
	AnyOf         []*schemaNode `json:"anyOf,omitempty"`
	Type          any           `json:"type,omitempty"`
	Const         string        `json:"const,omitempty"`
	Enum          []string      `json:"enum,omitempty"`
	Format        string        `json:"format,omitempty"`
	Pattern       string        `json:"pattern,omitempty"`
	MinLength     int           `json:"minLength,omitempty"`
	MinItems      int           `json:"minItems,omitempty"`
	Minimum       *int          `json:"minimum,omitempty"`
	Maximum       *int          `json:"maximum,omitempty"`
	Items         *schemaNode   `json:"items,omitempty"`
	Required      []string      `json:"required,omitempty"`
	Properties    members       `json:"properties,omitzero"`
	PropertyNames *schemaNode   `json:"propertyNames,omitempty"`
	Additional    any           `json:"additionalProperties,omitempty"`
	Defs          members       `json:"$defs,omitzero"`
}

// members is a JSON object that keeps its order.
type members []member

type member struct {
	name   string
	schema *schemaNode
}

// MarshalJSON writes the members in their order.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, x := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(x.name)
		b.Write(append(name, ':'))
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(x.schema); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (m members) has(name string) bool {
	for _, x := range m {
		if x.name == name {
			return true
		}
	}
	return false
}

type generator struct {
	docs map[string]string // by Type and Type.Field
	defs members
}

func (g *generator) structure(s *shape) *schemaNode {
	n := &schemaNode{Type: "object", Description: g.describe(s.typ, ""), Properties: members{}, Additional: false}
	for _, f := range s.fields {
		if f.required {
			n.Required = append(n.Required, f.name)
		}
		value := g.schema(f.shape)
		if f.nullable {
			value = orNull(value)
		}
		value.Description = g.describe(s.typ, s.typ.Field(f.index).Name)
		n.Properties = append(n.Properties, member{f.name, value})
	}
	return n
}

func orNull(n *schemaNode) *schemaNode {
	if n.Ref != "" || n.Enum != nil {
		return &schemaNode{AnyOf: []*schemaNode{n, {Type: "null"}}}
	}
	n.Type = []any{n.Type, "null"}
	return n
}

func (g *generator) schema(s *shape) *schemaNode {
	switch {
	case s.free:
		return &schemaNode{Type: []string{"object", "array", "string", "number", "boolean"}}
	case s.fields != nil:
		return g.reference(s)
	case s.kind == kindObject:
		return &schemaNode{Type: "object", PropertyNames: g.schema(s.keys), Additional: g.schema(s.elem)}
	case s.kind == kindList:
		return &schemaNode{Type: "array", MinItems: s.min, Items: g.schema(s.elem)}
	case s.whole:
		return &schemaNode{Type: "integer", Minimum: new(0), Maximum: new(maxWhole)}
	case s.kind == kindNumber:
		return &schemaNode{Type: "number"}
	case s.kind == kindBool:
		return &schemaNode{Type: "boolean"}
	}
	return g.text(s)
}

func (g *generator) reference(s *shape) *schemaNode {
	name := s.typ.Name()
	if !g.defs.has(name) {
		i := len(g.defs)
		g.defs = append(g.defs, member{name: name})
		g.defs[i].schema = g.structure(s)
	}
	return &schemaNode{Ref: "#/$defs/" + name}
}

func (g *generator) text(s *shape) *schemaNode {
	n := &schemaNode{Type: "string"}
	switch {
	case len(s.enum) == 1:
		n.Const = s.enum[0]
	case s.prefix != "":
		name := strict.FormatNamed("name").Pattern
		n.AnyOf = []*schemaNode{{Enum: s.enum}, {Pattern: "^" + regexp.QuoteMeta(s.prefix) + strings.TrimPrefix(name, "^")}}
	case s.enum != nil:
		n.Enum = s.enum
	case s.instant && s.seconds:
		return g.spelling("second", s, &schemaNode{Type: "string", Format: "date-time", Pattern: s.pattern()})
	case s.instant:
		return g.spelling("time", s, &schemaNode{Type: "string", Format: "date-time", Pattern: s.pattern()})
	case s.format != nil && s.format.Pattern == "":
		return g.spelling(s.format.Name, s, &schemaNode{Type: "string", MinLength: 1})
	case s.format != nil:
		return g.spelling(s.format.Name, s, &schemaNode{Type: "string", Pattern: s.format.Pattern})
	}
	return n
}

// spelling defines a format once and refers to it.
func (g *generator) spelling(name string, s *shape, n *schemaNode) *schemaNode {
	if !g.defs.has(name) {
		n.Description = s.wanted()
		g.defs = append(g.defs, member{name, n})
	}
	return &schemaNode{Ref: "#/$defs/" + name}
}

// describe returns the doc comment of a type or one of its fields, with the
// type's fields called by their JSON keys.
func (g *generator) describe(t reflect.Type, fieldName string) string {
	text := g.docs[strings.TrimSuffix(t.Name()+"."+fieldName, ".")]
	for f := range fieldsOf(t) {
		if key, _, _ := strings.Cut(f.Tag.Get("json"), ","); key != "-" && f.Name != t.Name() {
			text = regexp.MustCompile(`\b`+f.Name+`\b`).ReplaceAllString(text, key)
		}
	}
	return text
}

func fieldsOf(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// docComments reads the comments of the document's types: Type, Type.Field.
func docComments(t testing.TB) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, d := range declarations(t) {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, spec := range g.Specs {
			typ := spec.(*ast.TypeSpec)
			docs[typ.Name.Name] = oneLine(g.Doc)
			if s, ok := typ.Type.(*ast.StructType); ok {
				for _, f := range s.Fields.List {
					for _, name := range f.Names {
						docs[typ.Name.Name+"."+name.Name] = strings.TrimSpace(oneLine(f.Doc) + " " + oneLine(f.Comment))
					}
				}
			}
		}
	}
	return docs
}

// declarations are those of the files in which the document's types are.
func declarations(t testing.TB) []ast.Decl {
	t.Helper()
	var all []ast.Decl
	for _, name := range []string{"../internal/strict/file.go", "facts.go", "production.go", "trail.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, file.Decls...)
	}
	return all
}

func oneLine(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }
