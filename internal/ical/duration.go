package ical

import (
	"fmt"
	"strings"
	"time"
)

// maxDuration bounds what a duration may say; longer ones are mistakes.
const maxDuration = 100 * 366 * 24 * time.Hour

func isDuration(value string) bool {
	value = strings.TrimSpace(value)
	return strings.HasPrefix(strings.TrimLeft(value, "+-"), "P")
}

// parseDuration reads a DURATION (RFC 5545, 3.3.6). Weeks and days are counted
// on the wall clock, hours, minutes and seconds are elapsed time.
func parseDuration(value string) (span, error) {
	text := strings.ToUpper(strings.TrimSpace(value))
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimLeft(text, "+-")
	rest, ok := strings.CutPrefix(text, "P")
	if !ok || rest == "" {
		return span{}, fmt.Errorf("%q is no duration", excerptRaw(value))
	}
	days, clock, timed := strings.Cut(rest, "T")
	wall, err := sumUnits(days, map[byte]time.Duration{'W': 7 * 24 * time.Hour, 'D': 24 * time.Hour})
	if err != nil {
		return span{}, fmt.Errorf("%q is no duration: %w", excerptRaw(value), err)
	}
	exact, err := sumUnits(clock, map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second})
	if err != nil || (timed && clock == "" && days == "") {
		return span{}, fmt.Errorf("%q is no duration", excerptRaw(value))
	}
	if negative {
		return span{wall: -wall, exact: -exact}, nil
	}
	return span{wall: wall, exact: exact}, nil
}

// sumUnits adds up pieces such as 1H30M.
func sumUnits(text string, units map[byte]time.Duration) (time.Duration, error) {
	var sum, count time.Duration
	digits := 0
	for i := range len(text) {
		c := text[i]
		if c >= '0' && c <= '9' {
			if count, digits = count*10+time.Duration(c-'0'), digits+1; digits > 10 {
				return 0, fmt.Errorf("a number is too long")
			}
			continue
		}
		unit, known := units[c]
		if !known || digits == 0 {
			return 0, fmt.Errorf("%q is out of place", c)
		}
		if count > maxDuration/unit {
			return 0, fmt.Errorf("it is longer than a hundred years")
		}
		if sum += count * unit; sum > maxDuration {
			return 0, fmt.Errorf("it is longer than a hundred years")
		}
		count, digits = 0, 0
	}
	if digits > 0 {
		return 0, fmt.Errorf("a number has no unit")
	}
	return sum, nil
}
