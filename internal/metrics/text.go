package metrics

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prodgate/prodgate/internal/report"
)

// mostWeeks is how many weeks the text draws, the newest ones.
const mostWeeks = 53

// barWidth is the longest bar, in characters.
const barWidth = 24

// Text prints for people. Nothing in it needs colour to be read.
func (r *Report) Text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "Deployments %s\n", r.scope())
	for _, line := range r.basis() {
		b.WriteString("  " + line + "\n")
	}
	b.WriteString("\n")
	writeRows(&b, measureRows(r.Measures))
	if len(r.Places) > 1 {
		for _, p := range r.Places {
			fmt.Fprintf(&b, "\n%s in %s\n", named(p.Service, "(no service)"), named(p.Environment, "(no environment)"))
			writeRows(&b, measureRows(p.Measures))
		}
	}
	r.writeWeeks(&b)
	r.writeGate(&b)
	r.writeRest(&b)
	return []byte(b.String())
}

// named is text from outside, or what to say where there is none.
func named(s, none string) string {
	if shown := report.Line(s); shown != "" {
		return shown
	}
	return none
}

// scope says what was counted: "from … to …, all services, …".
func (r *Report) scope() string {
	services, environments := "all services", "all environments but "+Staging
	if r.Period.Service != "" {
		services = report.Line(r.Period.Service)
	}
	if r.Period.Environment != "" {
		environments = report.Line(r.Period.Environment)
	}
	return fmt.Sprintf("from %s to %s: %s, %s", minute(r.Period.Since), minute(r.Period.Until), services, environments)
}

// basis says what the numbers rest on.
func (r *Report) basis() []string {
	lines := []string{fmt.Sprintf("by the %d entries of the trail", r.Trail.Size)}
	if r.Trail.Size == 0 {
		lines[0] = "by a trail without an entry: there is no data"
	}
	if r.Period.Recorded != nil {
		lines = append(lines, "not enough history: recorded since "+minute(*r.Period.Recorded)+"; no rate is given and no target met before a full period is recorded")
	}
	return lines
}

