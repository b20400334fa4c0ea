package metrics

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
)

// Prometheus prints the text exposition format. Everything is a gauge: it is
// about a period, which moves. What has no data has no sample, so that an alert
// on absent() sees it and no average takes it for zero. A measure's sample for
// all places together has empty labels.
func (r *Report) Prometheus() []byte {
	e := &exposition{families: map[string]*family{}}
	e.measures("", "", r.Measures)
	for _, p := range r.Places {
		e.measures(p.Service, p.Environment, p.Measures)
	}
	for _, m := range r.Measures {
		e.add("target", "Target of a measure in the specification; the label is says whether the value must be at least, above or below.",
			m.Target.Value, "measure", m.Name, "is", m.Target.Is, "unit", m.Unit)
	}
	for _, answer := range []struct {
		name string
		n    int
	}{{"allow", r.Gate.Allow}, {"deny", r.Gate.Deny}, {"wait", r.Gate.Wait}} {
		e.add("gate_evaluations", "Decisions in mode enforce, by outcome.", float64(answer.n), "answer", answer.name)
	}
	e.add("gate_blocked_seconds", "Time from a first denial to the allow of the same artifact.", float64(r.Gate.Blocked))
	for _, c := range r.Gate.ByCode {
		e.add("blocked_seconds", "Time from a denial to the next decision, by finding; with several findings, each counts the full time.", float64(c.Time), "check", c.Check, "code", c.Code)
		e.add("denials", "Denials, by finding.", float64(c.Denials), "check", c.Check, "code", c.Code)
	}
	for _, w := range r.Gate.Waivers {
		e.add("waivers_used", "Findings waived in decisions that allow, once per artifact and item.", float64(w.Used), "code", w.Code)
	}
	for _, state := range []struct {
		name string
		n    int
	}{{"reviewed", r.Emergencies.Reviewed}, {"open", r.Emergencies.Open}, {"overdue", r.Emergencies.Overdue}} {
		e.add("emergencies", "Emergencies used, by state of the required review.", float64(state.n), "review", state.name)
	}
	e.add("deployments_in_flight", "Deployments started without a recorded end.", float64(r.Remarks.InFlight))
	e.add("period_start_seconds", "Start of the period, seconds since 1970.", float64(r.Period.Since.Unix()))
	e.add("period_end_seconds", "End of the period, seconds since 1970.", float64(r.Period.Until.Unix()))
	if since := r.Period.Recorded; since != nil {
		e.add("recorded_since_seconds", "Time of the first record, seconds since 1970, if it is within the period; rates are then absent.", float64(since.Unix()))
	}
	e.add("trail_entries", "Entries of the trail that the metrics are computed from.", float64(r.Trail.Size))
	return e.text()
}

// exposition collects samples by family: all samples of one are printed together.
type exposition struct {
	families map[string]*family
}

type family struct {
	help    string
	samples []string
}

// measures adds one place's. Seconds and percent become the base units that
// Prometheus has: seconds and ratios.
func (e *exposition) measures(service, environment string, list Measures) {
	at := []string{"service", service, "environment", environment}
	for _, m := range list {
		switch m.Unit {
		case "percent":
			e.add(m.Name+"_denominator", "What "+m.Name+" has the sample: "+m.Of+".", m.Denominator, at...)
			if m.Value != nil {
				e.add(m.Name+"_ratio", m.Title+": "+m.Of+".", m.Numerator/m.Denominator, at...)
			}
		case "seconds":
			for statistic, value := range map[string]*float64{"mean": m.Value, "median": m.Median, "p90": m.P90} {
				if value != nil {
					e.add(m.Name+"_seconds", m.Title+": "+m.Of+".", *value, append(at[:4:4], "statistic", statistic)...)
				}
			}
		default:
			e.add("deployments", "Deployments that went live.", m.Numerator, at...)
			if m.Value != nil {
				e.add(m.Name+"_per_week", m.Title+": "+m.Of+".", *m.Value, at...)
			}
		}
	}
}

// add adds a sample; labels are names and values by turns.
func (e *exposition) add(name, help string, value float64, labels ...string) {
	name = "prodgate_" + name
	if e.families[name] == nil {
		e.families[name] = &family{help: help}
	}
	var pairs []string
	for i := 0; i+1 < len(labels); i += 2 {
		pairs = append(pairs, labels[i]+`="`+labelValue.Replace(visible(labels[i+1]))+`"`)
	}
	set := ""
	if len(pairs) > 0 {
		set = "{" + strings.Join(pairs, ",") + "}"
	}
	f := e.families[name]
	f.samples = append(f.samples, name+set+" "+strconv.FormatFloat(value, 'g', -1, 64))
}

var labelValue = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// visible is text from outside with its hidden characters spelled out: two
// labels that differ stay two, or the exposition would not be one.
func visible(s string) string {
	if print.Line(s) == s {
		return s
	}
	quoted := strconv.QuoteToGraphic(s)
	return quoted[1 : len(quoted)-1]
}

// text is every family, sorted by name, and its samples, sorted.
func (e *exposition) text() []byte {
	names := make([]string, 0, len(e.families))
	for name := range e.families {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	for _, name := range names {
		f := e.families[name]
		sort.Strings(f.samples)
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n%s\n", name, labelValue.Replace(f.help), name, strings.Join(f.samples, "\n"))
	}
	return []byte(b.String())
}
