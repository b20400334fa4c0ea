package evaluator

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/zone"
)

// maxHorizon limits the search if the document has no calendar.
const maxHorizon = 90 * 24 * time.Hour

// horizon is the end of the search: nothing is known after the end of the calendar.
func (r *run) horizon() time.Time {
	if c := r.in.doc.Calendar; c != nil {
		return c.Horizon
	}
	return r.in.now.Add(maxHorizon)
}

// siteZone returns the zone of the document's calendar, in which instants are shown.
func siteZone(doc *facts.Document) *time.Location {
	if c := doc.Calendar; c != nil {
		if site, err := zone.Load(c.Timezone); err == nil {
			return site
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
	each := func(times []time.Time, durations []time.Duration) {
		for _, t := range times {
			add(t)
			for _, d := range durations {
				add(t.Add(d))
			}
		}
	}
	each(r.in.times, settings.durations)
	// The shipped rules add nothing to the day an advisory was published but its
	// leeway; there can be thousands of such days.
	switch {
	case len(r.rules.packs) > 0:
		each(r.in.published, settings.durations)
	case len(settings.leeway) > 0:
		each(r.in.published, settings.leeway)
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

// timesIn lists every RFC 3339 time in a document, those at which an
// advisory was published apart.
func timesIn(document ast.Value) (times, published []time.Time) {
	others, ofAdvisories := instants{}, instants{}
	visitor := ast.NewGenericVisitor(nil)
	walk := func(x any) bool {
		switch x := x.(type) {
		case ast.Object:
			if at := x.Get(publishedKey); at != nil {
				ofAdvisories.note(at.Value)
				x.Foreach(func(key, value *ast.Term) {
					if !key.Equal(publishedKey) {
						visitor.Walk(value)
					}
				})
				return true
			}
		case ast.String:
			others.note(x)
		}
		return false
	}
	visitor = ast.NewGenericVisitor(walk)
	visitor.Walk(document)
	return others.list(), ofAdvisories.list()
}

var publishedKey = ast.StringTerm("published_at")

// instants is a set of times.
type instants map[time.Time]bool

func (s instants) note(value ast.Value) {
	if text, ok := value.(ast.String); ok && looksLikeTime(string(text)) {
		if t, err := time.Parse(time.RFC3339, string(text)); err == nil {
			s[t.UTC()] = true
		}
	}
}

func (s instants) list() []time.Time { return slices.SortedFunc(maps.Keys(s), time.Time.Compare) }

func looksLikeTime(s string) bool {
	return len(s) >= len("2006-01-02T15:04:05Z") && s[4] == '-' && (s[10] == 'T' || s[10] == 't')
}

// settings are those in force for one environment and service, with the times
// in them picked out.
type settings struct {
	tree      map[string]any
	durations []time.Duration
	leeway    []time.Duration // those of vulnerabilities.leeway
	clocks    []int           // minutes since midnight
	zones     []*time.Location
}

func newSettings(tree map[string]any) *settings {
	s := &settings{tree: tree}
	for key, value := range tree {
		if key != "decision" { // read here and not by a rule
			s.collect(value)
		}
	}
	s.durations = distinct(s.durations)
	s.leeway = s.durationsBelow("vulnerabilities", "leeway")
	// Some zones have a name without a slash: CET, Japan, UTC.
	if name := s.text("window", "timezone"); name != "" && !strings.Contains(name, "/") {
		if named, err := zone.Load(name); err == nil {
			s.zones = append(s.zones, named)
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
			if named, err := zone.Load(value); err == nil {
				s.zones = append(s.zones, named)
			}
		}
	}
}

// distinct sorts, and removes empty values and duplicates.
func distinct(durations []time.Duration) []time.Duration {
	slices.Sort(durations)
	return slices.DeleteFunc(slices.Compact(durations), func(d time.Duration) bool { return d == 0 })
}

// durationsBelow are the durations of the settings below path.
func (s *settings) durationsBelow(path ...string) []time.Duration {
	part := &settings{}
	part.collect(s.at(path))
	return distinct(part.durations)
}

// text is the setting at path; empty if it is no text.
func (s *settings) text(path ...string) string {
	found, _ := s.at(path).(string)
	return found
}

func (s *settings) at(path []string) any {
	var value any = s.tree
	for _, key := range path {
		table, _ := value.(map[string]any)
		value = table[key]
	}
	return value
}
