package timetable

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/print"
)

// Legend explains the marks of Print, one line each.
var Legend = []string{
	"O  open",
	"d  discouraged: an approval must name the window",
	"F  closed by a freeze",
	"H  closed by a holiday",
	".  closed: no window",
	"+  changes within the hour",
}

// mark is what one hour of s looks like.
func (s Slot) mark() byte {
	switch {
	case len(s.Freezes) > 0:
		return 'F'
	case len(s.Holidays) > 0:
		return 'H'
	case s.State == Open:
		return 'O'
	case s.State == Discouraged:
		return 'd'
	}
	return '.'
}

// Print draws slots: a row for each local day in zone, with a mark for each hour
// and the same in words.
func Print(s *print.Sheet, slots []Slot, zone *time.Location) {
	if len(slots) == 0 {
		return
	}
	s.Line("            0     6     12    18    24")
	days(slots[0].From, slots[len(slots)-1].To, zone, func(start, end time.Time) {
		part := within(slots, start, end)
		s.Hang(start.In(zone).Format("Mon 02 Jan")+"  "+hours(part, start, end, zone)+"  ", print.Text(words(part, start, end, zone)))
	})
	s.Blank()
	for _, line := range Legend {
		s.Line("  " + line)
	}
}

// within are slots, cut to [start, end).
func within(slots []Slot, start, end time.Time) []Slot {
	var part []Slot
	for _, s := range slots {
		if s.From.Before(start) {
			s.From = start
		}
		if s.To.After(end) {
			s.To = end
		}
		if s.From.Before(s.To) {
			part = append(part, s)
		}
	}
	return part
}

// hours has a mark for each hour that the clock shows on the day: a blank where
// it skips the hour or nothing was asked.
func hours(part []Slot, start, end time.Time, zone *time.Location) string {
	marks := []byte(strings.Repeat(" ", 24))
	for at := start; at.Before(end); {
		hour := at.In(zone).Hour()
		next := at.Add(time.Duration(60-at.In(zone).Minute())*time.Minute - time.Duration(at.In(zone).Second())*time.Second)
		if _, change := at.In(zone).ZoneBounds(); !change.IsZero() && change.Before(next) {
			next = change
		}
		for _, s := range within(part, at, next) {
			if mark := s.mark(); marks[hour] == ' ' || marks[hour] == mark {
				marks[hour] = mark
			} else {
				marks[hour] = '+'
			}
		}
		at = next
	}
	return string(marks)
}

// words describes the day: when it is open, and what closes it.
func words(part []Slot, start, end time.Time, zone *time.Location) string {
	clock := func(at time.Time) string {
		if at.Equal(end) {
			return "24:00"
		}
		return at.In(zone).Format("15:04")
	}
	said := []string{states(part, clock)}
	for _, closing := range []struct {
		word  string
		names func(Slot) []string
	}{{"freeze", func(s Slot) []string { return s.Freezes }}, {"holiday", func(s Slot) []string { return s.Holidays }}} {
		for _, name := range namesOf(part, closing.names) {
			spans := join(part, func(s Slot) bool { return slices.Contains(closing.names(s), name) })
			text := closing.word + " " + name
			if whole := len(spans) == 1 && spans[0].From.Equal(start) && spans[0].To.Equal(end); !whole {
				text += " " + times(spans, clock)
			}
			said = append(said, text)
		}
	}
	if hours := end.Sub(start); hours != 24*time.Hour {
		said = append(said, fmt.Sprintf("the clocks change: the day has %s", strings.Replace(strings.TrimSuffix(hours.String(), "0s"), "h0m", "h", 1)))
	}
	return strings.Join(said, "; ")
}

// states says when the day is open, or that it is not.
func states(part []Slot, clock func(time.Time) string) string {
	if open := join(part, func(s Slot) bool { return s.State == Open }); len(open) > 0 {
		return "open " + times(open, clock)
	}
	if some := join(part, func(s Slot) bool { return s.State == Discouraged }); len(some) > 0 {
		return "discouraged " + times(some, clock)
	}
	return "closed"
}

func namesOf(part []Slot, of func(Slot) []string) []string {
	var names []string
	for _, s := range part {
		names = append(names, of(s)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// join are the slots that match, those next to each other as one.
func join(part []Slot, match func(Slot) bool) []Slot {
	var found []Slot
	for _, s := range part {
		if !match(s) {
			continue
		}
		if last := len(found) - 1; last >= 0 && found[last].To.Equal(s.From) {
			found[last].To = s.To
			continue
		}
		found = append(found, s)
	}
	return found
}

func times(spans []Slot, clock func(time.Time) string) string {
	texts := make([]string, len(spans))
	for i, s := range spans {
		texts[i] = clock(s.From) + "-" + clock(s.To)
	}
	return strings.Join(texts, ", ")
}
