package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	scanreport "github.com/prodgate/prodgate/internal/report/scan"
	"github.com/prodgate/prodgate/scan/finding"
)

// A VEX statement applies exactly to the digests that it names: the index's digest to
// every platform, an image's digest only to that platform, as in the gate.
func TestAStatementAppliesToTheDigestThatItNames(t *testing.T) {
	index, amd, arm, other := digestOfOnes("1"), digestOfOnes("2"), digestOfOnes("3"), digestOfOnes("4")
	for _, tt := range []struct {
		name, product, want string
	}{
		{"the index", index, "amd64 arm64"},
		{"one image", amd, "amd64"},
		{"the other image", arm, "arm64"},
		{"another image", other, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			std, _, _ := alone(t)
			vex := strings.ReplaceAll(`{"@context": "https://openvex.dev/ns/v0.2.0", "author": "a", "timestamp": "2026-06-01T00:00:00Z", "statements": [
				{"vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": "pkg:oci/app@DIGEST", "subcomponents": [{"@id": "pkg:apk/alpine/openssl"}]}], "status": "not_affected"}]}`, "DIGEST", strings.Replace(tt.product, ":", "%3A", 1))
			if err := os.WriteFile(filepath.Join(std.dir, "vex.json"), []byte(vex), 0o600); err != nil {
				t.Fatal(err)
			}
			found := func(platform, digest string) scanreport.Finding {
				return scanreport.Finding{Platform: platform, Digest: digest, Finding: finding.Finding{
					ID: "CVE-2026-1", Package: "openssl", Severity: "CRITICAL", PURL: finding.Optional("pkg:apk/alpine/openssl@3.5.0-r0"),
				}}
			}
			result := &scanreport.Report{Findings: []scanreport.Finding{found("amd64", amd), found("arm64", arm)}}
			s := &scanning{std: std, vex: []string{"vex.json"}, artifact: index}
			if err := s.applyVEX(t.Context(), result); err != nil {
				t.Fatal(err)
			}
			var away []string
			for _, n := range result.NotAffected {
				away = append(away, n.Platform)
			}
			if got := strings.Join(away, " "); got != tt.want || len(result.Findings)+len(away) != 2 {
				t.Errorf("taken away on %q, left %+v; want %q", got, result.Findings, tt.want)
			}
		})
	}
}

func digestOfOnes(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

// VEX documents of other tools, against an image whose index contains an index.
func TestVEXOfOtherTools(t *testing.T) {
	cases := filepath.Join("..", "..", "..", "shared", "cases")
	image := filepath.Join(cases, "vuln-04-vex-index-and-platform-digest")
	if _, err := os.Stat(image); err != nil {
		t.Skipf("%s is not beside the repository: its documents are not tried", cases)
	}
	forms := filepath.Join(cases, "vuln-12-openvex-forms")
	for _, tt := range []struct{ vex, left, away string }{
		{filepath.Join(image, "40a-digest-sub.json"), `["linux/arm64"]`, `["linux/amd64"]`},
		{filepath.Join(forms, "42b-cpe-only.json"), `["linux/amd64","linux/arm64"]`, `[]`},
		{filepath.Join(forms, "45a-intoto.json"), `["linux/arm64"]`, `["linux/amd64"]`},
	} {
		std, out, errs := alone(t)
		std.dir = "."
		code := run(t.Context(), []string{"scan", "oci:" + filepath.Join(image, "32-nested") + ":3.11.0", "--db", filepath.Join(cases, "advisories", "db"), "--vex", tt.vex, "-o", "json"}, std)
		if code != exitAllow {
			t.Fatalf("%s: exit code %d: %s", tt.vex, code, errs)
		}
		left, away := platformsIn(t, out.Bytes())
		if left != tt.left || away != tt.away {
			t.Errorf("%s: left on %s, taken away on %s; want %s and %s", tt.vex, left, away, tt.left, tt.away)
		}
	}
}

// platformsIn returns the platforms of the findings of a scan, and of those that VEX
// suppressed.
func platformsIn(t *testing.T, scan []byte) (left, away string) {
	t.Helper()
	var result scanreport.Report
	if err := json.Unmarshal(scan, &result); err != nil {
		t.Fatal(err)
	}
	findings, taken := []string{}, []string{}
	for _, f := range result.Findings {
		findings = append(findings, f.Platform)
	}
	for _, n := range result.NotAffected {
		taken = append(taken, n.Platform)
	}
	text := func(list []string) string {
		written, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		return string(written)
	}
	return text(findings), text(taken)
}
