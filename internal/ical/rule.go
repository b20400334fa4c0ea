package ical

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	syntax "github.com/emersion/go-ical"
)

// frequency is FREQ, from the coarsest to the finest.
type frequency uint8

const (
	yearly frequency = iota
	monthly
	weekly
	daily
	hourly
	minutely
	secondly
)

var frequencies = map[string]frequency{
	"YEARLY": yearly, "MONTHLY": monthly, "WEEKLY": weekly, "DAILY": daily,
	"HOURLY": hourly, "MINUTELY": minutely, "SECONDLY": secondly,
}

// weekdays counts from Monday, as time.Weekday does not.
var weekdays = map[string]int{"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}

// nthDay is a part of BYDAY: every such weekday, or the nth of the month or
// year, counted from its end if negative.
type nthDay struct{ weekday, nth int }

// rule is an RRULE (RFC 5545, 3.3.10) with the parts that it has. Lists are
// sorted and without duplicates.
type rule struct {
	line      int
	freq      frequency
	interval  int64
	count     int64 // 0 where there is none
	never     bool  // COUNT=0
	until     *moment
	weekStart int

	months, monthDays, yearDays, weeks []int
	hours, minutes, seconds, setPos    []int
	days                               []nthDay
	plainTimes, plainDays              bool // no BYxxx was given for times, for days
}

// parseRule reads an RRULE or EXRULE; an empty one is nil, without error, since
// a rule that says nothing adds nothing to DTSTART.
func (z *zones) parseRule(p *syntax.Prop) (*rule, error) {
	text := strings.Trim(strings.ToUpper(strings.TrimSpace(p.Value)), ";")
	if text == "" {
		return nil, nil
	}
	r := &rule{line: lineOfProp(p), interval: 1}
	seen := make(map[string]bool)
	for part := range strings.SplitSeq(text, ";") {
		key, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok || seen[key] {
			return nil, errorf(r.line, "%s: %q is no part of a rule, or is there twice", p.Name, excerptRaw(part))
		}
		seen[key] = true
		if err := r.setPart(z, key, value); err != nil {
			return nil, atLine(r.line, fmt.Errorf("%s: %s: %w", p.Name, excerptRaw(part), err))
		}
	}
	if !seen["FREQ"] {
		return nil, errorf(r.line, "%s: it has no FREQ", p.Name)
	}
	r.plainDays = len(r.months)+len(r.monthDays)+len(r.yearDays)+len(r.weeks)+len(r.days) == 0
	r.plainTimes = len(r.hours)+len(r.minutes)+len(r.seconds)+len(r.setPos) == 0
	return r, nil
}

func (r *rule) setPart(z *zones, key, value string) (err error) {
	switch key {
	case "FREQ":
		freq, ok := frequencies[value]
		if !ok {
			return fmt.Errorf("want one of YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY and SECONDLY")
		}
		r.freq = freq
	case "INTERVAL":
		r.interval, err = strconv.ParseInt(value, 10, 32)
		if err != nil || r.interval < 1 {
			return fmt.Errorf("want a number above 0")
		}
	case "COUNT":
		return r.setCount(value)
	case "UNTIL":
		until, err := z.moment(&syntax.Prop{Name: "UNTIL"}, value)
		r.until = &until
		return err
	case "WKST":
		day, ok := weekdays[value]
		if !ok {
			return fmt.Errorf("want one of MO, TU, WE, TH, FR, SA and SU")
		}
		r.weekStart = day
	case "BYDAY":
		r.days, err = parseDays(value)
	case "RSCALE", "SKIP":
		if value != "GREGORIAN" && value != "OMIT" {
			return fmt.Errorf("only the Gregorian calendar is read, without skipping")
		}
	default:
		return r.setList(key, value)
	}
	return err
}

// setCount takes COUNT. Some programs write COUNT=-1 for "without end".
func (r *rule) setCount(value string) error {
	count, err := strconv.ParseInt(value, 10, 32)
	if err != nil {
		return fmt.Errorf("want a number")
	}
	r.count = max(count, 0)
	r.never = count == 0
	return nil
}

func (r *rule) setList(key, value string) (err error) {
	switch key {
	case "BYMONTH":
		r.months, err = parseNumbers(value, 1, 12, false)
	case "BYMONTHDAY":
		r.monthDays, err = parseNumbers(value, 1, 31, true)
	case "BYYEARDAY":
		r.yearDays, err = parseNumbers(value, 1, 366, true)
	case "BYWEEKNO":
		r.weeks, err = parseNumbers(value, 1, 53, true)
	case "BYHOUR":
		r.hours, err = parseNumbers(value, 0, 23, false)
	case "BYMINUTE":
		r.minutes, err = parseNumbers(value, 0, 59, false)
	case "BYSECOND":
		r.seconds, err = parseNumbers(value, 0, 60, false)
		r.seconds = slices.DeleteFunc(r.seconds, func(s int) bool { return s == 60 })
		if err == nil && len(r.seconds) == 0 {
			r.seconds = []int{59}
		}
	case "BYSETPOS":
		r.setPos, err = parseNumbers(value, 1, 366, true)
	default:
		return fmt.Errorf("no part of a rule that is known here")
	}
	return err
}

// parseNumbers reads a list of numbers between least and most, or their
// negatives where those count from the end.
func parseNumbers(value string, least, most int, signed bool) ([]int, error) {
	var list []int
	for text := range strings.SplitSeq(value, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		size := n
		if signed && n < 0 {
			size = -n
		}
		if err != nil || size < least || size > most {
			return nil, fmt.Errorf("want numbers from %d to %d", least, most)
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

func parseDays(value string) ([]nthDay, error) {
	var list []nthDay
	for text := range strings.SplitSeq(value, ",") {
		text = strings.TrimSpace(text)
		number := strings.TrimRight(text, "MOTUWEHFRSA")
		weekday, ok := weekdays[text[len(number):]]
		day := nthDay{weekday: weekday}
		if number != "" {
			nth, err := strconv.Atoi(strings.TrimSpace(number))
			ok = ok && err == nil && nth != 0 && nth >= -53 && nth <= 53
			day.nth = nth
		}
		if !ok {
			return nil, fmt.Errorf("want weekdays such as MO, 2TU or -1SU")
		}
		list = append(list, day)
	}
	return list, nil
}

// allows reports whether an occurrence is not past UNTIL, which is included.
// Where the two were written in different forms, as they should not be, a date
// stands for its whole day, and a time without a zone is read in the other's.
func (r *rule) allows(m moment) bool {
	switch {
	case r.until == nil:
		return true
	case m.form == allDay || r.until.form == allDay:
		return dayOf(m.wall) <= dayOf(r.until.wall)
	case m.form == floating || r.until.form == floating:
		return !m.wall.After(r.until.wall)
	}
	return !m.instant().After(r.until.instant())
}

// lastWall is a bound on the wall clock after which the rule allows nothing.
func (r *rule) lastWall(end time.Time) time.Time {
	if r.until == nil {
		return end
	}
	if until := r.until.wall.Add(2 * 24 * time.Hour); until.Before(end) {
		return until
	}
	return end
}
