package evaluator

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/prodgate/prodgate/facts"
)

// maxHorizon bounds the search where the document has no calendar.
const maxHorizon = 90 * 24 * time.Hour

// horizon is where the search ends: no promise reaches past the calendar.
func (r *run) horizon() time.Time {
	if c := r.in.doc.Calendar; c != nil {
		return c.Horizon
	}
	return r.in.now.Add(maxHorizon)
}

// siteZone is the zone of the document's calendar, in which instants are shown.
func siteZone(doc *facts.Document) *time.Location {
	if c := doc.Calendar; c != nil {
		if zone, err := time.LoadLocation(c.Timezone); err == nil {
			return zone
		}
	}
	return doc.Now.Location()
}

// candidates are the instants in (now, until] at which something can change,
// in order, on whole seconds: every time in the document, each of those plus
// every duration in the settings, and every edge of the wall clock.
func (r *run) candidates(settings *settings, until time.Time) []time.Time {
	var all []int64
	from := r.in.now
	add := func(t time.Time) {
		second := t.Unix()
		if t.Nanosecond() > 0 {
			second++
		}
		if second > from.Unix() && second <= until.Unix() {
			all = append(all, second)
		}
	}
	for _, t := range r.in.times {
		add(t)
		for _, d := range settings.durations {
			add(t.Add(d))
		}
	}
	for _, zone := range slices.Concat(settings.zones, []*time.Location{r.in.zone, time.UTC}) {
		wallClockEdges(zone, settings.clocks, from, until, add)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	instants := make([]time.Time, len(all))
	for i, second := range all {
		instants[i] = time.Unix(second, 0)
	}
	return instants
}

// wallClockEdges adds midnight and each of the clock times (minutes since
// midnight) of every local day that touches [from, until], and every change of
// the clocks. On a day on which they change, a clock time is read with both
// offsets, so that no reading is missed.
func wallClockEdges(zone *time.Location, clocks []int, from, until time.Time, add func(time.Time)) {
	year, month, day := from.In(zone).Date()
	for i := -1; ; i++ {
		midnight := time.Date(year, month, day+i, 0, 0, 0, 0, zone)
		if midnight.After(until) {
			return
		}
		next := time.Date(year, month, day+i+1, 0, 0, 0, 0, zone)
		_, before := midnight.Zone()
		_, after := next.Zone()
		add(midnight)
		local := time.Date(year, month, day+i, 0, 0, 0, 0, time.UTC)
		for _, minutes := range clocks {
			wall := local.Add(time.Duration(minutes) * time.Minute)
			add(wall.Add(-time.Duration(before) * time.Second))
			if after != before {
				add(wall.Add(-time.Duration(after) * time.Second))
			}
		}
		if after != before {
			_, end := midnight.ZoneBounds()
			add(end)
		}
	}
}

// timesIn lists every RFC 3339 time that stands in a document.
func timesIn(document ast.Value) []time.Time {
	seen := map[time.Time]bool{}
	var times []time.Time
	visitor := ast.NewGenericVisitor(func(x any) bool {
		if s, ok := x.(ast.String); ok && looksLikeTime(string(s)) {
			if t, err := time.Parse(time.RFC3339, string(s)); err == nil && !seen[t.UTC()] {
				seen[t.UTC()] = true
				times = append(times, t)
			}
		}
		return false
	})
	visitor.Walk(document)
	return times
}

func looksLikeTime(s string) bool {
	return len(s) >= len("2006-01-02T15:04:05Z") && s[4] == '-' && (s[10] == 'T' || s[10] == 't')
}

// settings are those in force for one environment and service, with the times
// in them picked out.
type settings struct {
	tree      map[string]any
	durations []time.Duration
	clocks    []int // minutes since midnight
	zones     []*time.Location
}

func newSettings(tree map[string]any) *settings {
	s := &settings{tree: tree}
	for key, value := range tree {
		if key != "decision" { // read here, by no rule
			s.collect(value)
		}
	}
	// Some zones have a name without a slash: CET, Japan, UTC.
	if name := s.text("window", "timezone"); name != "" && !strings.Contains(name, "/") {
		if zone, err := time.LoadLocation(name); err == nil {
			s.zones = append(s.zones, zone)
		}
	}
	return s
}

var clockTime = regexp.MustCompile(`^([01]\d|2[0-4]):([0-5]\d)$`)

func (s *settings) collect(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, child := range value {
			s.collect(child)
		}
	case []any:
		for _, child := range value {
			s.collect(child)
		}
	case string:
		if parts := clockTime.FindStringSubmatch(value); parts != nil {
			hour, _ := strconv.Atoi(parts[1])
			minute, _ := strconv.Atoi(parts[2])
			s.clocks = append(s.clocks, hour*60+minute)
		} else if d, err := time.ParseDuration(value); err == nil {
			s.durations = append(s.durations, d)
		} else if strings.Contains(value, "/") {
			if zone, err := time.LoadLocation(value); err == nil {
				s.zones = append(s.zones, zone)
			}
		}
	}
}

// text is the setting at path; empty if it is no text.
func (s *settings) text(path ...string) string {
	var value any = s.tree
	for _, key := range path {
		table, _ := value.(map[string]any)
		value = table[key]
	}
	found, _ := value.(string)
	return found
}
