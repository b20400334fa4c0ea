package metrics

import (
	"bytes"
	_ "embed" // the page's template
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/print"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// HTML prints one page that needs nothing else: charts are SVG within it, with
// the same numbers as tables next to them, and it loads nothing.
func (r *Report) HTML() ([]byte, error) {
	var buffer bytes.Buffer
	if err := pageTemplate.Execute(&buffer, r.page()); err != nil {
		return nil, fmt.Errorf("print metrics as html: %w", err)
	}
	return buffer.Bytes(), nil
}

// page is what the template shows; all text in it is one clean line.
type page struct {
	Scope   string
	Basis   []string
	Head    string
	Cards   []card
	Places  []placeView
	Weeks   *chart
	Times   *chart
	Blocked *chart

	Gate       string
	Held       string
	Exceptions []string
	Remarks    []string
}

type card struct{ Title, Value, Target, Verdict, Class, Counted string }

type placeView struct {
	Name  string
	Cards []card
}

// chart is a drawing, laid out.
type chart struct {
	Title, Description string
	Width, Height      int
	Base               int // of the bars
	Bars               []box
	Ticks              []label // of the value axis
	Labels             []label // of the other one
	Columns            []string
	Rows               [][]string // the same as a table
	Legend             []box
}

type box struct {
	X, Y, W, H float64
	Class      string
	Text       string
}

type label struct {
	X, Y float64
	Text string
}

func (r *Report) page() page {
	p := page{
		Scope: r.scope(), Basis: r.basis(), Head: lines(r.Trail.Head), Cards: cards(r.Measures),
		Weeks: r.weeksChart(), Times: r.timesChart(), Blocked: r.blockedChart(), Remarks: r.Remarks.lines(),
	}
	if len(r.Places) > 1 {
		for _, at := range r.Places {
			name := named(at.Service, "(no service)") + " in " + named(at.Environment, "(no environment)")
			p.Places = append(p.Places, placeView{Name: name, Cards: cards(at.Measures)})
		}
	}
	g := r.Gate
	p.Gate = "No data: no decision in mode enforce is recorded."
	if g.Evaluations > 0 {
		p.Gate = fmt.Sprintf("%d decisions: %d allow, %d deny, %d wait.", g.Evaluations, g.Allow, g.Deny, g.Wait)
		p.Held = fmt.Sprintf("Artifacts blocked: %d until allowed, %s in total; %d not allowed since.", g.Freed, length(float64(g.Blocked)), g.Open)
	}
	for _, w := range g.Waivers {
		p.Exceptions = append(p.Exceptions, fmt.Sprintf("%s of %s", print.Count(w.Used, "waiver"), print.Line(w.Code)))
	}
	e := r.Emergencies
	p.Exceptions = append(p.Exceptions, fmt.Sprintf("Emergencies used: %d; reviewed %d, open %d, overdue %d", e.Used, e.Reviewed, e.Open, e.Overdue))
	return p
}

// lines cleans each line of a text of several.
func lines(s string) string {
	list := strings.Split(strings.TrimSpace(s), "\n")
	for i := range list {
		list[i] = print.Line(list[i])
	}
	return strings.Join(list, "\n")
}

func cards(list Measures) []card {
	all := make([]card, 0, len(list))
	for _, m := range list {
		class := map[string]string{"met": "met", "MISSED": "missed", "-": "none"}[m.verdict()]
		verdict := map[string]string{"met": "target met", "MISSED": "target missed", "-": "no data"}[m.verdict()]
		if m.NotEnough != nil {
			verdict = "no full period is recorded yet"
		}
		all = append(all, card{m.Title, m.text(m.Value), m.Target.Is + " " + m.target(), verdict, class, m.counted()})
	}
	return all
}

// The size of a drawing, in its own units, and its margins.
const (
	chartWidth = 760
	plotLeft   = 56.0
	plotRight  = 736.0
	plotTop    = 12.0
	plotBottom = 180.0
)

// weeksChart draws a bar for each week: what stayed, and on top what did not.
func (r *Report) weeksChart() *chart {
	if len(r.Weeks) == 0 {
		return nil
	}
	c := &chart{
		Title: "Deployments per week", Width: chartWidth, Height: 210, Base: int(plotBottom),
		Columns: []string{"Week from Monday (UTC)", "Went live", "Failed, rolled back or with an incident"},
		Legend:  []box{{Class: "good", Text: "went live and stayed"}, {Class: "bad", Text: "failed, rolled back or with an incident"}},
	}
	most, live, failed := 1, 0, 0
	for _, w := range r.Weeks {
		most = max(most, w.Live+w.Failed)
		live, failed = live+w.Live, failed+w.Failed
		starts := w.Starts.Format(time.DateOnly)
		if !w.Whole {
			starts += " (part)"
		}
		c.Rows = append(c.Rows, []string{starts, strconv.Itoa(w.Live), strconv.Itoa(w.Failed)})
	}
	c.Description = fmt.Sprintf("%d weeks: %d deployments went live, %d failed, were rolled back or had an incident. The table below has each week.", len(r.Weeks), live, failed)
	top := niceCount(most)
	c.axis(float64(top), func(v float64) string { return decimal(v, 1) })
	for i, w := range r.Weeks {
		x, width := c.column(i, len(r.Weeks))
		stayed := float64(max(0, w.Live-w.Failed))
		low := c.bar(x, width, plotBottom, stayed/float64(top), "good", "")
		c.bar(x, width, low, float64(w.Failed)/float64(top), "bad", "")
	}
	c.weekLabels(r.Weeks)
	return c
}

// timesChart draws the mean time from approval to live of each week.
func (r *Report) timesChart() *chart {
	c := &chart{
		Title: "Mean time from approval to live, per week", Width: chartWidth, Height: 210, Base: int(plotBottom),
		Columns: []string{"Week from Monday (UTC)", "Mean time"},
	}
	most := 0.0
	for _, w := range r.Weeks {
		if w.TimeToDeploy != nil {
			most = max(most, *w.TimeToDeploy)
			c.Rows = append(c.Rows, []string{w.Starts.Format(time.DateOnly), length(*w.TimeToDeploy)})
		}
	}
	if len(c.Rows) == 0 {
		return nil
	}
	c.Description = fmt.Sprintf("%d weeks with data, the slowest with %s. The table below has each week.", len(c.Rows), length(most))
	top := niceSeconds(most)
	c.axis(top, length)
	for i, w := range r.Weeks {
		if w.TimeToDeploy != nil {
			x, width := c.column(i, len(r.Weeks))
			c.bar(x, width, plotBottom, *w.TimeToDeploy/top, "time", "")
		}
	}
	c.weekLabels(r.Weeks)
	return c
}

// mostCodes is how many codes are drawn; the table has all.
const mostCodes = 12

// blockedChart draws what held artifacts back, the longest first.
func (r *Report) blockedChart() *chart {
	codes := r.Gate.ByCode
	if len(codes) == 0 {
		return nil
	}
	c := &chart{
		Title: "Time blocked, by finding", Width: chartWidth,
		Columns: []string{"Finding", "Check", "Denials", "Time until the next decision"},
	}
	for i, b := range codes {
		c.Rows = append(c.Rows, []string{print.Line(b.Code), print.Line(b.Check), strconv.Itoa(b.Denials), length(float64(b.Time))})
		if i >= mostCodes {
			continue
		}
		y := plotTop + float64(i)*26
		width := 0.0
		if codes[0].Time > 0 {
			width = float64(b.Time/codes[0].Time) * 380
		}
		c.Bars = append(c.Bars, box{X: 250, Y: y, W: max(1, width), H: 18, Class: "blocked"})
		c.Labels = append(c.Labels, label{242, y + 13, shorten(print.Line(b.Code), 34)})
		c.Ticks = append(c.Ticks, label{256 + width, y + 13, length(float64(b.Time))})
	}
	c.Height = int(plotTop) + min(len(codes), mostCodes)*26 + 4
	c.Description = fmt.Sprintf("%d kinds of findings denied. The longest was %s with %s. The table below has all of them.", len(codes), print.Line(codes[0].Code), length(float64(codes[0].Time)))
	return c
}

func shorten(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// axis draws four steps of the value axis.
func (c *chart) axis(top float64, text func(float64) string) {
	for i := range 5 {
		value := top * float64(i) / 4
		c.Ticks = append(c.Ticks, label{plotLeft, level(value / top), text(value)})
	}
}

// level is the height of a share of the plot, from the top.
func level(share float64) float64 { return round(plotBottom - share*(plotBottom-plotTop)) }

func (c *chart) column(i, of int) (x, width float64) {
	step := (plotRight - plotLeft) / float64(of)
	return round(plotLeft + float64(i)*step + step*0.12), round(min(step*0.76, 48))
}

// bar returns the top of a bar that begins at low and is as high as share of the plot.
func (c *chart) bar(x, width, low, share float64, class, text string) (top float64) {
	height := round(share * (plotBottom - plotTop))
	if height <= 0 {
		return low
	}
	c.Bars = append(c.Bars, box{X: x, Y: round(low - height), W: width, H: height, Class: class, Text: text})
	return round(low - height)
}

// weekLabels names at most eight of the weeks.
func (c *chart) weekLabels(weeks []Week) {
	every := (len(weeks) + 7) / 8
	for i := 0; i < len(weeks); i += every {
		x, width := c.column(i, len(weeks))
		c.Labels = append(c.Labels, label{round(x + width/2), plotBottom + 18, weeks[i].Starts.Format("2 Jan")})
	}
}

// niceCount is a round number that is not below n and can be cut in four.
func niceCount(n int) int {
	for _, top := range []int{4, 8, 12, 20, 40, 60, 80, 100, 200, 400, 800, 1000} {
		if n <= top {
			return top
		}
	}
	return (n + 999) / 1000 * 1000
}

// niceSeconds is a round length of time that is not below n.
func niceSeconds(n float64) float64 {
	for _, top := range []float64{60, 240, 480, 1200, 2400, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 24 * 3600} {
		if n <= top {
			return top
		}
	}
	day := 4 * 24 * 3600.0
	return day * float64(int(n/day)+1)
}
