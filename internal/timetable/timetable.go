// Package timetable lays out when production is open to ordinary deployments:
// the windows of the policies' settings, less the freezes and holidays of a
// calendar. It is for people to look at. It decides nothing: approvals, soak,
// incidents and emergencies are left out, and the policies alone judge.
package timetable

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/zone"
)

// State reports whether an ordinary deployment may go.
type State string

// The states, as the settings and the calendar make them.
const (
	Open        State = "open"        // the preferred window
	Discouraged State = "discouraged" // another window, which an approval has to name
	Closed      State = "closed"      // no window, a freeze or a holiday
)

// Slot is a half-open interval in which nothing changes.
type Slot struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	State    State     `json:"state"`
	Windows  []string  `json:"windows"`  // names of the windows that are open
	Freezes  []string  `json:"freezes"`  // names of the freezes that hold
	Holidays []string  `json:"holidays"` // names of the holidays that it is
}

// Question is what a timetable is about.
type Question struct {
	Windows              Windows
	Calendar             *facts.Calendar // has to cover [From, To)
	Environment, Service string
	From, To             time.Time
	Zone                 *time.Location // in which slots are shown
}

// Slots cuts [From, To) into slots, in order and without gaps; each differs
// from the one before it.
func (q Question) Slots() []Slot {
	freezes, holidays := q.held(q.Calendar.Freezes), q.held(q.Calendar.Holidays)
	edges := q.edges(freezes, holidays)
	var slots []Slot
	for i := 0; i+1 < len(edges); i++ {
		s := q.slot(edges[i], edges[i+1], freezes, holidays)
		if last := len(slots) - 1; last >= 0 && slots[last].sameAs(s) {
			slots[last].To = s.To
			continue
		}
		slots = append(slots, s)
	}
	return slots
}

// slot is what holds at from, and so until to.
func (q Question) slot(from, to time.Time, freezes, holidays []facts.Interval) Slot {
	s := Slot{
		From: from.In(q.Zone), To: to.In(q.Zone), State: Closed,
		Windows: q.Windows.open(from), Freezes: namesAt(freezes, from), Holidays: namesAt(holidays, from),
	}
	switch {
	case len(s.Freezes)+len(s.Holidays)+btoi(len(s.Windows) == 0) > 0:
	case slices.Contains(s.Windows, q.Windows.Preferred):
		s.State = Open
	default:
		s.State = Discouraged
	}
	return s
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s Slot) sameAs(other Slot) bool {
	return s.State == other.State && slices.Equal(s.Windows, other.Windows) &&
		slices.Equal(s.Freezes, other.Freezes) && slices.Equal(s.Holidays, other.Holidays)
}

// held are the intervals that hold for the environment and the service.
func (q Question) held(list []facts.Interval) []facts.Interval {
	return slices.DeleteFunc(slices.Clone(list), func(i facts.Interval) bool {
		return elsewhere(i.Environments, q.Environment) || elsewhere(i.Services, q.Service)
	})
}

func elsewhere(names []string, name string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(other string) bool { return strings.EqualFold(other, name) })
}

func namesAt(list []facts.Interval, at time.Time) []string {
	names := []string{}
	for _, i := range list {
		if !at.Before(i.Start) && at.Before(i.End) {
			names = append(names, i.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// edges are all instants in [From, To] at which something may change, both ends
// among them.
func (q Question) edges(lists ...[]facts.Interval) []time.Time {
	all := []time.Time{q.From, q.To}
	for _, list := range lists {
		for _, i := range list {
			all = append(all, i.Start, i.End)
		}
	}
	all = append(all, q.Windows.edges(q.From, q.To)...)
	all = slices.DeleteFunc(all, func(at time.Time) bool { return at.Before(q.From) || at.After(q.To) })
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}

// days calls each with the first instant and the end of every local day that
// touches [from, to).
func days(from, to time.Time, zone *time.Location, each func(start, end time.Time)) {
	year, month, day := from.In(zone).Date()
	for n := 0; ; n++ {
		start := midnight(year, month, day+n, zone)
		if !start.Before(to) {
			return
		}
		if end := midnight(year, month, day+n+1, zone); end.After(start) {
			each(start, end)
		}
	}
}

// midnight is the first instant of a local day.
func midnight(year int, month time.Month, day int, site *time.Location) time.Time {
	first, _ := zone.Instants(time.Date(year, month, day, 0, 0, 0, 0, time.UTC), site)
	return first
}

// Occurrence is one time that a window is open, whatever the calendar says.
type Occurrence struct {
	Name      string    `json:"name"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Preferred bool      `json:"preferred"` // whether no approval has to name it
}

// Occurrences lists the windows in [From, To), in order of time.
func (q Question) Occurrences() []Occurrence {
	bare := q
	bare.Calendar = &facts.Calendar{}
	list := []Occurrence{}
	last := map[string]int{}
	for _, s := range bare.Slots() {
		for _, name := range s.Windows {
			if i, ok := last[name]; ok && list[i].End.Equal(s.From) {
				list[i].End = s.To
				continue
			}
			last[name] = len(list)
			list = append(list, Occurrence{name, s.From, s.To, name == q.Windows.Preferred})
		}
	}
	slices.SortStableFunc(list, func(a, b Occurrence) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name))
	})
	return list
}
