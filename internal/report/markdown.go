package report

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
)

// GitHub drops a step summary of more than 1 MiB, near that limit without a
// word. What is printed stays below this many bytes.
const markdownLimit = 900 << 10

// markdown prints for $GITHUB_STEP_SUMMARY: the answer, the count and the next
// thing to do, then a table of the findings.
func markdown(p *page) ([]byte, error) {
	m := &print.Ledger{Limit: markdownLimit}
	m.Add(fmt.Sprintf("## %s: %s\n\n", p.verdict, print.Markdown(p.subject())))
	m.Add(print.Markdown("at "+print.Instant(p.decision.Now)) + "\n\n")
	for _, f := range p.particulars() {
		m.Add("- " + f.Label + ": " + reference(f.Value) + "\n")
	}
	m.Add("\n" + print.MarkdownText(p.tally()) + "\n\n**" + print.MarkdownText(p.next()) + "**\n")
	table(m, p.findings)
	if len(p.then) > 0 {
		m.Add("\n### After the wait, this still blocks the deployment\n")
		table(m, p.then)
	}
	if names := p.unexplained(); len(names) > 0 {
		m.Add("\nFailed without a reason: " + print.MarkdownText(strings.Join(names, ", ")) + "\n")
	}
	if list := p.unreadable(); len(list) > 0 {
		m.Add("\n### Sources that could not be read\n\n")
		rows(m, len(list), "source", func(i int) string {
			return "- source " + print.Markdown(list[i].Label) + ": " + print.Markdown(list[i].Value) + "\n"
		})
	}
	details(m, "passed", p.named(passed))
	details(m, "not applicable", p.named(notApplicable))
	return m.Bytes(), nil
}

// room is kept for what follows a list: its rest, headings, details.
const room = 100 << 10

// rows writes n rows, or as many as there is room for and how many are left.
func rows(m *print.Ledger, n int, noun string, row func(int) string) {
	for i := range n {
		next := row(i)
		if m.Len()+len(next) > markdownLimit-room {
			m.Add(fmt.Sprintf("\nand %s more; the json report has all of them\n", print.Count(n-i, noun)))
			return
		}
		m.Add(next)
	}
}

// table has one row of five cells for each finding.
func table(m *print.Ledger, list []entry) {
	if len(list) == 0 {
		return
	}
	m.Add("\n| | Finding | Observed, required | What to do | Who, when |\n| --- | --- | --- | --- | --- |\n")
	rows(m, len(list), "finding", func(i int) string { return tableRow(list[i]) })
}

func tableRow(e entry) string {
	column := map[string]int{"message": 1, "about": 1, "remedy": 3, "docs": 3, "who": 4, "when": 4}
	cells := [5][]string{{"**" + e.word + "**"}, {"**" + print.Markdown(e.code) + "**"}}
	if e.title != "" {
		cells[1] = append(cells[1], print.Markdown(e.title))
	}
	for _, f := range e.fields {
		at, value := column[f.Label], print.Markdown(f.Value)
		switch {
		case at == 0:
			at, value = 2, f.Label+": "+value
		case f.Label == "docs", f.Label == "about":
			value = f.Label + ": " + value
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
func details(m *print.Ledger, what string, names []string) {
	if len(names) > 0 {
		m.Fold(print.Count(len(names), "check")+" "+what, what+": "+print.MarkdownText(strings.Join(names, ", "))+"\n")
	}
}

var imageReference = regexp.MustCompile(`^[a-z0-9][a-z0-9._/:-]*@sha256:[0-9a-f]+$`)

// maxReference bounds a reference; counting in the expression would cost half a
// millisecond at each start.
const maxReference = 500

// reference is an image to be copied as it is; any other text is escaped.
func reference(s string) string {
	if len(s) <= maxReference && imageReference.MatchString(s) {
		return "`" + s + "`"
	}
	return print.Markdown(s)
}
