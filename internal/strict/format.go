package strict

import (
	"github.com/prodgate/prodgate/internal/zone"
)

// Format is one spelling of a string. Pattern is what a JSON Schema says, in words
// that mean the same in every regular expression dialect (nonempty has none:
// there the schema says minLength); Matches is what Go does.
type Format struct {
	Name    string
	Wanted  string // what to write, in words
	Pattern string
	Matches func(string) bool
}

// Formats are all of them, by the name that a "schema" tag uses.
var Formats = []Format{
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

// FormatNamed returns the format with that name, nil if there is none.
func FormatNamed(name string) *Format {
	for i := range Formats {
		if Formats[i].Name == name {
			return &Formats[i]
		}
	}
	return nil
}

// Accepts reports whether text is spelled as a format (the word of a "schema"
// tag: person, identifier, digest …) wants it, and what the format wants. Every
// text is fine where there is no such format.
func Accepts(format, text string) (wanted string, ok bool) {
	f := FormatNamed(format)
	if f == nil {
		return "", true
	}
	return f.Wanted, f.Matches(text)
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
