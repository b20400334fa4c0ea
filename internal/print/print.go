// Package print is the frame that every report is printed in: where it goes
// (Output), how wide and how colourful it may be (Options), text in columns
// (Sheet), tables, Markdown of bounded size, JSON, YAML and templates, and one
// escaper for each medium.
//
// A noun prints itself, in the package that defines it: it has a list of formats
// and a function that takes one of them with Options and returns bytes. The same
// value and options give the same bytes.
//
// A ticket's title, a path, another system's error and what a rule prints are
// text from outside: they can hold control characters, terminal escapes,
// bidirectional overrides and workflow commands. Value and Line make them
// harmless; the escapers add what their medium needs. This package knows nothing
// of gates, decisions or scans.
package print

import "fmt"

// Options say how to print. The zero value prints in a report's usual width
// without colour.
type Options struct {
	Width int  // columns; 0 means the report's usual width
	Color bool // colour words; no meaning rests on colour alone
}

// For returns the options for one output. A file is read elsewhere, so it has the
// usual width and no colour.
func (o Options) For(out Output) Options {
	if out.Path != "" {
		return Options{}
	}
	return o
}

// Usually returns the options with width where none is set.
func (o Options) Usually(width int) Options {
	if o.Width <= 0 {
		o.Width = width
	}
	return o
}

// Count returns n with its noun: "1 check", "2 checks".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
