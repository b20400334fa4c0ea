package print

import (
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Hidden says whether r acts on a terminal or on the text around it instead of
// showing itself: control characters, the bidirectional overrides and every
// other format character (zero width, tags), line separators, and what is no
// character at all. XML 1.0 refuses some of these; none may reach a terminal.
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
// removed, any white space is one space, and no build log takes a part of it for
// a command. A terminal escape loses its escape byte and shows what it was, so
// that it cannot hide other text either.
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

// Unmarked keeps a cleaned line from being taken for a GitHub workflow command,
// which begins with :: after any white space.
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

// Writer passes text on as Text makes it. It remembers where in a line it is,
// so that no command passes in pieces. It is safe for concurrent use.
type Writer struct {
	mutex sync.Mutex
	to    io.Writer
	state escaper
}

// NewWriter returns a Writer that writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Unwrap returns the writer that this one writes to, for what is known to hold
// nothing from outside.
func (w *Writer) Unwrap() io.Writer { return w.to }

// Write writes b, escaped. It returns len(b), or 0 and the error of the writer
// beneath.
func (w *Writer) Write(b []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if _, err := io.WriteString(w.to, w.state.escape(string(b))); err != nil {
		return 0, err
	}
	return len(b), nil
}

// escaper is where in a line a text has come to.
type escaper struct {
	inLine bool // something other than white space stands in this line
	colon  bool // all that stands in this line is one colon
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

// pass notes that r was written.
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
