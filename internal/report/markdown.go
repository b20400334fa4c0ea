package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// GitHub drops a step summary of more than 1 MiB, near that limit without a
// word. What is printed stays below this many bytes.
const markdownLimit = 900 << 10

// markdown prints for $GITHUB_STEP_SUMMARY: the answer, the count and the next
// thing to do, then a table of the findings.
func markdown(p *page) ([]byte, error) {
	m := &ledger{}
	m.add(fmt.Sprintf("## %s: %s\n\n", p.verdict, brief(p.subject())))
	m.add(brief("at "+instant(p.decision.Now)) + "\n\n")
	for _, f := range p.particulars() {
		m.add("- " + f.label + ": " + reference(f.value) + "\n")
	}
	m.add("\n" + long(p.tally()) + "\n\n**" + long(p.next()) + "**\n")
	m.table(p.findings)
	if len(p.then) > 0 {
		m.add("\n### Once the waiting is over, this still stands in the way\n")
		m.table(p.then)
	}
	if names := p.unexplained(); len(names) > 0 {
		m.add("\nFailed without a reason: " + long(strings.Join(names, ", ")) + "\n")
	}
	if list := p.unreadable(); len(list) > 0 {
		m.add("\n### Sources that could not be read\n\n")
		m.rows(len(list), "source", func(i int) string {
			return "- source " + brief(list[i].label) + ": " + brief(list[i].value) + "\n"
		})
	}
	m.details("passed", p.named(passed))
	m.details("not applicable", p.named(notApplicable))
	return m.buffer.Bytes(), nil
}

// ledger is Markdown that keeps below the limit.
type ledger struct{ buffer bytes.Buffer }

// room is kept for what follows a list: its rest, headings, details.
const room = 100 << 10

// add writes a block of bounded size.
func (m *ledger) add(block string) {
	if m.buffer.Len()+len(block) <= markdownLimit {
		m.buffer.WriteString(block)
	}
}

// rows writes n rows, or as many as there is room for and how many are left.
func (m *ledger) rows(n int, noun string, row func(int) string) {
	for i := range n {
		next := row(i)
		if m.buffer.Len()+len(next) > markdownLimit-room {
			m.add(fmt.Sprintf("\nand %s more; the report as json has all of them\n", count(n-i, noun)))
			return
		}
		m.buffer.WriteString(next)
	}
}

// table has one row of five cells for each finding.
func (m *ledger) table(list []entry) {
	if len(list) == 0 {
		return
	}
	m.add("\n| | Finding | Observed, required | What to do | Who, when |\n| --- | --- | --- | --- | --- |\n")
	m.rows(len(list), "finding", func(i int) string { return tableRow(list[i]) })
}

func tableRow(e entry) string {
	column := map[string]int{"message": 1, "about": 1, "remedy": 3, "docs": 3, "who": 4, "when": 4}
	cells := [5][]string{{"**" + e.word + "**"}, {"**" + brief(e.code) + "**"}}
	if e.title != "" {
		cells[1] = append(cells[1], brief(e.title))
	}
	for _, f := range e.fields {
		at, value := column[f.label], brief(f.value)
		switch {
		case at == 0:
			at, value = 2, f.label+": "+value
		case f.label == "docs", f.label == "about":
			value = f.label + ": " + value
		}
		cells[at] = append(cells[at], value)
	}
	row := "|"
	for _, cell := range cells {
		row += " " + strings.Join(cell, "<br>") + " |"
	}
	return row + "\n"
}

// details is a list of checks that unfolds.
func (m *ledger) details(what string, names []string) {
	if len(names) == 0 {
		return
	}
	m.add(fmt.Sprintf("\n<details><summary>%s %s</summary>\n\n%s: %s\n\n</details>\n",
		count(len(names), "check"), what, what, long(strings.Join(names, ", "))))
}

// brief is a value in a table, long a paragraph; each is escaped.
func brief(s string) string { return escapeMarkdown(cut(s, 500)) }
func long(s string) string  { return escapeMarkdown(cut(s, 2000)) }

var imageReference = regexp.MustCompile(`^[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]+$`)

// maxReference bounds a reference; counting in the expression would cost half a
// millisecond at each start.
const maxReference = 500

// reference is an image to be copied as it is; any other text is escaped.
func reference(s string) string {
	if len(s) <= maxReference && imageReference.MatchString(s) {
		return "`" + s + "`"
	}
	return brief(s)
}
