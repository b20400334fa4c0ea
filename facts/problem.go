package facts

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxProblems is how many problems an InvalidError lists.
const maxProblems = 20

// Problem is one thing that is wrong with a document.
type Problem struct {
	Line    int    // counted from 1; 0: the document has no lines, it was never a file
	Path    string // JSON Pointer (RFC 6901); empty for the whole document
	Message string // what was seen; what is wanted
	Hint    string // what to try; may be empty
}

// InvalidError says that bytes are not an input document: there is nothing to
// decide on. Problems stand in the order of the document.
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

// place is where a walk through a document is, from the root down.
type place []step

// step is a key, or the number of an item.
type step struct {
	key   string
	index int
	item  bool
}

func (p *place) push(key string) { *p = append(*p, step{key: key}) }
func (p *place) pushItem(i int)  { *p = append(*p, step{index: i, item: true}) }
func (p *place) pop()            { *p = (*p)[:len(*p)-1] }

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// pointer returns p as a JSON Pointer, with more keys behind it.
func (p place) pointer(more ...string) string {
	var b strings.Builder
	for _, s := range p {
		b.WriteByte('/')
		if s.item {
			b.WriteString(strconv.Itoa(s.index))
		} else {
			b.WriteString(pointerEscapes.Replace(s.key))
		}
	}
	for _, key := range more {
		b.WriteString("/" + pointerEscapes.Replace(key))
	}
	return b.String()
}

// faults collects what is wrong, up to a number no reader gets to.
type faults struct {
	list []fault
	more int
}

// fault is a problem at an offset.
type fault struct {
	at      int
	path    string
	message string
	hint    string
}

// full counts a fault that needs no words any more.
func (f *faults) full() bool {
	const enough = 5 * maxProblems
	if len(f.list) < enough {
		return false
	}
	f.more++
	return true
}

func (f *faults) add(at int32, path, message, hint string) {
	if !f.full() {
		f.list = append(f.list, fault{int(at), path, message, hint})
	}
}

// invalid returns f as the error about src, nil if there is none.
func (f *faults) invalid(name, src string, lines bool) error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b fault) int { return cmp.Compare(a.at, b.at) })
	shown := f.list[:min(len(f.list), maxProblems)]
	e := &InvalidError{Name: name, More: f.more + len(f.list) - len(shown)}
	for _, p := range shown {
		problem := Problem{Path: p.path, Message: p.message, Hint: p.hint}
		if lines {
			problem.Line = lineOf(src, p.at)
		}
		e.Problems = append(e.Problems, problem)
	}
	return e
}
