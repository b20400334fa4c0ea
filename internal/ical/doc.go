// Package ical reads iCalendar files (RFC 5545) and lists what happens in a
// range of time: every occurrence of every VEVENT, also the cancelled and the
// transparent ones. It says what a calendar holds; what an event means to the
// gate is for its callers and the policies to judge.
//
// A calendar is read whole or not at all: a line that cannot be parsed, a value
// that makes no sense and a zone that cannot be placed are an [*Error] with the
// file's name and the line. Nothing is skipped in silence, because an event
// that was overlooked would read as "nothing there".
//
// github.com/emersion/go-ical reads the syntax. The recurrence rules are
// expanded here, period by period, on wall-clock time: a period can be reached
// without visiting those before it, and every step can be bounded. docs/calendars.md
// says how each rule of the format is understood.
package ical
