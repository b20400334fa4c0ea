package zone

import "time"

// Instants are the first and the last instant that a wall-clock time (its date
// and time of day, given in UTC) can mean in a zone. They differ where clocks are
// set back, so that the hour comes twice. Where clocks are set forward and skip
// the time, the first is the instant of the change and the last is read with the
// offset before it (RFC 5545, 3.3.5): 02:30 means 03:00 or 03:30.
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
	if _, change := first.ZoneBounds(); !change.IsZero() && !change.After(last) {
		return change, last
	}
	return first, last
}

// Closed is the half-open interval that is closed from one wall-clock time to
// another in a zone: from the first instant that start can mean to the last that
// end can mean. Where nothing is left of it, because clocks skip all of it, it
// is as long as the clock would have it, from the change.
func Closed(start, end time.Time, zone *time.Location) (from, to time.Time) {
	from, _ = Instants(start, zone)
	_, to = Instants(end, zone)
	if length := end.Sub(start); length > 0 && !to.After(from) {
		to = from.Add(length)
	}
	return from, to
}
