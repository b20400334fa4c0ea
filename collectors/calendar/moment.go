package calendar

import (
	"errors"
	"time"
)

// moment is an edge of an interval as the file has it.
type moment struct {
	at       time.Time // the instant; for a local moment, its wall clock read as UTC
	local    bool      // no offset was given: the site's wall clock
	wholeDay bool      // no time of day was given
}

// layouts are the local spellings of a moment.
var layouts = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"}

// UnmarshalText reads a date, a local wall-clock time or a time with an offset.
func (m *moment) UnmarshalText(text []byte) error {
	*m = moment{local: true}
	at, err := m.parse(string(text))
	if err != nil {
		return err
	}
	if at.Year() < 1970 || at.Year() > maxYear || at.Nanosecond() != 0 {
		return errors.New("whole seconds between the years 1970 and 2200 are wanted")
	}
	m.at = at
	return nil
}

func (m *moment) parse(text string) (time.Time, error) {
	if at, err := time.Parse(time.DateOnly, text); err == nil {
		m.wholeDay = true
		return at, nil
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil && len(text) == len(layout) {
			return at, nil
		}
	}
	m.local = false
	var at time.Time
	if err := at.UnmarshalText([]byte(text)); err != nil {
		return at, errors.New("a date (2026-11-26), a local time (2026-11-26T18:00) or a time with offset (2026-11-26T18:00:00-05:00) is wanted")
	}
	return at, nil
}

// earliest is the first instant that m can mean.
func (m *moment) earliest(zone *time.Location) time.Time {
	if !m.local {
		return m.at.In(zone)
	}
	first, _ := Instants(m.at, zone)
	return first
}

// latest is the last instant that m can mean.
func (m *moment) latest(zone *time.Location) time.Time {
	if !m.local {
		return m.at.In(zone)
	}
	_, last := Instants(m.at, zone)
	return last
}

// Instants are the first and the last instant at which clocks in zone may show
// wall (its date and time of day, in UTC). They differ where clocks are set
// back, so that the hour comes twice. Where clocks are set forward and skip the
// hour, both are the instant of the change.
func Instants(wall time.Time, zone *time.Location) (first, last time.Time) {
	_, before := wall.Add(-36 * time.Hour).In(zone).Zone()
	_, after := wall.Add(36 * time.Hour).In(zone).Zone()
	first = wall.Add(-time.Duration(max(before, after)) * time.Second).In(zone)
	last = wall.Add(-time.Duration(min(before, after)) * time.Second).In(zone)
	shows := func(t time.Time) bool { return t.Format(time.DateTime) == wall.Format(time.DateTime) }
	switch {
	case shows(first) && shows(last):
		return first, last
	case shows(first):
		return first, first
	case shows(last):
		return last, last
	}
	_, change := first.ZoneBounds()
	if change.IsZero() || change.After(last) {
		return first, last
	}
	return change, change
}
