package facts

import (
	"time"

	"github.com/prodgate/prodgate/internal/zone"
)

// format is one spelling of a string. Pattern is what the schema says, in words
// that mean the same in every regular expression dialect (nonempty has none:
// there the schema says minLength); matches is what Go does.
type format struct {
	name    string
	wanted  string
	pattern string
	matches func(string) bool
}

const wantedInstant = "a time with offset from 1678 to 2261, as in 2026-11-24T11:20:00-05:00"

// formats are all of them, by the name a schema tag uses.
var formats = []format{
	{"nonempty", "a string that is not empty", "",
		func(s string) bool { return s != "" }},
	{"identifier", `an identifier: lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit`, `^[a-z0-9][a-z0-9._-]*$`,
		func(s string) bool { return s != "" && lowerOrDigit(s[0]) && all(s, identifying) }},
	{"person", `a person as scheme:value in ASCII without spaces and capitals, as in github:583231 or mailto:lead@example.com`, `^[a-z][a-z0-9+.-]*:[!-@\[-~]+$`,
		isPerson},
	{"digest", `a digest: "sha256:" and 64 lower-case hex digits`, `^sha256:[0-9a-f]{64}$`,
		func(s string) bool { return len(s) == 71 && s[:7] == "sha256:" && all(s[7:], hexDigit) }},
	{"sha256", "64 lower-case hex digits", `^[0-9a-f]{64}$`,
		func(s string) bool { return len(s) == 64 && all(s, hexDigit) }},
	{"commit", "a commit: 7 to 64 lower-case hex digits", `^[0-9a-f]{7,64}$`,
		func(s string) bool { return 7 <= len(s) && len(s) <= 64 && all(s, hexDigit) }},
	{"code", "a finding's code, as in soak.too_short", `^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`,
		isCode},
	{"name", `a name: lower-case letters, digits and "_", beginning with a letter`, `^[a-z][a-z0-9_]*$`,
		isName},
	{"timezone", "the IANA name of a time zone, as in America/New_York", `^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`,
		isTimezone},
}

func formatNamed(name string) *format {
	for i := range formats {
		if formats[i].name == name {
			return &formats[i]
		}
	}
	return nil
}

// Accepts reports whether text is spelled as a format (the word of a "schema"
// tag: person, identifier, digest …) wants it, and what the format wants. Every
// text is fine where there is no such format.
func Accepts(format, text string) (wanted string, ok bool) {
	f := formatNamed(format)
	if f == nil {
		return "", true
	}
	return f.wanted, f.matches(text)
}

func all(s string, good func(byte) bool) bool {
	for i := range len(s) {
		if !good(s[i]) {
			return false
		}
	}
	return true
}

func digit(c byte) bool        { return '0' <= c && c <= '9' }
func lower(c byte) bool        { return 'a' <= c && c <= 'z' }
func lowerOrDigit(c byte) bool { return lower(c) || digit(c) }
func hexDigit(c byte) bool     { return digit(c) || 'a' <= c && c <= 'f' }
func identifying(c byte) bool  { return lowerOrDigit(c) || c == '.' || c == '_' || c == '-' }
func naming(c byte) bool       { return lowerOrDigit(c) || c == '_' }

func isName(s string) bool { return s != "" && lower(s[0]) && all(s, naming) }

func isCode(s string) bool {
	for i := range len(s) {
		if s[i] == '.' {
			return isName(s[:i]) && isName(s[i+1:])
		}
	}
	return false
}

func isPerson(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':':
			return i > 0 && i+1 < len(s) && all(s[i+1:], func(c byte) bool { return '!' <= c && c <= '~' && (c < 'A' || c > 'Z') })
		case i == 0 && !lower(c), !lowerOrDigit(c) && c != '+' && c != '.' && c != '-':
			return false
		}
	}
	return false
}

// isTimezone accepts the names of the IANA list that the binary carries.
func isTimezone(s string) bool { return zone.Known(s) }

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
	if len(c.s) < at+width || !all(c.s[at:at+width], digit) {
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
