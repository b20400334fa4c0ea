// Package report prints a decision for people and machines, one file per format.
//
// It never decides, reads no clock and no environment: the same decision and
// options give the same bytes. Everything in a decision is text from outside
// (a ticket's title, an approver's comment, a tag) and is escaped for the
// medium, by package print.
package report

import (
	"fmt"
	"text/template"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
)

// Options say how to print a decision. The zero value prints 100 columns without
// colour and without files and lines.
type Options struct {
	print.Options

	// InputName is the document as a person would open it ("release.json"),
	// relative to the repository for github and sarif. Empty: not a file.
	InputName string
	// Lines returns the line, from 1, of a JSON Pointer in InputName; 0 where it
	// is not known. It may be nil.
	Lines func(pointer string) int
	// Rule returns file and line of the rule behind a code, where sarif has no
	// InputName to point into. It may be nil.
	Rule func(code string) (file string, line int)
}

// printers are the formats that need nothing but a decision, in the order in which
// help shows them.
var printers = []struct {
	format string
	print  func(*page) ([]byte, error)
}{
	{"text", text},
	{"json", func(p *page) ([]byte, error) { return print.IndentJSON(p.json) }},
	{"yaml", func(p *page) ([]byte, error) { return print.YAML(p.json) }},
	{"markdown", markdown},
	{"github", github},
	{"sarif", printSARIF},
	{"junit", junit},
}

// names are the formats of printers, then the one that takes a file.
func names() []string {
	list := make([]string, 0, len(printers)+1)
	for _, p := range printers {
		list = append(list, p.format)
	}
	return append(list, print.TemplateFormat)
}

// printed is the page in the output's format.
func printed(o print.Output, p *page) ([]byte, error) {
	if o.Format == print.TemplateFormat {
		return o.Execute(p.json, templateFunctions(p))
	}
	for _, printer := range printers {
		if printer.format == o.Format {
			return printer.print(p)
		}
	}
	return nil, Formats.Unknown(o.Format)
}

// Formats are those of a decision. The last one takes a file: template=FILE. In
// addition to the common functions, a template may call verdict (ALLOW, DENY or
// WAIT), tally (the count line) and next (the next thing to do).
var Formats = print.Formats{
	Names:     names(),
	Functions: templateFunctions(nil),
}

// templateFunctions are what a template of a decision may call. Without a page
// they are good for parsing only.
func templateFunctions(p *page) template.FuncMap {
	return template.FuncMap{
		"verdict": func() string { return p.verdict },
		"tally":   func() string { return p.tally() },
		"next":    func() string { return p.next() },
	}
}

// Render prints d in the output's format. An error means that nothing may be
// shown: the decision holds a value that JSON cannot carry, or the template
// failed.
func Render(o print.Output, d *evaluator.Decision, options Options) ([]byte, error) {
	p, err := lay(d, options)
	if err != nil {
		return nil, fmt.Errorf("print decision as %s: %w", o.Format, err)
	}
	out, err := printed(o, p)
	if err != nil {
		return nil, fmt.Errorf("print decision as %s: %w", o.Format, err)
	}
	return out, nil
}

// Text prints d as text.
func Text(d *evaluator.Decision, options print.Options) ([]byte, error) {
	return Render(print.Output{Format: "text"}, d, Options{Options: options})
}

// WriteFindings prints findings on a sheet, as the text format does: one block
// each, in the order of what is to be done about them. now is the instant that they
// were found at. An error means that a finding holds a value that JSON cannot
// carry.
func WriteFindings(s *print.Sheet, findings []evaluator.Finding, now time.Time, options Options) error {
	p := &page{decision: &evaluator.Decision{Now: now}, options: options}
	entries, err := p.entries(findings)
	if err != nil {
		return err
	}
	for _, e := range entries {
		writeEntry(s, e)
	}
	return nil
}
