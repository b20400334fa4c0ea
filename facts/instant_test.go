package facts

import (
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTimesMatchTheirPattern does the same for times, with time.Parse as a
// second witness: it is laxer, but has to name the same instant.
func TestTimesMatchTheirPattern(t *testing.T) {
	s := &shape{instant: true}
	pattern := regexp.MustCompile(s.pattern())
	rapid.Check(t, func(r *rapid.T) {
		text := nearly(r, rapid.StringMatching(s.pattern()).Draw(r, "match"))
		got, ok := parseInstant(text)
		want, err := time.Parse(time.RFC3339Nano, text)
		if ok != (err == nil && pattern.MatchString(text)) {
			r.Errorf("%q: read %v, matches %v, time.Parse says %v", text, ok, pattern.MatchString(text), err)
		}
		if ok && !got.Equal(want) {
			r.Errorf("%q is %v, want %v", text, got, want)
		}
	})
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
