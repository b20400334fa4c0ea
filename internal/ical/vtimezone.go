package ical

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	syntax "github.com/emersion/go-ical"
)

// A VTIMEZONE is followed until lastChange, and may have maxChanges until then.
const (
	lastChange = 2200
	maxChanges = 10_000
)

// change is one change of the clocks in a VTIMEZONE.
type change struct {
	at       int64 // Unix seconds
	from, to int   // offsets from UTC in seconds
	daylight bool
}

// customZone builds the zone that a VTIMEZONE defines (RFC 5545, 3.6.5).
func customZone(tzid string, definition *syntax.Component, work *budget) (*time.Location, error) {
	var changes []change
	for _, observance := range definition.Children {
		if observance.Name != "STANDARD" && observance.Name != "DAYLIGHT" {
			continue
		}
		more, err := observedChanges(observance, work)
		if err != nil {
			return nil, atLine(lineOf(observance), fmt.Errorf("zone %q: %w", excerptRaw(tzid), err))
		}
		changes = append(changes, more...)
	}
	if len(changes) == 0 {
		return nil, errorf(lineOf(definition), "zone %q: its VTIMEZONE has neither STANDARD nor DAYLIGHT", excerptRaw(tzid))
	}
	if len(changes) > maxChanges {
		return nil, errorf(lineOf(definition), "zone %q changes its clocks more than %d times", excerptRaw(tzid), maxChanges)
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	data, err := zoneData(changes)
	if err != nil {
		return nil, errorf(lineOf(definition), "zone %q: %w", excerptRaw(tzid), err)
	}
	loc, err := time.LoadLocationFromTZData(tzid, data)
	if err != nil {
		return nil, errorf(lineOf(definition), "zone %q: %w", excerptRaw(tzid), err)
	}
	return loc, nil
}

// observedChanges lists when a STANDARD or DAYLIGHT begins to hold.
func observedChanges(observance *syntax.Component, work *budget) ([]change, error) {
	from, err := offsetOf(observance, "TZOFFSETFROM")
	if err != nil {
		return nil, err
	}
	to, err := offsetOf(observance, "TZOFFSETTO")
	if err != nil {
		return nil, err
	}
	// The times are wall-clock times with the offset before the change.
	before := time.FixedZone("", from)
	onset := &zones{floating: before, day: before}
	event, err := readOnset(onset, observance)
	if err != nil {
		return nil, err
	}
	until := time.Date(lastChange, 1, 1, 0, 0, 0, 0, time.UTC)
	starts := event.starts(event.start.wall, until, work)
	if work.err != nil {
		return nil, fmt.Errorf("its clocks change too often to be followed")
	}
	changes := make([]change, len(starts))
	for i, start := range starts {
		changes[i] = change{start.instant().Unix(), from, to, observance.Name == "DAYLIGHT"}
	}
	return changes, nil
}

// readOnset reads an observance's DTSTART, RRULE and RDATE.
func readOnset(z *zones, observance *syntax.Component) (*event, error) {
	e := &event{line: lineOf(observance)}
	start := observance.Props.Get("DTSTART")
	if start == nil {
		return nil, fmt.Errorf("its %s has no DTSTART", observance.Name)
	}
	var err error
	if e.start, err = z.moment(start, start.Value); err != nil {
		return nil, atLine(lineOfProp(start), err)
	}
	if e.start.form != floating {
		e.start = moment{e.start.wall, z.floating, floating}
	}
	if err := e.readRecurrence(z, observance); err != nil {
		return nil, err
	}
	for _, r := range e.rules {
		if r.until != nil && r.until.form == inUTC {
			r.until = &moment{wallIn(r.until.instant(), z.floating), z.floating, floating}
		}
	}
	return e, nil
}

var offsetForm = regexp.MustCompile(`^([+-])(\d{2})(\d{2})(\d{2})?$`)

// offsetOf reads a UTC-OFFSET (RFC 5545, 3.3.14) in seconds.
func offsetOf(observance *syntax.Component, property string) (int, error) {
	p := observance.Props.Get(property)
	if p == nil {
		return 0, fmt.Errorf("its %s has no %s", observance.Name, property)
	}
	parts := offsetForm.FindStringSubmatch(strings.TrimSpace(p.Value))
	if parts == nil {
		return 0, errorf(lineOfProp(p), "%s: %q is no offset such as +0100", property, excerptRaw(p.Value))
	}
	hours, _ := strconv.Atoi(parts[2])
	minutes, _ := strconv.Atoi(parts[3])
	seconds, _ := strconv.Atoi(parts[4])
	if hours > 23 || minutes > 59 || seconds > 59 {
		return 0, errorf(lineOfProp(p), "%s: %q is no offset such as +0100", property, excerptRaw(p.Value))
	}
	offset := hours*3600 + minutes*60 + seconds
	if parts[1] == "-" {
		return -offset, nil
	}
	return offset, nil
}
