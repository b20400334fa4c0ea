package ical

import (
	"context"
	"fmt"
	"time"
)

// The bounds that hold where [Options] says nothing.
const (
	DefaultMaxBytes       = 5 << 20 // of a file
	DefaultMaxEvents      = 100_000 // VEVENT components in a file
	DefaultMaxOccurrences = 100_000 // occurrences of one expansion
	MaxRange              = 100 * 366 * 24 * time.Hour
)

// Options says in which zone times without one are read, and how much work a
// calendar may cause. The zero value reads them as UTC within the defaults.
type Options struct {
	// Timezone, if set, reads floating and all-day times, whatever the file
	// says of itself: it overrides X-WR-TIMEZONE and Site.
	Timezone *time.Location

	// Site is where the people are: all-day events last from its midnight to
	// its midnight, and floating times are its wall clock unless the file has
	// an X-WR-TIMEZONE.
	Site *time.Location

	MaxBytes       int // of the file; 0 means DefaultMaxBytes
	MaxEvents      int // VEVENTs in the file; 0 means DefaultMaxEvents
	MaxOccurrences int // of one expansion; 0 means DefaultMaxOccurrences
}

func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxEvents <= 0 {
		o.MaxEvents = DefaultMaxEvents
	}
	if o.MaxOccurrences <= 0 {
		o.MaxOccurrences = DefaultMaxOccurrences
	}
	return o
}

// Event is one occurrence: the half-open interval [Start, End).
type Event struct {
	Name         string    // SUMMARY, on one line
	UID          string    // empty where the file gives none
	Start        time.Time // in the zone in which the file gives it
	End          time.Time // never before Start; equal to it for an event without length
	Status       string    // CONFIRMED, TENTATIVE, CANCELLED, …, empty where the file gives none
	Transparency string    // OPAQUE or TRANSPARENT
	AllDay       bool      // given as dates
	Source       string    // the name handed to Parse
	Line         int       // of the VEVENT's BEGIN in the source

	from, to time.Time // the interval that it closes; see Occupied
}

// StartsIn reports whether the event begins in [from, to).
func (e Event) StartsIn(from, to time.Time) bool {
	return !e.Start.Before(from) && e.Start.Before(to)
}

// Overlaps reports whether the event takes up any of [from, to). An event
// without length does if it begins there.
func (e Event) Overlaps(from, to time.Time) bool {
	return e.StartsIn(from, to) || (e.Start.Before(to) && e.End.After(from))
}

// Occupied returns the half-open interval that the event means. It holds the
// event's own. Where a change of the clocks skips its start or end, or shows it
// twice, it holds every reading. An all-day event that ends on the date on which
// it starts means that day: RFC 5545 requires an end after the start; holiday
// feeds are written without.
func (e Event) Occupied() (start, end time.Time) { return e.from, e.to }

// Calendar is a file that has been read, ready to be expanded. It does not
// change and may be used by several goroutines at once.
type Calendar struct {
	name   string
	opts   Options
	series []*series
	read   *outliner
}

// The components that are not events and may carry time.
const (
	todo     = "VTODO"
	freeBusy = "VFREEBUSY"
)

// Other is a VTODO or a VFREEBUSY: not an event, and never expanded.
type Other struct {
	Kind  string // VTODO or VFREEBUSY
	Name  string // SUMMARY, on one line
	Line  int    // of its BEGIN
	Timed bool   // says when it is, or when it is due
}

// Others lists the tasks and the busy times of the file, in its order.
func (c *Calendar) Others() []Other { return c.read.others }

// Events is the number of VEVENTs in the file, whenever they are.
func (c *Calendar) Events() int { return c.read.events }

// Warnings lists the damaged lines that say nothing of time, in order.
func (c *Calendar) Warnings() []Warning { return c.read.warnings }

// Parse reads an iCalendar file: one or several VCALENDARs, or bare VEVENTs.
// The name is for messages and for [Event].Source. An error is an [*Error]: the
// file could not be read in full, and nothing is known of what it holds.
func Parse(name string, data []byte, opts Options) (*Calendar, error) {
	opts = opts.withDefaults()
	calendars, outlined, err := decode(data, opts)
	if err != nil {
		return nil, named(name, err)
	}
	series, err := readSeries(calendars, opts)
	if err != nil {
		return nil, named(name, err)
	}
	return &Calendar{name: name, opts: opts, series: series, read: outlined}, nil
}

// Expand lists every occurrence that overlaps [from, to), ordered by start, end
// and name. An error means that the list would not be complete: too many
// occurrences, too long a range, or a rule that takes too long to follow.
func (c *Calendar) Expand(from, to time.Time) ([]Event, error) {
	return c.ExpandContext(context.Background(), from, to)
}

// ExpandContext is [Calendar.Expand] within the deadline of ctx.
func (c *Calendar) ExpandContext(ctx context.Context, from, to time.Time) ([]Event, error) {
	if !to.After(from) {
		return nil, named(c.name, fmt.Errorf("the range ends (%s) where or before it starts (%s), so nothing can be in it",
			to.UTC().Format(time.RFC3339), from.UTC().Format(time.RFC3339)))
	}
	if to.Sub(from) > MaxRange {
		return nil, named(c.name, fmt.Errorf("the range is longer than a hundred years; ask for less"))
	}
	x := &expansion{
		source: c.name, from: from, to: to,
		occurrences: c.opts.MaxOccurrences,
		// Those that start around the range count too until they are placed.
		budget: &budget{ctx: ctx, steps: maxSteps, found: 4 * c.opts.MaxOccurrences},
	}
	for _, s := range c.series {
		if err := s.expand(x); err != nil {
			return nil, named(c.name, err)
		}
	}
	sortEvents(x.events)
	return x.events, nil
}

// ExpandStarts lists the occurrences that begin in [from, to), otherwise as
// [Calendar.Expand].
func (c *Calendar) ExpandStarts(from, to time.Time) ([]Event, error) {
	all, err := c.Expand(from, to)
	if err != nil {
		return nil, err
	}
	var starting []Event
	for _, e := range all {
		if e.StartsIn(from, to) {
			starting = append(starting, e)
		}
	}
	return starting, nil
}
