package ical

import (
	"cmp"
	"context"
	"slices"
	"time"

	syntax "github.com/emersion/go-ical"
)

// series is what shares a UID: one master, and new versions of some of its
// occurrences. There is no master where only the versions were exported.
type series struct {
	masters   []*master
	overrides []*event
}

// master is an event with what was said of its occurrences.
type master struct {
	*event
	excluded   idSet[struct{}]
	overridden idSet[struct{}]
	following  []continuation // by the start from which they hold
	before     time.Duration  // how far ahead of the range an occurrence may start
	after      time.Duration  // how far behind it
}

// continuation is a RECURRENCE-ID with RANGE=THISANDFUTURE: from there on the
// occurrences are moved by shift and otherwise as in the event.
type continuation struct {
	*event
	from  time.Time
	shift time.Duration
}

// readSeries groups the events of all VCALENDARs by UID, in order of appearance.
// An event without one stands for itself.
func readSeries(calendars []*syntax.Component, opts Options) ([]*series, error) {
	var groups [][]*event
	byUID := make(map[string]int)
	work := &budget{ctx: context.Background(), steps: maxZoneSteps, found: maxChanges}
	for _, calendar := range calendars {
		z := readZones(calendar, opts, work)
		for _, c := range eventsIn(calendar) {
			e, err := readEvent(z, c)
			if err != nil {
				return nil, atLine(lineOf(c), err)
			}
			at, known := byUID[e.uid]
			if e.uid == "" || !known {
				at = len(groups)
				byUID[e.uid] = at
				groups = append(groups, nil)
			}
			groups[at] = append(groups[at], e)
		}
	}
	list := make([]*series, len(groups))
	for i, events := range groups {
		var err error
		if list[i], err = newSeries(events); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// eventsIn finds the VEVENTs of a component, also within unknown ones.
func eventsIn(c *syntax.Component) []*syntax.Component {
	var list []*syntax.Component
	for _, child := range c.Children {
		if child.Name == "VEVENT" {
			list = append(list, child)
		}
		list = append(list, eventsIn(child)...)
	}
	return list
}

// maxPairs bounds how many masters and new versions a UID may pair up.
const maxPairs = 1_000_000

func newSeries(events []*event) (*series, error) {
	s := &series{}
	masters := currentMasters(events)
	// Without a master, RECURRENCE-IDs are compared as they are.
	var start *moment
	if len(masters) > 0 {
		start = &masters[0].start
	}
	versions := make(map[int64]int)
	for _, e := range events {
		if e.id == nil {
			continue
		}
		key := versionKey(*e.id, start)
		at, known := versions[key]
		switch {
		case !known:
			versions[key] = len(s.overrides)
			s.overrides = append(s.overrides, e)
		case newer(e, s.overrides[at]) >= 0:
			s.overrides[at] = e
		}
	}
	if len(masters)*len(s.overrides) > maxPairs {
		return nil, errorf(masters[0].line, "%d events share the UID %s; give each its own", len(events), excerpt(masters[0].uid))
	}
	for _, e := range masters {
		s.masters = append(s.masters, newMaster(e, s.overrides))
	}
	return s, nil
}

func versionKey(id moment, start *moment) int64 {
	if start != nil {
		id = fitID(id, *start)
	}
	return id.instant().Unix()
}

// currentMasters returns the newest version of a series. Events that share a UID
// and a version, yet start at different times, are no versions of one another:
// all of them are kept, since dropping one would lose it unseen.
func currentMasters(events []*event) []*event {
	var current []*event
	at := make(map[int64]int) // by start, the index in current
	for _, e := range events {
		if e.id != nil {
			continue
		}
		if len(current) > 0 {
			order := newer(e, current[0])
			if order < 0 {
				continue
			}
			if order > 0 {
				current = nil
				clear(at)
			}
		}
		start := e.start.instant().Unix()
		if i, known := at[start]; known {
			current[i] = e
			continue
		}
		at[start] = len(current)
		current = append(current, e)
	}
	return current
}

func newMaster(e *event, overrides []*event) *master {
	m := &master{event: e}
	for _, id := range e.excluded {
		m.event.exclude(&m.excluded, id)
	}
	longest, shift := e.length.reach(), time.Duration(0)
	for _, a := range e.added {
		if a.length != nil {
			longest = max(longest, a.length.reach())
		}
	}
	for _, o := range overrides {
		m.event.exclude(&m.overridden, *o.id)
		if o.following {
			c := e.continuedBy(o)
			m.following = append(m.following, c)
			longest, shift = max(longest, o.length.reach()), max(shift, c.shift.Abs())
		}
	}
	slices.SortStableFunc(m.following, func(a, b continuation) int { return a.from.Compare(b.from) })
	m.before, m.after = longest+shift, shift+slack
	return m
}

func (e *event) exclude(set *idSet[struct{}], id moment) { set.put(id, e.start, struct{}{}) }

func (e *event) continuedBy(o *event) continuation {
	id := fitID(*o.id, e.start)
	from := id.instant()
	if id.form == allDay && e.start.form != allDay {
		// A date for an occurrence that has a time: the one on that day.
		id = moment{id.wall.Add(e.start.wall.Sub(midnight(dayOf(e.start.wall)))), e.start.loc, e.start.form}
	}
	return continuation{event: o, from: from, shift: o.start.wall.Sub(id.in(o.start.loc, o.start.form).wall)}
}

// continuedAt returns the last continuation that holds for an occurrence.
func (m *master) continuedAt(at moment) *continuation {
	var last *continuation
	for i := range m.following {
		if m.following[i].from.After(at.instant()) {
			break
		}
		last = &m.following[i]
	}
	return last
}

// sortEvents orders by start, end, name, UID and line, so that the same calendar
// gives the same list.
func sortEvents(events []Event) {
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID), cmp.Compare(a.Line, b.Line))
	})
}
