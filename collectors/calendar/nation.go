package calendar

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rickar/cal/v2"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/zone"
)

// nation asks for the public holidays of a country or of a part of it.
type nation struct {
	Line         int      `json:"-"`
	Country      string   `json:"country" schema:"nonempty"`
	Subdivision  *string  `json:"subdivision" schema:"nonempty"`
	Add          []entry  `json:"add,omitempty"`
	Remove       []string `json:"remove,omitempty" schema:"nonempty"`
	Environments []string `json:"environments,omitempty" schema:"identifier"`
	Services     []string `json:"services,omitempty" schema:"identifier"`
}

// inUTC makes the library reckon in UTC. It would reckon in this machine's zone,
// and find another day where that zone skips midnight.
var inUTC = sync.OnceFunc(func() { cal.DefaultLoc = time.UTC })

// nation lists the holidays that overlap w: each on its own day and, where the
// country keeps it on another day then, on that too.
func (w *window) nation(ctx context.Context, n nation) ([]facts.Interval, error) {
	inUTC()
	all, place, err := n.days()
	if err != nil {
		return nil, err
	}
	kept, err := n.kept(all)
	if err != nil {
		return nil, err
	}
	var found []facts.Interval
	for year := w.from.Year() - 1; year <= w.horizon.Year()+1; year++ {
		for _, day := range kept {
			actual, observed := day.Calc(year)
			if actual.IsZero() {
				continue
			}
			found = w.addDay(found, actual, day.Name, place)
			if !observed.Equal(actual) {
				found = w.addDay(found, observed, day.Name+" (observed)", place)
			}
		}
	}
	added, err := w.intervals(ctx, n.Add)
	if err != nil {
		return nil, err
	}
	found = append(found, added...)
	for i := range found {
		if len(found[i].Environments)+len(found[i].Services) == 0 {
			found[i].Environments, found[i].Services = n.Environments, n.Services
		}
	}
	return found, ctx.Err()
}

// addDay adds the whole local day of a date, if it overlaps w.
func (w *window) addDay(list []facts.Interval, date time.Time, name, place string) []facts.Interval {
	year, month, day := date.Date()
	start, end := zone.Closed(time.Date(year, month, day, 0, 0, 0, 0, time.UTC), time.Date(year, month, day+1, 0, 0, 0, 0, time.UTC), w.zone)
	if !w.overlaps(start, end) {
		return list
	}
	return append(list, facts.Interval{Name: name, Start: start, End: end, Source: "public holidays of " + place})
}

// days are the holidays of the country, or of the part of it that is named.
func (n nation) days() (list days, place string, err error) {
	known := countries()
	code := strings.ToUpper(n.Country)
	c, ok := known[code]
	if !ok {
		return nil, "", fmt.Errorf("there is no list for this country; there is one for %s. List others under holidays, or read a feed",
			strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
	parts := strings.Join(slices.Sorted(maps.Keys(c.parts)), ", ")
	if n.Subdivision == nil {
		if c.whole == nil {
			return nil, "", fmt.Errorf("it has none in common; name a subdivision: %s", parts)
		}
		return c.whole, code, nil
	}
	part := strings.TrimPrefix(strings.ToUpper(*n.Subdivision), code+"-")
	if list, ok = c.parts[part]; !ok {
		if parts == "" {
			return nil, "", fmt.Errorf("there is no list for its subdivision %q, nor for any other; use add", *n.Subdivision)
		}
		return nil, "", fmt.Errorf("there is no list for its subdivision %q; there is one for %s", *n.Subdivision, parts)
	}
	return list, code + "-" + part, nil
}

// kept are the days of all whose names n does not remove. A name that none of
// them has is an error.
func (n nation) kept(all days) (days, error) {
	kept := slices.Clone(all)
	for _, name := range n.Remove {
		before := len(kept)
		kept = slices.DeleteFunc(kept, func(day *cal.Holiday) bool { return strings.EqualFold(day.Name, name) })
		if len(kept) == before {
			var names []string
			for _, day := range all {
				names = append(names, day.Name)
			}
			return nil, fmt.Errorf("remove: there is no %q; there are %s", name, strings.Join(slices.Compact(names), ", "))
		}
	}
	return kept, nil
}
