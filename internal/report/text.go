package report

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/print"
)

// text prints for a terminal. It begins with ALLOW, DENY or WAIT and ends with
// the count and the next thing to do.
func text(p *page) ([]byte, error) {
	s := newSheet(p.options)
	s.paragraph("", s.color(p.verdict)+strings.TrimPrefix(p.headline(), p.verdict))
	s.fields(p.particulars())
	for _, e := range p.findings {
		s.entry(e)
	}
	if len(p.then) > 0 {
		s.blank()
		s.paragraph("", "Once the waiting is over, this still stands in the way:")
		for _, e := range p.then {
			s.entry(e)
		}
	}
	if names := p.unexplained(); len(names) > 0 {
		s.blank()
		s.paragraph("  ", "Failed without a reason: "+strings.Join(names, ", "))
	}
	if list := p.unreadable(); len(list) > 0 {
		s.blank()
		s.paragraph("", "Sources that could not be read:")
		s.fields(list)
	}
	s.blank()
	s.paragraph("  ", p.tally())
	s.paragraph("  ", p.next())
	return s.buffer.Bytes(), nil
}

// particulars are what to know about the decision as a whole.
func (p *page) particulars() []field {
	d := p.decision
	var list []field
	if d.Deploy != nil && line(*d.Deploy) != "" {
		list = append(list, field{"artifact", line(*d.Deploy)})
	} else {
		list = append(list, field{"artifact", "not known"})
	}
	request := lineOf([]string{d.Request.ID, d.Request.Kind})
	if d.Request.Emergency {
		request = lineOf([]string{request, "emergency"})
	}
	list = append(list, field{"request", request})
	if p.verdict == wait {
		list = append(list, field{"opens", opening(d.Now, *d.OpensAt) + ", by waiting alone"})
	}
	if p.verdict == allow && d.ValidUntil != nil {
		list = append(list, field{"valid", "until " + closing(d.Now, *d.ValidUntil)})
	}
	list = append(list, field{"mode", p.modeNote()}, field{"weakened", lineOf(d.Weakened)})
	if d.Trail != nil {
		list = append(list, field{"trail", fmt.Sprintf("entry %d, leaf %s", d.Trail.Seq, line(d.Trail.LeafHash))})
	}
	return slices.DeleteFunc(list, func(f field) bool { return f.value == "" })
}

// unreadable are the sources that are not ok, by name.
func (p *page) unreadable() []field {
	var list []field
	for _, name := range slices.Sorted(maps.Keys(p.decision.Sources)) {
		source := p.decision.Sources[name]
		if source.Status == facts.StatusOK {
			continue
		}
		why := or(line(string(source.Status)), "no status")
		if source.Kind != "" {
			why += " (" + line(source.Kind) + ")"
		}
		if source.Error != nil {
			why += ": " + line(*source.Error)
		}
		list = append(list, field{or(line(name), "unnamed"), why})
	}
	return list
}

// sheet is text being set in columns.
type sheet struct {
	buffer  bytes.Buffer
	width   int
	colored bool
}

const (
	usualWidth  = 100
	leastWidth  = 20
	narrowWidth = 60 // below it, labels no longer get a column of their own
	labelWidth  = 10
)

func newSheet(options Options) *sheet {
	width := options.Width
	if width <= 0 {
		width = usualWidth
	}
	return &sheet{width: max(width, leastWidth), colored: options.Color}
}

func (s *sheet) blank() { s.buffer.WriteByte('\n') }

// entry prints one finding.
func (s *sheet) entry(e entry) {
	s.blank()
	s.paragraph("    ", s.color(e.word)+" "+e.heading())
	s.fields(e.fields)
}

func (s *sheet) fields(list []field) {
	column := labelWidth
	for _, f := range list {
		column = max(column, min(utf8.RuneCountInString(f.label), 2*labelWidth))
	}
	for _, f := range list {
		if s.width < narrowWidth {
			s.set("  ", "    ", f.label+": "+f.value)
			continue
		}
		label := f.label
		if pad := column - utf8.RuneCountInString(label); pad > 0 {
			label += strings.Repeat(" ", pad)
		}
		s.set("  "+label+" ", strings.Repeat(" ", column+3), f.value)
	}
}

// paragraph wraps content; its further lines are indented.
func (s *sheet) paragraph(indent, content string) {
	s.set("", or(indent, "  "), content)
}

// set wraps content after first, the further lines after rest. A word that
// does not fit keeps its line: it is to be copied.
func (s *sheet) set(first, rest, content string) {
	lead, used, empty := first, width(first), true
	var row strings.Builder
	for _, word := range strings.Fields(content) {
		if !empty && used+1+width(word) > s.width {
			s.row(lead + row.String())
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
	s.row(lead + row.String())
}

func (s *sheet) row(line string) {
	s.buffer.WriteString(print.Unmarked(strings.TrimRight(line, " ")))
	s.buffer.WriteByte('\n')
}

// colors of the words a line begins with, as terminal sequences.
var colors = map[string]string{
	allow: "32", deny: "31", wait: "33", open: "32", closed: "31",
	wordFix: "31", wordAsk: "35", wordWarn: "33", wordWaived: "36",
	"CRITICAL": "31", "HIGH": "31", "MEDIUM": "33", "LOW": "36",
}

const (
	colorStart = "\x1b[1;"
	colorEnd   = "\x1b[0m"
)

func (s *sheet) color(word string) string {
	if !s.colored || colors[word] == "" {
		return word
	}
	return colorStart + colors[word] + "m" + word + colorEnd
}

// width is how many columns a word takes, its colour aside. Every character
// counts as one.
func width(word string) int {
	n := utf8.RuneCountInString(word)
	if strings.HasPrefix(word, colorStart) {
		n -= len(colorStart) + len("31m") + len(colorEnd)
	}
	return n
}
