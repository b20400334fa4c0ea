package facts

import (
	"go/ast"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/internal/strict"
)

// TestEveryTypeIsOneTheDecoderKnows fails on a field whose type or schema tag
// would be read as something else than it says.
func TestEveryTypeIsOneTheDecoderKnows(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		for f := range fieldsOf(typ) {
			if !f.IsExported() || f.Tag.Get("json") == "-" {
				continue
			}
			if why := unknownTo(f); why != "" {
				t.Errorf("%s.%s: %s", typ.Name(), f.Name, why)
			}
			if e := element(f.Type); e.Kind() == reflect.Struct && e.String() != "time.Time" {
				walk(e)
			}
		}
	}
	walk(reflect.TypeFor[Document]())
	if len(seen) < 20 {
		t.Errorf("only %d types seen", len(seen))
	}
}

// unknownTo says what of f the decoder does not know.
func unknownTo(f reflect.StructField) string {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name != strings.ToLower(name) || name == "":
		return "its key is not lower case"
	case !slices.Contains([]string{"", "omitempty", "omitzero"}, options):
		return "json option " + options
	case options == "omitempty" && f.Type.Kind() == reflect.Map:
		return "omitempty makes an empty map a missing one"
	}
	e := element(f.Type)
	tag, _, _ := strings.Cut(f.Tag.Get("schema"), ",")
	tag = strings.TrimSuffix(tag, "min=1")
	switch e.Kind() {
	case reflect.Struct, reflect.Bool, reflect.Float64, reflect.Int, reflect.Interface:
		if tag != "" && !slices.Contains([]string{"seconds", "name", "source"}, tag) {
			return "schema tag " + tag + " is for strings"
		}
	case reflect.String:
		if tag != "" && tag != "version" && strict.FormatNamed(tag) == nil {
			return "schema tag " + tag + " is none"
		}
		if e.Name() != "string" && text(e, tag).enum == nil {
			return "type " + e.Name() + " has no closed set"
		}
	default:
		return "type " + e.String()
	}
	return ""
}

// element takes pointers, lists and maps off a type.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

func TestSectionsAreTheOptionalKeysOfADocument(t *testing.T) {
	var keys []string
	for _, f := range documentShape().fields {
		if !f.required && f.name != "custom" {
			keys = append(keys, f.name)
		}
	}
	if !slices.Equal(keys, Sections) {
		t.Errorf("Sections are %v, the document has %v", Sections, keys)
	}
}

func TestEverySectionKnowsItsName(t *testing.T) {
	d := parsed(t, valid(t)).Document()
	copied := *d
	for _, name := range Sections {
		copied.clear(name)
	}
	lists := []Section{Approvals(d.Approvals), People(d.People), Incidents(d.Incidents), Notifications(d.Notifications), Waivers(d.Waivers)}
	for _, name := range Sections {
		section, ok := reflect.ValueOf(d).Elem().Field(documentShape().field(name).index).Interface().(Section)
		if !ok {
			if i := slices.IndexFunc(lists, func(s Section) bool { return SectionName(s) == name }); i >= 0 {
				section = lists[i]
			}
		}
		if SectionName(section) != name {
			t.Errorf("%T is called %q, want %q", section, SectionName(section), name)
		}
		copied.Add(section)
	}
	if !reflect.DeepEqual(&copied, d) {
		t.Error("a section was put into the wrong place")
	}
	if name := SectionName(Custom{Name: "load_test"}); name != "custom.load_test" {
		t.Errorf("a custom section is called %q", name)
	}
}

// clear takes a section out of d.
func (d *Document) clear(name string) {
	f := documentShape().field(name)
	reflect.ValueOf(d).Elem().Field(f.index).SetZero()
}

// TestClosedSetsAreComplete compares each list of a closed set with its
// constants in the source.
func TestClosedSetsAreComplete(t *testing.T) {
	counted := map[string]int{}
	ast.Inspect(&ast.File{Name: ast.NewIdent("facts"), Decls: declarations(t)}, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && v.Type != nil && len(v.Names) == 1 {
			if id, ok := v.Type.(*ast.Ident); ok {
				counted[id.Name]++
			}
		}
		return true
	})
	if counted["Kind"] != len(Kinds) || counted["Status"] != len(Statuses) {
		t.Errorf("constants: %v; lists: %d kinds, %d statuses", counted, len(Kinds), len(Statuses))
	}
}
