package calendar

import (
	"errors"
	"time"

	"github.com/prodgate/prodgate/internal/zone"
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
		return at, errors.New("must be a date (2026-11-26), a local time (2026-11-26T18:00) or a time with offset (2026-11-26T18:00:00-05:00)")
	}
	return at, nil
}

// closed is the half-open interval from start to end. Of a local moment that a
// change of the clocks leaves in doubt the reading counts that closes more.
func closed(start, end moment, site *time.Location) span {
	if start.local && end.local {
		from, to := zone.Closed(start.at, end.at, site)
		return span{from, to}
	}
	return span{start.earliest(site), end.latest(site)}
}

// earliest is the first instant that m can mean.
func (m *moment) earliest(site *time.Location) time.Time {
	if !m.local {
		return m.at.In(site)
	}
	first, _ := zone.Instants(m.at, site)
	return first
}

// latest is the last instant that m can mean.
func (m *moment) latest(site *time.Location) time.Time {
	if !m.local {
		return m.at.In(site)
	}
	_, last := zone.Instants(m.at, site)
	return last
}
