package print

import (
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Hidden reports whether r acts on a terminal or on the text around it instead of
// being shown: control characters, bidirectional overrides and all other format
// characters (zero width, tags), line separators, and code points that are not
// characters. XML 1.0 refuses some of these; none may reach a terminal.
func Hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f, r == utf8.RuneError:
		return true
	case r == 0x2028, r == 0x2029, r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

// CommandMark matches the start of a command to the machine that reads a build
// log: ##[…] on GitHub, ##vso[…] on Azure Pipelines, ##teamcity[…]. It works
// anywhere in a line.
var CommandMark = regexp.MustCompile(`##([A-Za-z]*\[)`)

// Clean makes text one harmless line: hidden characters and invalid UTF-8 are
// removed, any white space becomes one space, and no part of it is a command to a
// build log. A terminal escape loses its escape byte and the rest is shown, so it
// cannot hide other text either.
func Clean(s string) string {
	mapped := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if Hidden(r) {
			return -1
		}
		return r
	}, s)
	return CommandMark.ReplaceAllString(strings.Join(strings.Fields(mapped), " "), "## $1")
}

// Unmarked returns a cleaned line that is not a GitHub workflow command: those
// begin with :: after any white space.
func Unmarked(line string) string {
	bare := strings.TrimLeft(line, " ")
	if !strings.HasPrefix(bare, "::") {
		return line
	}
	return line[:len(line)-len(bare)] + `\` + bare
}

// longest is how many characters of one value from outside are printed.
const longest = 2000

// Value makes text from outside one harmless line of bounded length, to be
// printed within a line. Text that is far too long is shortened before it is
// cleaned, to save time.
func Value(s string) string {
	const far = 8 * longest
	if len(s) > far {
		return strings.TrimSuffix(Cut(Clean(s[:far]), longest), cutMark) + cutMark
	}
	return Cut(Clean(s), longest)
}

// Values joins several texts from outside as one Value; empty ones are left out.
func Values(list []string) string {
	cleaned := make([]string, 0, len(list))
	for _, s := range list {
		if s = Value(s); s != "" {
			cleaned = append(cleaned, s)
		}
	}
	return Cut(strings.Join(cleaned, ", "), longest)
}

// Line makes text from outside one harmless line of bounded length, also at the
// beginning of a line.
func Line(s string) string { return Unmarked(Value(s)) }

const cutMark = "... (cut)"

// Cut shortens s to max characters and marks that it did.
func Cut(s string, max int) string {
	n := 0
	for at := range s {
		if n == max {
			return s[:at] + cutMark
		}
		n++
	}
	return s
}

// Text makes text of several lines harmless on a terminal and in a build log:
// line feeds and tabs stay, every other hidden character becomes U+FFFD, and no
// line is a workflow command.
func Text(s string) string {
	var e escaper
	return e.escape(s)
}

// Writer escapes text as Text does, before it writes it. It remembers its place in
// the line, so a command in pieces is escaped too. It is safe for concurrent use.
type Writer struct {
	mutex sync.Mutex
	to    io.Writer
	state escaper
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Unwrap returns the underlying writer, for output that contains no text from
// outside.
func (w *Writer) Unwrap() io.Writer { return w.to }

// Write writes b, escaped. It returns len(b), or 0 and the error of the
// underlying writer.
func (w *Writer) Write(b []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if _, err := io.WriteString(w.to, w.state.escape(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// escaper is a place in a line.
type escaper struct {
	inLine bool // the line has something other than white space
	colon  bool // the line has one colon and nothing else
	marks  int  // number signs just before, at most 2; letters may follow two
}

func (e *escaper) escape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if r != '\n' && r != '\t' && Hidden(r) {
			r = unicode.ReplacementChar
		}
		switch {
		case r == '[' && e.marks == 2:
			b.WriteByte(' ')
		case r == ':' && e.colon:
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		e.pass(r)
	}
	return b.String()
}

// pass records that r was written.
func (e *escaper) pass(r rune) {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	switch {
	case r == '#':
		e.marks = min(e.marks+1, 2)
	case e.marks < 2 || !letter:
		e.marks = 0
	}
	switch {
	case r == '\n':
		e.inLine, e.colon = false, false
	case !unicode.IsSpace(r):
		e.colon = !e.inLine && r == ':'
		e.inLine = true
	case e.colon:
		e.colon = false
	}
}
