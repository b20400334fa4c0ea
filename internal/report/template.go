package report

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

	"github.com/prodgate/prodgate/internal/print"
)

// longestTemplated is how many bytes a template may print.
const longestTemplated = 16 << 20

// compileTemplate reads a text/template. It sees the decision under the keys
// of its JSON ({{.outcome}}, {{range .findings}}{{.code}}{{end}}); a key that
// is not there is an error, a null is false. Strings have no hidden characters
// and no line ends. Beside what text/template brings there are:
//
//	verdict           ALLOW, DENY or WAIT
//	tally             the count line
//	next              the next thing to do
//	instant .now      a time for people
//	join ", " .who    a list of strings as one
//	upper, lower      in capitals, in small letters
//	json .observed    any value as JSON on one line
//	markdown .title   escaped for Markdown; github (a message) and xml likewise
//
// Nothing reads files, environment or clock.
func compileTemplate(file string) (*template.Template, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read template: %w", err)
	}
	functions := templateFunctions(nil)
	compiled, err := template.New(filepath.Base(file)).Option("missingkey=error").Funcs(functions).Parse(string(source))
	if err != nil {
		names := slices.Sorted(maps.Keys(functions))
		return nil, fmt.Errorf("read template %q: %w (beside those of Go's text/template there are the functions %s)", file, err, strings.Join(names, ", "))
	}
	return compiled, nil
}

// templateFunctions are what a template may call. Without a page they are good
// for parsing only.
func templateFunctions(p *page) template.FuncMap {
	of := func(f func(*page) string) func() string {
		return func() string { return f(p) }
	}
	return template.FuncMap{
		"verdict":  of(func(p *page) string { return p.verdict }),
		"tally":    of((*page).tally),
		"next":     of((*page).next),
		"instant":  templateInstant,
		"join":     templateJoin,
		"upper":    strings.ToUpper,
		"lower":    strings.ToLower,
		"json":     templateJSON,
		"markdown": escapeMarkdown,
		"github":   escapeGitHubData,
		"xml":      templateXML,
	}
}

func (o Output) execute(p *page) ([]byte, error) {
	if o.compiled == nil {
		return nil, errors.New("no template was read; write template=FILE")
	}
	compiled, err := o.compiled.Clone()
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(p.json))
	decoder.UseNumber()
	var data any
	if err := decoder.Decode(&data); err != nil {
		return nil, err
	}
	out := &bounded{}
	if err := compiled.Funcs(templateFunctions(p)).Execute(out, templateValue(data)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// templateValue cleans every string and gives numbers a type that templates
// can compare.
func templateValue(v any) any {
	switch v := v.(type) {
	case string:
		return print.Unmarked(print.Clean(v))
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
			object[print.Unmarked(print.Clean(key))] = templateValue(v[key])
		}
		return object
	}
	return v
}

// bounded is a buffer that refuses to grow without end.
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
	return instant(t), nil
}

func templateJoin(separator string, list []any) string {
	parts := make([]string, len(list))
	for i, part := range list {
		parts[i] = fmt.Sprint(part)
	}
	return strings.Join(parts, separator)
}

func templateJSON(v any) (string, error) {
	raw, err := compact(v)
	return string(escapeJSON(raw)), err
}

func templateXML(s string) (string, error) {
	var out strings.Builder
	err := xml.EscapeText(&out, []byte(s))
	return out.String(), err
}
