package evaluator

import (
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// The search for instants never computes one from a rule's word. It evaluates
// again, all facts but now unchanged, at every instant where something can
// change (candidates.go), in order, and reports what it has seen. Between two
// candidates nothing changes for rules whose times stand in the document or
// the settings. What does not depend on now is not evaluated again.

// findValidUntil finds the first instant at which an allow would be a denial;
// the settings bound it.
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
			until = instant
			break
		}
	}
	until = until.In(r.zone())
	d.ValidUntil = &until
	return nil
}

// outcomeQuery asks for the outcome alone.
const outcomeQuery = "outcome = data.prodgate.v1.deploy.outcome"

// outcomeAt is the outcome as of a later instant. Anything but a plain allow
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

// findOpening finds when each finding that time can cure is gone, and when the
// whole gate opens, if time alone opens it. At each instant it first asks the
// checks that gave those findings; only when none of them denies any more does
// it ask for the whole decision. A test shows that asking for the whole
// decision each time gives the same.
func (r *run) findOpening(d *Decision) error {
	waiting, alone := waitingFindings(d.Findings)
	if len(waiting) == 0 {
		return nil
	}
	var last time.Time
	for _, instant := range r.candidates(r.inForce.settings, r.horizon()) {
		cache := r.later()
		standing, err := r.standing(waiting, instant, cache)
		if err != nil {
			return err
		}
		if markCured(waiting, standing, instant.In(r.zone())) && allCured(waiting) {
			last = instant
		}
		if !alone && allCured(waiting) {
			return nil
		}
		if !alone || len(standing) > 0 {
			continue
		}
		later, err := r.whole(instant, cache)
		if err != nil {
			return err
		}
		if later.outcome == Allow {
			at := instant.In(r.zone())
			d.OpensAt = &at
			return nil
		}
	}
	return r.explainThen(d, last)
}

// standing are the denials, as of instant, of the checks that the waiting
// findings come from.
func (r *run) standing(waiting []*Finding, instant time.Time, cache *recording) (map[[3]string]bool, error) {
	found := map[[3]string]bool{}
	asked := map[string]bool{}
	input := r.in.term(instant)
	for _, f := range waiting {
		for _, check := range f.checks {
			if asked[check] {
				continue
			}
			asked[check] = true
			denials, err := r.denialsOf(check, input, cache)
			if err != nil {
				return nil, err
			}
			for i := range denials {
				found[denials[i].identity()] = true
			}
		}
	}
	return found, nil
}

// denialsOf evaluates one check's denials.
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

// waitingFindings are the denials that time can cure; alone says that there
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

// markCured notes the instant at each waiting finding that is first gone then.
func markCured(waiting []*Finding, standing map[[3]string]bool, at time.Time) (any bool) {
	for _, f := range waiting {
		if f.OpensAt == nil && !standing[[3]string{f.Code, text(f.Item), f.Path}] {
			f.OpensAt = &at
			any = true
		}
	}
	return any
}

func allCured(waiting []*Finding) bool {
	for _, f := range waiting {
		if f.OpensAt == nil {
			return false
		}
	}
	return true
}

// explainThen says what stands at the instant when the last waiting is over,
// where the gate still does not open.
func (r *run) explainThen(d *Decision, last time.Time) error {
	if last.IsZero() {
		return nil
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
