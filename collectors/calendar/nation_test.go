package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rickar/cal/v2"
)

// publicHolidays is a calendar in zone with public holidays of these keys.
func publicHolidays(zone, keys string) string {
	return "timezone: " + zone + "\nfreezes: []\nholidays: []\npublic_holidays:\n  - {" + keys + "}\n"
}

func TestPublicHolidaysAreWholeLocalDays(t *testing.T) {
	tests := []struct {
		name, zone, keys, now string
		want                  []string
	}{
		{"a country", "Europe/Berlin", "country: DE", "2026-12-01T12:00:00Z", []string{
			"Weihnachtstag 2026-12-25T00:00:00+01:00/2026-12-26T00:00:00+01:00",
			"Zweiter Weihnachtsfeiertag 2026-12-26T00:00:00+01:00/2026-12-27T00:00:00+01:00",
			"Neujahrstag 2027-01-01T00:00:00+01:00/2027-01-02T00:00:00+01:00",
			"Karfreitag 2027-03-26T00:00:00+01:00/2027-03-27T00:00:00+01:00",
			"Ostermontag 2027-03-29T00:00:00+02:00/2027-03-30T00:00:00+02:00"}},
		{"a part of it, by its short or its whole code", "Europe/Berlin", "country: de, subdivision: DE-BY, remove: [Weihnachtstag, Zweiter Weihnachtsfeiertag, karfreitag, ostermontag]", "2026-12-01T12:00:00Z", []string{
			"Neujahrstag 2027-01-01T00:00:00+01:00/2027-01-02T00:00:00+01:00",
			"Heilige Drei Könige 2027-01-06T00:00:00+01:00/2027-01-07T00:00:00+01:00"}},
		{"those that are added, too", "Europe/Berlin", "country: DE, remove: [Neujahrstag, Weihnachtstag, Zweiter Weihnachtsfeiertag, Karfreitag, Ostermontag], add: [{name: Heiligabend, date: 2020-12-24, repeat: yearly}]", "2026-12-01T12:00:00Z", []string{
			"Heiligabend 2026-12-24T00:00:00+01:00/2026-12-25T00:00:00+01:00"}},
		{"also on the day on which they are kept", "America/New_York", "country: US", "2026-06-01T12:00:00Z", []string{
			"Juneteenth 2026-06-19T00:00:00-04:00/2026-06-20T00:00:00-04:00",
			"Independence Day (observed) 2026-07-03T00:00:00-04:00/2026-07-04T00:00:00-04:00",
			"Independence Day 2026-07-04T00:00:00-04:00/2026-07-05T00:00:00-04:00",
			"Labor Day 2026-09-07T00:00:00-04:00/2026-09-08T00:00:00-04:00"}},
		{"the country that YAML took for no", "Europe/Oslo", "country: NO", "2026-04-20T12:00:00Z", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, publicHolidays(tt.zone, tt.keys), tt.now)
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == nil && len(got.Holidays) > 0 {
				return
			}
			if diff := cmp.Diff(tt.want, shown(got.Holidays)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAListThatDoesNotExistIsAnError(t *testing.T) {
	tests := []struct{ name, keys, want string }{
		{"an unknown country", "country: ATLANTIS", `public holidays of "ATLANTIS": there is no list for this country; there is one for AR, AT, AU`},
		{"an unknown part", "country: DE, subdivision: XX", `no list for its subdivision "XX"; there is one for BB, BE, BW, BY`},
		{"a part of a country without parts", "country: US, subdivision: NY", `no list for its subdivision "NY", nor for any other; use add`},
		{"a country that has none in common", "country: AU", "name a subdivision: ACT, NSW"},
		{"a holiday that is none", "country: DE, remove: [Neujahr]", `remove: there is no "Neujahr"; there are Neujahrstag, Karfreitag`},
		{"an addition that makes no sense", "country: DE, add: [{name: x, start: 2026-12-24}]", `c.yaml:5: "x" needs start and end`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, publicHolidays("UTC", tt.keys), noon)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "c.yaml:5: ") {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// A country whose list is empty would read as one without holidays.
func TestEachListHasHolidaysInEachYear(t *testing.T) {
	all := countries()
	if len(all) != 48 {
		t.Errorf("there are %d countries", len(all))
	}
	for code, c := range all {
		lists := map[string]days{}
		for part, list := range c.parts {
			lists[code+"-"+part] = list
		}
		if c.whole != nil || len(c.parts) == 0 {
			lists[code] = c.whole
		}
		for place, list := range lists {
			for year := 2026; year <= 2035; year++ {
				n := 0
				for _, day := range list {
					if at, _ := day.Calc(year); !at.IsZero() {
						if at.Year() < year-1 || at.Year() > year+1 || day.Name == "" {
							t.Errorf("%s: %q of %d is on %s", place, day.Name, year, at)
						}
						n++
					}
				}
				if n < 4 {
					t.Errorf("%s has %d holidays in %d", place, n, year)
				}
			}
		}
	}
}

// The library reckons in this machine's zone unless it is told otherwise.
func TestHolidaysDoNotDependOnThisMachinesZone(t *testing.T) {
	if _, err := collect(t, publicHolidays("Europe/Berlin", "country: DE"), noon); err != nil {
		t.Fatal(err)
	}
	if cal.DefaultLoc != time.UTC {
		t.Errorf("holidays are reckoned in %s", cal.DefaultLoc)
	}
}

func TestPublicHolidaysKeepTheirScope(t *testing.T) {
	got, err := collect(t, publicHolidays("UTC", "country: DE, environments: [production], add: [{name: x, date: 2026-12-01}, {name: y, date: 2026-12-02, services: [a]}]"), noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range got.Holidays {
		if own := h.Name == "y"; own != (len(h.Services) == 1) || own != (len(h.Environments) == 0) {
			t.Errorf("%q holds for %q, %q", h.Name, h.Environments, h.Services)
		}
	}
}
