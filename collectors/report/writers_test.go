package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
)

// written is a report as its writer writes it.
func written(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// lines returns the findings of scans, one on each line.
func lines(scans []facts.Scan) string {
	var lines []string
	for _, scan := range scans {
		for _, f := range scan.Findings {
			fixed := "no fix"
			if f.FixedVersion != nil {
				fixed = *f.FixedVersion
			}
			lines = append(lines, strings.Join([]string{f.ID, f.Severity, f.Package, f.InstalledVersion, fixed}, " "))
		}
	}
	return strings.Join(lines, "\n")
}

const (
	trivyFindings = `CVE-2026-1001 CRITICAL libssl3 3.0.14-1~deb12u2 3.0.15-1~deb12u1
CVE-2026-1002 UNKNOWN libc6 2.36-9 no fix
CVE-2026-1003 HIGH lodash 4.17.20 4.17.21`

	trivySARIFFindings = `CVE-2026-1001 CRITICAL libssl3 3.0.14-1~deb12u2 3.0.15-1~deb12u1
CVE-2026-1001 MEDIUM libssl3-dev 3.0.14-1~deb12u2 3.0.15-1~deb12u1
CVE-2026-1002 UNKNOWN libc6 2.36-9 no fix
CVE-2026-1003 HIGH lodash 4.17.20 4.17.21`

	grypeFindings = `CVE-2026-1001 CRITICAL libssl3 3.0.14-1~deb12u2 3.0.15-1~deb12u1
CVE-2026-1002 UNKNOWN libc6 2.36-9 no fix
CVE-2026-1004 LOW perl-base 5.36.0-7 no fix
GHSA-aaaa-bbbb-cccc HIGH lodash 4.17.20 4.17.21`

	grypeSARIFFindings = `CVE-2026-1001 CRITICAL libssl3 3.0.14-1~deb12u2 3.0.15-1~deb12u1
CVE-2026-1002 UNKNOWN libc6 2.36-9 no fix
GHSA-aaaa-bbbb-cccc HIGH lodash 4.17.20 4.17.21`
)

func TestTheReportsOfEachWriterCount(t *testing.T) {
	attested := written(t, "cosign-vuln.json")
	for _, tt := range []struct{ name, report, want string }{
		{"Trivy", written(t, "trivy.json"), trivyFindings},
		{"Grype", written(t, "grype.json"), grypeFindings},
		{"cosign", attested, trivyFindings},
		{"cosign, in an envelope", enveloped(attested), trivyFindings},
		{"cosign 1", strings.Replace(attested, "https://cosign", "cosign", 1), trivyFindings},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, metadata, tt.report)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(scans(got))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			scan := scans(got)[0]
			if len(scans(got)) != 1 || scan.Digest != ours || scan.Platform == nil || *scan.Platform != "linux/amd64" || len(scan.Undetermined) != 0 ||
				!scan.ScannedAt.Equal(at("2026-11-24T07:00:00.123456789Z")) || !scan.Database.UpdatedAt.Equal(at("2026-11-24T06:00:00Z")) {
				t.Errorf("%+v", scans(got))
			}
		})
	}
}

// Neither SARIF says when the scan was: it is shown, and does not count.
func TestTheSARIFOfEachWriterIsShownAndDoesNotCount(t *testing.T) {
	for _, tt := range []struct{ name, want, refused string }{
		{"trivy.sarif", trivySARIFFindings, "Trivy's SARIF never has it"},
		{"grype.sarif", grypeSARIFFindings, "Grype's SARIF never has it"},
	} {
		report := written(t, tt.name)
		if got, err := collect(t, metadata, report); err == nil || !strings.Contains(err.Error(), tt.refused) || !strings.Contains(err.Error(), "own JSON") {
			t.Errorf("%s: %+v, %v; want %q", tt.name, got, err, tt.refused)
		}
		shown, err := ShowReport(tt.name, []byte(report), []byte(metadata))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(tt.want, lines(shown)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
		if u := shown[0].Undetermined; len(u) != 1 || !strings.Contains(u[0].Reason, tt.refused) {
			t.Errorf("%s: undetermined %+v", tt.name, u)
		}
	}
}

// A severity that is not known is never one that is not critical.
func TestTheSeverityOfASARIFResultIsTheWorstThatIsSaid(t *testing.T) {
	for _, tt := range []struct{ score, tag, word, want string }{
		{"5.5", "MEDIUM", "CRITICAL", "CRITICAL"},
		{"5.5", "MEDIUM", "LOW", "MEDIUM"},
		{"2.0", "LOW", "UNKNOWN", "UNKNOWN"},
		{"2.0", "LOW", "moderate", "UNKNOWN"},
		{"9.8", "UNKNOWN", "UNKNOWN", "CRITICAL"},
		{"0.0", "", "low", "UNKNOWN"},
		{"", "", "critical", "CRITICAL"},
	} {
		var rule sarifRule
		rule.Properties.SecuritySeverity, rule.Properties.Tags = tt.score, []string{"vulnerability", "security", tt.tag}
		if got := rule.severity(tt.word); got != tt.want {
			t.Errorf("score %q, tag %q, word %q: %s, want %s", tt.score, tt.tag, tt.word, got, tt.want)
		}
	}
}
