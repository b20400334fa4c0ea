package calendar

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// entry is one freeze or holiday: a Date, or Start and End, once or repeated.
type entry struct {
	Line         int         `json:"-"`
	Name         string      `json:"name" schema:"nonempty"`
	Date         *moment     `json:"date"`
	Start        *moment     `json:"start"`
	End          *moment     `json:"end"`
	Repeat       *repetition `json:"repeat"`
	Days         []weekday   `json:"days,omitempty" schema:"min=1"`
	Until        *moment     `json:"until"`
	Except       []moment    `json:"except,omitempty"`
	Environments []string    `json:"environments,omitempty" schema:"identifier"`
	Services     []string    `json:"services,omitempty" schema:"identifier"`
}

// span is the half-open interval that an entry covers once.
type span struct{ start, end time.Time }

// spans are the times that e covers and that overlap w.
func (e entry) spans(ctx context.Context, w *window) ([]span, error) {
	if e.Repeat != nil {
		return e.repeated(ctx, w.zone, w.from, w.horizon)
	}
	if len(e.Days) > 0 || e.Until != nil || len(e.Except) > 0 {
		return nil, errors.New("has days, until or except, which mean nothing without repeat")
	}
	s, err := e.once(w.zone)
	if err != nil || !w.overlaps(s.start, s.end) {
		return nil, err
	}
	return []span{s}, nil
}

// once is the time that e covers as it is written.
func (e entry) once(zone *time.Location) (span, error) {
	start, end, err := e.edges()
	if err != nil {
		return span{}, err
	}
	s := closed(start, end, zone)
	if !s.end.After(s.start) {
		return s, fmt.Errorf("ends %s, which is not after its start %s; end is exclusive, so one whole day ends on the next day",
			s.end.Format(time.RFC3339), s.start.Format(time.RFC3339))
	}
	return s, nil
}

// edges are start and end as they are written, or what date is short for.
func (e entry) edges() (start, end moment, err error) {
	switch {
	case e.Date != nil && (e.Start != nil || e.End != nil):
		return start, end, errors.New("has both date and start or end; write one of them")
	case e.Date != nil && !e.Date.wholeDay:
		return start, end, errors.New("has a date with a time of day; write start and end")
	case e.Date == nil && (e.Start == nil || e.End == nil):
		return start, end, errors.New("needs start and end, or date for one whole day")
	case e.Date != nil:
		return *e.Date, moment{at: e.Date.at.AddDate(0, 0, 1), local: true, wholeDay: true}, nil
	}
	return *e.Start, *e.End, nil
}
