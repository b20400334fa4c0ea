package ical

import (
	"regexp"
	"strings"
)

// Warning is something in a file that was passed over, and where.
type Warning struct {
	Line int
	Text string
}

// essential are the properties on which it depends when something is, whether it
// is, and what it is called. A damaged line that may be one of them, or the rest
// of one, leaves the file unreadable.
var essential = map[string]bool{
	"BEGIN": true, "END": true, "METHOD": true,
	"DTSTART": true, "DTEND": true, "DUE": true, "DURATION": true, "FREEBUSY": true,
	"RRULE": true, "RDATE": true, "EXDATE": true, "EXRULE": true, "RECURRENCE-ID": true,
	"TZID": true, "TZOFFSETFROM": true, "TZOFFSETTO": true, "X-WR-TIMEZONE": true,
	"STATUS": true, "TRANSP": true, "UID": true, "SEQUENCE": true, "DTSTAMP": true, "SUMMARY": true,
}

// timely finds what a line may be that carries time and has lost its beginning:
// a date, a duration, a part of a rule, a zone.
var timely = regexp.MustCompile(`(?i)(^|[^0-9])(19|2[0-9])[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([^0-9]|$)` +
	`|(^|[:=,/ ])[+-]?P([0-9]+[WD]|T[0-9]+[HMS])` +
	`|FREQ=|UNTIL=|BY[A-Z]+=|TZID|VALUE=|RANGE=` +
	`|(BEGIN|END|DTSTART|DTEND|DUE|DURATION|FREEBUSY|RRULE|RDATE|EXDATE|EXRULE|RECURRENCE-ID|STATUS|TRANSP|UID|SEQUENCE|DTSTAMP|SUMMARY)[;: =]`)

var leading = regexp.MustCompile(`^[A-Za-z0-9_.-]*`)

// harmless are the properties of RFC 5545 that are not essential; those that
// begin with X- are, too.
var harmless = map[string]bool{
	"ATTACH": true, "ATTENDEE": true, "CATEGORIES": true, "CLASS": true, "COMMENT": true, "CONTACT": true, "CREATED": true,
	"DESCRIPTION": true, "GEO": true, "LAST-MODIFIED": true, "LOCATION": true, "ORGANIZER": true, "PRIORITY": true,
	"RELATED-TO": true, "REQUEST-STATUS": true, "RESOURCES": true, "URL": true,
}

// passable reports whether a line that has no form of a property cannot carry
// time: it begins as a property that does not, or it follows one, as the rest of
// a line that was folded wrongly does.
func passable(text string, afterHarmless bool) bool {
	name := strings.ToUpper(leading.FindString(text))
	switch {
	case essential[name]:
		return false
	case harmless[name] || strings.HasPrefix(name, "X-"):
		return true
	}
	return afterHarmless && !timely.MatchString(text)
}
