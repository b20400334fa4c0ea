package evaluator

import (
	"bytes"
	"strings"
	"testing"
)

// One CVE in two packages of one image is two things to fix.
func TestFindingsThatDifferInTheirMessageAreAllShown(t *testing.T) {
	document := storyNamed(t, "deny-critical-cve").document
	was := []byte(`"findings": [`)
	twice := bytes.Replace(document, was, []byte(`"findings": [
		{"id": "CVE-2026-1", "package": "first", "installed_version": "1", "fixed_version": null, "severity": "CRITICAL", "status": ""},
		{"id": "CVE-2026-1", "package": "second", "installed_version": "1", "fixed_version": null, "severity": "CRITICAL", "status": ""},`), 1)
	var packages []string
	for _, f := range replay(t, shippedRules(t), twice).Findings {
		if text(f.Item) == "CVE-2026-1" {
			packages = append(packages, f.Message)
		}
	}
	if len(packages) != 2 || !strings.Contains(packages[0], "first") || !strings.Contains(packages[1], "second") {
		t.Errorf("shown are %q; want both packages", packages)
	}
}

func TestCausesComeBeforeConsequences(t *testing.T) {
	findings := []Finding{
		{Code: "approval.missing", Effect: EffectDeny, Cure: CureAsk},
		{Code: "immutability.digest", Effect: EffectDeny, Cure: CureFix},
		{Code: "source.error", Effect: EffectWarn, Cure: CureFix},
		{Code: "source.unconfigured", Effect: EffectDeny, Cure: CureAsk},
		{Code: "soak.too_short", Effect: EffectDeny, Cure: CureWait},
		{Code: "source.error", Effect: EffectDeny, Cure: CureFix},
	}
	sortFindings(findings)
	var got []string
	for _, f := range findings {
		got = append(got, f.Code+" "+string(f.Effect))
	}
	want := "source.error deny, source.unconfigured deny, immutability.digest deny, approval.missing deny, soak.too_short deny, source.error warn"
	if strings.Join(got, ", ") != want {
		t.Errorf("sorted %q, want %q", got, want)
	}
}
