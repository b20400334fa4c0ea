// Package schedule prints when a gate is open: the result of a search over time,
// as text, JSON or a calendar to subscribe to.
package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/ics"
	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report"
)

// Formats are those of a schedule.
var Formats = print.Formats{Names: []string{"text", "json", "ics"}}

// Print prints s in one of Formats. The text has 100 columns where options name no
// width. An error means that JSON cannot carry a value of a finding.
func Print(format string, s *evaluator.Schedule, options report.Options) (out []byte, err error) {
	switch format {
	case "text":
		out, err = text(s, options)
	case "json":
		out, err = print.JSON(s)
	case "ics":
		return calendar(s), nil
	default:
		err = Formats.Unknown(format)
	}
	if err != nil {
		return nil, fmt.Errorf("print schedule as %s: %w", format, err)
	}
	return out, nil
}

// calendar is a calendar to subscribe to, with one event for each interval in which
// the gate is open. Windows that depend on an open need are not in it.
func calendar(s *evaluator.Schedule) []byte {
	name := print.Value(s.Request.Environment) + " is open for " + print.Value(s.Request.Service)
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
			Scope:       "when " + print.Value(s.Request.Environment) + " " + print.Value(s.Request.Service),
		})
	}
	return ics.Write(c)
}

// The three answers of a schedule.
const (
	open   = "OPEN"
	wait   = "WAIT"
	closed = "CLOSED" // until something is done in addition to waiting
)

var colors = map[string]print.Color{open: print.Green, wait: print.Yellow, closed: print.Red}

// text prints for a terminal. It begins with OPEN, WAIT or CLOSED and when the gate
// opens or closes next.
func text(s *evaluator.Schedule, options report.Options) ([]byte, error) {
	t := print.NewSheet(options.Options)
	verdict, rest := headline(s)
	t.Paragraph("", t.Color(verdict, colors[verdict])+" "+rest)
	t.Fields(print.Fields(
		"artifact", print.Value(deref(s.Deploy)),
		"searched", "until "+print.Instant(s.Until)+", "+horizonNote(s),
		"never", print.Value(deref(s.Never)),
		"mode", mode(s),
		"weakened", print.Values(s.Weakened),
	))
	if len(s.Intervals) > 0 {
		t.Blank()
		t.Paragraph("", "Open, if nothing changes except the time:")
		intervals(t, s.Intervals)
	}
	if len(s.Needs) > 0 {
		t.Blank()
		t.Paragraph("", "Also required:")
		if err := report.WriteFindings(t, s.Needs, s.Now, options); err != nil {
			return nil, err
		}
		windows(t, s)
	}
	return t.Bytes(), nil
}

// headline is the answer: a word and what follows it.
func headline(s *evaluator.Schedule) (verdict, rest string) {
	subject := cmp.Or(print.Value(s.Request.Service), "(no service)") + " to " + cmp.Or(print.Value(s.Request.Environment), "(no environment)")
	switch {
	case s.ExitCode == 0 && s.Outcome == evaluator.Allow && len(s.Intervals) > 0 && s.Intervals[0].From.Equal(s.Now):
		return open, subject + ", until " + print.Closing(s.Now, s.Intervals[0].To)
	case s.OpensAt != nil:
		return wait, subject + ", opens " + print.Opening(s.Now, *s.OpensAt)
	case len(s.Intervals) > 0:
		return closed, subject + ", opens " + print.Opening(s.Now, s.Intervals[0].From)
	case len(s.WindowsOnceMet) > 0:
		return closed, subject + ", does not clear by itself; everything else clears from " + print.Opening(s.Now, s.WindowsOnceMet[0].From)
	}
	return closed, subject
}

// windows prints when only the needs block the gate.
func windows(t *print.Sheet, s *evaluator.Schedule) {
	t.Blank()
	switch {
	case s.WindowsUnknown != nil:
		t.Paragraph("", "It is not known when everything else clears: "+print.Value(*s.WindowsUnknown)+".")
	case len(s.WindowsOnceMet) == 0:
		t.Paragraph("", "At every time in the searched range, something else blocks the deployment too.")
	default:
		t.Paragraph("", "Closed until this is done, but nothing else blocks the deployment:")
		intervals(t, s.WindowsOnceMet)
	}
}

// intervals prints one interval a paragraph.
func intervals(t *print.Sheet, list []evaluator.Interval) {
	for _, i := range list {
		after, until := "after "+reasons(i.OpensBecause), "until "+reasons(i.ClosesBecause)
		if isEnd(i.OpensBecause, evaluator.SearchStarts) {
			after = "so now"
		}
		if isEnd(i.ClosesBecause, evaluator.SearchEnds) {
			until = "until the search ends"
		}
		t.Set("  ", "    ", interval(i)+", "+after+", "+until)
	}
}

func isEnd(list []evaluator.Reason, code string) bool { return len(list) == 1 && list[0].Code == code }

// interval is from and to with the length: "Tue 2026-11-24 13:00 -05:00 to
// 14:00 (1h)". The day and the offset of its end are shown only if they differ.
func interval(i evaluator.Interval) string {
	layout := "15:04"
	if i.To.Second() != 0 {
		layout = "15:04:05"
	}
	end := i.To.Format(layout)
	switch {
	case i.From.Format(time.DateOnly) != i.To.Format(time.DateOnly):
		end = print.Instant(i.To)
	case i.From.Format("-07:00") != i.To.Format("-07:00"):
		end += i.To.Format(" -07:00")
	}
	return fmt.Sprintf("%s to %s (%s)", print.Instant(i.From), end, print.Span(i.To.Sub(i.From)))
}

// reasons are codes with what they are about: "freeze.active (Black Friday)".
func reasons(list []evaluator.Reason) string {
	parts := make([]string, 0, len(list))
	for _, r := range list {
		text := print.Value(r.Message)
		if r.Code != evaluator.SearchStarts && r.Code != evaluator.SearchEnds {
			text = print.Value(r.Code)
			if about := print.Value(deref(r.Item)); about != "" {
				text += " (" + about + ")"
			}
		}
		if !slices.Contains(parts, text) {
			parts = append(parts, text)
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "no reason was found")
}

// horizonNote says what bounds the search.
func horizonNote(s *evaluator.Schedule) string {
	if s.Until.Before(s.Horizon) {
		return "the calendar reaches to " + print.Instant(s.Horizon)
	}
	return "as far as the calendar reaches"
}

func mode(s *evaluator.Schedule) string {
	switch s.Mode {
	case evaluator.ModeDocument:
		return "document: from a saved document"
	case evaluator.ModeSimulate:
		return "simulate: the clock was set by --at"
	}
	return ""
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
