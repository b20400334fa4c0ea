package scan

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/print/sarif"
	"github.com/prodgate/prodgate/scan/finding"
)

// undeterminedRule is the rule of what could not be judged.
const undeterminedRule = "vulnerabilities.undetermined"

// securitySeverities are what code scanning sorts by: the middle of the range of
// CVSS scores that each word stands for.
var securitySeverities = map[string]string{"CRITICAL": "9.5", "HIGH": "8.0", "MEDIUM": "5.5", "LOW": "2.0"}

// advisoryLevel is a severity as SARIF knows it. An unknown one may be
// any.
func advisoryLevel(severity string) string {
	switch severity {
	case "LOW":
		return "note"
	case "MEDIUM":
		return "warning"
	}
	return "error"
}

// sarif prints SARIF 2.1.0 with one rule for each advisory. What could not be judged
// is a result too, so the report never looks clean; what VEX removes is a suppressed
// one.
func (s *Report) sarif() ([]byte, error) {
	run := sarif.Run{
		Tool:        sarif.Prodgate(""),
		Invocations: []sarif.Invocation{{Successful: true}},
		Results:     []sarif.Result{},
		Properties: map[string]any{
			"subject": s.Subject, "scanned": s.Scanned, "scanned_at": s.ScannedAt, "scanned_by": s.ScannedBy,
			"database": s.Database, "packages": s.Packages,
		},
	}
	for _, f := range s.Findings {
		run.Results = append(run.Results, s.sarifFinding(f, run.RuleIndex(print.Value(f.ID), f.sarifRule)))
	}
	for _, n := range s.NotAffected {
		result := s.sarifFinding(n.Finding, run.RuleIndex(print.Value(n.ID), n.sarifRule))
		result.Suppressions = []sarif.Suppression{{Kind: "external", Status: "accepted", Justification: print.Value(n.Reason + ", says " + n.By)}}
		run.Results = append(run.Results, result)
	}
	for _, u := range s.Undetermined {
		at := run.RuleIndex(undeterminedRule, func() sarif.Rule {
			text := sarif.Text{Text: "A package could not be checked; this does not mean that it is free of vulnerabilities"}
			return sarif.Rule{
				ID: undeterminedRule, ShortDescription: text, FullDescription: text, Help: text,
				Configuration: sarif.Level{Level: "warning"}, Properties: map[string]any{},
			}
		})
		run.Results = append(run.Results, sarif.Result{
			RuleID: undeterminedRule, RuleIndex: at, Level: "warning",
			Message:      sarif.Message(strings.TrimSpace(print.Value(u.Package)+" "+print.Value(u.Version)) + ": " + print.Value(u.Reason)),
			Locations:    []sarif.Location{s.sarifPlace("")},
			Fingerprints: sarif.Fingerprint(undeterminedRule, u.Package, u.Version, u.Reason, u.Platform),
		})
	}
	return sarif.Print(run)
}

func (f Finding) sarifRule() sarif.Rule {
	title := cmp.Or(print.Value(f.Title), print.Value(f.ID))
	fix := "no known fix (" + cmp.Or(print.Value(f.Status), "unknown") + ")"
	if f.FixedVersion != nil {
		fix = "fixed in " + print.Value(*f.FixedVersion)
	}
	properties := map[string]any{"tags": []string{"vulnerability", "security", print.Value(f.Severity)}}
	if score := securitySeverities[f.Severity]; score != "" {
		properties["security-severity"] = score
	}
	return sarif.Rule{
		ID: print.Value(f.ID), ShortDescription: sarif.Message(title), FullDescription: sarif.Message(title),
		Help:          sarif.Message(fmt.Sprintf("%s in %s: %s", print.Value(f.ID), print.Value(f.Package), fix)),
		Configuration: sarif.Level{Level: advisoryLevel(f.Severity)}, Properties: properties,
	}
}

func (s *Report) sarifFinding(f Finding, rule int) sarif.Result {
	fixed := "no known fix"
	if f.FixedVersion != nil {
		fixed = "fixed in " + print.Value(*f.FixedVersion)
	}
	return sarif.Result{
		RuleID: print.Value(f.ID), RuleIndex: rule, Level: advisoryLevel(f.Severity),
		Message: sarif.Message(fmt.Sprintf("%s %s in %s %s, %s", print.Value(f.Severity), print.Value(f.ID), print.Value(f.Package), print.Value(f.InstalledVersion), fixed)),
		Locations: []sarif.Location{
			s.sarifPlace(finding.Value(f.Target)),
		},
		Fingerprints: sarif.Fingerprint(f.ID, f.Package, f.InstalledVersion, finding.Value(f.Target), f.Platform),
		Properties: map[string]any{
			"package": f.Package, "installed_version": f.InstalledVersion, "fixed_version": f.FixedVersion,
			"severity": f.Severity, "status": f.Status, "ecosystem": finding.Value(f.Ecosystem), "platform": f.Platform, "digest": f.Digest,
		},
	}
}

// sarifPlace points at a file of what was scanned; code scanning refuses results
// without one.
func (s *Report) sarifPlace(target string) sarif.Location {
	return sarif.Place(cmp.Or(print.Value(target), print.Value(s.Subject), sarif.Unplaced), 1)
}
