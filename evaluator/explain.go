package evaluator

import (
	"fmt"
	"slices"
	"strings"
)

// explain joins each finding to its code's annotations, gives the value at its
// path where the rule left it out, and sorts. Findings that several checks
// give alike (a source that could not be read) become one; those that differ in
// their message alone (one CVE in two packages) stay apart.
func (r *run) explain(from *result) ([]Finding, error) {
	merged := map[[5]string]*Finding{}
	needing := map[[5]string][]string{}
	for _, raw := range from.findings {
		id := raw.identity()
		key := [5]string{id[0], id[1], id[2], string(raw.Effect), raw.Message}
		needing[key] = append(needing[key], raw.Check)
		if merged[key] != nil {
			continue
		}
		finding, err := r.join(raw)
		if err != nil {
			return nil, err
		}
		merged[key] = &finding
	}
	findings := make([]Finding, 0, len(merged))
	for key, finding := range merged {
		checks := needing[key]
		slices.Sort(checks)
		checks = slices.Compact(checks)
		finding.Check, finding.Checks = checks[0], checks
		if len(checks) > 1 {
			finding.Message += "; needed by " + strings.Join(checks, ", ")
		}
		findings = append(findings, *finding)
	}
	sortFindings(findings)
	return findings, nil
}

func (r *run) join(raw rawFinding) (Finding, error) {
	code, err := r.catalog.code(raw.Code)
	if err != nil {
		return Finding{}, fmt.Errorf("explain a finding: %w", err)
	}
	observed := raw.Observed
	if !raw.hasObserved {
		observed = r.in.at(raw.Path)
	}
	message := raw.Message
	if raw.Code == unexplained {
		message += r.missingFacts(raw.Check)
	}
	return Finding{
		Code:     raw.Code,
		Check:    raw.Check,
		Title:    code.Title,
		Message:  message,
		Effect:   raw.Effect,
		Item:     raw.Item,
		Observed: observed,
		Required: raw.Required,
		Path:     raw.Path,
		Cure:     code.Cure,
		Remedy:   code.Remedy,
		Who:      code.Who,
		Docs:     code.Docs,
	}, nil
}

// unexplained is the code of a check that fails without a reason.
const unexplained = "gate.unexplained"

// missingFacts names the facts that a check reads, in its own text, and that
// the document lacks.
func (r *run) missingFacts(check string) string {
	var missing []string
	for _, path := range r.readsOfCheck(check) {
		if r.in.at(path) == nil {
			missing = append(missing, path)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return "; not in the document: " + strings.Join(missing, ", ")
}

// readsOfCheck lists the JSON Pointers that the rules of a check read, sorted.
func (r *run) readsOfCheck(check string) []string {
	var paths []string
	for _, module := range r.compiler.Modules {
		if module.Package.Path.String() != checksPath+check {
			continue
		}
		for _, rule := range module.Rules {
			paths = append(paths, inputPaths(rule)...)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
