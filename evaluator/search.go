package evaluator

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// The search for instants never relies on a time that a rule reports. It evaluates
// again, with only now changed, at every instant where something can change
// (candidates.go), in order, and reports what it finds. Between two candidates
// nothing changes for rules whose times are in the document or the settings. What
// does not depend on now is not evaluated again.

// findValidUntil finds the first instant at which an allow would be a denial, at
// most the validity in the settings after now.
func (r *run) findValidUntil(d *Decision) error {
	validity, err := time.ParseDuration(r.inForce.settings.text("decision", "validity"))
	if err != nil || validity <= 0 {
		return fmt.Errorf("decision.validity in the settings is not a positive duration: %w", err)
	}
	until := r.in.now.Add(validity).Truncate(time.Second)
	for _, instant := range r.candidates(r.inForce.settings, until) {
		outcome, err := r.outcomeAt(instant)
		if err != nil {
			return err
		}
		if outcome != Allow {
			if until, err = r.lastOf(instant); err != nil {
				return err
			}
			break
		}
	}
	until = until.In(r.in.zone)
	d.ValidUntil = &until
	return nil
}

// lastOf returns where an allow ends that is a denial as of instant. Facts can have
// fractions of a second, candidates are whole seconds: if the allow ends within the
// second before instant, it counts until the beginning of that second.
func (r *run) lastOf(instant time.Time) (time.Time, error) {
	outcome, err := r.outcomeAt(instant.Add(-time.Nanosecond))
	if err == nil && outcome != Allow {
		instant = instant.Add(-time.Second)
	}
	if instant.Before(r.in.now) {
		instant = r.in.now
	}
	return instant, err
}

// outcomeQuery evaluates only the outcome.
const outcomeQuery = "outcome = data.prodgate.v1.deploy.outcome"

// outcomeAt returns the outcome as of a later instant. Anything but a plain allow
// is a denial.
func (r *run) outcomeAt(instant time.Time) (Outcome, error) {
	query, err := r.compileQuery(outcomeQuery)
	if err != nil {
		return Deny, err
	}
	value, err := r.query1(r.ctx, query, r.in.term(instant), r.later())
	if err != nil {
		return Deny, err
	}
	if name, ok := value.(ast.String); ok && Outcome(name) == Allow {
		return Allow, nil
	}
	return Deny, nil
}

// findOpening finds when each finding that clears with time is gone and not replaced
// by a new one, and when the gate opens, if it opens with time alone. At each instant
// it first evaluates the checks that failed last time, and the whole decision only
// if they all pass. A test shows that evaluating the whole decision each time gives
// the same result.
func (r *run) findOpening(d *Decision) error {
	waiting, alone := waitingFindings(d.Findings)
	if len(waiting) == 0 {
		return nil
	}
	present := identities(d.Findings)
	shut := failing(d.Required, d.Passed)
	for _, instant := range r.candidates(r.inForce.settings, r.horizon()) {
		cache := r.later()
		if !allCured(waiting) {
			standing, err := r.standing(waiting, present, instant, cache)
			if err != nil {
				return err
			}
			standing.mark(waiting, instant.In(r.in.zone))
		}
		if !alone {
			if allCured(waiting) {
				return nil
			}
			continue
		}
		opens, err := r.opens(&shut, instant, cache)
		if err != nil {
			return err
		}
		if opens {
			at := instant.In(r.in.zone)
			d.OpensAt = &at
			return nil
		}
	}
	if !alone {
		return nil
	}
	return r.explainThen(d, waiting)
}

// failing returns the required checks that did not pass.
func failing(required, passed []string) []string {
	return slices.DeleteFunc(slices.Clone(required), func(name string) bool { return slices.Contains(passed, name) })
}

// opens reports whether the gate opens at instant. The checks in shut failed before,
// the likeliest to fail first; if one still fails, the gate does not open.
func (r *run) opens(shut *[]string, instant time.Time, cache *recording) (bool, error) {
	if fails, err := r.stillFails(*shut, instant, cache); fails || err != nil {
		return false, err
	}
	later, err := r.whole(instant, cache)
	if err != nil {
		return false, err
	}
	*shut = failing(later.required, later.passed)
	return later.outcome == Allow, nil
}

// stillFails reports whether one of checks fails at instant, and moves that one to
// the front.
func (r *run) stillFails(checks []string, instant time.Time, cache *recording) (bool, error) {
	if len(checks) == 0 {
		return false, nil
	}
	input := r.in.term(instant)
	for i, check := range checks {
		passes, err := r.passes(check, input, cache)
		if err != nil {
			return false, err
		}
		if !passes {
			checks[0], checks[i] = checks[i], checks[0]
			return true, nil
		}
	}
	return false, nil
}

