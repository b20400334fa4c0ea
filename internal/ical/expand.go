package ical

import (
	"time"

	"github.com/prodgate/prodgate/internal/zone"
)

// expansion collects the events of one range.
type expansion struct {
	source      string
	from, to    time.Time
	occurrences int // that may still be found
	budget      *budget
	events      []Event
}

// expand adds the occurrences of a series that overlap the range.
func (s *series) expand(x *expansion) error {
	for _, m := range s.masters {
		if err := m.expand(x); err != nil {
			return atLine(m.line, err)
		}
	}
	for _, o := range s.overrides {
		if s.excludes(*o.id) {
			continue
		}
		if err := x.add(o, occurrence{o.start, o.length}); err != nil {
			return atLine(o.line, err)
		}
	}
	return nil
}

// excludes reports whether an EXDATE names the occurrence of which there is a
// new version: then neither version happens.
func (s *series) excludes(id moment) bool {
	for _, m := range s.masters {
		if m.excluded.has(fitID(id, m.start)) {
			return true
		}
	}
	return false
}

func (m *master) expand(x *expansion) error {
	list := []occurrence{{m.start, m.length}}
	if m.recurs() {
		lo := wallIn(x.from, m.start.loc).Add(-m.before)
		hi := wallIn(x.to, m.start.loc).Add(m.after)
		list = m.event.occurrences(lo, hi, x.budget)
		if x.budget.err != nil {
			return x.budget.err
		}
	}
	for _, o := range list {
		if m.excluded.has(o.at) || m.overridden.has(o.at) {
			continue
		}
		if err := m.place(x, o); err != nil {
			return err
		}
	}
	return nil
}

// place adds an occurrence that has no version of its own.
func (m *master) place(x *expansion, o occurrence) error {
	c := m.continuedAt(o.at)
	if c == nil {
		return x.add(m.event, o)
	}
	at := o.at.in(c.start.loc, c.start.form).shifted(c.shift)
	return x.add(c.event, occurrence{at, c.length})
}

func (x *expansion) add(e *event, o occurrence) error {
	found := Event{
		Name: e.name, UID: e.uid,
		Start: o.at.instant(), End: o.length.end(o.at),
		Status: e.status, Transparency: e.transparency,
		AllDay: o.at.form == allDay, Source: x.source, Line: e.line,
	}
	if found.End.Before(found.Start) {
		found.End = found.Start
	}
	found.from, found.to = o.closed(found)
	if !found.Overlaps(x.from, x.to) {
		return nil
	}
	if x.occurrences == 0 {
		return errTooMany
	}
	x.occurrences--
	x.events = append(x.events, found)
	return nil
}

// closed is the interval that holds every reading of an occurrence.
func (o occurrence) closed(e Event) (from, to time.Time) {
	length := o.length.wall
	if e.AllDay && !e.End.After(e.Start) {
		length = 24 * time.Hour
	}
	from, to = zone.Closed(o.at.wall, o.at.wall.Add(length), o.at.loc)
	to = to.Add(o.length.exact)
	if e.Start.Before(from) {
		from = e.Start
	}
	if e.End.After(e.Start) && e.End.After(to) {
		to = e.End
	}
	return from, to
}
