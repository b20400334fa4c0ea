package facts

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// appendCanonical appends n as canonical JSON: keys sorted by their bytes, no
// space, strings with no more escapes than JSON asks for, numbers by
// appendNumber. It sorts n's members for good.
func appendCanonical(b []byte, n *node) []byte {
	switch n.kind {
	case kindString:
		return appendString(b, n.text)
	case kindNumber:
		return appendNumber(b, n.text)
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

// appendNumber writes a number the one way its value has: as JavaScript writes
// a number (so 3e2, 300.0 and 300 are 300), but with every digit kept.
func appendNumber(b []byte, literal string) []byte {
	digits, point := decimal(literal)
	if digits == "" {
		return append(b, '0')
	}
	if literal[0] == '-' {
		b = append(b, '-')
	}
	n := len(digits)
	switch {
	case n <= point && point <= 21:
		return append(append(b, digits...), strings.Repeat("0", point-n)...)
	case 0 < point && point <= 21:
		return append(append(append(b, digits[:point]...), '.'), digits[point:]...)
	case -6 < point && point <= 0:
		return append(append(append(b, "0."...), strings.Repeat("0", -point)...), digits...)
	}
	b = append(b, digits[0])
	if n > 1 {
		b = append(append(b, '.'), digits[1:]...)
	}
	b = append(b, 'e')
	if point > 0 {
		b = append(b, '+')
	}
	return strconv.AppendInt(b, int64(point-1), 10)
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
