package report

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/prodgate/prodgate/internal/spelling"
)

// TemplateFormat is the format whose output a template of the user's describes.
const TemplateFormat = "template"

// Formats are the accepted formats, in the order they are documented. The last
// one takes a file: template=FILE.
var Formats = []string{"text", "json", "yaml", "markdown", "github", "sarif", "junit", TemplateFormat}

// Output is one report to be written: a format and where it goes. Make one
// with Parse.
type Output struct {
	Format   string // one of Formats
	Template string // the template's file, for the format template
	Path     string // file to write; empty means standard output

	compiled *template.Template
}

// String gives the output as Parse reads it.
func (o Output) String() string {
	s := o.Format
	if o.Template != "" {
		s += "=" + o.Template
	}
	if o.Path != "" {
		s += "=" + o.Path
	}
	return s
}

// Parse reads FORMAT[=PATH], or template=FILE[=PATH] where FILE is the
// template. A template is read and compiled at once, so that a broken one is
// found before anything is decided. A FILE that contains "=" is not possible.
func Parse(value string) (Output, error) {
	format, path, hasPath := strings.Cut(value, "=")
	o := Output{Format: format, Path: path}
	if !slices.Contains(Formats, format) {
		return Output{}, unknownFormat(format, Formats)
	}
	if format == TemplateFormat {
		return parseTemplateOutput(path)
	}
	if hasPath && path == "" {
		return Output{}, noFile(value, format)
	}
	return o, nil
}

func noFile(value, format string) error {
	return fmt.Errorf("output %q names no file after the equals sign; write %s for standard output or %s=PATH", value, format, format)
}

// ParseAll reads every -o of a command line. None means text to standard
// output. Two outputs to one place are an error: they would run into or
// overwrite each other.
func ParseAll(values []string) ([]Output, error) { return parseAll(values, Parse) }

func parseAll(values []string, parse func(string) (Output, error)) ([]Output, error) {
	if len(values) == 0 {
		values = []string{"text"}
	}
	outputs := make([]Output, 0, len(values))
	taken := map[string]string{}
	for _, value := range values {
		o, err := parse(value)
		if err != nil {
			return nil, err
		}
		key := o.Path
		if key != "" {
			key = filepath.Clean(key)
		}
		if other, twice := taken[key]; twice {
			return nil, fmt.Errorf("outputs %q and %q both go to %s; give one of them another file with FORMAT=PATH", other, value, place(o.Path))
		}
		taken[key] = value
		outputs = append(outputs, o)
	}
	return outputs, nil
}

func parseTemplateOutput(rest string) (Output, error) {
	file, path, hasPath := strings.Cut(rest, "=")
	if file == "" {
		return Output{}, errors.New("output template needs a template: template=FILE, or template=FILE=PATH to write to PATH")
	}
	if hasPath && path == "" {
		return Output{}, fmt.Errorf("output \"template=%s=\" names no file after the second equals sign; leave it out for standard output", file)
	}
	compiled, err := compileTemplate(file)
	if err != nil {
		return Output{}, err
	}
	return Output{Format: TemplateFormat, Template: file, Path: path, compiled: compiled}, nil
}

func place(path string) string {
	if path == "" {
		return "standard output"
	}
	return path
}

// unknownFormat is the error for a format that is none of formats.
func unknownFormat(format string, formats []string) error {
	hint := ""
	if near := nearest(strings.ToLower(format), formats); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("unknown output format %q: use one of %s%s", format, strings.Join(formats, ", "), hint)
}

// aliases are names other tools use for a format of ours.
var aliases = map[string]string{"yml": "yaml", "md": "markdown", "xml": "junit", "txt": "text", "table": "text", "tmpl": TemplateFormat}

// nearest is the one of formats that format was probably meant to be; empty if
// none is close.
func nearest(format string, formats []string) string {
	if meant, ok := aliases[format]; ok && slices.Contains(formats, meant) {
		return meant
	}
	near, _ := spelling.Nearest(format, formats)
	return near
}
