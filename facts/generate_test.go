package facts

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// documents draws valid documents as what encoding/json would decode. It
// follows the shapes, so that a new key is drawn as soon as it exists.
func documents(t *rapid.T) map[string]any {
	d := drawObject(t, documentShape(), "")
	delete(d, "custom")
	sources := map[string]any{}
	for _, name := range Sections {
		if _, ok := d[name]; ok {
			sources[name] = map[string]any{"status": "ok", "kind": "file"}
		} else if rapid.Bool().Draw(t, "asked for "+name) {
			sources[name] = map[string]any{"status": "error", "kind": "file", "error": "timed out", "evidence": nil}
		}
	}
	if rapid.Bool().Draw(t, "custom") {
		d["custom"] = map[string]any{"load_test": drawAny(t, 3)}
		sources["custom.load_test"] = map[string]any{"status": "ok", "kind": "file"}
	}
	d["sources"] = sources
	if c, ok := d["calendar"].(map[string]any); ok {
		putInOrder(c)
	}
	return d
}

// putInOrder gives the intervals of a calendar, and itself, a beginning before
// their end.
func putInOrder(calendar map[string]any) {
	calendar["from"], calendar["horizon"] = "2026-01-01T00:00:00Z", "2026-06-01T00:00:00.5-03:30"
	for _, key := range []string{"freezes", "holidays"} {
		for _, v := range calendar[key].([]any) {
			v.(map[string]any)["start"], v.(map[string]any)["end"] = "1678-01-01T00:00:00Z", "2261-12-31T23:59:59Z"
		}
	}
}

func drawObject(t *rapid.T, s *shape, path string) map[string]any {
	object := map[string]any{}
	for _, f := range s.fields {
		if f.name == "sources" {
			continue
		}
		label := path + "/" + f.name
		switch {
		case f.required || rapid.Bool().Draw(t, label+" is there"):
			object[f.name] = drawShape(t, f.shape, label)
		case f.nullable && rapid.Bool().Draw(t, label+" is null"):
			object[f.name] = nil
		}
	}
	return object
}

// numbers are those that documents can contain: none has an exponent below -308.
var numbers = rapid.Float64().Filter(func(f float64) bool { return f == 0 || math.Abs(f) > 1e-300 })

func drawShape(t *rapid.T, s *shape, label string) any {
	switch {
	case s.fields != nil:
		return drawObject(t, s, label)
	case s.kind == kindList:
		list := []any{}
		for i := range rapid.IntRange(s.min, s.min+2).Draw(t, label+" length") {
			list = append(list, drawShape(t, s.elem, fmt.Sprint(label, "/", i)))
		}
		return list
	case s.kind == kindBool:
		return rapid.Bool().Draw(t, label)
	case s.whole:
		return rapid.IntRange(0, maxWhole).Draw(t, label)
	case s.kind == kindNumber:
		return numbers.Draw(t, label)
	case s.kind == kindString:
		return drawText(t, s, label)
	}
	return nil
}

func drawText(t *rapid.T, s *shape, label string) string {
	switch {
	case s.enum != nil:
		return rapid.SampledFrom(s.enum).Draw(t, label)
	case s.instant:
		return drawInstant(t, s, label)
	case s.format != nil && s.format.Name == "timezone":
		return rapid.SampledFrom([]string{"America/New_York", "UTC", "Etc/GMT+5", "Asia/Kathmandu"}).Draw(t, label)
	case s.format != nil && s.format.Pattern != "":
		return rapid.StringMatching(s.format.Pattern).Draw(t, label)
	case s.format != nil:
		return rapid.StringN(1, 12, -1).Draw(t, label)
	}
	return rapid.String().Draw(t, label)
}

// drawInstant draws a time that matches the pattern on a day that every month
// has.
func drawInstant(t *rapid.T, s *shape, label string) string {
	text := rapid.StringMatching(s.pattern()).Draw(t, label)
	if day := text[8:10]; day > "28" {
		text = text[:8] + "28" + text[10:]
	}
	return text
}

func drawAny(t *rapid.T, depth int) any {
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return rapid.Bool().Draw(t, "bool")
	case 1:
		return numbers.Draw(t, "float")
	case 2:
		return rapid.Int64().Draw(t, "int")
	case 3:
		return rapid.String().Draw(t, "string")
	}
	if depth == 0 {
		return ""
	}
	if rapid.Bool().Draw(t, "list") {
		return []any{drawAny(t, depth-1), nil}
	}
	return map[string]any{rapid.String().Draw(t, "key"): drawAny(t, depth-1)}
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}
