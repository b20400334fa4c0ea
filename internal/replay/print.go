package replay

import (
	"fmt"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/report"
)

// Formats are how a report can be printed.
var Formats = []string{"text", "json", "markdown"}

// Print prints the report in one of Formats. The same report gives the same
// bytes.
func (r *Report) Print(format string) ([]byte, error) {
	switch format {
	case "text":
		return r.text(), nil
	case "json":
		return report.JSON(r)
	case "markdown":
		return r.markdown(), nil
	}
	return nil, fmt.Errorf("unknown output format %q; one of %s", format, strings.Join(Formats, ", "))
}

// mostShown is how many flips each way the text has; JSON has all.
const mostShown = 50

// headline is the answer in one line.
func (r *Report) headline() string {
	switch n := r.ToDeny + r.ToAllow; {
	case r.Decisions == 0:
		return "No decision was replayed: none is recorded in this period"
	case n == 0 && r.Replayed == 0:
		return fmt.Sprintf("None of %s could be replayed", counted(r.Decisions, "decision"))
	case n == 0:
		return fmt.Sprintf("None of %s flips", counted(r.Replayed, "replayed decision"))
	case n == 1:
		return fmt.Sprintf("1 of %s flips", counted(r.Replayed, "replayed decision"))
	default:
		return fmt.Sprintf("%d of %s flip", n, counted(r.Replayed, "replayed decision"))
	}
}

// trouble says what keeps the replay from being whole; empty where nothing does.
func (r *Report) trouble() []string {
	var list []string
	if n := r.NotReproduced.Count; n > 0 {
		list = append(list, fmt.Sprintf("%s not reproduce: the rules of then do not give what was recorded", does(n)))
	}
	for _, gap := range r.NotReplayed {
		list = append(list, fmt.Sprintf("%s could not be replayed: %s", counted(gap.Count, "decision"), meaning[gap.Reason]))
	}
	return list
}

func does(n int) string {
	if n == 1 {
		return "1 decision does"
	}
	return fmt.Sprintf("%d decisions do", n)
}

var meaning = map[Reason]string{
	Erased:      "erased (the input or the policy was, --allow-missing passes over it)",
	NotRecorded: "not recorded (the input or the policy was not, --allow-missing passes over it)",
	Unusable:    "unusable (this version of prodgate does not read the input or the policy)",
	Unreadable:  "unreadable (the input or the policy is damaged or could not be read)",
	NoDecision:  "no decision (the new policies give none, which is never an allow)",
}

func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

func minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// scope says what was replayed.
func (r *Report) scope(shown func(string) string) string {
	of := ""
	if r.Period.Service != "" {
		of += ", " + shown(r.Period.Service)
	}
	if r.Period.Environment != "" {
		of += ", " + shown(r.Period.Environment)
	}
	return fmt.Sprintf("decided about from %s to %s%s, by the %d entries of the trail", minute(r.Period.Since), minute(r.Period.Until), of, r.Trail.Size)
}

func (r *Report) text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s\n  new policies %s\n", r.headline(), r.scope(report.Line), report.Line(r.Policy.Digest))
	for _, p := range r.Policies {
		fmt.Fprintf(&b, "  %s by %s\n", counted(p.Decisions, "decision"), report.Line(p.Policy.Digest))
	}
	b.WriteString("\n")
	for _, row := range r.summary() {
		fmt.Fprintf(&b, "  %6d  %s\n", row.n, row.what)
	}
	if trouble := r.trouble(); len(trouble) > 0 {
		b.WriteString("\nNot a whole replay:\n")
		for _, line := range trouble {
			b.WriteString("  " + line + "\n")
		}
		r.failures(func(where string, f Failure) {
			fmt.Fprintf(&b, "    entry %d, %s: %s\n", f.Seq, where, report.Line(strings.Join(f.What, "; ")))
		})
	}
	if len(r.ByCheck) > 0 {
		b.WriteString("\nWhat flips them                           to deny  to allow\n")
		for _, c := range r.ByCheck {
			fmt.Fprintf(&b, "  %-38s  %7d  %8d\n", report.Line(c.Code), c.ToDeny, c.ToAllow)
		}
	}
	if len(r.Findings) > 0 {
		b.WriteString("\nOther findings, without a flip            appeared    gone\n")
		for _, d := range r.Findings {
			fmt.Fprintf(&b, "  %-38s  %8d  %6d\n", report.Line(d.Code+", "+d.Effect), d.Appeared, d.Gone)
		}
	}
	for _, way := range ways {
		r.list(&b, way)
	}
	return []byte(b.String())
}

// row is a line of the summary.
type row struct {
	n    int
	what string
}

func (r *Report) summary() []row {
	return []row{
		{r.ToDeny, "allowed then, denied now"},
		{r.ToAllow, "denied then, allowed now"},
		{r.Changed, "the same answer, with other findings"},
		{r.Same, "the same answer and findings"},
		{r.Decisions - r.Replayed, "not replayed"},
	}
}

// failures hands out the first of what went wrong, with where.
func (r *Report) failures(each func(where string, f Failure)) {
	for _, f := range r.NotReproduced.First {
		each("does not reproduce", f)
	}
	for _, gap := range r.NotReplayed {
		for _, f := range gap.First {
			each(string(gap.Reason), f)
		}
	}
}

// way is a direction in which a decision flips.
type way struct{ to, title string }

var ways = []way{{"deny", "Allowed then, denied now"}, {"allow", "Denied then, allowed now"}}

// flips are those of one direction, at most n, and how many more there are.
func (r *Report) flips(w way, n int) (list []Decision, more int) {
	total := r.ToDeny
	if w.to == "allow" {
		total = r.ToAllow
	}
	for _, d := range r.Flips {
		if d.To == w.to && len(list) < n {
			list = append(list, d)
		}
	}
	return list, total - len(list)
}

func (r *Report) list(b *strings.Builder, w way) {
	list, more := r.flips(w, mostShown)
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", w.title)
	for _, d := range list {
		fmt.Fprintf(b, "  entry %d  %s  %s to %s, request %s\n", d.Seq, minute(d.Now), report.Line(d.Service), report.Line(d.Environment), report.Line(d.Request))
		for _, c := range d.Because {
			fmt.Fprintf(b, "    %s\n", report.Line(c.told()))
		}
		if len(d.Because) == 0 {
			b.WriteString("    a check that passed does not, or the other way round; no finding says why\n")
		}
	}
	if more > 0 {
		fmt.Fprintf(b, "  and %d more; -o json has them\n", more)
	}
}

// told is a cause with what the rule says.
func (c Cause) told() string {
	s := c.Code
	if c.Item != nil {
		s += " (" + *c.Item + ")"
	}
	if c.Message != "" {
		s += ": " + c.Message
	}
	return s
}
