package ical

import (
	"fmt"
	"strings"
)

// maxDepth is how deep components may nest; real calendars stay within four.
const maxDepth = 16

// maxHead is how long the name and the parameters of a property that we read
// may be together. go-ical takes quadratic time over a parameter.
const maxHead = 4096

// lineMark is the parameter (of a property) or the property (of a component)
// that carries the line's number through go-ical, which knows of no lines.
const lineMark = "X-PRODGATE-LINE"

// readIn lists the components whose properties matter here, and readProperties
// the properties. All others have their form checked and go no further.
var (
	readIn = map[string]bool{
		"VCALENDAR": true, "VEVENT": true, "VTIMEZONE": true, "STANDARD": true, "DAYLIGHT": true,
	}
	readProperties = map[string]bool{
		"UID": true, "SUMMARY": true, "DTSTART": true, "DTEND": true, "DURATION": true,
		"RRULE": true, "RDATE": true, "EXDATE": true, "EXRULE": true, "RECURRENCE-ID": true,
		"STATUS": true, "TRANSP": true, "SEQUENCE": true, "DTSTAMP": true,
		"TZID": true, "TZOFFSETFROM": true, "TZOFFSETTO": true,
		"X-WR-TIMEZONE": true,
	}
)

// outline checks that components nest and that every line is a property of one.
// In out is what go-ical shall read: balanced VCALENDARs, every component and
// property marked with its line. Bare components are given a VCALENDAR.
func outline(lines []line, maxEvents int) (*outliner, error) {
	o := &outliner{eventsLeft: maxEvents}
	for _, l := range lines {
		if err := o.take(l); err != nil {
			return nil, atLine(l.number, err)
		}
	}
	if len(o.open) > 0 {
		unclosed := o.open[len(o.open)-1]
		return nil, errorf(lines[len(lines)-1].number,
			"the file ends within the %s that begins in line %d: it was cut off", unclosed.name, unclosed.number)
	}
	if !o.found {
		return nil, errorf(lines[0].number, "no VCALENDAR and no VEVENT: this is no iCalendar file")
	}
	o.unwrap(lines[len(lines)-1].number)
	return o, nil
}

type component struct {
	name   string
	number int
}

type outliner struct {
	out        []line
	open       []component
	events     int     // VEVENTs
	others     []Other // in order of their beginning
	other      int     // the number of others up to the one that is open; 0: none is
	idle       bool    // the line before was a property that says nothing of time
	warnings   []Warning
	wrapped    bool // within a VCALENDAR that is not in the file
	found      bool // a VCALENDAR or a VEVENT
	eventsLeft int
}

func (o *outliner) take(l line) error {
	name, ok := nameOf(l.text)
	if !ok && len(o.open) > 0 && passable(l.text, o.idle) {
		o.idle = true
		o.warnings = append(o.warnings, Warning{l.number, fmt.Sprintf("%s is no iCalendar property (NAME:value); it says nothing of time and was passed over", excerpt(l.text))})
		return nil
	}
	o.idle = ok && !essential[name]
	o.describe(name, l.text)
	switch {
	case !ok:
		return fmt.Errorf("%s is no iCalendar property (NAME:value)", excerpt(l.text))
	case name == "BEGIN":
		return o.begin(l)
	case name == "END":
		return o.end(l)
	case len(o.open) == 0:
		return fmt.Errorf("property %s is outside of any component", name)
	case !readProperties[name] || !readIn[o.open[len(o.open)-1].name]:
		return nil
	}
	head, rest := l.text[:len(name)], l.text[len(name):]
	if strings.IndexByte(rest, ':') > maxHead {
		return fmt.Errorf("the parameters of %s are longer than %d bytes", name, maxHead)
	}
	o.out = append(o.out, line{l.number, fmt.Sprintf("%s;%s=%d%s", head, lineMark, l.number, rest)})
	return nil
}

func (o *outliner) begin(l line) error {
	name := componentName(l.text)
	switch {
	case name == "":
		return fmt.Errorf("BEGIN names no component")
	case len(o.open) == maxDepth:
		return fmt.Errorf("components nest deeper than %d", maxDepth)
	case name == "VCALENDAR" && len(o.open) > 0:
		return fmt.Errorf("a VCALENDAR begins within the %s of line %d",
			o.open[len(o.open)-1].name, o.open[len(o.open)-1].number)
	case name == "VEVENT" && o.eventsLeft == 0:
		return fmt.Errorf("the calendar has more events than are read; raise the limit or split it")
	case name == "VCALENDAR":
		o.unwrap(l.number)
	case len(o.open) == 0 && !o.wrapped:
		o.out = append(o.out, line{l.number, "BEGIN:VCALENDAR"}, line{l.number, mark(l.number)})
		o.wrapped = true
	}
	switch name {
	case "VEVENT":
		o.eventsLeft--
		o.events++
	case todo, freeBusy:
		o.others = append(o.others, Other{Kind: name, Line: l.number})
		o.other = len(o.others)
	}
	o.found = o.found || name == "VCALENDAR" || name == "VEVENT"
	o.open = append(o.open, component{name, l.number})
	o.out = append(o.out, line{l.number, "BEGIN:" + name}, line{l.number, mark(l.number)})
	return nil
}

func (o *outliner) end(l line) error {
	name := componentName(l.text)
	if len(o.open) == 0 {
		return fmt.Errorf("END:%s closes nothing", name)
	}
	if last := o.open[len(o.open)-1]; last.name != name {
		return fmt.Errorf("END:%s, where the %s of line %d is still open", name, last.name, last.number)
	}
	o.open = o.open[:len(o.open)-1]
	if name == todo || name == freeBusy {
		o.other = 0
	}
	o.out = append(o.out, line{l.number, "END:" + name})
	return nil
}

// describe notes what a line says of the task or of the busy time that it stands
// in.
func (o *outliner) describe(name, text string) {
	if o.other == 0 || len(o.open) == 0 || o.open[len(o.open)-1].number != o.others[o.other-1].Line {
		return
	}
	other := &o.others[o.other-1]
	switch _, value, _ := strings.Cut(text, ":"); name {
	case "SUMMARY":
		other.Name = plainText(value)
	case "DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "RDATE", "FREEBUSY":
		other.Timed = true
	}
}

// unwrap closes the VCALENDAR that was put around bare components.
func (o *outliner) unwrap(number int) {
	if o.wrapped {
		o.out = append(o.out, line{number, "END:VCALENDAR"})
		o.wrapped = false
	}
}

func componentName(text string) string {
	_, value, _ := strings.Cut(text, ":")
	return strings.ToUpper(strings.TrimSpace(value))
}

func mark(number int) string { return fmt.Sprintf("%s:%d", lineMark, number) }

// excerpt quotes the beginning of text that somebody else wrote.
func excerpt(text string) string {
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return fmt.Sprintf("%q…", string(runes[:most]))
	}
	return fmt.Sprintf("%q", text)
}
