package evaluator

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DefaultResolution is the step in which [Evaluator.When] searches for unknown
// edges, if a policy pack adds checks.
const DefaultResolution = 15 * time.Minute

// Search limits a search of time.
type Search struct {
	// Until is the last instant to look at; it must be after the input's now.
	// The calendar's horizon limits the search, too.
	Until time.Time
	// Resolution is the step in which to search for edges that are neither in the
	// document nor in the settings; 0 means DefaultResolution. It is used only if a
	// policy pack adds checks.
	Resolution time.Duration
}

// Schedule lists when the gate is open if only the time changes and no other fact.
// Every instant in it was evaluated, and so was the second before it. Times have
// the offset of the calendar's zone; intervals are half-open.
type Schedule struct {
	Outcome  Outcome  `json:"outcome"`   // now
	ExitCode int      `json:"exit_code"` // 0 open now, 1 deny, 3 deny for now
	Request  Subject  `json:"request"`
	Deploy   *string  `json:"deploy"` // repository@digest; null if not known
	Mode     Mode     `json:"mode"`
	Policy   PolicyID `json:"policy"`
	Input    InputID  `json:"input"`
	// Weakened lists what weakened the gate in this run.
	Weakened []string `json:"weakened"`

	Now     time.Time  `json:"now"`
	OpensAt *time.Time `json:"opens_at"` // set only if the gate is closed and opens with time alone
	Horizon time.Time  `json:"horizon"`  // nothing is known after it
	Until   time.Time  `json:"until"`    // the end of the search, not after Horizon

	// Intervals are when the gate is open. The first begins now if it is open
	// now.
	Intervals []Interval `json:"intervals"`
	// Needs are the findings that do not clear with time.
	Needs []Finding `json:"needs"`
	// WindowsOnceMet are the intervals in which only Needs keep the gate closed.
	// It opens in them once the needs are met.
	WindowsOnceMet []Interval `json:"windows_once_met"`
	// WindowsUnknown explains why WindowsOnceMet is missing: a check that depends
	// on the time could not be evaluated. Null if they are known.
	WindowsUnknown *string `json:"windows_unknown"`
	// Never explains why the gate does not open with time alone. Null if it is open
	// now or opens later.
	Never *string `json:"never"`
}

// Interval is the half-open [From, To).
type Interval struct {
	From          time.Time `json:"from"`
	To            time.Time `json:"to"`
	OpensBecause  []Reason  `json:"opens_because"`  // the denials one second before From
	ClosesBecause []Reason  `json:"closes_because"` // the denials at To
}

// Reason is a finding that appeared or cleared. At the ends of a search it is
// SearchStarts or SearchEnds, which are not findings.
type Reason struct {
	Code    string  `json:"code"`
	Title   string  `json:"title"`
	Message string  `json:"message"` // as of the first or the last second of the finding
	Item    *string `json:"item"`
}

// The codes of the reasons that are not findings: an interval is cut where the
// search starts or ends.
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
		return Schedule{}, errors.New("search time: the end must be after now")
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

// schedule returns what is known before time is searched.
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
		s.Until = s.Now // nothing is known beyond the horizon
	}
	return s
}

// needs returns the findings that do not clear with time: those of now and, if all
// of those clear with time and the gate still does not open, those of then.
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

// hidden sets WindowsUnknown if a need hides the windows that follow once it is met:
// it prevents the evaluation of a check whose denials clear with time, or it belongs
// to an emergency.
func (r *run) hidden(s *Schedule) error {
	if len(s.Needs) == 0 {
		return nil
	}
	if s.Request.Emergency {
		why := "a granted emergency is not limited to windows"
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
				why := fmt.Sprintf("the check %s could not be evaluated (%s: %s), so its result is unknown", check, need.Code, need.Message)
				s.WindowsUnknown = &why
				return nil
			}
		}
	}
	return nil
}

// waitingChecks returns the checks with a denial that clears with time.
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

// conclude sets OpensAt and Never from the intervals. An edge of a pack that only
// the search finds can open the gate before the first instant that a decision
// evaluates.
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
	why := fmt.Sprintf("the gate does not open before %s, where the calendar ends", s.Horizon.Format(time.RFC3339))
	switch {
	case len(s.Needs) > 0 && len(d.Then) > 0:
		why = "the gate does not open with time alone: after the wait, these findings remain: " + codesOf(s.Needs)
	case len(s.Needs) > 0:
		why = "the gate does not open with time alone; open findings: " + codesOf(s.Needs)
	}
	s.Never = &why
}
