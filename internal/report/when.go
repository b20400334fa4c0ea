package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/ics"
)

const icsFormat = "ics"

// ScheduleFormats are the accepted formats of a schedule.
var ScheduleFormats = []string{"text", "json", icsFormat}

// ParseSchedules reads every -o of a command line that prints a schedule,
// FORMAT[=PATH], as ParseAll does for a decision.
func ParseSchedules(values []string) ([]Output, error) { return ParseFormats(values, ScheduleFormats) }

// WriteSchedule prints s to the output's file, or to stdout where it names
// none, as Write does with a decision.
func (o Output) WriteSchedule(stdout io.Writer, s *evaluator.Schedule, options Options) error {
	out, err := o.renderSchedule(s, options)
	if err != nil {
		return fmt.Errorf("print schedule as %s: %w", o.Format, err)
	}
	return o.put(stdout, out)
}

func (o Output) renderSchedule(s *evaluator.Schedule, options Options) ([]byte, error) {
	switch o.Format {
	case "text":
		return scheduleText(s, options)
	case "json":
		return JSON(s)
	case icsFormat:
		return scheduleICS(s), nil
	}
	return nil, unknownFormat(o.Format, ScheduleFormats)
}

// scheduleICS is a calendar to subscribe to, with one event for each interval
// in which the gate is open. Windows that wait for somebody are not in it.
func scheduleICS(s *evaluator.Schedule) []byte {
	name := line(s.Request.Environment) + " is open for " + line(s.Request.Service)
	c := ics.Calendar{Name: name, Now: s.Now}
	for _, i := range s.Intervals {
		from := i.From
		if whole := from.Truncate(time.Second); whole.Before(from) {
			from = whole.Add(time.Second)
		}
		if !from.Before(i.To) {
			continue
		}
		c.Events = append(c.Events, ics.Event{
			Name:        name,
			Description: "opens: " + reasons(i.OpensBecause) + "\ncloses: " + reasons(i.ClosesBecause),
			Start:       from,
			End:         i.To,
			Scope:       "when " + line(s.Request.Environment) + " " + line(s.Request.Service),
		})
	}
	return ics.Write(c)
}

// The three answers of a schedule.
const (
	open   = "OPEN"
	closed = "CLOSED" // until something is done besides waiting
)

// scheduleText prints for a terminal. It begins with OPEN, WAIT or CLOSED and
// when the gate opens or closes next.
func scheduleText(s *evaluator.Schedule, options Options) ([]byte, error) {
	t := newSheet(options)
	verdict, rest := scheduleHeadline(s)
	t.paragraph("", t.color(verdict)+" "+rest)
	t.fields(slices.DeleteFunc([]field{
		{"artifact", line(deref(s.Deploy))},
		{"searched", "until " + instant(s.Until) + ", " + horizonNote(s)},
		{"never", line(deref(s.Never))},
		{"mode", scheduleMode(s)},
		{"weakened", lineOf(s.Weakened)},
	}, func(f field) bool { return f.value == "" }))
	if len(s.Intervals) > 0 {
		t.blank()
		t.paragraph("", "Open, if nothing but the time changes:")
		t.intervals(s.Intervals)
	}
	if len(s.Needs) > 0 {
		t.blank()
		t.paragraph("", "Needed besides time:")
		p := &page{decision: &evaluator.Decision{Now: s.Now}, options: options}
		entries, err := p.entries(s.Needs)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			t.entry(e)
		}
	}
	t.windows(s)
	return t.buffer.Bytes(), nil
}

// scheduleHeadline is the answer: a word and what follows it.
func scheduleHeadline(s *evaluator.Schedule) (verdict, rest string) {
	subject := or(line(s.Request.Service), "(no service)") + " to " + or(line(s.Request.Environment), "(no environment)")
	switch {
	case s.ExitCode == 0 && s.Outcome == evaluator.Allow && len(s.Intervals) > 0 && s.Intervals[0].From.Equal(s.Now):
		return open, subject + ", until " + closing(s.Now, s.Intervals[0].To)
	case s.OpensAt != nil:
		return wait, subject + ", opens " + opening(s.Now, *s.OpensAt)
	case len(s.Intervals) > 0:
		return closed, subject + ", opens " + opening(s.Now, s.Intervals[0].From)
	case len(s.WindowsOnceMet) > 0:
		return closed, subject + ", needs more than time; nothing else is in the way from " + opening(s.Now, s.WindowsOnceMet[0].From)
	}
	return closed, subject
}

// windows prints when nothing but the needs stands in the way.
func (s *sheet) windows(schedule *evaluator.Schedule) {
	if len(schedule.Needs) == 0 {
		return
	}
	s.blank()
	switch {
	case schedule.WindowsUnknown != nil:
		s.paragraph("", "When nothing else is in the way is not known: "+line(*schedule.WindowsUnknown)+".")
	case len(schedule.WindowsOnceMet) == 0:
		s.paragraph("", "At every instant of the searched time, something else is in the way as well.")
	default:
		s.paragraph("", "Shut until that is met, but with nothing else in the way:")
		s.intervals(schedule.WindowsOnceMet)
	}
}

// intervals prints one interval a paragraph.
func (s *sheet) intervals(list []evaluator.Interval) {
	for _, i := range list {
		after, until := "after "+reasons(i.OpensBecause), "until "+reasons(i.ClosesBecause)
		if isEnd(i.OpensBecause, evaluator.SearchStarts) {
			after = "so now"
		}
		if isEnd(i.ClosesBecause, evaluator.SearchEnds) {
			until = "until the search ends"
		}
		s.set("  ", "    ", interval(i)+", "+after+", "+until)
	}
}

func isEnd(list []evaluator.Reason, code string) bool { return len(list) == 1 && list[0].Code == code }

// interval is from and to with the length: "Tue 2026-11-24 13:00 -05:00 to
// 14:00 (1h)". The day and the offset of its end stand only where they differ.
func interval(i evaluator.Interval) string {
	layout := "15:04"
	if i.To.Second() != 0 {
		layout = "15:04:05"
	}
	end := i.To.Format(layout)
	switch {
	case i.From.Format(time.DateOnly) != i.To.Format(time.DateOnly):
		end = instant(i.To)
	case i.From.Format("-07:00") != i.To.Format("-07:00"):
		end += i.To.Format(" -07:00")
	}
	return fmt.Sprintf("%s to %s (%s)", instant(i.From), end, span(i.To.Sub(i.From)))
}

// reasons are codes with what they are about: "freeze.active (Black Friday)".
func reasons(list []evaluator.Reason) string {
	parts := make([]string, 0, len(list))
	for _, r := range list {
		text := line(r.Message)
		if r.Code != evaluator.SearchStarts && r.Code != evaluator.SearchEnds {
			text = line(r.Code)
			if about := line(deref(r.Item)); about != "" {
				text += " (" + about + ")"
			}
		}
		if !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return or(strings.Join(parts, ", "), "no reason was found")
}

// horizonNote says what bounds the search.
func horizonNote(s *evaluator.Schedule) string {
	if s.Until.Before(s.Horizon) {
		return "the calendar reaches to " + instant(s.Horizon)
	}
	return "as far as the calendar reaches"
}

func scheduleMode(s *evaluator.Schedule) string {
	switch s.Mode {
	case evaluator.ModeDocument:
		return "document: searched in a saved document"
	case evaluator.ModeSimulate:
		return "simulate: the clock was set by hand"
	}
	return ""
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