// passes reports whether one check passes.
func (r *run) passes(check string, input *ast.Term, cache *recording) (bool, error) {
	query, err := r.compileQuery("passes = " + checksPath + quoteName(check) + ".pass")
	if err != nil {
		return false, err
	}
	value, err := r.query1(r.ctx, query, input, cache)
	if errors.Is(err, errNoResult) {
		return false, nil // undefined means not passed
	}
	if err != nil {
		return false, err
	}
	return value.Compare(ast.Boolean(true)) == 0, nil
}

// standing is what denies as of a later instant, among the checks that reported the
// waiting findings.
type standing struct {
	found    map[[3]string]bool
	replaced map[string]bool // checks with a denial that they do not have now
}

func (r *run) standing(waiting []*Finding, present map[[3]string]bool, instant time.Time, cache *recording) (*standing, error) {
	s := &standing{found: map[[3]string]bool{}, replaced: map[string]bool{}}
	asked := map[string]bool{}
	input := r.in.term(instant)
	for _, f := range waiting {
		for _, check := range f.Checks {
			if asked[check] {
				continue
			}
			asked[check] = true
			denials, err := r.denialsOf(check, input, cache)
			if err != nil {
				return nil, err
			}
			for i := range denials {
				identity := denials[i].identity()
				s.found[identity] = true
				s.replaced[check] = s.replaced[check] || !present[identity]
			}
		}
	}
	return s, nil
}

// mark records for each waiting finding when it is first gone, and when it is first
// gone and not replaced by a new one: a window that is closed for the night and
// prohibited on the day after has not opened.
func (s *standing) mark(waiting []*Finding, at time.Time) {
	for _, f := range waiting {
		if f.OpensAt != nil || s.found[f.identity()] {
			continue
		}
		if f.gone.IsZero() {
			f.gone = at
		}
		if !slices.ContainsFunc(f.Checks, func(check string) bool { return s.replaced[check] }) {
			f.OpensAt = &at
		}
	}
}

func (f *Finding) identity() [3]string { return [3]string{f.Code, text(f.Item), f.Path} }

// identities returns the identities of the denials.
func identities(findings []Finding) map[[3]string]bool {
	all := map[[3]string]bool{}
	for i := range findings {
		if findings[i].Effect == EffectDeny {
			all[findings[i].identity()] = true
		}
	}
	return all
}

// denialsOf evaluates the denials of one check.
func (r *run) denialsOf(check string, input *ast.Term, cache *recording) ([]rawFinding, error) {
	query, err := r.compileQuery("denials = " + checksPath + check + ".deny")
	if err != nil {
		return nil, err
	}
	value, err := r.query1(r.ctx, query, input, cache)
	if err != nil {
		return nil, err
	}
	set, ok := value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("the check %s denies with %s instead of a set", check, ast.ValueName(value))
	}
	denials := make([]rawFinding, 0, set.Len())
	err = set.Iter(func(term *ast.Term) error {
		denial, err := findingOf(term.Value)
		denials = append(denials, denial)
		return err
	})
	return denials, err
}

// waitingFindings returns the denials that clear with time; alone reports that there
// are no others.
func waitingFindings(findings []Finding) (waiting []*Finding, alone bool) {
	alone = true
	for i := range findings {
		switch f := &findings[i]; {
		case f.Effect != EffectDeny:
		case f.Cure == CureWait:
			waiting = append(waiting, f)
		default:
			alone = false
		}
	}
	return waiting, alone
}

func allCured(waiting []*Finding) bool {
	for _, f := range waiting {
		if f.OpensAt == nil {
			return false
		}
	}
	return true
}

// explainThen sets what still denies at the instant when the last wait is over, if
// the gate does not open then.
func (r *run) explainThen(d *Decision, waiting []*Finding) error {
	var last time.Time
	for _, f := range waiting {
		over := f.gone
		if f.OpensAt != nil {
			over = *f.OpensAt
		}
		if over.IsZero() {
			return nil
		}
		if over.After(last) {
			last = over
		}
	}
	later, err := r.whole(last, r.later())
	if err != nil {
		return err
	}
	findings, err := r.explain(later)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Effect == EffectDeny {
			d.Then = append(d.Then, f)
		}
	}
	return nil
}
