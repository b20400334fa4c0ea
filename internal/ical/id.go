package ical

// EXDATE and RECURRENCE-ID name an occurrence by its start. They should be
// written as DTSTART is, and often are not.

// fit writes a time in the form of start where it says the same: another zone's
// clock is converted, a time without a zone is read in start's, and a date that
// stands for a time is its midnight.
func fit(m, start moment) moment {
	switch {
	case start.form == allDay:
		return moment{midnight(dayOf(m.wall)), start.loc, allDay}
	case m.form == floating || m.form == allDay:
		return moment{m.wall, start.loc, start.form}
	case start.form == floating:
		return m
	}
	converted := moment{wallIn(m.instant(), start.loc), start.loc, start.form}
	if !converted.instant().Equal(m.instant()) {
		// The second time that start's clock shows this, which it cannot say.
		return m
	}
	return converted
}

// fitID is fit for names of occurrences: a date stays one, for whatever happens
// on it, and an instant that is a midnight of the zone of an all-day event names
// that day, as does midnight UTC.
func fitID(id, start moment) moment {
	switch {
	case id.form == allDay:
		return moment{id.wall, start.loc, allDay}
	case start.form == allDay && id.form == inUTC:
		if local := wallIn(id.instant(), start.loc); local.Equal(midnight(dayOf(local))) && !id.wall.Equal(midnight(dayOf(id.wall))) {
			return moment{local, start.loc, allDay}
		}
	case start.form == floating:
		return moment{id.wall, start.loc, floating}
	}
	return fit(id, start)
}

// idSet looks up occurrences of one event by the names that were given to them.
type idSet[T any] struct {
	exact map[int64]T // by day for all-day events, else by instant
	days  map[int64]T // named by a date, though they have a time
}

func (s *idSet[T]) put(id, start moment, value T) {
	if s.exact == nil {
		s.exact, s.days = make(map[int64]T), make(map[int64]T)
	}
	id = fitID(id, start)
	switch {
	case start.form == allDay:
		s.exact[dayOf(id.wall)] = value
	case id.form == allDay:
		s.days[dayOf(id.wall)] = value
	default:
		s.exact[id.instant().Unix()] = value
	}
}

func (s *idSet[T]) has(at moment) bool {
	key := dayOf(at.wall)
	if _, ok := s.days[key]; ok {
		return true
	}
	if at.form != allDay {
		key = at.instant().Unix()
	}
	_, ok := s.exact[key]
	return ok
}
