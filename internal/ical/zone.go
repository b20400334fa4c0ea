package ical

import (
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	syntax "github.com/emersion/go-ical"

	"github.com/prodgate/prodgate/internal/zone"
)

//go:embed windowszones.txt
var windowsZonesText string

// windowsZones maps Windows zone names in lower case to IANA names.
var windowsZones = sync.OnceValue(func() map[string]string {
	zones := make(map[string]string)
	for row := range strings.Lines(windowsZonesText) {
		if windows, iana, ok := strings.Cut(strings.TrimSpace(row), "\t"); ok {
			zones[strings.ToLower(windows)] = iana
		}
	}
	return zones
})

// zones places the times of one VCALENDAR.
type zones struct {
	floating *time.Location // for times without a zone
	day      *time.Location // for dates
	custom   map[string]*syntax.Component
	found    map[string]*time.Location
	work     *budget // for following the rules of VTIMEZONEs

	// Why there is no such zone, though the file wants one: X-WR-TIMEZONE could
	// not be placed. It matters once a time needs it.
	floatingErr, dayErr error
}

func readZones(calendar *syntax.Component, opts Options, work *budget) *zones {
	z := &zones{
		custom: make(map[string]*syntax.Component),
		found:  make(map[string]*time.Location),
		work:   work,
	}
	collectZones(calendar, z.custom)
	var own *time.Location
	if p := calendar.Props.Get("X-WR-TIMEZONE"); p != nil && strings.TrimSpace(p.Value) != "" && opts.Timezone == nil {
		var err error
		if own, err = z.named(p.Value); err != nil {
			z.floatingErr = atLine(lineOfProp(p), fmt.Errorf("X-WR-TIMEZONE: %w", err))
		}
		if opts.Site == nil {
			z.dayErr = z.floatingErr
		}
	}
	z.floating = firstZone(opts.Timezone, own, opts.Site)
	z.day = firstZone(opts.Timezone, opts.Site, own)
	return z
}

func collectZones(c *syntax.Component, into map[string]*syntax.Component) {
	for _, child := range c.Children {
		if child.Name == "VTIMEZONE" {
			if p := child.Props.Get("TZID"); p != nil {
				into[unescape.Replace(strings.TrimSpace(p.Value))] = child
			}
		}
		collectZones(child, into)
	}
}

func firstZone(candidates ...*time.Location) *time.Location {
	for _, loc := range candidates {
		if loc != nil {
			return loc
		}
	}
	return time.UTC
}

// named finds the zone that a TZID means. A name of the IANA database (with an
// area, as in Europe/Berlin) and a Windows name mean that zone, with all its
// history; then the file's own VTIMEZONE counts; then other names that can mean
// one thing only. Anything else is an error: its times cannot be placed.
func (z *zones) named(tzid string) (*time.Location, error) {
	tzid = strings.Trim(strings.TrimSpace(tzid), `"`)
	if loc, ok := z.found[tzid]; ok {
		return loc, nil
	}
	loc, err := z.lookUp(tzid)
	if err != nil {
		return nil, err
	}
	z.found[tzid] = loc
	return loc, nil
}

func (z *zones) lookUp(tzid string) (*time.Location, error) {
	name := strings.TrimPrefix(tzid, "/")
	if strings.Contains(name, "/") {
		if loc, ok := ianaZone(name); ok {
			return loc, nil
		}
	}
	if iana, ok := windowsZones()[strings.ToLower(name)]; ok {
		if loc, ok := ianaZone(iana); ok {
			return loc, nil
		}
	}
	if definition := z.custom[tzid]; definition != nil {
		return customZone(tzid, definition, z.work)
	}
	if loc, ok := ianaZone(name); ok {
		return loc, nil
	}
	if loc, ok := qualifiedZone(name); ok {
		return loc, nil
	}
	if loc, ok := offsetZone(name); ok {
		return loc, nil
	}
	return nil, fmt.Errorf("the zone %q is unknown: it is no IANA and no Windows name, "+
		"and the file has no VTIMEZONE for it", excerptRaw(tzid))
}

func ianaZone(name string) (*time.Location, bool) {
	loc, err := zone.Load(name)
	return loc, err == nil
}

// qualifiedZone finds the IANA name at the end of a globally unique one, such as
// /mozilla.org/20050126_1/Europe/Berlin (RFC 5545, 3.2.19). Folders of a zone
// database that hold other clocks than its zones qualify nothing.
func qualifiedZone(name string) (*time.Location, bool) {
	if strings.Contains("/"+name, "/right/") || strings.Contains("/"+name, "/posix/") {
		return nil, false
	}
	for {
		_, rest, more := strings.Cut(name, "/")
		if !more || !strings.Contains(rest, "/") {
			return nil, false
		}
		if loc, ok := ianaZone(rest); ok {
			return loc, true
		}
		name = rest
	}
}

var offsetName = regexp.MustCompile(`^(?:UTC|GMT)(?:([+-])(\d{1,2}):?(\d{2})?)?$`)

// offsetZone reads names that are an offset and no more, such as UTC+02:00.
func offsetZone(name string) (*time.Location, bool) {
	parts := offsetName.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(name)))
	if parts == nil {
		return nil, false
	}
	hours, _ := strconv.Atoi(parts[2])
	minutes, _ := strconv.Atoi(parts[3])
	if hours > 14 || minutes > 59 {
		return nil, false
	}
	seconds := hours*3600 + minutes*60
	if parts[1] == "-" {
		seconds = -seconds
	}
	return time.FixedZone(name, seconds), true
}
