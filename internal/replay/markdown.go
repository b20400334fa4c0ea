package replay

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
)

// GitHub takes a comment of at most 65,536 characters, after escaping.
const (
	markdownLimit = 60_000
	foldLimit     = 16_000 // of a part that unfolds: two of decisions, and three more
	mostRows      = 30     // of a table
)

// markdown prints for a pull request on the policies: the answer first, what
// flips by check, and the rest folded away.
func (r *Report) markdown() []byte {
	m := &print.Ledger{Limit: markdownLimit}
	m.Add("## " + print.Markdown(r.headline()) + "\n\n")
	m.Add("Past decisions, " + print.Markdown(r.scope(func(s string) string { return s })) + ", evaluated again with the recorded rules and with policies " + digest(r.Policy.Digest) + ".\n\n")
	if trouble := r.trouble(); len(trouble) > 0 {
		m.Add("**This replay is not complete:**\n\n")
		for _, line := range trouble {
			m.Add("- " + print.Markdown(line) + "\n")
		}
		m.Add("\n")
	}
	m.Add("| Decisions | |\n| ---: | --- |\n")
	for _, row := range r.summary() {
		m.Add(fmt.Sprintf("| %d | %s |\n", row.n, row.what))
	}
	if len(r.ByCheck) > 0 {
		m.Add("\n| Cause of the change | Check | to deny | to allow |\n| --- | --- | ---: | ---: |\n")
		for i, c := range r.ByCheck {
			if i == mostRows {
				m.Add(fmt.Sprintf("| and %d more; see the json report | | | |\n", len(r.ByCheck)-i))
				break
			}
			m.Add(fmt.Sprintf("| %s | %s | %d | %d |\n", print.Markdown(c.Code), print.Markdown(c.Check), c.ToDeny, c.ToAllow))
		}
	}
	for _, way := range ways {
		r.table(m, way)
	}
	r.foldedFindings(m)
	r.foldedFailures(m)
	r.foldedPolicies(m)
	if m.Left > 0 {
		m.Note(fmt.Sprintf("\nShortened; the json report is complete (%s left out).\n", print.Count(m.Left, "part")))
	}
	return m.Bytes()
}

var plainDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// digest is to be copied as it is; anything else is text from outside.
func digest(s string) string {
	if plainDigest.MatchString(s) {
		return "`" + s + "`"
	}
	return print.Markdown(s)
}

func (r *Report) table(m *print.Ledger, w way) {
	list, more := r.flips(w, mostRows)
	if len(list) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("| Decided at | Service | Environment | Artifact | Because | Entry |\n| --- | --- | --- | --- | --- | ---: |\n")
	total, shown := len(list)+more, 0
	for _, d := range list {
		row := tableRow(d)
		if b.Len()+len(row) > foldLimit {
			break
		}
		b.WriteString(row)
		shown++
	}
	if shown < total {
		fmt.Fprintf(&b, "\nand %d more; see the json report\n", total-shown)
	}
	m.Fold(fmt.Sprintf("%s (%d)", w.title, total), b.String())
}

func tableRow(d Decision) string {
	because := make([]string, 0, len(d.Because))
	for _, c := range d.Because[:min(len(d.Because), mostDetails)] {
		because = append(because, print.Markdown(c.told()))
	}
	if n := len(d.Because) - len(because); n > 0 {
		because = append(because, fmt.Sprintf("and %d more", n))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %d |\n", print.Minute(d.Now), print.Markdown(d.Service), print.Markdown(d.Environment),
		print.Markdown(shortDigest(d.Digest)), strings.Join(because, "<br>"), d.Seq)
}

// shortDigest is enough of a digest to find it by.
func shortDigest(s string) string {
	if r := []rune(s); len(r) > 19 {
		return string(r[:19]) + "…"
	}
	return s
}

func (r *Report) foldedFindings(m *print.Ledger) {
	if len(r.Findings) == 0 {
		return
	}
	var b strings.Builder
	b.WriteString("| Finding | Effect | appeared | gone |\n| --- | --- | ---: | ---: |\n")
	for i, d := range r.Findings {
		row := fmt.Sprintf("| %s | %s | %d | %d |\n", print.Markdown(d.Code), print.Markdown(d.Effect), d.Appeared, d.Gone)
		if b.Len()+len(row) > foldLimit {
			fmt.Fprintf(&b, "\nand %d more; see the json report\n", len(r.Findings)-i)
			break
		}
		b.WriteString(row)
	}
	m.Fold(fmt.Sprintf("Other findings, without a changed decision (%s)", print.Count(r.Changed, "decision")), b.String())
}

func (r *Report) foldedFailures(m *print.Ledger) {
	var b strings.Builder
	r.failures(func(where string, f Failure) {
		fmt.Fprintf(&b, "- entry %d, %s: %s\n", f.Seq, where, print.Markdown(strings.Join(f.What, "; ")))
	})
	if b.Len() > 0 {
		m.Fold(fmt.Sprintf("Not reproducible or not replayed (%d)", r.NotReproduced.Count+r.missing()), b.String())
	}
}

func (r *Report) foldedPolicies(m *print.Ledger) {
	if len(r.Policies) == 0 {
		return
	}
	var b strings.Builder
	for _, p := range r.Policies {
		fmt.Fprintf(&b, "- %s by %s, revision %s\n", print.Count(p.Decisions, "decision"), digest(p.Policy.Digest), print.Markdown(p.Policy.Revision))
	}
	m.Fold(fmt.Sprintf("Recorded policies (%d)", len(r.Policies)), b.String())
}
