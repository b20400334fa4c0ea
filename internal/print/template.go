package print

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"
)

// TemplateFormat is the format whose output a template of the user's describes.
const TemplateFormat = "template"

// longestTemplated is how many bytes a template may print.
const longestTemplated = 16 << 20

// templateFunctions are what every template may call besides the functions of
// text/template and those of the report:
//
//	instant .now      a time for people
//	join ", " .who    a list of strings as one
//	upper, lower      in capitals, in small letters
//	json .observed    any value as JSON on one line
//	markdown .title   escaped for Markdown; github (a message) and xml likewise
//
// None of them reads files, environment or clock.
var templateFunctions = template.FuncMap{
	"instant":  templateInstant,
	"join":     templateJoin,
	"upper":    strings.ToUpper,
	"lower":    strings.ToLower,
	"json":     templateJSON,
	"markdown": escapeMarkdown,
	"github":   GitHubData,
	"xml":      templateXML,
}

// compileTemplate reads a text/template. It sees a document under the keys of its
// JSON ({{.outcome}}, {{range .findings}}{{.code}}{{end}}); an absent key is an
// error, a null is false. Strings have no hidden characters and no line ends.
func compileTemplate(file string, own template.FuncMap) (*template.Template, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	compiled, err := template.New(filepath.Base(file)).Option("missingkey=error").Funcs(templateFunctions).Funcs(own).Parse(string(source))
	if err != nil {
		names := slices.Sorted(maps.Keys(templateFunctions))
		names = slices.Sorted(slices.Values(slices.AppendSeq(names, maps.Keys(own))))
		return nil, fmt.Errorf("read template %q: %w (in addition to those of Go's text/template there are the functions %s)", file, err, strings.Join(names, ", "))
	}
	return compiled, nil
}

// Execute prints a JSON document by the output's template. own are the functions
// of the report, for this document.
func (o Output) Execute(document []byte, own template.FuncMap) ([]byte, error) {
	if o.compiled == nil {
		return nil, errors.New("no template was read; write template=FILE")
	}
	compiled, err := o.compiled.Clone()
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var data any
	if err := decoder.Decode(&data); err != nil {
		return nil, err
	}
	out := &bounded{}
	if err := compiled.Funcs(own).Execute(out, templateValue(data)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// templateValue cleans every string and gives numbers a type that templates
// can compare.
func templateValue(v any) any {
	switch v := v.(type) {
	case string:
		return Unmarked(Clean(v))
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return int(whole)
		}
		if number, err := v.Float64(); err == nil {
			return number
		}
		return v.String()
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = templateValue(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for _, key := range slices.Backward(slices.Sorted(maps.Keys(v))) {
			object[Unmarked(Clean(key))] = templateValue(v[key])
		}
		return object
	}
	return v
}

// bounded is a buffer of limited size.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > longestTemplated {
		return 0, fmt.Errorf("the template prints more than %d MiB", longestTemplated>>20)
	}
	return b.Buffer.Write(p)
}

func templateInstant(value any) (string, error) {
	text, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("instant wants a time such as .now, not %v", value)
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return "", fmt.Errorf("instant wants a time such as .now, not %q", text)
	}
	return Instant(t), nil
}

func templateJoin(separator string, list []any) string {
	parts := make([]string, len(list))
	for i, part := range list {
		parts[i] = fmt.Sprint(part)
	}
	return strings.Join(parts, separator)
}

func templateJSON(v any) (string, error) {
	raw, err := CompactJSON(v)
	return string(EscapeJSON(raw)), err
}

func templateXML(s string) (string, error) {
	var out strings.Builder
	err := xml.EscapeText(&out, []byte(s))
	return out.String(), err
}
