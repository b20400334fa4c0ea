package ical

import (
	"slices"
	"time"
)

// dayFilter says on which days a rule can fall. A day must pass every list that
// is not empty.
type dayFilter struct {
	months, monthDays, yearDays, weeks []int
	days                               []nthDay
	nthOfYear                          bool // BYDAY counts within the year, not the month
	weekStart                          int
}

// filter derives the rule's days; what it leaves open is as at the start.
func (r *rule) filter(start time.Time) dayFilter {
	f := dayFilter{
		months: r.months, monthDays: r.monthDays, yearDays: r.yearDays, weeks: r.weeks,
		days:      slices.Clone(r.days),
		nthOfYear: r.freq == yearly && len(r.months) == 0,
		weekStart: r.weekStart,
	}
	if r.freq >= weekly {
		// A number before a weekday has no meaning within a week (3.3.10).
		for i := range f.days {
			f.days[i].nth = 0
		}
	}
	if len(r.weeks)+len(r.yearDays)+len(r.monthDays)+len(r.days) > 0 {
		return f
	}
	switch r.freq {
	case yearly:
		if len(f.months) == 0 {
			f.months = []int{int(start.Month())}
		}
		f.monthDays = []int{start.Day()}
	case monthly:
		f.monthDays = []int{start.Day()}
	case weekly:
		f.days = []nthDay{{weekday: weekdayOf(dayOf(start))}}
	}
	return f
}

func (f *dayFilter) matches(day int64) bool {
	if len(f.days) > 0 && !f.matchesWeekday(day) {
		return false
	}
	if len(f.months)+len(f.monthDays)+len(f.yearDays)+len(f.weeks) == 0 {
		return true
	}
	year, month, date := midnight(day).Date()
	return allowed(f.months, int(month)) &&
		allowedFromEnd(f.monthDays, date, daysIn(year, month)) &&
		(len(f.yearDays) == 0 || allowedFromEnd(f.yearDays, midnight(day).YearDay(), daysInYear(year))) &&
		(len(f.weeks) == 0 || f.matchesWeek(day))
}

// allowedFromEnd is allowed for lists in which -1 means the last of total.
func allowedFromEnd(list []int, value, total int) bool {
	return allowed(list, value) || slices.Contains(list, value-total-1)
}

func (f *dayFilter) matchesWeekday(day int64) bool {
	weekday := weekdayOf(day)
	for _, d := range f.days {
		if d.weekday == weekday && (d.nth == 0 || f.isNth(day, d.nth)) {
			return true
		}
	}
	return false
}

// isNth reports whether the day is the nth of its weekday in its month or year.
func (f *dayFilter) isNth(day int64, nth int) bool {
	year, month, date := midnight(day).Date()
	total := daysIn(year, month)
	if f.nthOfYear {
		date, total = midnight(day).YearDay(), daysInYear(year)
	}
	return (date-1)/7+1 == nth || (total-date)/7+1 == -nth
}

// matchesWeek applies BYWEEKNO: week 1 is the first with four days of the year.
func (f *dayFilter) matchesWeek(day int64) bool {
	number, year := f.weekOf(day)
	last, _ := f.weekOf(dayOf(time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC)))
	return allowedFromEnd(f.weeks, number, last)
}

func (f *dayFilter) weekOf(day int64) (number, year int) {
	begin := day - int64((weekdayOf(day)-f.weekStart+7)%7)
	fourth := midnight(begin + 3)
	return (fourth.YearDay()-1)/7 + 1, fourth.Year()
}

// weekdayOf returns the weekday of a day, 0 for Monday; 1970-01-01 was a Thursday.
func weekdayOf(day int64) int { return int(((day+3)%7 + 7) % 7) }

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

func daysInYear(year int) int {
	return time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
}
