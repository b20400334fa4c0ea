// Package report prints a decision for people and machines, one file per
// format.
//
// It never decides, reads no clock and no environment: the same decision and
// options give the same bytes. Everything in a decision is text from outside
// (a ticket's title, an approver's comment, a tag) and is escaped for the
// place it is printed in; the escapers stand in escape.go.
package report

import (
	"fmt"
	"io"

	"github.com/prodgate/prodgate/evaluator"
)

// Options say how to print. The zero value prints 100 columns without colour
// and without files and lines.
type Options struct {
	Width int  // columns to wrap the text format to; 0 means 100, below 20 counts as 20
	Color bool // colour the words of the text format; no meaning rests on it alone

	// InputName is the document as a person would open it ("release.json"),
	// relative to the repository for github and sarif. Empty: not a file.
	InputName string
	// Lines gives the line, from 1, of a JSON Pointer in InputName; 0 where it
	// is not known. It may be nil.
	Lines func(pointer string) int
	// Rule gives file and line of the rule behind a code, where sarif has no
	// InputName to point into. It may be nil.
	Rule func(code string) (file string, line int)
}

// printers are the formats that need nothing but a decision.
var printers = map[string]func(*page) ([]byte, error){
	"text":     text,
	"json":     document,
	"yaml":     documentYAML,
	"markdown": markdown,
	"github":   github,
	"sarif":    sarif,
	"junit":    junit,
}

// Render prints d in the output's format. An error means that nothing may be
// shown: the decision holds a value that JSON cannot carry, or the template
// failed.
func (o Output) Render(d *evaluator.Decision, options Options) ([]byte, error) {
	p, err := lay(d, options)
	if err != nil {
		return nil, fmt.Errorf("print decision as %s: %w", o.Format, err)
	}
	var out []byte
	if o.Format == TemplateFormat {
		out, err = o.execute(p)
	} else if print := printers[o.Format]; print != nil {
		out, err = print(p)
	} else {
		err = unknownFormat(o.Format, Formats)
	}
	if err != nil {
		return nil, fmt.Errorf("print decision as %s: %w", o.Format, err)
	}
	return out, nil
}

// Write prints d to the output's file, or to stdout where it names none. It
// prints in full before it writes: after an error, a file that was there
// before is still the old one.
func (o Output) Write(stdout io.Writer, d *evaluator.Decision, options Options) error {
	out, err := o.Render(d, options)
	if err != nil {
		return err
	}
	return o.put(stdout, out)
}

// put writes what was printed.
func (o Output) put(stdout io.Writer, out []byte) error {
	if o.Path != "" {
		return replaceFile(o.Path, out)
	}
	if _, err := stdout.Write(out); err != nil {
		return fmt.Errorf("write %s report to standard output: %w", o.Format, err)
	}
	return nil
}
