package evaluator

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DefaultResolution is how far apart [Evaluator.When] looks for edges that
// nobody told it of, where a policy pack adds checks.
const DefaultResolution = 15 * time.Minute

// Search bounds a search of time.
type Search struct {
	// Until is the last instant to look at; it must be after the input's now.
	// The calendar's horizon bounds it, too.
	Until time.Time
	// Resolution is how far apart to look for edges that stand neither in the
	// document nor in the settings; 0 means DefaultResolution. It matters only
	// where a policy pack adds checks.
	Resolution time.Duration
}

// Schedule says when the gate is open, all facts but now unchanged. Every
// instant in it was evaluated, and so was the second before it. Times carry
// the offset of the calendar's zone; intervals are half-open.
type Schedule struct {
	Outcome  Outcome  `json:"outcome"`   // now
	ExitCode int      `json:"exit_code"` // 0 open now, 1 deny, 3 deny for now
	Request  Subject  `json:"request"`
	Deploy   *string  `json:"deploy"` // repository@digest; null if not known
	Mode     Mode     `json:"mode"`
	Policy   PolicyID `json:"policy"`
	Input    InputID  `json:"input"`
	// Weakened lists the switches of this run that loosened the gate.
	Weakened []string `json:"weakened"`

	Now     time.Time  `json:"now"`
	OpensAt *time.Time `json:"opens_at"` // set only if the gate is shut and time alone opens it
	Horizon time.Time  `json:"horizon"`  // no promise reaches past it
	Until   time.Time  `json:"until"`    // the end of the search, not after Horizon

	// Intervals are when the gate is open. The first begins now if it is open
	// now.
	Intervals []Interval `json:"intervals"`
	// Needs are the findings that time will not cure.
	Needs []Finding `json:"needs"`
	// WindowsOnceMet are when nothing but Needs stands in the way. The gate is
	// shut then, until they are met.
	WindowsOnceMet []Interval `json:"windows_once_met"`
	// WindowsUnknown says why there are no WindowsOnceMet: a check that knows
	// of times could not look. Null if they are known.
	WindowsUnknown *string `json:"windows_unknown"`
	// Never says why time alone does not open the gate. Null if it is open now
	// or opens.
	Never *string `json:"never"`
}

// Interval is the half-open [From, To).
type Interval struct {
	From          time.Time `json:"from"`
	To            time.Time `json:"to"`
	OpensBecause  []Reason  `json:"opens_because"`  // what stood a second before From and is gone
	ClosesBecause []Reason  `json:"closes_because"` // what stands at To
}

// Reason is a finding that came or went. At the ends of a search it is one of
// SearchStarts and SearchEnds, which are no findings.
type Reason struct {
	Code    string  `json:"code"`
	Title   string  `json:"title"`
	Message string  `json:"message"` // as of the last second at which it stood, or the first
	Item    *string `json:"item"`
}

// The codes of the reasons that are no findings: where an interval is cut
// because the search starts or ends within it.
const (
	SearchStarts = "search.starts"
	SearchEnds   = "search.ends"
)

// When finds the intervals in [now, search.Until] in which the gate is open. It
// evaluates at every instant where something can change (candidates.go), and
// at those where it finds that a check of a pack changes its answer (edges.go).
// An error means that nothing is known.
func (e *Evaluator) When(ctx context.Context, in *Input, search Search) (Schedule, error) {
	schedule, err := e.when(ctx, in, search)
	if err != nil {
		return Schedule{}, fmt.Errorf("%w: %w", ErrNoDecision, err)
	}
	return schedule, nil
}

