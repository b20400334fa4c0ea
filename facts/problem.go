package facts

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/prodgate/prodgate/internal/strict"
)

// maxProblems is how many problems an InvalidError lists.
const maxProblems = strict.MaxProblems

// Problem is one thing that is wrong with a document.
type Problem struct {
	Line    int    // counted from 1; 0: the document has no lines, it was never a file
	Path    string // JSON Pointer (RFC 6901); empty for the whole document
	Message string // what was found; what is required
	Hint    string // what to try; may be empty
}

// InvalidError says that bytes are not an input document: there is nothing to
// decide on. Problems are in the order of the document.
type InvalidError struct {
	Name     string // the file, as the user named it
	Problems []Problem
	More     int // problems beyond those listed
}

// Error returns one line for each problem, between a heading and a last line
// that says where the schema is.
func (e *InvalidError) Error() string {
	var b strings.Builder
	name := printable(e.Name)
	fmt.Fprintf(&b, "%s: not a valid input document (%s)\n", name, Version)
	for _, p := range e.Problems {
		b.WriteString("  ")
		if p.Line > 0 {
			fmt.Fprintf(&b, "%s:%d: ", name, p.Line)
		}
		if p.Path != "" {
			b.WriteString(printable(p.Path) + ": ")
		}
		b.WriteString(p.Message)
		if p.Hint != "" {
			b.WriteString("; " + p.Hint)
		}
		b.WriteByte('\n')
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "  and %d more\n", e.More)
	}
	b.WriteString(`run "prodgate schema input" for the schema`)
	return b.String()
}

// printable keeps text from outside from moving the cursor or filling the
// screen.
func printable(text string) string {
	text = shortened(text)
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		quoted := strconv.Quote(text)
		return quoted[1 : len(quoted)-1]
	}
	return text
}

// quote shows text in double quotes.
func quote(text string) string { return strconv.Quote(shortened(text)) }

func shortened(text string) string {
	const most = 120
	if len(text) <= most {
		return text
	}
	cut := 0
	for i := range text {
		if i > most {
			break
		}
		cut = i
	}
	return text[:cut] + "…"
}

// invalid returns f as the error about src, nil if there is none.
func invalid(f *strict.Faults, name, src string, lines bool) error {
	if len(f.List) == 0 {
		return nil
	}
	slices.SortStableFunc(f.List, func(a, b strict.Fault) int { return cmp.Compare(a.At, b.At) })
	shown := f.List[:min(len(f.List), maxProblems)]
	e := &InvalidError{Name: name, More: f.More + len(f.List) - len(shown)}
	for _, p := range shown {
		problem := Problem{Path: p.Path, Message: p.Message, Hint: p.Hint}
		if lines {
			problem.Line = strict.LineOf(src, p.At)
		}
		e.Problems = append(e.Problems, problem)
	}
	return e
}