func minute(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// measureRows are name, value, target, verdict and what was counted.
func measureRows(list Measures) [][]string {
	rows := make([][]string, 0, len(list))
	for _, m := range list {
		rows = append(rows, []string{m.Title, m.text(m.Value), "target " + m.Target.Is + " " + m.target(), m.verdict(), m.counted()})
	}
	return rows
}

// verdict is a word, never a colour alone.
func (m *Measure) verdict() string {
	switch {
	case m.Met == nil:
		return "-"
	case *m.Met:
		return "met"
	default:
		return "MISSED"
	}
}

// text is a value with its unit.
func (m *Measure) text(value *float64) string {
	if value == nil && m.NotEnough != nil {
		return "not enough history"
	}
	if value == nil {
		return "no data"
	}
	switch m.Unit {
	case "percent":
		return decimal(*value, 1) + " %"
	case "seconds":
		return length(*value)
	default:
		return decimal(*value, 2) + " " + m.Unit
	}
}

func (m *Measure) target() string { return m.text(&m.Target.Value) }

// counted says what of what.
func (m *Measure) counted() string {
	switch m.Unit {
	case "seconds":
		if m.Median == nil {
			return "0 deployments with both instants"
		}
		return fmt.Sprintf("of %s; median %s, 90 %% within %s", counted(int(m.Denominator), "deployment"), length(*m.Median), length(*m.P90))
	case "percent":
		return decimal(m.Numerator, 0) + " of " + decimal(m.Denominator, 0)
	default:
		return decimal(m.Numerator, 0) + " in " + decimal(m.Denominator, 2) + " weeks"
	}
}

// decimal is x with at most so many decimals, without trailing zeros.
func decimal(x float64, decimals int) string {
	s := strconv.FormatFloat(x, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// length is a length of time: 45s, 12m30s, 3h05m, 2d4h.
func length(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < time.Hour:
		return unlessZero("%dm", "%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return unlessZero("%dh", "%02dm", int(d.Hours()), int(d.Minutes())%60)
	default:
		return unlessZero("%dd", "%dh", int(d.Hours())/24, int(d.Hours())%24)
	}
}

func unlessZero(first, second string, a, b int) string {
	if b == 0 {
		return fmt.Sprintf(first, a)
	}
	return fmt.Sprintf(first+second, a, b)
}

// writeRows sets columns, the last one as it is.
func writeRows(b *strings.Builder, rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		line := " "
		for i, cell := range row {
			line += " " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+1)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// bar is n of most as blocks; a little is never nothing.
func bar(n, most float64, block string) string {
	if n <= 0 || most <= 0 {
		return ""
	}
	return strings.Repeat(block, max(1, int(n/most*barWidth)))
}

// writeWeeks draws one row for each week.
func (r *Report) writeWeeks(b *strings.Builder) {
	if len(r.Weeks) == 0 {
		return
	}
	shown, most := r.Weeks, 0
	if len(shown) > mostWeeks {
		shown = shown[len(shown)-mostWeeks:]
	}
	for _, w := range shown {
		most = max(most, w.Live+w.Failed)
	}
	b.WriteString("\nWeeks from Monday (UTC): live, failed, mean time from approval to live\n")
	if len(shown) < len(r.Weeks) {
		fmt.Fprintf(b, "  the last %d of %d; -o json has all\n", len(shown), len(r.Weeks))
	}
	rows := make([][]string, 0, len(shown))
	for _, w := range shown {
		took, part := "-", ""
		if w.TimeToDeploy != nil {
			took = length(*w.TimeToDeploy)
		}
		if !w.Whole {
			part = "(part of a week)"
		}
		scale := float64(max(most, barWidth)) // up to 24, a block is a deployment
		drawn := bar(float64(max(0, w.Live-w.Failed)), scale, "█") + bar(float64(w.Failed), scale, "x")
		rows = append(rows, []string{w.Starts.Format(time.DateOnly), strconv.Itoa(w.Live), strconv.Itoa(w.Failed), took, drawn + pad(drawn) + part})
	}
	writeRows(b, rows)
	b.WriteString("  █ went live and stayed, x failed, rolled back or linked to an incident\n")
}

func pad(drawn string) string {
	if drawn == "" {
		return ""
	}
	return " "
}

// writeGate says what the gate held back, and for how long.
func (r *Report) writeGate(b *strings.Builder) {
	g := r.Gate
	if g.Evaluations == 0 {
		b.WriteString("\nThe gate: no data (no decision in mode enforce is recorded)\n")
		return
	}
	fmt.Fprintf(b, "\nThe gate: %d decisions: %d allow, %d deny, %d wait\n", g.Evaluations, g.Allow, g.Deny, g.Wait)
	if g.Freed+g.Open > 0 {
		fmt.Fprintf(b, "  artifacts held back: %d until allowed, %s in all; %d not allowed since\n", g.Freed, length(float64(g.Blocked)), g.Open)
	}
	if len(g.ByCode) > 0 {
		b.WriteString("  time until the next decision, by what denied (where several did, each has all of it):\n")
	}
	var rows [][]string
	for _, c := range g.ByCode {
		rows = append(rows, []string{report.Line(c.Code), counted(c.Denials, "denial"), length(float64(c.Time)), bar(float64(c.Time), float64(g.ByCode[0].Time), "█")})
	}
	writeRows(b, rows)
}

func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// writeRest lists exceptions and what a reader should know.
func (r *Report) writeRest(b *strings.Builder) {
	b.WriteString("\nExceptions\n")
	waived := 0
	for _, w := range r.Gate.Waivers {
		waived += w.Used
	}
	fmt.Fprintf(b, "  %s used\n", counted(waived, "waiver"))
	for _, w := range r.Gate.Waivers {
		fmt.Fprintf(b, "    %s %d\n", report.Line(w.Code), w.Used)
	}
	e := r.Emergencies
	used := "emergencies"
	if e.Used == 1 {
		used = "emergency"
	}
	fmt.Fprintf(b, "  %d %s used: %d reviewed, %d open, %d overdue\n", e.Used, used, e.Reviewed, e.Open, e.Overdue)
	if e.Undated > 0 {
		fmt.Fprintf(b, "    of the open ones, nobody knows when %s due\n", plural(e.Undated))
	}
	if remarks := r.Remarks.lines(); len(remarks) > 0 {
		b.WriteString("\nTo be known\n")
		for _, line := range remarks {
			b.WriteString("  " + line + "\n")
		}
	}
}

func plural(reviews int) string {
	if reviews == 1 {
		return "1 review is"
	}
	return fmt.Sprintf("%d reviews are", reviews)
}

// lines are the remarks that say something.
func (r Remarks) lines() []string {
	var list []string
	for _, remark := range []struct {
		n    int
		text string
	}{
		{r.InFlight, "begun, with no end recorded: in flight, or nobody wrote it down"},
		{r.NoApproval, "live without a recorded approval: not in the time to deploy"},
		{r.Rollbacks, "brought an earlier version back: no deployments of their own"},
		{r.LateRollbacks, "rolled back in this period, live before it: counted there"},
		{r.Repeated, "recorded as live once more: counted once"},
		{r.Orphans, "incidents or rollbacks of no recorded deployment: counted nowhere"},
		{r.ClaimsAhead, "steps said to be later than they were recorded: taken as of then"},
	} {
		if remark.n > 0 {
			list = append(list, fmt.Sprintf("%d %s", remark.n, remark.text))
		}
	}
	return list
}
