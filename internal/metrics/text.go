package metrics

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/print"
)

// mostWeeks is how many weeks the text draws, the newest ones.
const mostWeeks = 53

// barWidth is the longest bar, in characters.
const barWidth = 24

// Text prints for people. Nothing in it needs colour to be read.
func (r *Report) Text(o print.Options) []byte {
	s := print.NewSheet(o.Usually(print.Unbroken))
	s.Line("Deployments " + r.scope())
	for _, line := range r.basis() {
		s.Line("  " + line)
	}
	s.Blank()
	writeRows(s, measureRows(r.Measures))
	if len(r.Places) > 1 {
		for _, p := range r.Places {
			s.Blank()
			s.Line(named(p.Service, "(no service)") + " in " + named(p.Environment, "(no environment)"))
			writeRows(s, measureRows(p.Measures))
		}
	}
	r.writeWeeks(s)
	r.writeGate(s)
	r.writeRest(s)
	return s.Bytes()
}

// writeRows prints a table without names.
func writeRows(s *print.Sheet, rows [][]string) { s.Table(print.Table{Indent: "  ", Rows: rows}) }

// named is text from outside, or none if it is empty.
func named(s, none string) string {
	if shown := print.Line(s); shown != "" {
		return shown
	}
	return none
}

// scope says what was counted: "from … to …, all services, …".
func (r *Report) scope() string {
	services, environments := "all services", "all environments but "+Staging
	if r.Period.Service != "" {
		services = print.Line(r.Period.Service)
	}
	if r.Period.Environment != "" {
		environments = print.Line(r.Period.Environment)
	}
	return fmt.Sprintf("from %s to %s: %s, %s", print.Minute(r.Period.Since), print.Minute(r.Period.Until), services, environments)
}

// basis says what the numbers rest on.
func (r *Report) basis() []string {
	lines := []string{fmt.Sprintf("from the %d entries of the trail", r.Trail.Size)}
	if r.Trail.Size == 0 {
		lines[0] = "from an empty trail: there is no data"
	}
	if r.Period.Recorded != nil {
		lines = append(lines, "not enough history: recorded since "+print.Minute(*r.Period.Recorded)+"; rates and targets need records of a full period")
	}
	return lines
}

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
			return "0 deployments with both times"
		}
		return fmt.Sprintf("of %s; median %s, 90 %% within %s", print.Count(int(m.Denominator), "deployment"), length(*m.Median), length(*m.P90))
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

// bar is n of most as blocks; a little is never nothing.
func bar(n, most float64, block string) string {
	if n <= 0 || most <= 0 {
		return ""
	}
	return strings.Repeat(block, max(1, int(n/most*barWidth)))
}

// writeWeeks draws one row for each week.
func (r *Report) writeWeeks(s *print.Sheet) {
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
	s.Blank()
	s.Line("Weeks from Monday (UTC): live, failed, mean time from approval to live")
	if len(shown) < len(r.Weeks) {
		s.Linef("  the last %d of %d; -o json has all", len(shown), len(r.Weeks))
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
	writeRows(s, rows)
	s.Line("  █ went live and stayed live, x failed, rolled back or linked to an incident")
}

func pad(drawn string) string {
	if drawn == "" {
		return ""
	}
	return " "
}

// writeGate says what the gate held back, and for how long.
func (r *Report) writeGate(s *print.Sheet) {
	g := r.Gate
	if g.Evaluations == 0 {
		s.Blank()
		s.Line("The gate: no data (no decision in mode enforce is recorded)")
		return
	}
	s.Blank()
	s.Linef("The gate: %d decisions: %d allow, %d deny, %d wait", g.Evaluations, g.Allow, g.Deny, g.Wait)
	if g.Freed+g.Open > 0 {
		s.Linef("  artifacts blocked: %d until allowed, %s in total; %d not allowed since", g.Freed, length(float64(g.Blocked)), g.Open)
	}
	if len(g.ByCode) > 0 {
		s.Line("  time until the next decision, by finding (with several findings, each counts the full time):")
	}
	var rows [][]string
	for _, c := range g.ByCode {
		rows = append(rows, []string{print.Line(c.Code), print.Count(c.Denials, "denial"), length(float64(c.Time)), bar(float64(c.Time), float64(g.ByCode[0].Time), "█")})
	}
	writeRows(s, rows)
}

// writeRest lists exceptions and what a reader should know.
func (r *Report) writeRest(s *print.Sheet) {
	s.Blank()
	s.Line("Exceptions")
	waived := 0
	for _, w := range r.Gate.Waivers {
		waived += w.Used
	}
	s.Linef("  %s used", print.Count(waived, "waiver"))
	for _, w := range r.Gate.Waivers {
		s.Linef("    %s %d", print.Line(w.Code), w.Used)
	}
	e := r.Emergencies
	used := "emergencies"
	if e.Used == 1 {
		used = "emergency"
	}
	s.Linef("  %d %s used: %d reviewed, %d open, %d overdue", e.Used, used, e.Reviewed, e.Open, e.Overdue)
	if e.Undated > 0 {
		s.Linef("    for the open ones, it is not known when %s due", plural(e.Undated))
	}
	if remarks := r.Remarks.lines(); len(remarks) > 0 {
		s.Blank()
		s.Line("Notes")
		for _, line := range remarks {
			s.Line("  " + line)
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
		{r.InFlight, "started without a recorded end: in progress, or the end was not recorded"},
		{r.NoApproval, "live without a recorded approval: not counted in the time to deploy"},
		{r.Rollbacks, "rollbacks to an earlier version: not counted as deployments"},
		{r.LateRollbacks, "rolled back in this period, live before it: counted in the earlier period"},
		{r.Repeated, "recorded as live more than once: counted once"},
		{r.Orphans, "incidents or rollbacks without a recorded deployment: not counted"},
		{r.ClaimsAhead, "steps dated after their record: counted at the time of the record"},
	} {
		if remark.n > 0 {
			list = append(list, fmt.Sprintf("%d %s", remark.n, remark.text))
		}
	}
	return list
}
