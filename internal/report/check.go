package report

import (
	"cmp"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/print"
)

// check is one named check and how it went.
type check struct {
	name   string // as in the decision, not cleaned
	status status
}

type status string

const (
	passed        status = "passed"
	failed        status = "failed"
	notApplicable status = "not applicable"
)

func (c check) failed() bool { return c.status == failed }

// checksOf lists every check of d once, in the order required, passed, not
// applicable. A check with a finding that denies has failed, whatever else is
// said of it; so has one that is neither passed nor not applicable.
func checksOf(d *evaluator.Decision) []check {
	status := map[string]status{}
	for _, name := range d.Passed {
		status[name] = passed
	}
	for _, name := range d.NotApplicable {
		status[name] = notApplicable
	}
	for i := range d.Findings {
		if e := (entry{word: wordOf(&d.Findings[i])}); e.denies() {
			for _, name := range givenBy(&d.Findings[i]) {
				status[name] = failed
			}
		}
	}
	var list []check
	seen := map[string]bool{}
	for _, names := range [][]string{d.Required, d.Passed, d.NotApplicable} {
		for _, name := range names {
			if seen[name] {
				continue
			}
			seen[name] = true
			if status[name] == "" {
				status[name] = failed
			}
			list = append(list, check{name, status[name]})
		}
	}
	return list
}

// givenBy are the checks that gave a finding.
func givenBy(f *evaluator.Finding) []string {
	if len(f.Checks) == 0 {
		return []string{f.Check}
	}
	return f.Checks
}

// named gives the names of the checks that went this way, ready to print.
func (p *page) named(s status) []string {
	var names []string
	for _, c := range p.checks {
		if c.status == s {
			names = append(names, cmp.Or(print.Value(c.name), "unnamed"))
		}
	}
	return names
}

// unexplained are the failed checks that no finding denies for.
func (p *page) unexplained() []string {
	explained := map[string]bool{}
	for _, e := range p.findings {
		if e.denies() {
			for _, name := range givenBy(e.finding) {
				explained[name] = true
			}
		}
	}
	var names []string
	for _, c := range p.checks {
		if c.failed() && !explained[c.name] {
			names = append(names, cmp.Or(print.Value(c.name), "unnamed"))
		}
	}
	return names
}
