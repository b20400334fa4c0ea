package facts

import (
	"time"

	"github.com/prodgate/prodgate/internal/strict"
)

const wantedInstant = "a time with offset from 1678 to 2261, as in 2026-11-24T11:20:00-05:00"

// Accepts reports whether text is spelled as a format (the word of a "schema"
// tag: person, identifier, digest …) requires, and what the format requires. Every
// text is accepted where there is no such format.
func Accepts(format, text string) (wanted string, ok bool) { return strict.Accepts(format, text) }

// The pattern of a time is RFC 3339 with capital T and Z, at most nanoseconds,
// no leap seconds, in years whose nanoseconds fit into 64 bits.
const (
	datePattern = `(1(6(7[89]|[89][0-9])|[7-9][0-9][0-9])|2([01][0-9][0-9]|2([0-5][0-9]|6[01])))` +
		`-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])`
	clockPattern    = `([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]`
	fractionPattern = `(\.[0-9]{1,9})?`
	offsetPattern   = `(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])`
)

// pattern is the one a time of shape s matches.
func (s *shape) pattern() string {
	fraction := fractionPattern
	if s.seconds {
		fraction = ""
	}
	return "^" + datePattern + "T" + clockPattern + fraction + offsetPattern + "$"
}

// parseInstant reads RFC 3339 as the pattern has it. The time's location is
// UTC or a fixed offset, never this machine's zone (time.Parse would take that
// where the offsets agree).
func parseInstant(s string) (time.Time, bool) {
	const shortest = len("2006-01-02T15:04:05Z")
	if len(s) < shortest || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	c := clockReader{s: s, ok: true}
	year := c.number(0, 4, 1678, 2261)
	month := c.number(5, 2, 1, 12)
	day := c.number(8, 2, 1, 31)
	hour, minute, second := c.number(11, 2, 0, 23), c.number(14, 2, 0, 59), c.number(17, 2, 0, 59)
	nanosecond, rest := c.fraction(19)
	zone := c.zone(rest)
	if !c.ok {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nanosecond, zone)
	return t, t.Day() == day // 31 April is not a day
}

// clockReader reads the parts of a time. ok turns false at the first that is
// not as it should be.
type clockReader struct {
	s  string
	ok bool
}

// number reads width digits at position at.
func (c *clockReader) number(at, width, least, most int) int {
	if len(c.s) < at+width || !digits(c.s[at:at+width]) {
		c.ok = false
		return 0
	}
	n := 0
	for _, d := range []byte(c.s[at : at+width]) {
		n = 10*n + int(d-'0')
	}
	c.ok = c.ok && least <= n && n <= most
	return n
}

// fraction reads the fraction of a second, if there is one, and says where it
// ends.
func (c *clockReader) fraction(at int) (nanosecond, end int) {
	if at >= len(c.s) || c.s[at] != '.' {
		return 0, at
	}
	end = at + 1
	for end < len(c.s) && digit(c.s[end]) {
		nanosecond = 10*nanosecond + int(c.s[end]-'0')
		if end++; end-at > 10 {
			c.ok = false
			return 0, end
		}
	}
	if end == at+1 {
		c.ok = false
	}
	for i := end - at; i < 10; i++ {
		nanosecond *= 10
	}
	return nanosecond, end
}

// zone reads the offset, which ends the text.
func (c *clockReader) zone(at int) *time.Location {
	rest := c.s[at:]
	if rest == "Z" {
		return time.UTC
	}
	if len(rest) != len("-05:00") || rest[0] != '+' && rest[0] != '-' || rest[3] != ':' {
		c.ok = false
		return time.UTC
	}
	offset := c.number(at+1, 2, 0, 23)*3600 + c.number(at+4, 2, 0, 59)*60
	if rest[0] == '-' {
		offset = -offset
	}
	return time.FixedZone("", offset)
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func digits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return true
}
