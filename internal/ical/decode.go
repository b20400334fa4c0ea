package ical

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	syntax "github.com/emersion/go-ical"
)

// decode reads the file's VCALENDARs with go-ical. Each component and property
// that it returns carries its line, for [lineOf] and [lineOfProp].
func decode(data []byte, opts Options) ([]*syntax.Component, *outliner, error) {
	if len(data) > opts.MaxBytes {
		return nil, nil, fmt.Errorf("the calendar is larger than %d bytes; raise the limit or split it", opts.MaxBytes)
	}
	lines, err := unfold(data)
	if err != nil {
		return nil, nil, err
	}
	outlined, err := outline(lines, opts.MaxEvents)
	if err != nil {
		return nil, nil, err
	}
	feed := &feeder{lines: outlined.out}
	decoder := syntax.NewDecoder(feed)
	var calendars []*syntax.Component
	for {
		calendar, err := decodeOne(decoder)
		if errors.Is(err, io.EOF) && feed.done() {
			return calendars, outlined, nil
		}
		if err != nil {
			return nil, nil, atLine(feed.current(), err)
		}
		calendars = append(calendars, calendar.Component)
	}
}

// decodeOne contains go-ical's panics: a parameter at the end of a line causes
// one.
func decodeOne(decoder *syntax.Decoder) (calendar *syntax.Calendar, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			calendar, err = nil, fmt.Errorf("malformed property: %v", reason)
		}
	}()
	return decoder.Decode()
}

// feeder hands go-ical one line at a time, to know at which one it stumbled.
type feeder struct {
	lines []line
	next  int
	rest  string
	ended bool
}

// Read returns what is left of the current line, or begins the next one.
func (f *feeder) Read(p []byte) (int, error) {
	if f.rest == "" {
		if f.next == len(f.lines) {
			f.ended = true
			return 0, io.EOF
		}
		f.rest = f.lines[f.next].text + "\r\n"
		f.next++
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
}

func (f *feeder) done() bool { return f.ended && f.rest == "" }

// current is the line that go-ical is at: it looks one line ahead for folding.
func (f *feeder) current() int {
	at := f.next - 1
	if !f.ended {
		at--
	}
	return f.lines[max(at, 0)].number
}

func lineOf(c *syntax.Component) int {
	if marks := c.Props[lineMark]; len(marks) > 0 {
		number, _ := strconv.Atoi(marks[0].Value)
		return number
	}
	return 0
}

func lineOfProp(p *syntax.Prop) int {
	if p == nil {
		return 0
	}
	number, _ := strconv.Atoi(p.Params.Get(lineMark))
	return number
}
