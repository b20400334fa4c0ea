package print

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Unbroken is a width that no line reaches: for reports whose usual lines are as
// long as what they say.
const Unbroken = 1 << 20

const (
	usualWidth  = 100
	leastWidth  = 20
	narrowWidth = 60 // below it, labels no longer get a column of their own
	labelWidth  = 10
)

// Field is one label and its value.
type Field struct{ Label, Value string }

// Label returns a field.
func Label(label, value string) Field { return Field{Label: label, Value: value} }

// Fields returns a field for each label and the value that follows it. Those with
// an empty value are left out.
func Fields(pairs ...string) []Field {
	var list []Field
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, Label(pairs[i], pairs[i+1]))
		}
	}
	return list
}

// Sheet is text that is set in columns. Its texts must be harmless already (Value),
// except at the beginning of a line, where the sheet takes the effect of workflow
// commands away.
type Sheet struct {
	buffer  bytes.Buffer
	width   int
	colored bool
}

// NewSheet returns an empty sheet of 100 columns, or as many as o says; at least
// 20.
func NewSheet(o Options) *Sheet {
	return &Sheet{width: max(o.Usually(usualWidth).Width, leastWidth), colored: o.Color}
}

// Width is the number of columns.
func (s *Sheet) Width() int { return s.width }

// Bytes is what was printed.
func (s *Sheet) Bytes() []byte { return s.buffer.Bytes() }

// Blank prints an empty line.
func (s *Sheet) Blank() { s.buffer.WriteByte('\n') }

// Fields prints one field a line, the values below each other where there is
// room.
func (s *Sheet) Fields(list []Field) {
	column := labelWidth
	for _, f := range list {
		column = max(column, min(utf8.RuneCountInString(f.Label), 2*labelWidth))
	}
	for _, f := range list {
		if s.width < narrowWidth {
			s.Set("  ", "    ", f.Label+": "+f.Value)
			continue
		}
		s.Set("  "+pad(f.Label, column)+" ", strings.Repeat(" ", column+3), f.Value)
	}
}

// Paragraph wraps content; its further lines begin with indent, or with two
// spaces where that is empty.
func (s *Sheet) Paragraph(indent, content string) {
	if indent == "" {
		indent = "  "
	}
	s.Set("", indent, content)
}

// Set wraps content after first, the further lines after rest. Any white space
// becomes one space. A word that does not fit keeps its line: it is to be copied.
func (s *Sheet) Set(first, rest, content string) {
	lead, used, empty := first, width(first), true
	var row strings.Builder
	for _, word := range strings.Fields(content) {
		if !empty && used+1+width(word) > s.width {
			s.Row(lead + row.String())
			row.Reset()
			lead, used, empty = rest, width(rest), true
		}
		if !empty {
			row.WriteByte(' ')
			used++
		}
		row.WriteString(word)
		used += width(word)
		empty = false
	}
	s.Row(lead + row.String())
}

// Line prints text as it is. Where it is too long, it goes on in a line that is
// indented by four more columns.
func (s *Sheet) Line(text string) {
	for _, part := range fold(strings.TrimRight(text, " "), indentOf(text)+"    ", s.width) {
		s.Row(part)
	}
}

// Linef prints a formatted Line.
func (s *Sheet) Linef(format string, args ...any) { s.Line(fmt.Sprintf(format, args...)) }

// Hang prints text of one or several lines after first. Where a line is too long,
// it goes on below its beginning if there is room, else indented by four columns.
func (s *Sheet) Hang(first, text string) {
	rest := "    "
	if s.width >= narrowWidth && 2*width(first) <= s.width {
		rest = strings.Repeat(" ", width(first))
	}
	for line := range strings.SplitSeq(first+text, "\n") {
		for _, part := range fold(line, rest, s.width) {
			s.Row(part)
		}
	}
}

// Row prints a line, however long it is, without spaces at its end.
func (s *Sheet) Row(line string) {
	s.buffer.WriteString(Unmarked(strings.TrimRight(line, " ")))
	s.buffer.WriteByte('\n')
}

// Block prints what is already laid out, such as another sheet or JSON.
func (s *Sheet) Block(printed []byte) { s.buffer.Write(printed) }

// Fold breaks each line of text that is longer than width columns between words
// and indents what goes on. A width of 0 leaves text as it is.
func Fold(text string, width int) string {
	if width <= 0 {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		content, end := strings.TrimSuffix(line, "\n"), ""
		if content != line {
			end = "\n"
		}
		b.WriteString(strings.Join(fold(content, indentOf(content)+"  ", max(width, leastWidth)), "\n") + end)
	}
	return b.String()
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " "))] }

// fold breaks a line into lines of at most max columns, if its words allow it. It
// keeps the spaces between words; all lines but the first begin with rest.
func fold(line, rest string, max int) []string {
	var parts []string
	lead := indentOf(line)
	for width(line) > max {
		at := breakAt(line[len(lead):], max-width(lead))
		if at < 0 {
			break
		}
		at += len(lead)
		parts = append(parts, line[:at])
		line, lead = rest+strings.TrimLeft(line[at:], " "), rest
	}
	return append(parts, line)
}

// breakAt is the index of the last space within the first max columns of text, or
// of the first one behind them; -1 if there is none that words follow.
func breakAt(text string, max int) int {
	text = strings.TrimRight(text, " ")
	at, column := -1, 0
	for i, r := range text {
		if r == ' ' && i > 0 && (column <= max || at < 0) {
			at = i
		}
		column++
	}
	return at
}

// Color is how a word is coloured on a terminal; empty for not at all.
type Color string

// The colours that words have.
const (
	Red     Color = "31"
	Green   Color = "32"
	Yellow  Color = "33"
	Magenta Color = "35"
	Cyan    Color = "36"
)

const (
	colorStart = "\x1b[1;"
	colorEnd   = "\x1b[0m"
)

// Color returns word in c, or word itself where nothing is to be coloured.
func (s *Sheet) Color(word string, c Color) string {
	if !s.colored || c == "" {
		return word
	}
	return colorStart + string(c) + "m" + word + colorEnd
}

// width is how many columns text takes, the colour of its first word aside. Every
// character counts as one.
func width(text string) int {
	n := utf8.RuneCountInString(text)
	if strings.HasPrefix(text, colorStart) {
		n -= len(colorStart) + len("31m") + len(colorEnd)
	}
	return n
}

// pad fills text up to so many columns.
func pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-width(text)))
}
