package facts

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// appendCanonical appends n as canonical JSON: keys sorted by their bytes, no
// space, strings with no more escapes than JSON asks for, numbers as the
// scanner spelled them. It sorts n's members for good.
func appendCanonical(b []byte, n *node) []byte {
	switch n.kind {
	case kindString:
		return appendString(b, n.text)
	case kindList:
		b = append(b, '[')
		for i := range n.kids {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendCanonical(b, &n.kids[i])
		}
		return append(b, ']')
	case kindObject:
		return appendObject(b, n)
	}
	return append(b, n.text...)
}

func appendObject(b []byte, n *node) []byte {
	slices.SortFunc(n.kids, func(x, y node) int { return cmp.Compare(x.name, y.name) })
	b = append(b, '{')
	for i := range n.kids {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, n.kids[i].name), ':')
		b = appendCanonical(b, &n.kids[i])
	}
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
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

// spellNumber returns a number's literal the one way its value has: as
// JavaScript writes it (3e2, 300.0 and 300 are 300), but with every digit kept.
func spellNumber(literal string) string {
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
		point, _ = strconv.Atoi(mantissa[i+1:]) // the scanner keeps it small
		mantissa = mantissa[:i]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	point += len(whole)
	digits = whole + fraction
	trimmed := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(trimmed)
	return strings.TrimRight(trimmed, "0"), point
}
