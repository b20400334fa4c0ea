package evaluator

import (
	"slices"
	"strings"
	"time"
)

// A timeline evaluates one document as of one instant after another.
type timeline struct {
	*run
	required []string
	needs    map[[3]string]bool // identities of the findings that time will not cure
	needing  map[string]bool    // the checks that gave them
	shut     []string           // other checks that failed last, the likeliest to fail again first
	now      state
}

// state is what is asked of an instant. Both false: something stands in the
// way that passes with time, or has come with it.
type state struct {
	open     bool
	meetable bool // nothing but the needs stands in the way
}

func isOpen(s state) bool     { return s.open }
func isMeetable(s state) bool { return s.meetable }

// moment is an instant that was evaluated. The state holds until the next one.
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

// others are the checks that gave no need.
func (l *timeline) others(checks []string) []string {
	return slices.DeleteFunc(checks, func(name string) bool { return l.needing[name] })
}

// moments are the instants in [now, until] at which the state changes, the
// first being now. The calendar's horizon itself is not looked at.
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

// points are the instants to evaluate at, in order: those at which something
// is known to change, and those at which a check of a pack is found to.
func (l *timeline) points(until time.Time, resolution time.Duration) ([]time.Time, error) {
	known := l.candidates(l.inForce.settings, until)
	own, err := l.ownEdges(known, until, resolution)
	return inOrder(append(known, own...)), err
}

// stateAt evaluates. What kept the gate shut the last time, and is no need, is
// asked first.
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

// denials are the identities of what denies.
func (r *result) denials() map[[3]string]bool {
	all := map[[3]string]bool{}
	for i := range r.findings {
		if r.findings[i].Effect == EffectDeny {
			all[r.findings[i].identity()] = true
		}
	}
	return all
}

// onlyNeeds says whether something denies and all of it is among the needs.
func (l *timeline) onlyNeeds(denials map[[3]string]bool) bool {
	for identity := range denials {
		if !l.needs[identity] {
			return false
		}
	}
	return len(denials) > 0
}

// intervals are the longest in which is holds, each with its reasons.
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

// interval is [from, to) with why it opens.
func (l *timeline) interval(from moment, to time.Time, s *Schedule) (Interval, error) {
	interval := Interval{From: from.at.In(l.in.zone), To: to.In(l.in.zone)}
	if from.at.Equal(s.Now) {
		interval.From = s.Now
		interval.OpensBecause = []Reason{{Code: SearchStarts, Title: "The search starts here", Message: "it is so now"}}
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

// reasonsAt are the denials as of instant, but for the needs. Next to an edge,
// none of them stands on its other side.
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

// searchEnd says why nothing is known from the end of the search on.
func searchEnd(s *Schedule) Reason {
	why := "the search was asked to end here"
	if s.Until.Equal(s.Horizon) {
		why = "the calendar reaches no further than its horizon"
	}
	return Reason{Code: SearchEnds, Title: "End of the search", Message: why}
}

// family is what stands before the dot of a code.
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
