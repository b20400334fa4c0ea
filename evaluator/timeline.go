package evaluator

import (
	"slices"
	"strings"
	"time"
)

// A timeline evaluates one document as of successive instants.
type timeline struct {
	*run
	required []string
	needs    map[[3]string]bool // identities of the findings that do not clear with time
	needing  map[string]bool    // the checks that reported them
	shut     []string           // other checks that failed last, the likeliest to fail again first
	now      state
}

// state is the result of an instant. Both fields are false if there is a denial that
// clears with time or that appeared with time.
type state struct {
	open     bool
	meetable bool // only the needs deny
}

func isOpen(s state) bool     { return s.open }
func isMeetable(s state) bool { return s.meetable }

// moment is an evaluated instant. Its state lasts until the next one.
type moment = seen[state]

func newTimeline(r *run, d *Decision, needed []Finding) *timeline {
	l := &timeline{run: r, required: d.Required, needs: identities(needed), needing: map[string]bool{}}
	for _, need := range needed {
		for _, check := range need.Checks {
			l.needing[check] = true
		}
	}
	l.shut = l.others(failing(d.Required, d.Passed))
	l.now = state{open: d.Outcome == Allow, meetable: l.onlyNeeds(identities(d.Findings))}
	return l
}

// others returns the checks that reported no need.
func (l *timeline) others(checks []string) []string {
	return slices.DeleteFunc(checks, func(name string) bool { return l.needing[name] })
}

// moments returns the instants in [now, until] at which the state changes; the
// first is now. The calendar's horizon itself is not evaluated.
func (l *timeline) moments(until time.Time, resolution time.Duration) ([]moment, error) {
	points, err := l.points(until, resolution)
	if err != nil {
		return nil, err
	}
	last := moment{at: l.in.now, is: l.now}
	found := []moment{last}
	for _, instant := range points {
		if !instant.Before(l.horizon()) {
			break
		}
		state, err := l.stateAt(instant)
		if err != nil {
			return nil, err
		}
		next := moment{at: instant, is: state}
		changes, err := changesBetween(last, next, l.stateAt)
		if err != nil {
			return nil, err
		}
		found = append(found, changes...)
		last = next
	}
	return found, nil
}

// points returns the instants to evaluate, in order: those at which something is
// known to change, and those at which the result of a pack's check was seen to
// change.
func (l *timeline) points(until time.Time, resolution time.Duration) ([]time.Time, error) {
	known := l.candidates(l.inForce.settings, until)
	own, err := l.ownEdges(known, until, resolution)
	return inOrder(append(known, own...)), err
}

// stateAt evaluates an instant. It first evaluates the checks that failed last time
// and are not needs.
func (l *timeline) stateAt(instant time.Time) (state, error) {
	cache := l.later()
	if fails, err := l.stillFails(l.shut, instant, cache); fails || err != nil {
		return state{}, err
	}
	result, err := l.whole(instant, cache)
	if err != nil {
		return state{}, err
	}
	l.shut = l.others(failing(result.required, result.passed))
	return state{open: result.outcome == Allow, meetable: l.onlyNeeds(result.denials())}, nil
}

// denials returns the identities of the denials.
func (r *result) denials() map[[3]string]bool {
	all := map[[3]string]bool{}
	for i := range r.findings {
		if r.findings[i].Effect == EffectDeny {
			all[r.findings[i].identity()] = true
		}
	}
	return all
}

// onlyNeeds reports whether there are denials and all of them are needs.
func (l *timeline) onlyNeeds(denials map[[3]string]bool) bool {
	for identity := range denials {
		if !l.needs[identity] {
			return false
		}
	}
	return len(denials) > 0
}

// intervals returns the longest intervals in which is returns true, with reasons.
func (l *timeline) intervals(moments []moment, s *Schedule, is func(state) bool) ([]Interval, error) {
	found := []Interval{}
	var from *moment
	for i := range moments {
		m := &moments[i]
		switch {
		case from == nil && is(m.is):
			from = m
		case from != nil && !is(m.is):
			interval, err := l.interval(*from, m.at, s)
			if err != nil {
				return nil, err
			}
			if interval.ClosesBecause, err = l.reasonsAt(m.at); err != nil {
				return nil, err
			}
			found, from = append(found, interval), nil
		}
	}
	if from == nil || !from.at.Before(s.Until) {
		return found, nil
	}
	last, err := l.interval(*from, s.Until, s)
	last.ClosesBecause = []Reason{searchEnd(s)}
	return append(found, last), err
}

// interval returns [from, to) with the reasons why it opens.
func (l *timeline) interval(from moment, to time.Time, s *Schedule) (Interval, error) {
	interval := Interval{From: from.at.In(l.in.zone), To: to.In(l.in.zone)}
	if from.at.Equal(s.Now) {
		interval.From = s.Now
		interval.OpensBecause = []Reason{{Code: SearchStarts, Title: "The search starts here", Message: "the gate is in this state now"}}
		return interval, nil
	}
	before := from.at.Add(-time.Second)
	if before.Before(s.Now) {
		before = s.Now
	}
	var err error
	interval.OpensBecause, err = l.reasonsAt(before)
	return interval, err
}

// reasonsAt returns the denials as of instant, without the needs. At an edge, none
// of them exists on the other side of it.
func (l *timeline) reasonsAt(instant time.Time) ([]Reason, error) {
	result, err := l.whole(instant, l.later())
	if err != nil {
		return nil, err
	}
	findings, err := l.explain(result)
	if err != nil {
		return nil, err
	}
	reasons := []Reason{}
	for i := range findings {
		f := &findings[i]
		if f.Effect == EffectDeny && !l.needs[f.identity()] {
			reasons = append(reasons, Reason{Code: f.Code, Title: f.Title, Message: f.Message, Item: f.Item})
		}
	}
	return reasons, nil
}

// searchEnd explains why nothing is known after the end of the search.
func searchEnd(s *Schedule) Reason {
	why := "the search ends here, as requested"
	if s.Until.Equal(s.Horizon) {
		why = "the calendar ends at its horizon"
	}
	return Reason{Code: SearchEnds, Title: "End of the search", Message: why}
}

// family returns the part of a code before the dot.
func family(code string) string {
	name, _, _ := strings.Cut(code, ".")
	return name
}

// codesOf lists the codes of findings, each once.
func codesOf(findings []Finding) string {
	var codes []string
	for _, f := range findings {
		if !slices.Contains(codes, f.Code) {
			codes = append(codes, f.Code)
		}
	}
	return strings.Join(codes, ", ")
}
