package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/ical"
)

// meaning is what a feed's events are to the gate.
type meaning string

const (
	meansFreezes  meaning = "freezes"
	meansHolidays meaning = "holidays"
)

// UnmarshalText reads one of the two.
func (m *meaning) UnmarshalText(text []byte) error {
	*m = meaning(text)
	if *m != meansFreezes && *m != meansHolidays {
		return fmt.Errorf("must be %s or %s", meansFreezes, meansHolidays)
	}
	return nil
}

// treated reports whether transparent events, which take up nobody's time in a
// calendar program, count here.
type treated string

const (
	counted treated = "counted"
	ignored treated = "ignored"
)

// UnmarshalText reads one of the two.
func (t *treated) UnmarshalText(text []byte) error {
	*t = treated(text)
	if *t != counted && *t != ignored {
		return fmt.Errorf("must be %s or %s", counted, ignored)
	}
	return nil
}

// age is a length of time with its unit.
type age time.Duration

// UnmarshalText reads a Go duration.
func (a *age) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return errors.New("must be a length of time with its unit, as in 90m or 24h")
	}
	*a = age(d)
	return nil
}

// pattern chooses events by their name: * stands for any text, and capitals do
// not matter.
type pattern struct {
	text  string
	shape *regexp.Regexp
}

// UnmarshalText reads a pattern.
func (p *pattern) UnmarshalText(text []byte) error {
	if len(text) == 0 || len(text) > 200 {
		return errors.New("must be a pattern of up to 200 characters, as in *freeze*")
	}
	parts := strings.Split(string(text), "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	shape, err := regexp.Compile(`(?is)^` + strings.Join(parts, ".*") + `$`)
	*p = pattern{string(text), shape}
	return err
}

// wants reports whether the event counts, and notes which patterns matched. What
// was called off does not count.
func (f feed) wants(e ical.Event, matched map[string]bool) bool {
	if e.Status == "CANCELLED" || e.Transparency == "TRANSPARENT" && f.Transparent != nil && *f.Transparent == ignored {
		return false
	}
	return f.chooses(e.Name, matched)
}

// chooses reports whether include and exclude take what has this name, and notes
// which patterns matched.
func (f feed) chooses(name string, matched map[string]bool) bool {
	included := len(f.Include) == 0
	for _, p := range f.Include {
		if p.shape.MatchString(name) {
			included, matched[p.text] = true, true
		}
	}
	for _, p := range f.Exclude {
		if p.shape.MatchString(name) {
			included, matched[p.text] = false, true
		}
	}
	return included
}
