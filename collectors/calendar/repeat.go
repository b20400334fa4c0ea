package calendar

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/ical"
	"github.com/prodgate/prodgate/internal/zone"
)

// repetition is how an entry comes again, as a recurrence rule of RFC 5545.
type repetition string

// plainRules maps words to rules.
var plainRules = map[string]repetition{
	"daily": "FREQ=DAILY", "weekly": "FREQ=WEEKLY", "monthly": "FREQ=MONTHLY", "yearly": "FREQ=YEARLY",
}

// longestRule is how long a rule may be, after FREQ=, in bytes.
const longestRule = 400

// isRule says that text is made of what a rule is made of: no line can be smuggled
// in.
func isRule(text string) bool {
	rest, ok := strings.CutPrefix(text, "FREQ=")
	return ok && rest != "" && len(rest) <= longestRule && !strings.ContainsFunc(rest, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=;,+-", r)
	})
}

// UnmarshalText reads a word or a rule.
func (r *repetition) UnmarshalText(text []byte) error {
	rule := strings.ToUpper(strings.TrimPrefix(string(text), "RRULE:"))
	if plain, ok := plainRules[string(text)]; ok {
		*r = plain
		return nil
	}
	if !isRule(rule) {
		return errors.New("must be daily, weekly, monthly, yearly or a rule of RFC 5545 that begins with FREQ=, as in FREQ=MONTHLY;BYDAY=-1FR")
	}
	if _, until, ok := strings.Cut(rule, "UNTIL="); ok {
		if until, _, _ = strings.Cut(until, ";"); strings.HasSuffix(until, "Z") {
			return errors.New("UNTIL is in UTC here; write it outside of the rule, as until: 2027-01-31, in the site's time zone")
		}
	}
	*r = repetition(rule)
	return nil
}

// weekday is a day of the week, as iCalendar writes it.
type weekday string

var weekdays = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// UnmarshalText reads the English name of a day.
func (d *weekday) UnmarshalText(text []byte) error {
	for _, name := range weekdays {
		if strings.EqualFold(string(text), name) {
			*d = weekday(strings.ToUpper(name[:2]))
			return nil
		}
	}
	return fmt.Errorf("must be one of %s", strings.Join(weekdays, ", "))
}

const (
	stamp   = "20060102T150405"
	ahead   = 36 * time.Hour // more than clocks are ever set by
	maxYear = 2200
)

// repeated are the times in [from, to) that e covers. The rule is followed on
// the wall clock, as iCalendar's floating time; then each occurrence is placed on
// the site's clock as an entry without repeat is.
func (e entry) repeated(ctx context.Context, site *time.Location, from, to time.Time) ([]span, error) {
	calendar, err := e.calendar(site)
	if err != nil {
		return nil, err
	}
	lo, hi := wall(from, site).Add(-ahead), wall(to, site).Add(ahead)
	events, err := calendar.ExpandContext(ctx, lo, hi)
	if err != nil {
		return nil, fmt.Errorf("cannot be repeated: %w", plain(err))
	}
	var found []span
	for _, event := range events {
		start, end := zone.Closed(event.Start, event.End, site)
		if end.After(start) && end.After(from) && start.Before(to) {
			found = append(found, span{start, end})
		}
	}
	return found, nil
}

// wall is what clocks in zone show at an instant, read as UTC.
func wall(at time.Time, zone *time.Location) time.Time {
	_, offset := at.In(zone).Zone()
	return at.Add(time.Duration(offset) * time.Second).UTC()
}

// calendar is e as an iCalendar.
func (e entry) calendar(zone *time.Location) (*ical.Calendar, error) {
	if _, err := e.once(zone); err != nil {
		return nil, err
	}
	start, end, err := e.edges()
	if err != nil {
		return nil, err
	}
	if !start.local || !end.local {
		return nil, errors.New("is repeated, so its edges have to be local times without an offset")
	}
	rule, err := e.rule(start)
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:%s\nDTEND:%s\nRRULE:%s\n", start.at.Format(stamp), end.at.Format(stamp), rule)
	for _, out := range e.Except {
		switch {
		case !out.local:
			return nil, errors.New("except has to hold dates or local times without an offset")
		case out.wholeDay:
			fmt.Fprintf(&text, "EXDATE;VALUE=DATE:%s\n", out.at.Format("20060102"))
		default:
			fmt.Fprintf(&text, "EXDATE:%s\n", out.at.Format(stamp))
		}
	}
	text.WriteString("END:VEVENT\nEND:VCALENDAR\n")
	calendar, err := ical.Parse(e.Name, []byte(text.String()), ical.Options{Timezone: time.UTC})
	if err != nil {
		return nil, fmt.Errorf("cannot be repeated: %w", plain(err))
	}
	return calendar, nil
}

// rule is e's whole recurrence rule.
func (e entry) rule(start moment) (string, error) {
	rule := string(*e.Repeat)
	if len(e.Days) > 0 {
		if *e.Repeat != plainRules["weekly"] {
			return "", errors.New("has days, which go with repeat: weekly alone")
		}
		first := start.at.Weekday().String()
		if !slices.Contains(e.Days, weekday(strings.ToUpper(first[:2]))) {
			return "", fmt.Errorf("begins on a %s, which is not in days", first)
		}
		list := make([]string, len(e.Days))
		for i, day := range e.Days {
			list[i] = string(day)
		}
		rule += ";BYDAY=" + strings.Join(list, ",")
	}
	if e.Until == nil {
		return rule, nil
	}
	until := e.Until.at
	if e.Until.wholeDay {
		until = until.Add(24*time.Hour - time.Second)
	}
	switch {
	case strings.Contains(rule, "UNTIL=") || strings.Contains(rule, "COUNT="):
		return "", errors.New("has until and a rule with its own end; keep one of them")
	case !e.Until.local:
		return "", errors.New("has an until with an offset; write a date or a local time")
	case until.Before(start.at):
		return "", errors.New("never happens: until is before its start")
	}
	return rule + ";UNTIL=" + until.Format(stamp), nil
}

// plain is the reason of err, without the name and the line of the iCalendar
// that nobody wrote.
func plain(err error) error {
	var located *ical.Error
	if errors.As(err, &located) {
		return located.Err
	}
	return err
}
