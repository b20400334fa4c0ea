package print

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/prodgate/prodgate/internal/spelling"
)

// Output is one report to be written: a format and where it goes. Make one
// with ParseOutput.
type Output struct {
	Format   string // one of those that the report has
	Template string // the template's file, for the format template
	Path     string // file to write; empty means standard output

	compiled *template.Template
}

// Formats are what a report can be printed as.
type Formats struct {
	Names     []string         // in the order they are documented; the first one is used where none is named
	Functions template.FuncMap // for the format template: what a template may call besides the common functions
}

// String returns the output as ParseOutput reads it.
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

// Parse reads FORMAT[=PATH], or template=FILE[=PATH] where FILE is the template,
// if the report has that format. A template is read and compiled at once, so that
// a broken one is found before any work is done. FILE cannot contain "=".
func (f Formats) Parse(value string) (Output, error) {
	format, path, hasPath := strings.Cut(value, "=")
	if !slices.Contains(f.Names, format) {
		return Output{}, f.Unknown(format)
	}
	if format == TemplateFormat {
		return f.parseTemplate(path)
	}
	if hasPath && path == "" {
		return Output{}, fmt.Errorf("output %q names no file after the equals sign; write %s for standard output or %s=PATH", value, format, format)
	}
	return Output{Format: format, Path: path}, nil
}

// ParseAll reads every -o of a command line. Two outputs to one place are an
// error: they would run into or overwrite each other.
func (f Formats) ParseAll(values []string) ([]Output, error) {
	if len(values) == 0 {
		values = f.Names[:1]
	}
	outputs := make([]Output, 0, len(values))
	taken := map[string]string{}
	for _, value := range values {
		o, err := f.Parse(value)
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

func (f Formats) parseTemplate(rest string) (Output, error) {
	file, path, hasPath := strings.Cut(rest, "=")
	if file == "" {
		return Output{}, errors.New("output template needs a template: template=FILE, or template=FILE=PATH to write to PATH")
	}
	if hasPath && path == "" {
		return Output{}, fmt.Errorf("output \"template=%s=\" names no file after the second equals sign; leave it out for standard output", file)
	}
	compiled, err := compileTemplate(file, f.Functions)
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

// Unknown is the error for a format that the report does not have.
func (f Formats) Unknown(format string) error {
	hint := ""
	if near := f.nearest(strings.ToLower(format)); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("unknown output format %q: use one of %s%s", format, strings.Join(f.Names, ", "), hint)
}

// aliases are names that other tools use for these formats.
var aliases = map[string]string{"yml": "yaml", "md": "markdown", "xml": "junit", "txt": "text", "table": "text", "tmpl": TemplateFormat}

// nearest is the format that was probably meant; empty if none is close.
func (f Formats) nearest(format string) string {
	if meant, ok := aliases[format]; ok && slices.Contains(f.Names, meant) {
		return meant
	}
	near, _ := spelling.Nearest(format, f.Names)
	return near
}

// Write writes a printed report to the output's file, or to stdout where it names
// none. After an error, a file that existed before still has its old content.
func (o Output) Write(stdout io.Writer, printed []byte) error {
	if o.Path != "" {
		return replaceFile(o.Path, printed)
	}
	if _, err := stdout.Write(printed); err != nil {
		return fmt.Errorf("write %s report to standard output: %w", o.Format, err)
	}
	return nil
}

// WriteAll prints and writes every output, standard output last: what is on the
// screen is then also in the files.
func WriteAll(stdout io.Writer, outputs []Output, print func(Output) ([]byte, error)) error {
	for _, toFile := range []bool{true, false} {
		for _, o := range outputs {
			if (o.Path != "") != toFile {
				continue
			}
			printed, err := print(o)
			if err != nil {
				return err
			}
			if err := o.Write(stdout, printed); err != nil {
				return err
			}
		}
	}
	return nil
}
