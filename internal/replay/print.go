package replay

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
)

// Formats are those of a report.
var Formats = print.Formats{Names: []string{"text", "json", "markdown"}}

// Print prints the report in one of Formats. The text breaks no line where options
// name no width.
func (r *Report) Print(format string, o print.Options) ([]byte, error) {
	switch format {
	case "text":
		return r.text(o), nil
	case "json":
		return print.JSON(r)
	case "markdown":
		return r.markdown(), nil
	}
	return nil, Formats.Unknown(format)
}

// mostShown is how many flips each way the text has; JSON has all.
const mostShown = 50

// headline is the answer in one line.
func (r *Report) headline() string {
	switch n := r.ToDeny + r.ToAllow; {
	case r.Decisions == 0:
		return "No decision was replayed: none is recorded in this period"
	case n == 0 && r.Replayed == 0:
		return fmt.Sprintf("None of %s could be replayed", print.Count(r.Decisions, "decision"))
	case n == 0:
		return fmt.Sprintf("None of %s changes", print.Count(r.Replayed, "replayed decision"))
	case n == 1:
		return fmt.Sprintf("1 of %s changes", print.Count(r.Replayed, "replayed decision"))
	default:
		return fmt.Sprintf("%d of %s change", n, print.Count(r.Replayed, "replayed decision"))
	}
}

// trouble lists why the replay is incomplete; empty if it is complete.
func (r *Report) trouble() []string {
	var list []string
	if n := r.NotReproduced.Count; n > 0 {
		list = append(list, fmt.Sprintf("%s not reproduce: the recorded rules give another result than the recorded one", does(n)))
	}
	for _, gap := range r.NotReplayed {
		list = append(list, fmt.Sprintf("%s could not be replayed: %s", print.Count(gap.Count, "decision"), meaning[gap.Reason]))
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
	Erased:      "erased (input or policy; --allow-missing skips them)",
	NotRecorded: "not recorded (input or policy; --allow-missing skips them)",
	Unusable:    "unusable (this version of prodgate cannot read the input or the policy)",
	Unreadable:  "unreadable (the input or the policy is damaged or could not be read)",
	NoDecision:  "no decision (the new policies give none, which never counts as an allow)",
}

// scope says what was replayed.
func (r *Report) scope(shown func(string) string) string {
	of := ""
	if r.Period.Service != "" {
		of += ", " + shown(r.Period.Service)
	}
	if r.Period.Environment != "" {
		of += ", " + shown(r.Period.Environment)
	}
	return fmt.Sprintf("decided from %s to %s%s, from the %d entries of the trail", print.Minute(r.Period.Since), print.Minute(r.Period.Until), of, r.Trail.Size)
}

// narrowest is how wide a code is at least in a table.
const narrowest = 38

func (r *Report) text(o print.Options) []byte {
	s := print.NewSheet(o.Usually(print.Unbroken))
	s.Line(r.headline())
	s.Line("  " + r.scope(print.Line))
	s.Line("  new policies " + print.Line(r.Policy.Digest))
	for _, p := range r.Policies {
		s.Linef("  %s by %s", print.Count(p.Decisions, "decision"), print.Line(p.Policy.Digest))
	}
	s.Blank()
	summary := print.Table{Indent: "  ", Columns: []print.Column{{Min: 6, Right: true}}}
	for _, row := range r.summary() {
		summary.Rows = append(summary.Rows, []string{strconv.Itoa(row.n), row.what})
	}
	s.Table(summary)
	if trouble := r.trouble(); len(trouble) > 0 {
		s.Blank()
		s.Line("This replay is not complete:")
		for _, line := range trouble {
			s.Line("  " + line)
		}
		r.failures(func(where string, f Failure) {
			s.Linef("    entry %d, %s: %s", f.Seq, where, print.Line(strings.Join(f.What, "; ")))
		})
	}
	r.tables(s)
	for _, way := range ways {
		r.list(s, way)
	}
	return s.Bytes()
}

// tables prints what flips decisions, and the other findings.
func (r *Report) tables(s *print.Sheet) {
	code := print.Column{Min: narrowest, Max: narrowest}
	flipping := print.Table{
		Indent: "  ", Title: []string{"Cause of the change", "to deny", "to allow"},
		Columns: []print.Column{code, {Right: true}, {Right: true}},
	}
	for _, c := range r.ByCheck {
		flipping.Rows = append(flipping.Rows, []string{print.Line(c.Code), strconv.Itoa(c.ToDeny), strconv.Itoa(c.ToAllow)})
	}
	others := print.Table{
		Indent: "  ", Title: []string{"Other findings, without a changed decision", "appeared", "gone"},
		Columns: []print.Column{code, {Right: true}, {Min: 6, Right: true}},
	}
	for _, d := range r.Findings {
		others.Rows = append(others.Rows, []string{print.Line(d.Code + ", " + d.Effect), strconv.Itoa(d.Appeared), strconv.Itoa(d.Gone)})
	}
	for _, table := range []print.Table{flipping, others} {
		if len(table.Rows) > 0 {
			s.Blank()
			s.Table(table)
		}
	}
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
		{r.Changed, "same outcome, other findings"},
		{r.Same, "same outcome, same findings"},
		{r.Decisions - r.Replayed, "not replayed"},
	}
}

// failures returns the first of what went wrong, with where.
func (r *Report) failures(each func(where string, f Failure)) {
	for _, f := range r.NotReproduced.First {
		each("not reproducible", f)
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

func (r *Report) list(s *print.Sheet, w way) {
	list, more := r.flips(w, mostShown)
	if len(list) == 0 {
		return
	}
	s.Blank()
	s.Line(w.title)
	for _, d := range list {
		s.Linef("  entry %d  %s  %s to %s, request %s", d.Seq, print.Minute(d.Now), print.Line(d.Service), print.Line(d.Environment), print.Line(d.Request))
		for _, c := range d.Because {
			s.Line("    " + print.Line(c.told()))
		}
		if len(d.Because) == 0 {
			s.Line("    the result of a check changed; no finding explains why")
		}
	}
	if more > 0 {
		s.Linef("  and %d more; -o json has them", more)
	}
}

// told is a cause with the message of the rule.
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
