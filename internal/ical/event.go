package ical

import (
	"cmp"
	"fmt"
	"io"
	"mime/quotedprintable"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	syntax "github.com/emersion/go-ical"
)

// event is a VEVENT: a single one, the master of a series, or, if id is set, the
// new version of one of its occurrences.
type event struct {
	line         int
	uid          string
	name         string
	status       string
	transparency string
	sequence     int
	stamp        time.Time // DTSTAMP, to distinguish versions

	start  moment
	length span

	rules, exceptRules []*rule
	added              []addition
	excluded           []moment

	id        *moment // RECURRENCE-ID
	following bool    // RANGE=THISANDFUTURE
}

func readEvent(z *zones, c *syntax.Component) (*event, error) {
	e := &event{line: lineOf(c)}
	if err := e.readText(z, c); err != nil {
		return nil, err
	}
	if err := e.readTimes(z, c); err != nil {
		return nil, err
	}
	return e, e.readRecurrence(z, c)
}

func (e *event) readText(z *zones, c *syntax.Component) error {
	e.uid = strings.TrimSpace(text(c, "UID"))
	e.name = text(c, "SUMMARY")
	e.status = strings.ToUpper(text(c, "STATUS"))
	e.transparency = cmp.Or(strings.ToUpper(text(c, "TRANSP")), "OPAQUE")
	if p := c.Props.Get("DTSTAMP"); p != nil {
		// It only orders versions of an event: without it SEQUENCE does.
		if m, err := z.moment(p, p.Value); err == nil {
			e.stamp = m.instant()
		}
	}
	p := c.Props.Get("SEQUENCE")
	if p == nil || strings.TrimSpace(p.Value) == "" {
		return nil
	}
	var err error
	if e.sequence, err = strconv.Atoi(strings.TrimSpace(p.Value)); err != nil {
		return errorf(lineOfProp(p), "SEQUENCE: %q is no number", excerptRaw(p.Value))
	}
	return nil
}

// unescape undoes the escapes of TEXT (RFC 5545, 3.3.11), with a space for a newline.
var unescape = strings.NewReplacer(`\\`, `\`, `\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";")

// text reads a TEXT property on one line, without control characters.
func text(c *syntax.Component, name string) string {
	p := c.Props.Get(name)
	if p == nil {
		return ""
	}
	value := p.Value
	if strings.EqualFold(p.Params.Get("ENCODING"), "QUOTED-PRINTABLE") {
		if plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value))); err == nil {
			value = strings.ToValidUTF8(string(plain), "\uFFFD")
		}
	}
	return plainText(value)
}

// plainText is the value of a TEXT property on one line.
func plainText(value string) string {
	value = unescape.Replace(value)
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, value)
	return strings.TrimSpace(value)
}

// readTimes reads when the event is: DTSTART with DTEND, else with DURATION,
// else for a day if it is a date, else for no time at all (3.6.1).
func (e *event) readTimes(z *zones, c *syntax.Component) error {
	start, err := z.only(c, "DTSTART")
	if err != nil {
		return err
	}
	if start == nil {
		return errorf(e.line, "the event has no DTSTART, so nobody can say when it is")
	}
	end, err := z.only(c, "DTEND")
	if err != nil {
		return err
	}
	e.start = *start
	duration := c.Props.Get("DURATION")
	switch {
	case end != nil:
		e.start, e.length = between(*start, *end)
	case duration != nil && strings.TrimSpace(duration.Value) != "":
		return e.setDuration(duration)
	case start.form == allDay:
		e.length = span{wall: 24 * time.Hour}
	}
	return nil
}

// setDuration applies DURATION; a negative one ends at DTSTART.
func (e *event) setDuration(p *syntax.Prop) error {
	length, err := parseDuration(p.Value)
	if err != nil {
		return atLine(lineOfProp(p), fmt.Errorf("DURATION: %w", err))
	}
	e.length = length
	if length.wall < 0 || length.exact < 0 {
		end := moment{wallIn(length.end(e.start), e.start.loc), e.start.loc, e.start.form}
		e.start, e.length = between(e.start, end)
	}
	return nil
}

// only reads a time that may be there once; two that agree count as one.
func (z *zones) only(c *syntax.Component, name string) (*moment, error) {
	var found *moment
	for i := range c.Props[name] {
		p := &c.Props[name][i]
		m, err := z.moment(p, p.Value)
		if err != nil {
			return nil, atLine(lineOfProp(p), err)
		}
		if found != nil && !found.instant().Equal(m.instant()) {
			return nil, errorf(lineOfProp(p), "the event has two different %s", name)
		}
		found = &m
	}
	return found, nil
}

