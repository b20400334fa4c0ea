package evaluator

import (
	"fmt"
	"time"
)

// The search for instants never computes one from a rule's word. It evaluates
// again, all facts but now unchanged, at every instant where something can
// change (candidates.go), in order, and reports what it has seen. Between two
// candidates nothing changes for rules whose times stand in the document or
// the settings. What does not depend on now is not evaluated again.

// findValidUntil finds the first instant at which an allow would be a denial;
// the settings bound it.
func (r *run) findValidUntil(d *Decision) error {
	validity, err := time.ParseDuration(r.inForce.text("decision", "validity"))
	if err != nil || validity <= 0 {
		return fmt.Errorf("decision.validity in the settings is not a positive duration: %w", err)
	}
	until := r.in.now.Add(validity).Truncate(time.Second)
	for _, instant := range r.candidates(r.inForce, until) {
		later, _, err := r.evaluate(instant, r.settings, r.remembered())
		if err != nil {
			return err
		}
		if later.outcome != Allow {
			until = instant
			break
		}
	}
	until = until.In(r.zone())
	d.ValidUntil = &until
	return nil
}

// findOpening finds when each finding that time can cure is gone, and when the
// whole gate opens, if time alone opens it.
func (r *run) findOpening(d *Decision) error {
	waiting, alone := waitingFindings(d.Findings)
	if len(waiting) == 0 {
		return nil
	}
	last := (*result)(nil)
	for _, instant := range r.candidates(r.inForce, r.horizon()) {
		later, _, err := r.evaluate(instant, r.settings, r.remembered())
		if err != nil {
			return err
		}
		at := instant.In(r.zone())
		if cured := markCured(waiting, later, at); cured > 0 && allCured(waiting) {
			last = later
		}
		if alone && later.outcome == Allow {
			d.OpensAt = &at
			return nil
		}
		if !alone && allCured(waiting) {
			return nil
		}
	}
	return r.explainThen(d, last)
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

// markCured notes the instant at each waiting finding that is first gone then,
// and counts them.
func markCured(waiting []*Finding, later *result, at time.Time) (cured int) {
	standing := map[[3]string]bool{}
	for i := range later.findings {
		if later.findings[i].Effect == EffectDeny {
			standing[later.findings[i].identity()] = true
		}
	}
	for _, f := range waiting {
		if f.OpensAt == nil && !standing[[3]string{f.Code, text(f.Item), f.Path}] {
			f.OpensAt = &at
			cured++
		}
	}
	return cured
}

func allCured(waiting []*Finding) bool {
	for _, f := range waiting {
		if f.OpensAt == nil {
			return false
		}
	}
	return true
}

// explainThen says what stands once the waiting is over and the gate still
// does not open.
func (r *run) explainThen(d *Decision, last *result) error {
	if last == nil {
		return nil
	}
	findings, err := r.explain(last)
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

// remembered is what the first evaluation found out that does not depend on
// now.
func (r *run) remembered() *memory {
	if r.timeless == nil {
		r.timeless = r.recording.keep(r.depends.timeless)
	}
	return r.timeless
}
