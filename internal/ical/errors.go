package ical

import (
	"errors"
	"fmt"
)

// Error says that a calendar could not be read, or not be expanded in full, and
// where. It never means that the calendar is empty.
type Error struct {
	Name string // the calendar, as handed to Parse
	Line int    // counted from 1; 0 where no single line is at fault
	Err  error
}

// Error names the calendar and the line before the reason.
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("read calendar %q: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("read calendar %q: line %d: %v", e.Name, e.Line, e.Err)
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// atLine says that err is about a line, unless it names one already.
func atLine(line int, err error) error {
	var located *Error
	if err == nil || errors.As(err, &located) {
		return err
	}
	return &Error{Line: line, Err: err}
}

func errorf(line int, format string, args ...any) error {
	return &Error{Line: line, Err: fmt.Errorf(format, args...)}
}

// named adds the calendar's name to an error of this package.
func named(name string, err error) error {
	var located *Error
	if errors.As(err, &located) {
		return &Error{Name: name, Line: located.Line, Err: located.Err}
	}
	return &Error{Name: name, Err: err}
}
