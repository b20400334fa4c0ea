package evaluator

import (
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/prodgate/prodgate/facts"
)

// The index spares the rules from looking at every finding and every interval
// at each evaluation. It judges nothing: it groups findings by the severity
// they have, and lists for each day (86,400 s since 1970, UTC) the positions of
// the intervals that touch it. A test shows that decisions are the same
// without it. It is given to the rules as input.index, a key that no document
// can bring.

// maxIndexed bounds the index: days in the calendar, and entries in all. A
// larger document is decided without it, slower and the same.
const maxIndexed = 100_000

const secondsPerDay = 24 * 60 * 60

func newIndex(doc *facts.Document) ast.Value {
	index := ast.NewObject()
	if doc.Vulnerabilities != nil {
		index.Insert(ast.StringTerm("findings"), ast.NewTerm(findingsBySeverity(doc.Vulnerabilities.Scans)))
	}
	if c := doc.Calendar; c != nil {
		for name, intervals := range map[string][]facts.Interval{"freezes": c.Freezes, "holidays": c.Holidays} {
			if byDay := intervalsByDay(c, intervals); byDay != nil {
				index.Insert(ast.StringTerm(name), ast.NewTerm(byDay))
			}
		}
	}
	return index
}

// findingsBySeverity lists, for each scan, the positions of its findings by
// severity.
func findingsBySeverity(scans []facts.Scan) ast.Value {
	all := make([]*ast.Term, 0, len(scans))
	for _, scan := range scans {
		positions := map[string][]*ast.Term{}
		for i, finding := range scan.Findings {
			positions[finding.Severity] = append(positions[finding.Severity], ast.IntNumberTerm(i))
		}
		groups := ast.NewObjectWithCapacity(len(positions))
		for severity, list := range positions {
			groups.Insert(ast.StringTerm(severity), ast.ArrayTerm(list...))
		}
		all = append(all, ast.NewTerm(groups))
	}
	return ast.NewArray(all...)
}

// intervalsByDay is nil where the index would be too large.
func intervalsByDay(calendar *facts.Calendar, intervals []facts.Interval) ast.Value {
	first, last := day(calendar.From), day(calendar.Horizon)
	if last-first > maxIndexed {
		return nil
	}
	days := make([][]*ast.Term, last-first+1)
	entries := 0
	for i, interval := range intervals {
		for d := max(day(interval.Start), first); d <= min(day(interval.End), last); d++ {
			if entries++; entries > maxIndexed {
				return nil
			}
			days[d-first] = append(days[d-first], ast.IntNumberTerm(i))
		}
	}
	object := ast.NewObjectWithCapacity(len(days))
	for i, positions := range days {
		object.Insert(ast.IntNumberTerm(first+i), ast.ArrayTerm(positions...))
	}
	return object
}

// day is floor(t / 24 h) since 1970, as the rules count it.
func day(t time.Time) int {
	seconds := t.Unix()
	if seconds < 0 {
		seconds -= secondsPerDay - 1
	}
	return int(seconds / secondsPerDay)
}
