// Package canonical writes JSON in the one form of RFC 8785 (JSON
// Canonicalization Scheme), so that equal values have equal bytes and digests. It
// knows nothing about what the values mean.
//
// The trail's entries are written by Transform, as the RFC says. The input
// document is written by package facts from its own tree, with AppendString and
// Exact, and differs from the RFC in two rare cases, which its digests depend on:
// a number keeps all its digits where a 64-bit float would drop some
// (12345678901234567890, 0.10000000000000000001), and keys are ordered by their
// UTF-8 bytes, which is another order only where a key has a character beyond
// U+FFFF and another one has one from U+E000 to U+FFFF in the same place.
package canonical

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gowebpki/jcs"
)

// Transform returns data, one JSON value, in canonical form. An error says that
// data has none: it is not JSON, has a key twice, half a surrogate pair or a
// number that a 64-bit float cannot hold.
func Transform(data []byte) ([]byte, error) { return jcs.Transform(data) }

// AppendString appends s, which is UTF-8, as a JSON string with no more escapes
// than JSON requires (RFC 8785, section 3.2.2.2).
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	done := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[done:i]...)
		done = i + 1
		if j := strings.IndexByte("\"\\\b\f\n\r\t", c); j >= 0 {
			b = append(b, '\\', `"\bfnrt`[j])
		} else {
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(b, s[done:]...), '"')
}

// Compare orders keys by their UTF-16 code units (RFC 8785, section 3.2.3).
func Compare(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			if a[i] < 0xee && b[i] < 0xee { // no character above U+DFFF: bytes are in the same order
				return cmp.Compare(a[i], b[i])
			}
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		}
	}
	return cmp.Compare(len(a), len(b))
}

// Number returns the canonical form of a JSON number: the shortest one that reads
// as the same 64-bit float (RFC 8785, section 3.2.2.3). The error says that there
// is no such float.
func Number(literal string) (string, error) {
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return "", fmt.Errorf("no 64-bit float holds the number %s", literal)
	}
	return Exact(strconv.FormatFloat(f, 'e', -1, 64)), nil
}

// Exact returns a JSON number in the form that Number gives it, but with all its
// digits: 3e2, 300.0 and 300 are 300. Its exponent must fit into an int.
func Exact(literal string) string {
	digits, point := decimal(literal)
	if digits == "" {
		return "0"
	}
	sign := ""
	if literal[0] == '-' {
		sign = "-"
	}
	n := len(digits)
	switch {
	case n <= point && point <= 21:
		return sign + digits + strings.Repeat("0", point-n)
	case 0 < point && point <= 21:
		return sign + digits[:point] + "." + digits[point:]
	case -6 < point && point <= 0:
		return sign + "0." + strings.Repeat("0", -point) + digits
	}
	fraction := ""
	if n > 1 {
		fraction = "." + digits[1:]
	}
	return fmt.Sprintf("%s%s%se%+d", sign, digits[:1], fraction, point-1)
}

// decimal takes a JSON number apart: its value is 0.digits times ten to the
// power of point. Digits neither begins nor ends with 0; it is empty for zero.
func decimal(literal string) (digits string, point int) {
	mantissa := strings.TrimPrefix(literal, "-")
	if i := strings.IndexAny(mantissa, "eE"); i >= 0 {
		point, _ = strconv.Atoi(mantissa[i+1:]) // the caller keeps it small
		mantissa = mantissa[:i]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	point += len(whole)
	digits = whole + fraction
	trimmed := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(trimmed)
	return strings.TrimRight(trimmed, "0"), point
}