func (e *Evaluator) when(ctx context.Context, in *Input, search Search) (Schedule, error) {
	if !search.Until.After(in.now) {
		return Schedule{}, errors.New("search time: its end is not after now")
	}
	if search.Resolution <= 0 {
		search.Resolution = DefaultResolution
	}
	if err := e.names.check(in.doc.Request); err != nil {
		return Schedule{}, err
	}
	run, err := e.start(ctx, in)
	if err != nil {
		return Schedule{}, err
	}
	decision, err := run.decide()
	if err != nil {
		return Schedule{}, err
	}
	s := run.schedule(&decision, search)
	line := newTimeline(run, &decision, s.Needs)
	if err := run.hidden(s); err != nil {
		return Schedule{}, err
	}
	moments, err := line.moments(s.Until, search.Resolution)
	if err != nil {
		return Schedule{}, err
	}
	if s.Intervals, err = line.intervals(moments, s, isOpen); err != nil {
		return Schedule{}, err
	}
	if s.WindowsUnknown == nil {
		if s.WindowsOnceMet, err = line.intervals(moments, s, isMeetable); err != nil {
			return Schedule{}, err
		}
	}
	s.conclude(&decision)
	return *s, nil
}

// schedule is what is known before time is searched.
func (r *run) schedule(d *Decision, search Search) *Schedule {
	s := &Schedule{
		Outcome: d.Outcome, ExitCode: d.ExitCode, Request: d.Request, Deploy: d.Deploy,
		Mode: d.Mode, Policy: d.Policy, Input: d.Input, Weakened: d.Weakened,
		Now: d.Now, OpensAt: d.OpensAt,
		Horizon: r.horizon().In(r.in.zone), Until: search.Until.Truncate(time.Second).In(r.in.zone),
		Intervals: []Interval{}, Needs: needs(d), WindowsOnceMet: []Interval{},
	}
	if s.Horizon.Before(s.Until) {
		s.Until = s.Horizon
	}
	if s.Until.Before(s.Now) {
		s.Until = s.Now // beyond the horizon there is nothing to look at
	}
	return s
}

// needs are the findings that time will not cure: those of now, or, where all
// of now's are to be waited for and the gate does not open, those of then.
func needs(d *Decision) []Finding {
	found := []Finding{}
	for _, list := range [][]Finding{d.Findings, d.Then} {
		for _, f := range list {
			if f.Effect == EffectDeny && f.Cure != CureWait {
				found = append(found, f)
			}
		}
	}
	return found
}

// hidden says so where a need hides what time would do once it is met: it keeps
// a check from looking whose reasons pass with time, or it is an emergency's.
func (r *run) hidden(s *Schedule) error {
	if len(s.Needs) == 0 {
		return nil
	}
	if s.Request.Emergency {
		why := "an emergency, once it is granted, is not held to windows"
		s.WindowsUnknown = &why
		return nil
	}
	waits, err := r.waitingChecks()
	if err != nil {
		return err
	}
	for _, need := range s.Needs {
		for _, check := range need.Checks {
			if waits[check] && family(need.Code) != check {
				why := fmt.Sprintf("the check %s could not look (%s: %s), so nobody knows what it will say", check, need.Code, need.Message)
				s.WindowsUnknown = &why
				return nil
			}
		}
	}
	return nil
}

// waitingChecks are those with a denial that time cures.
func (e *Evaluator) waitingChecks() (map[string]bool, error) {
	checks, err := e.Checks()
	if err != nil {
		return nil, err
	}
	waits := map[string]bool{}
	for _, check := range checks {
		for _, code := range check.Codes {
			if code.Effect == EffectDeny && code.Cure == CureWait {
				waits[check.Name] = true
			}
		}
	}
	return waits, nil
}

// conclude says what the intervals mean together. A pack's edge that only the
// search finds can open the gate before the first instant that a decision
// knows to look at.
func (s *Schedule) conclude(d *Decision) {
	if len(s.Intervals) > 0 {
		if first := s.Intervals[0].From; s.OpensAt != nil && first.Before(*s.OpensAt) {
			s.OpensAt = &first
		}
		return
	}
	if s.OpensAt != nil {
		return
	}
	why := fmt.Sprintf("nothing opens the gate before %s, as far as the calendar reaches", s.Horizon.Format(time.RFC3339))
	switch {
	case len(s.Needs) > 0 && len(d.Then) > 0:
		why = "time alone does not open the gate: once the waiting is over, there is " + codesOf(s.Needs)
	case len(s.Needs) > 0:
		why = "time alone does not open the gate: there is " + codesOf(s.Needs)
	}
	s.Never = &why
}
