package ical

import (
	"fmt"
	"strings"
	"time"

	syntax "github.com/emersion/go-ical"
)

// form is how a time was written.
type form uint8

const (
	inUTC    form = iota // 20240101T100000Z
	inZone               // TZID=Europe/Berlin:20240101T100000
	floating             // 20240101T100000
	allDay               // 20240101
)

// moment is a date or a time as written: its digits and where to read them.
type moment struct {
	wall time.Time
	loc  *time.Location
	form form
}

func (m moment) instant() time.Time { return place(m.wall, m.loc) }

// in returns the same time as clocks in another zone show it. Floating times
// and dates keep their digits.
func (m moment) in(loc *time.Location, f form) moment {
	if m.form == floating || m.form == allDay || f == floating || f == allDay {
		return moment{m.wall, loc, f}
	}
	return moment{wallIn(m.instant(), loc), loc, f}
}

// shifted moves the digits, and lets a date remain one.
func (m moment) shifted(by time.Duration) moment {
	m.wall = m.wall.Add(by)
	if m.form == allDay {
		m.wall = midnight(dayOf(m.wall))
	}
	return m
}

// span is how long an event lasts.
type span struct {
	wall  time.Duration // on the wall clock: a night shift ends at six, whatever the night
	exact time.Duration // of elapsed time, after that
}

func (s span) end(start moment) time.Time {
	return place(start.wall.Add(s.wall), start.loc).Add(s.exact)
}

// slack covers what changes of the clocks, and of the side of the date line, can
// put between a wall clock and elapsed time.
const slack = 26 * time.Hour

// reach is an upper bound of the span in seconds, zone changes included.
func (s span) reach() time.Duration { return s.wall + s.exact + slack }

// moment reads a DATE or DATE-TIME (RFC 5545, 3.3.4 and 3.3.5). The form of the
// value decides, not VALUE=, which is often missing or wrong.
func (z *zones) moment(p *syntax.Prop, value string) (moment, error) {
	value = strings.ToUpper(strings.TrimSpace(value))
	if len(value) == len("20060102") {
		wall, err := time.Parse("20060102", value)
		if err != nil {
			return moment{}, fmt.Errorf("%s: %q is no date", p.Name, value)
		}
		return moment{wall, z.day, allDay}, z.dayErr
	}
	digits, utc := strings.CutSuffix(value, "Z")
	leap := len(digits) == 15 && strings.HasSuffix(digits, "60")
	if leap {
		digits = digits[:13] + "59"
	}
	wall, err := time.Parse("20060102T150405", digits)
	if err != nil || len(digits) != 15 {
		return moment{}, fmt.Errorf("%s: %q is neither a date nor a time", p.Name, excerptRaw(value))
	}
	if utc {
		return moment{wall, time.UTC, inUTC}, nil
	}
	if tzid := strings.TrimSpace(strings.Join(p.Params.Values("TZID"), ",")); tzid != "" {
		loc, err := z.named(tzid)
		return moment{wall, loc, inZone}, err
	}
	return moment{wall, z.floating, floating}, z.floatingErr
}

func excerptRaw(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// moments reads a list of times, which may be empty.
func (z *zones) moments(p *syntax.Prop) ([]moment, error) {
	var list []moment
	for value := range strings.SplitSeq(p.Value, ",") {
		if strings.TrimSpace(value) == "" {
			continue
		}
		m, err := z.moment(p, value)
		if err != nil {
			return nil, atLine(lineOfProp(p), err)
		}
		list = append(list, m)
	}
	return list, nil
}

// addition is an RDATE: a further start, with a length of its own if it was
// given as a PERIOD.
type addition struct {
	at     moment
	length *span
}

// additions reads an RDATE (RFC 5545, 3.8.5.2).
func (z *zones) additions(p *syntax.Prop) ([]addition, error) {
	var list []addition
	for value := range strings.SplitSeq(p.Value, ",") {
		if strings.TrimSpace(value) == "" {
			continue
		}
		a, err := z.addition(p, value)
		if err != nil {
			return nil, atLine(lineOfProp(p), err)
		}
		list = append(list, a)
	}
	return list, nil
}

func (z *zones) addition(p *syntax.Prop, value string) (addition, error) {
	first, second, period := strings.Cut(value, "/")
	start, err := z.moment(p, first)
	if err != nil || !period {
		return addition{at: start}, err
	}
	var length span
	if isDuration(second) {
		length, err = parseDuration(second)
		if err == nil && length.wall+length.exact < 0 {
			err = fmt.Errorf("%s: the period %q ends before it starts", p.Name, excerptRaw(value))
		}
		return addition{start, &length}, err
	}
	end, err := z.moment(p, second)
	if err != nil {
		return addition{}, err
	}
	start, length = between(start, end)
	return addition{start, &length}, nil
}

// between returns the earlier of two times and the span to the later one:
// calendars with the two swapped are common enough to be read as meant.
func between(start, end moment) (moment, span) {
	if start.form == allDay && end.form != allDay {
		start = moment{start.wall, end.loc, end.form}
	}
	if end.form == allDay && start.form != allDay {
		end = moment{end.wall, start.loc, start.form}
	}
	if start.loc == end.loc || start.loc.String() == end.loc.String() {
		// A start in the gap may be a later instant than an end after it.
		if end.wall.Before(start.wall) {
			start, end = end, start
		}
		return start, span{wall: end.wall.Sub(start.wall)}
	}
	if end.instant().Before(start.instant()) {
		start, end = end, start
	}
	return start, span{exact: end.instant().Sub(start.instant())}
}
