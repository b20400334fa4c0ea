package report_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/internal/report"
)

func TestGitHubHasOneAnnotationForEachFinding(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(render("github", denied(), options()), "\n"), "\n")
	want := []string{
		"::notice title=prodgate%3A DENY payments-api to production::14 checks: 10 passed",
		"::error title=FIX vulnerabilities.critical%3A No critical vulnerabilities,file=release.json,line=230::message: CVE-2026-1111",
		"::error title=ASK approval.missing%3A Approved by somebody else,file=release.json::message: no approval",
		"::warning title=WAIT soak.too_short%3A Minimum soak in staging,file=release.json,line=41::message: ",
		"::notice title=WARN window.discouraged",
		"::notice title=WAIVED vulnerabilities.critical",
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), strings.Join(lines, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("line %d is %q, want it to begin %q", i, lines[i], want[i])
		}
	}
}

func TestGitHubNeverLooksCleanWhereSomethingDenies(t *testing.T) {
	silent := allowed()
	silent.Passed = without("soak")
	for name, c := range map[string]struct {
		decision *evaluator.Decision
		want     string
	}{
		"nothing decided":      {&evaluator.Decision{}, "::error title=prodgate%3A DENY"},
		"no finding says why":  {silent, "::error title=prodgate%3A DENY"},
		"an allow is a notice": {allowed(), "::notice title=prodgate%3A ALLOW"},
	} {
		if got := render("github", c.decision, report.Options{}); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, firstLine(got), c.want)
		}
	}
}

func TestGitHubAnnotationsAreBounded(t *testing.T) {
	f := critical()
	f.Message, f.Title = strings.Repeat("%", 100_000), strings.Repeat(",", 100_000)
	for _, row := range strings.Split(render("github", crowd(3, f), options()), "\n") {
		if len(row) > 16_000 {
			t.Errorf("a line of %d bytes", len(row))
		}
	}
}

var annotation = regexp.MustCompile(`^::(error|warning|notice) title=[^,:]*(,file=[^,:]*)?(,line=[0-9]+)?::`)

func FuzzGitHub(f *testing.F) {
	f.Add(attack)
	f.Add("%0A::error::x,line=1::\r")
	f.Add("\u2028::set-output name=a::b")
	f.Fuzz(func(t *testing.T, s string) {
		d := hostile(s)
		o := report.Options{InputName: s, Lines: func(string) int { return 7 }}
		lines := strings.Split(render("github", d, o), "\n")
		if len(lines) != len(d.Findings)+2 || lines[len(lines)-1] != "" {
			t.Fatalf("%d lines for %d findings:\n%q", len(lines), len(d.Findings), lines)
		}
		for _, row := range lines[:len(lines)-1] {
			if !annotation.MatchString(row) {
				t.Errorf("not an annotation: %q", row)
			}
			if strings.Contains(row, "##[") || strings.Contains(row, "##vso[") {
				t.Errorf("another command in %q", row)
			}
			plain(t, strings.TrimPrefix(row, "::"))
		}
	})
}
