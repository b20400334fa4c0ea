package strict

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

// TestFormatsMatchTheirPatterns holds each hand-written match against the
// pattern in the schema, over strings that match and strings that nearly do.
func TestFormatsMatchTheirPatterns(t *testing.T) {
	for _, f := range Formats {
		if f.Pattern == "" || f.Name == "timezone" {
			continue // the one has no pattern, of the other only some zones exist
		}
		t.Run(f.Name, func(t *testing.T) {
			pattern := regexp.MustCompile(f.Pattern)
			rapid.Check(t, func(r *rapid.T) {
				s := nearly(r, rapid.StringMatching(f.Pattern).Draw(r, "match"))
				if f.Matches(s) != pattern.MatchString(s) {
					r.Errorf("%q: the match says %v, the pattern %v", s, f.Matches(s), pattern.MatchString(s))
				}
			})
		})
	}
}

// nearly changes one byte of s, or takes one out, or puts one in, or nothing.
func nearly(t *rapid.T, s string) string {
	at := rapid.IntRange(0, len(s)).Draw(t, "at")
	with := rapid.SampledFrom([]string{"", "0", "9", "a", "f", "g", "Z", ":", ".", "-", "_", " ", "\n", "é"}).Draw(t, "with")
	if at < len(s) && rapid.Bool().Draw(t, "instead") {
		return s[:at] + with + s[at+1:]
	}
	return s[:at] + with + s[at:]
}

func TestTimezonesAreThoseOfTheDatabase(t *testing.T) {
	for zone, want := range map[string]bool{
		"America/New_York": true, "America/Argentina/Buenos_Aires": true, "UTC": true, "Etc/GMT+5": true, "EST5EDT": true, "Asia/Kathmandu": true,
		"": false, "Local": false, "local": false, "utc": false, "america/new_york": false, "America": false, "America/": false, "America//New_York": false,
		"/usr/share/zoneinfo/UTC": false, "../zoneinfo/UTC": false, "America/Gotham": false, "UTC\n": false, "right/UTC": false, "posixrules": false, "+05:00": false,
	} {
		if got := FormatNamed("timezone").Matches(zone); got != want {
			t.Errorf("%q: got %v, want %v", zone, got, want)
		}
	}
}
