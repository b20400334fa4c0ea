package ical

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"
)

// line is a content line after unfolding, with the number of the physical line
// on which it begins.
type line struct {
	number int
	text   string
}

// unfold splits a file into content lines (RFC 5545, 3.1). It takes CRLF, bare
// LF and, in files that have no LF, bare CR; a byte order mark is dropped, empty
// lines are passed over, and bytes that are no UTF-8 become U+FFFD.
func unfold(data []byte) ([]line, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if at := bytes.IndexByte(data, 0); at >= 0 {
		return nil, errorf(1+bytes.Count(data[:at], []byte("\n")),
			"a NUL byte: this is no text in UTF-8, so no iCalendar file")
	}
	separator := "\n"
	if !bytes.Contains(data, []byte("\n")) {
		separator = "\r"
	}
	var u unfolder
	number := 0
	for physical := range bytes.SplitSeq(data, []byte(separator)) {
		number++
		if physical = bytes.TrimRight(physical, "\r"); len(physical) > 0 {
			u.add(number, physical)
		}
	}
	u.close()
	if len(u.lines) == 0 {
		return nil, errors.New("the file is empty, where a VCALENDAR was expected")
	}
	return u.lines, nil
}

// unfolder joins physical lines; the last of lines is still open, and its text
// so far is in open.
type unfolder struct {
	lines []line
	open  []byte
	// quoted reports whether the open line is in quoted-printable, once asked.
	quoted *bool
}

func (u *unfolder) add(number int, physical []byte) {
	switch {
	case len(u.lines) > 0 && (physical[0] == ' ' || physical[0] == '\t'):
		u.open = append(u.open, physical[1:]...)
	case len(u.lines) > 0 && u.endsSoftly():
		u.open = append(u.open[:len(u.open)-1], physical...)
	default:
		u.close()
		u.lines = append(u.lines, line{number: number})
		u.open = append(u.open, physical...)
	}
}

// endsSoftly reports whether a quoted-printable value goes on in the next line,
// as it does after "=" in calendars written for vCalendar 1.0.
func (u *unfolder) endsSoftly() bool {
	if !bytes.HasSuffix(u.open, []byte("=")) {
		return false
	}
	if u.quoted == nil {
		head, _, found := bytes.Cut(u.open, []byte(":"))
		quoted := found && bytes.Contains(bytes.ToUpper(head), []byte("QUOTED-PRINTABLE"))
		u.quoted = &quoted
	}
	return *u.quoted
}

func (u *unfolder) close() {
	if len(u.lines) > 0 {
		u.lines[len(u.lines)-1].text = strings.ToValidUTF8(string(u.open), string(utf8.RuneError))
	}
	u.open, u.quoted = u.open[:0], nil
}

// nameOf returns the property name that begins a content line, in upper case,
// and whether the line has the form of one.
func nameOf(text string) (string, bool) {
	end := strings.IndexAny(text, ";:")
	if end <= 0 || !strings.Contains(text[end:], ":") {
		return "", false
	}
	for i := range end {
		if !isNameByte(text[i]) {
			return "", false
		}
	}
	return strings.ToUpper(text[:end]), true
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '_' || c == '.'
}
