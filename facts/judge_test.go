package facts

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"github.com/prodgate/prodgate/internal/strict"
)

// judge is a JSON Schema validator that knows nothing of the Go types: what
// the schema says to the world and what Parse does have to be the same.
func judge(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(generate(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("input.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("input.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// structural lists what Parse has against data as far as a schema can tell:
// without rules between values.
func structural(t *testing.T, data []byte) []strict.Fault {
	t.Helper()
	root, twice, err := strict.Scan(string(data), form)
	if err != nil || twice.List != nil {
		t.Fatalf("not JSON: %v %v", err, twice.List)
	}
	var r reader
	r.read(&root, documentShape(), reflect.ValueOf(&Document{}).Elem())
	return r.faults.List
}

// agree fails unless schema and Parse say the same of data. Only a schema that
// knew all time zones could say which there are.
func agree(t *testing.T, schema *jsonschema.Schema, what string, data []byte) (ok bool) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	theirs := schema.Validate(v)
	ours := structural(t, data)
	_, whole := Parse("mutant.json", data)
	if theirs != nil && whole == nil {
		t.Errorf("%s: Parse accepts what the schema refuses: %v\n%s", what, theirs, data)
	}
	zoneOnly := len(ours) == 1 && ours[0].Path == "/calendar/timezone"
	if (theirs == nil) != (len(ours) == 0) && !zoneOnly {
		t.Errorf("%s: schema says %v, Parse says %v\n%s", what, theirs, ours, data)
	}
	return theirs == nil
}

func TestSchemaAndParseAgreeOnValidDocuments(t *testing.T) {
	schema := judge(t)
	if !agree(t, schema, "valid.json", valid(t)) {
		t.Error("the schema refuses testdata/valid.json")
	}
	rapid.Check(t, func(r *rapid.T) {
		data := marshal(t, documents(r))
		if !agree(t, schema, "drawn", data) {
			r.Errorf("the schema refuses\n%s", data)
		}
		if _, err := Parse("drawn.json", data); err != nil {
			r.Errorf("Parse refuses a valid document: %v\n%s", err, data)
		}
	})
}

// TestSchemaAndParseAgreeOnMutants changes each value of documents that use,
// together, every key, in every way below.
func TestSchemaAndParseAgreeOnMutants(t *testing.T) {
	schema := judge(t)
	mutants, accepted := 0, 0
	for _, p := range parts(t) {
		mutateObject(p.document, p.keys, "", func(what string) {
			mutants++
			if agree(t, schema, what, marshal(t, p.document)) {
				accepted++
			}
		})
	}
	t.Logf("%d mutants, %d of them valid by the schema", mutants, accepted)
	if mutants < 10000 || accepted < 1000 || accepted > mutants/2 {
		t.Errorf("%d mutants, %d accepted: that is no test", mutants, accepted)
	}
}

// part is a document and those of its keys that are to be changed.
type part struct {
	document map[string]any
	keys     []string
}

// parts takes testdata/valid.json apart, so that a mutant is small: what is
// always there, then a document for each section.
func parts(t *testing.T) []part {
	t.Helper()
	decode := func() (d map[string]any) {
		if err := json.Unmarshal(valid(t), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	sections := append([]string{"custom"}, Sections...)
	frame := decode()
	for _, name := range sections {
		delete(frame, name)
	}
	list := []part{{frame, slices.Sorted(maps.Keys(frame))}}
	for _, name := range sections {
		d := decode()
		list = append(list, part{map[string]any{"version": d["version"], "now": d["now"], "collected_at": d["collected_at"],
			"request": d["request"], "sources": map[string]any{}, name: d[name]}, []string{name}})
	}
	for _, p := range list {
		if faults := structural(t, marshal(t, p.document)); faults != nil {
			t.Fatalf("%v: %v", p.keys, faults)
		}
	}
	return list
}

// replacements are values that come close to being right somewhere.
var replacements = []any{
	nil, true, false, 0.0, -1.5, "", " ", "x", "X", "ok", "OK", "v1", "promotion", "a b", "a.b", "a.b.c", "0", "_", "é",
	"github:583231", "GitHub:583231", "github:", ":583231", "mailto:Dana@example.com", "mailto:dana@exämple.com", "github:58 3231", "github:1\n",
	"7a3f9c2", "7a3f9c", "7A3F9C2", strings.Repeat("a", 64), strings.Repeat("a", 65), strings.Repeat("A", 64),
	"sha256:" + strings.Repeat("0", 64), "sha256:" + strings.Repeat("0", 63), "sha512:" + strings.Repeat("0", 64), "sha256:" + strings.Repeat("0", 64) + "\n",
	"2026-11-24T11:20:00Z", "2026-11-24t11:20:00z", "2026-11-24 11:20:00Z", "2026-11-24T11:20:00", "2026-11-24T11:20:00.Z", "2026-11-24T11:20:00,5Z",
	"2026-11-24T11:20:00.123456789+23:59", "2026-11-24T11:20:00.1234567890Z", "2026-11-24T11:20:00+24:00", "2026-11-24T11:20:00+05:60", "2026-11-24T11:20:00-00:00",
	"2026-11-24T11:20:60Z", "2026-11-24T24:00:00Z", "2026-02-29T00:00:00Z", "2028-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z",
	"1677-12-31T23:59:59Z", "1678-01-01T00:00:00Z", "2261-12-31T23:59:59Z", "2262-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "12026-11-24T11:20:00Z", "+2026-11-24T11:20:00Z",
	"America/New_York", "Local", "UTC", "America/Gotham", "../etc/passwd", "America//New_York", "UTC/",
	[]any{}, []any{""}, []any{nil}, []any{"a"}, []any{"github:1"}, []any{[]any{}}, map[string]any{}, map[string]any{"x": nil},
}

// strangeKeys are tried in addition to those an object has.
var strangeKeys = []string{"", "x", "X", "_", "digest", "custom", "custom.x", "custom.X", "custom.", "custom.a.b", "load-test", "é", "trail", "Trail"}

// mutate calls seen for each change of v; each is undone again.
func mutate(v any, path string, seen func(what string)) {
	switch v := v.(type) {
	case map[string]any:
		mutateObject(v, slices.Sorted(maps.Keys(v)), path, seen)
	case []any:
		for i, old := range v {
			for _, r := range replacements {
				v[i] = r
				seen(path)
			}
			v[i] = old
			mutate(old, path+"/#", seen)
		}
	}
}

// mutateObject changes the members of v that keys name, and adds others.
func mutateObject(v map[string]any, keys []string, path string, seen func(what string)) {
	for _, key := range keys {
		old := v[key]
		delete(v, key)
		seen(path + "/" + key + " removed")
		for _, other := range []string{strings.ToUpper(key[:1]) + key[1:], key + "s", strings.ReplaceAll(key, "_", "")} {
			if _, taken := v[other]; !taken {
				v[other] = old
				seen(path + "/" + key + " renamed " + other)
				delete(v, other)
			}
		}
		for _, r := range replacements {
			v[key] = r
			seen(path + "/" + key + " replaced")
		}
		v[key] = old
		mutate(old, path+"/"+key, seen)
	}
	for _, key := range strangeKeys {
		if _, taken := v[key]; !taken {
			v[key] = map[string]any{"status": "ok", "kind": "file"}
			seen(path + "/" + key + " added")
			delete(v, key)
		}
	}
}
