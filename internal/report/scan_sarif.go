package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

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

// scanSARIF prints SARIF 2.1.0 with one rule for each advisory. What could not
// be judged is a result too, so that it never looks clean; what VEX takes away is
// a suppressed one.
func scanSARIF(s *Scan) ([]byte, error) {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "prodgate", InformationURI: home, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{Successful: true}},
		Results:     []sarifResult{},
		Properties: map[string]any{
			"subject": s.Subject, "scanned": s.Scanned, "scanned_at": s.ScannedAt, "scanned_by": s.ScannedBy,
			"database": s.Database, "packages": s.Packages,
		},
	}
	index := map[string]int{}
	rule := func(r sarifRule) int {
		if at, known := index[r.ID]; known {
			return at
		}
		index[r.ID] = len(run.Tool.Driver.Rules)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, r)
		return index[r.ID]
	}
	for _, f := range s.Findings {
		run.Results = append(run.Results, s.sarifFinding(f, rule(f.sarifRule())))
	}
	for _, n := range s.NotAffected {
		result := s.sarifFinding(n.ScanFinding, rule(n.sarifRule()))
		result.Suppressions = []sarifSuppression{{"external", "accepted", line(n.Reason + ", says " + n.By)}}
		run.Results = append(run.Results, result)
	}
	for _, u := range s.Undetermined {
		text := sarifText{"A package could not be judged, which is not the same as clean"}
		at := rule(sarifRule{ID: undeterminedRule, ShortDescription: text, FullDescription: text, Help: text, Configuration: sarifLevel{"warning"}, Properties: map[string]any{}})
		run.Results = append(run.Results, sarifResult{
			RuleID: undeterminedRule, RuleIndex: at, Level: "warning",
			Message:      sarifText{escapeSARIF(strings.TrimSpace(line(u.Package)+" "+line(u.Version)) + ": " + line(u.Reason))},
			Locations:    []sarifLocation{s.sarifPlace("")},
			Fingerprints: scanFingerprint(undeterminedRule, u.Package, u.Version, u.Reason, u.Platform),
		})
	}
	return JSON(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func (f ScanFinding) sarifRule() sarifRule {
	title := cmp.Or(line(f.Title), line(f.ID))
	fix := "no fix is known (" + cmp.Or(line(f.Status), "unknown") + ")"
	if f.FixedVersion != nil {
		fix = "fixed in " + line(*f.FixedVersion)
	}
	properties := map[string]any{"tags": []string{"vulnerability", "security", line(f.Severity)}}
	if score := securitySeverities[f.Severity]; score != "" {
		properties["security-severity"] = score
	}
	return sarifRule{
		ID: line(f.ID), ShortDescription: sarifText{escapeSARIF(title)}, FullDescription: sarifText{escapeSARIF(title)},
		Help:          sarifText{escapeSARIF(fmt.Sprintf("%s in %s: %s", line(f.ID), line(f.Package), fix))},
		Configuration: sarifLevel{advisoryLevel(f.Severity)}, Properties: properties,
	}
}

func (s *Scan) sarifFinding(f ScanFinding, rule int) sarifResult {
	fixed := "no fix known"
	if f.FixedVersion != nil {
		fixed = "fixed in " + line(*f.FixedVersion)
	}
	return sarifResult{
		RuleID: line(f.ID), RuleIndex: rule, Level: advisoryLevel(f.Severity),
		Message: sarifText{escapeSARIF(fmt.Sprintf("%s %s in %s %s, %s", line(f.Severity), line(f.ID), line(f.Package), line(f.InstalledVersion), fixed))},
		Locations: []sarifLocation{
			s.sarifPlace(finding.Value(f.Target)),
		},
		Fingerprints: scanFingerprint(f.ID, f.Package, f.InstalledVersion, finding.Value(f.Target), f.Platform),
		Properties: map[string]any{
			"package": f.Package, "installed_version": f.InstalledVersion, "fixed_version": f.FixedVersion,
			"severity": f.Severity, "status": f.Status, "ecosystem": finding.Value(f.Ecosystem), "platform": f.Platform, "digest": f.Digest,
		},
	}
}

// sarifPlace points at a file of what was scanned; code scanning refuses results
// without one.
func (s *Scan) sarifPlace(target string) sarifLocation {
	var location sarifLocation
	location.Physical.Artifact.URI = fileURI(cmp.Or(line(target), line(s.Subject), unplaced))
	location.Physical.Region.StartLine = 1
	return location
}

// scanFingerprint lets code scanning see that two runs found the same thing.
func scanFingerprint(parts ...string) map[string]string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return map[string]string{"prodgate/v1": hex.EncodeToString(sum[:])}
}