func (e *event) readRecurrence(z *zones, c *syntax.Component) error {
	var err error
	if e.rules, err = z.rules(c, "RRULE"); err != nil {
		return err
	}
	if e.exceptRules, err = z.rules(c, "EXRULE"); err != nil {
		return err
	}
	for i := range c.Props["RDATE"] {
		list, err := z.additions(&c.Props["RDATE"][i])
		if err != nil {
			return err
		}
		e.added = append(e.added, list...)
	}
	for i := range c.Props["EXDATE"] {
		list, err := z.moments(&c.Props["EXDATE"][i])
		if err != nil {
			return err
		}
		e.excluded = append(e.excluded, list...)
	}
	if e.id, err = z.only(c, "RECURRENCE-ID"); err != nil || e.id == nil {
		return err
	}
	return e.readRange(c.Props.Get("RECURRENCE-ID"))
}

func (e *event) readRange(id *syntax.Prop) error {
	switch value := strings.ToUpper(id.Params.Get("RANGE")); value {
	case "":
	case "THISANDFUTURE":
		e.following = true
	default:
		return errorf(lineOfProp(id), "RECURRENCE-ID: RANGE=%s is not known; want THISANDFUTURE", excerptRaw(value))
	}
	return nil
}

func (z *zones) rules(c *syntax.Component, name string) ([]*rule, error) {
	var list []*rule
	for i := range c.Props[name] {
		r, err := z.parseRule(&c.Props[name][i])
		if err != nil {
			return nil, err
		}
		if r != nil {
			list = append(list, r)
		}
	}
	return list, nil
}

// newer orders versions of an event: by SEQUENCE, then DTSTAMP (RFC 5546, 2.1.5).
func newer(a, b *event) int {
	return cmp.Or(cmp.Compare(a.sequence, b.sequence), a.stamp.Compare(b.stamp))
}

// occurrence is one start of an event, with its length if it has one of its own.
type occurrence struct {
	at     moment
	length span
}

// recurs reports whether there can be more occurrences than the one at DTSTART.
func (e *event) recurs() bool { return len(e.rules)+len(e.added) > 0 }

// begins reports whether DTSTART is an occurrence. It is, also where it does not
// fit the rule, unless every rule was over before it.
func (e *event) begins() bool {
	return len(e.rules) == 0 || slices.ContainsFunc(e.rules, func(r *rule) bool { return r.allows(e.start) })
}

// starts lists the event's occurrences from lo to hi on its own wall clock, in
// order and without exceptions. If b is spent the list is short, and b.err says so.
func (e *event) starts(lo, hi time.Time, b *budget) []moment {
	list := e.occurrences(lo, hi, b)
	moments := make([]moment, len(list))
	for i, o := range list {
		moments[i] = o.at
	}
	return moments
}

func (e *event) occurrences(lo, hi time.Time, b *budget) []occurrence {
	found := make(map[int64]occurrence)
	within := func(m moment) bool { return !m.wall.Before(lo) && !m.wall.After(hi) }
	if e.begins() && within(e.start) {
		found[e.start.instant().Unix()] = occurrence{e.start, e.length}
	}
	e.follow(e.rules, lo, hi, b, func(m moment) bool {
		found[m.instant().Unix()] = occurrence{m, e.length}
		return b.room(len(found))
	})
	for _, a := range e.added {
		o := occurrence{fit(a.at, e.start), e.length}
		if a.length != nil {
			o.length = *a.length
		}
		if key := o.at.instant().Unix(); within(o.at) && b.spend(1) {
			if _, known := found[key]; !known || a.length != nil {
				found[key] = o
			}
		}
	}
	e.follow(e.exceptRules, lo, hi, b, func(m moment) bool {
		delete(found, m.instant().Unix())
		return true
	})
	list := make([]occurrence, 0, len(found))
	for _, o := range found {
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b occurrence) int { return a.at.instant().Compare(b.at.instant()) })
	return list
}

func (e *event) follow(rules []*rule, lo, hi time.Time, b *budget, take func(moment) bool) {
	for _, r := range rules {
		r.walk(e.start.wall).each(lo, hi, b, func(wall time.Time) bool {
			m := moment{wall, e.start.loc, e.start.form}
			if !r.allows(m) {
				return false
			}
			return take(m)
		})
	}
}
