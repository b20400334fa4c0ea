package ical

import (
	"slices"
	"time"
)

// walker follows one rule from one start. It counts periods (years, months,
// weeks, …, INTERVAL apart) from the one that holds the start, period 0, and can
// look at any of them without having seen those before. All times are seconds on
// the wall clock.
type walker struct {
	*rule
	days      dayFilter
	start     int64
	base      int64   // where period 0 begins; unused for months and years
	firstYear int     // of period 0
	firstMon  int     // of period 0, counted in months
	step      int64   // seconds from one period to the next; 0 for months and years
	times     []int64 // within a day, or within the period if that is shorter
}

var unitSeconds = map[frequency]int64{
	weekly: 7 * daySeconds, daily: daySeconds, hourly: 3600, minutely: 60, secondly: 1,
}

func (r *rule) walk(start time.Time) *walker {
	w := &walker{rule: r, start: start.Unix(), days: r.filter(start)}
	w.firstYear = start.Year()
	w.firstMon = start.Year()*12 + int(start.Month()) - 1
	if unit := unitSeconds[r.freq]; unit > 0 {
		w.step = unit * r.interval
		w.base = floorDiv(w.start, min(unit, daySeconds)) * min(unit, daySeconds)
	}
	if r.freq == weekly {
		w.base -= int64((weekdayOf(dayOf(start))-r.weekStart+7)%7) * daySeconds
	}
	w.times = r.clockTimes(start)
	return w
}

// clockTimes lists what BYHOUR, BYMINUTE and BYSECOND, or else the start, say of
// the time within a day or a shorter period.
func (r *rule) clockTimes(start time.Time) []int64 {
	hour, minute, second := start.Clock()
	hours, minutes, seconds := orElse(r.hours, hour), orElse(r.minutes, minute), orElse(r.seconds, second)
	if r.freq >= hourly {
		hours = []int{0}
	}
	if r.freq >= minutely {
		minutes = []int{0}
	}
	if r.freq == secondly {
		seconds = []int{0}
	}
	times := make([]int64, 0, len(hours)*len(minutes)*len(seconds))
	for _, h := range hours {
		for _, m := range minutes {
			for _, s := range seconds {
				times = append(times, int64(h*3600+m*60+s))
			}
		}
	}
	return times
}

func orElse(list []int, value int) []int {
	if len(list) == 0 {
		return []int{value}
	}
	return list
}

// each yields the rule's wall-clock times from lo to hi (both included) in
// order, until yield returns false. COUNT is counted from the start.
func (w *walker) each(lo, hi time.Time, b *budget, yield func(time.Time) bool) {
	from, to := lo.Unix(), w.lastWall(hi).Unix()
	k, left, ok := w.firstPeriod(lo)
	for ok && b.spend(1) {
		begin := w.begin(k)
		if begin > to {
			return
		}
		if next := w.pass(k, begin); next > k {
			k = next
			continue
		}
		more := w.candidates(begin, b, func(t int64) bool {
			if t < w.start {
				return true
			}
			if t > to || left == 0 || !b.spend(1) {
				return false
			}
			left--
			return t < from || yield(time.Unix(t, 0).UTC())
		})
		if !more {
			return
		}
		k++
	}
}

// firstPeriod returns a period that ends before lo or holds it, and how many
// occurrences COUNT leaves from there on, negative for no end. Only a rule whose
// every period has exactly one occurrence can be counted without visiting them.
func (w *walker) firstPeriod(lo time.Time) (k, left int64, ok bool) {
	switch w.freq {
	case yearly:
		k = floorDiv(int64(lo.Year()-w.firstYear), w.interval) - 1
	case monthly:
		k = floorDiv(int64(lo.Year()*12+int(lo.Month())-1-w.firstMon), w.interval) - 1
	default:
		k = floorDiv(lo.Unix()-w.base, w.step) - 1
	}
	k = max(k, 0)
	switch {
	case w.never:
		return 0, 0, false
	case w.count == 0:
		return k, -1, true
	case w.freq >= weekly && w.plainDays && w.plainTimes:
		return k, w.count - k, w.count > k
	}
	return 0, w.count, true
}

// begin returns where period k begins.
func (w *walker) begin(k int64) int64 {
	switch w.freq {
	case yearly:
		return time.Date(w.firstYear+int(k*w.interval), 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	case monthly:
		month := w.firstMon + int(k*w.interval)
		return time.Date(month/12, time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC).Unix()
	}
	return w.base + k*w.step
}

// pass returns the next period worth a look if period k of a rule finer than a
// day holds nothing, else k.
func (w *walker) pass(k, begin int64) int64 {
	if w.freq < hourly {
		return k
	}
	var next int64
	ofDay := int(begin - floorDiv(begin, daySeconds)*daySeconds)
	switch {
	case !w.days.matches(floorDiv(begin, daySeconds)):
		next = begin + int64(daySeconds-ofDay)
	case !allowed(w.hours, ofDay/3600):
		next = begin + int64(3600-ofDay%3600)
	case w.freq >= minutely && !allowed(w.minutes, ofDay/60%60):
		next = begin + int64(60-ofDay%60)
	case w.freq == secondly && !allowed(w.seconds, ofDay%60):
		next = begin + 1
	default:
		return k
	}
	return -floorDiv(w.base-next, w.step)
}

func allowed(list []int, value int) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

// candidates yields the times of the period that begins there, in order, and
// reports whether to go on.
func (w *walker) candidates(begin int64, b *budget, yield func(int64) bool) bool {
	starts := w.starts(begin, b)
	if len(w.setPos) > 0 {
		for _, i := range w.positions(len(starts) * len(w.times)) {
			if !yield(starts[i/len(w.times)] + w.times[i%len(w.times)]) {
				return false
			}
		}
		return true
	}
	for _, start := range starts {
		for _, t := range w.times {
			if !yield(start + t) {
				return false
			}
		}
	}
	return true
}

// starts lists where the matching days of a period begin, or the period itself
// if it is shorter than a day.
func (w *walker) starts(begin int64, b *budget) []int64 {
	first := floorDiv(begin, daySeconds)
	switch w.freq {
	case yearly:
		return w.startsInYear(midnight(first).Year(), b)
	case monthly:
		year, month, _ := midnight(first).Date()
		return w.startsAmong(nil, first, daysIn(year, month), b)
	case weekly:
		return w.startsAmong(nil, first, 7, b)
	case daily:
		return w.startsAmong(nil, first, 1, b)
	}
	return []int64{begin}
}

// startsInYear looks at no month that BYMONTH leaves out.
func (w *walker) startsInYear(year int, b *budget) []int64 {
	if len(w.days.months) == 0 {
		first := dayOf(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC))
		return w.startsAmong(nil, first, daysInYear(year), b)
	}
	var list []int64
	for _, month := range w.days.months {
		first := dayOf(time.Date(year, time.Month(month), 1, 0, 0, 0, 0, time.UTC))
		list = w.startsAmong(list, first, daysIn(year, time.Month(month)), b)
	}
	return list
}

func (w *walker) startsAmong(list []int64, first int64, days int, b *budget) []int64 {
	if !b.spend(days) {
		return nil
	}
	for day := first; day < first+int64(days); day++ {
		if w.days.matches(day) {
			list = append(list, day*daySeconds)
		}
	}
	return list
}

// positions turns BYSETPOS into indexes, in order, of a set of that size.
func (w *walker) positions(size int) []int {
	var list []int
	for _, position := range w.setPos {
		i := position - 1
		if position < 0 {
			i = size + position
		}
		if i >= 0 && i < size {
			list = append(list, i)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
