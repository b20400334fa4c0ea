// Package ics writes iCalendar files (RFC 5545) that calendar programs
// subscribe to. It writes single events in UTC and nothing else; reading is
// package ical's.
package ics

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Calendar is a file.
type Calendar struct {
	Name   string    // shown by calendar programs
	Now    time.Time // when it was made
	Events []Event
}

// Event is the half-open interval [Start, End), in whole seconds.
type Event struct {
	Name        string
	Description string // may have several lines
	Start, End  time.Time
	Scope       string // distinguishes events at the same time elsewhere; part of the UID
}

// Write returns the file. The same calendar gives the same bytes, and an event
// keeps its UID as long as its scope, name and start are the same, so that
// programs which read the file again recognise it.
func Write(c Calendar) []byte {
	var f file
	f.line("BEGIN", "VCALENDAR")
	f.line("VERSION", "2.0")
	f.line("PRODID", "-//prodgate//EN")
	f.text("X-WR-CALNAME", c.Name)
	for _, e := range c.Events {
		f.line("BEGIN", "VEVENT")
		f.line("UID", e.uid())
		f.line("DTSTAMP", instant(c.Now))
		f.line("DTSTART", instant(e.Start))
		f.line("DTEND", instant(e.End))
		f.text("SUMMARY", e.Name)
		if e.Description != "" {
			f.text("DESCRIPTION", e.Description)
		}
		f.line("TRANSP", "TRANSPARENT") // it takes up nobody's time
		f.line("END", "VEVENT")
	}
	f.line("END", "VCALENDAR")
	return []byte(f.String())
}

func (e Event) uid() string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q %d", e.Scope, e.Name, e.Start.Unix())))
	return hex.EncodeToString(sum[:16]) + "@prodgate"
}

func instant(at time.Time) string { return at.UTC().Format("20060102T150405Z") }

// file is the text so far.
type file struct{ strings.Builder }

// escapes are those of RFC 5545, 3.3.11.
var escapes = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// text writes a property of free text, without control characters.
func (f *file) text(name, value string) {
	value = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\r' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(value, "\uFFFD"))
	f.line(name, escapes.Replace(value))
}

// line writes a property, folded after at most 75 bytes and never within a
// character (3.1).
func (f *file) line(name, value string) {
	rest, room := name+":"+value, 75
	for len(rest) > room {
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		f.WriteString(rest[:cut] + "\r\n ")
		rest, room = rest[cut:], 74
	}
	f.WriteString(rest + "\r\n")
}
