package ical

import "time"

// A wall-clock time is held as a time.Time in UTC with the same digits. Rules
// are followed on wall clocks and placed in a zone afterwards, which is how a
// meeting at nine stays at nine when the clocks change.

// place returns the instant at which clocks in loc show wall. Following RFC
// 5545, 3.3.5: a time that the clocks skip is read with the offset before the
// gap (02:30 becomes 03:30), and of a time that they show twice the first is
// meant.
func place(wall time.Time, loc *time.Location) time.Time {
	digits := wall.Unix()
	guess := time.Unix(digits-offsetAt(digits, loc), 0).In(loc)
	from, to := guess.ZoneBounds()
	best, found := guess.Unix(), shows(guess.Unix(), digits, loc)
	for _, change := range [2]time.Time{from, to} {
		if change.IsZero() {
			continue
		}
		before, after := offsetAt(change.Unix()-1, loc), offsetAt(change.Unix(), loc)
		if change.Unix()+before <= digits && digits < change.Unix()+after {
			return time.Unix(digits-before, 0).In(loc)
		}
		for _, candidate := range [2]int64{digits - before, digits - after} {
			if shows(candidate, digits, loc) && (!found || candidate < best) {
				best, found = candidate, true
			}
		}
	}
	return time.Unix(best, 0).In(loc)
}

// shows reports whether clocks in loc show digits at instant.
func shows(instant, digits int64, loc *time.Location) bool {
	return instant+offsetAt(instant, loc) == digits
}

func offsetAt(instant int64, loc *time.Location) int64 {
	_, offset := time.Unix(instant, 0).In(loc).Zone()
	return int64(offset)
}

// wallIn returns what clocks in loc show at an instant.
func wallIn(t time.Time, loc *time.Location) time.Time {
	return time.Unix(t.Unix()+offsetAt(t.Unix(), loc), 0).UTC()
}

const daySeconds = 24 * 60 * 60

// dayOf returns the days from 1970-01-01 to the date of a wall-clock time.
func dayOf(wall time.Time) int64 { return floorDiv(wall.Unix(), daySeconds) }

func midnight(day int64) time.Time { return time.Unix(day*daySeconds, 0).UTC() }

func floorDiv(a, b int64) int64 {
	quotient := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		quotient--
	}
	return quotient
}
