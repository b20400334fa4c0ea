package scan_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/internal/report/scan"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/sbom"
)

// scanned is a scan with one of everything, and text that means harm.
func scanned() *scan.Report {
	at, updated := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	some := finding.Optional
	s := &scan.Report{
		Subject: "registry.example.com/app:1", ScannedAt: &at, ScannedBy: "prodgate", Packages: 3,
		Database: scan.Database{UpdatedAt: &updated, Schema: 2},
		Scanned:  []scan.Scanned{{Digest: "sha256:1", Platform: "linux/amd64", Inventory: "image", OS: "debian 12.8", Packages: 3}},
		Findings: []scan.Finding{
			{Finding: finding.Finding{ID: "CVE-2026-3", Package: "zlib", InstalledVersion: "1.2", Severity: "LOW", Status: "affected", Ecosystem: some("debian")}},
			{Finding: finding.Finding{ID: "CVE-2026-2", Package: "openssl", InstalledVersion: "3.0.1", FixedVersion: some("3.0.10"), Severity: "HIGH", Status: "fixed", Ecosystem: some("debian")}},
			{Finding: finding.Finding{ID: "CVE-2026-1", Package: "openssl", InstalledVersion: "3.0.1", FixedVersion: some("3.0.9"), Severity: "CRITICAL", Status: "fixed", Ecosystem: some("debian")}, Title: "\x1b[2Jopenssl"},
			{Finding: finding.Finding{ID: "CVE-2026-4", Package: "odd\x1b[31m", InstalledVersion: "1", Severity: "Whatever", Ecosystem: some("npm"), Target: some("app/\u202egpj.exe")}},
		},
		Undetermined: []scan.Undetermined{{Undetermined: finding.Undetermined{Package: "thing", Version: "1", Reason: "nobody\nknows"}, Platform: "linux/amd64"}},
		NotImages:    []scan.Entry{{Digest: "sha256:2", Reason: "it is a \x1b[2Jchart"}},
		NotAffected:  []scan.Statement{{Finding: scan.Finding{Finding: finding.Finding{ID: "CVE-2026-5", Package: "zlib", Severity: "HIGH"}}, By: "security@example.com", Reason: "not_affected"}},
		Requested:    []scan.Request{{ID: "CVE-2026-3", Reason: "small", Source: ".trivyignore"}},
	}
	s.Include(&inventory.Inventory{Digest: "sha256:1", Platform: "linux/amd64", OS: &inventory.OS{Family: "debian", Name: "12.8"}, Packages: []inventory.Package{
		{Class: inventory.ClassOS, Type: "debian", Name: "openssl", Version: "3.0.1"},
		{Class: inventory.ClassOS, Type: "debian", Name: "zlib", Version: "1.2"},
	}})
	s.Sort()
	return s
}

func TestEntriesThatAreNotImagesAreListed(t *testing.T) {
	text := scanAs(t, "text", scanned(), print.Options{Width: 200})
	if !strings.Contains(text, "no image   sha256:2, not scanned: it is a ") || strings.Contains(text, "\x1b[2J") {
		t.Errorf("the text is\n%s", text)
	}
	if text := scanAs(t, "json", scanned(), print.Options{}); !strings.Contains(text, `"not_images"`) || !strings.Contains(text, `"digest": "sha256:2"`) {
		t.Errorf("the JSON is\n%s", text)
	}
}

func scanAs(t *testing.T, format string, s *scan.Report, options print.Options) string {
	t.Helper()
	out, err := s.Print(format, options)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestAScanIsReadFromTheWorstDown(t *testing.T) {
	got := scanAs(t, "text", scanned(), print.Options{Width: 200})
	last := -1
	for _, want := range []string{
		"4 findings (1 Whatever, 1 CRITICAL, 1 HIGH, 1 LOW), 1 not determined, in 3 packages of registry.example.com/app:1",
		"sha256:1, linux/amd64, debian 12.8, 3 packages, from the image itself",
		"(2h old)", "Whatever (1)", "CRITICAL (1)", "CVE-2026-1", "HIGH (1)", "LOW (1)", "no fix: affected",
		"Upgrade first: openssl 3.0.1 to 3.0.10, which clears 2 of 4 findings.",
		"thing 1: nobody knows", "security@example.com", "CVE-2026-3: small (.trivyignore)",
	} {
		at := strings.Index(got, want)
		if at <= last {
			t.Fatalf("%q is at %d, after %d in\n%s", want, at, last, got)
		}
		last = at
	}
}

func TestNoScanSteersATerminal(t *testing.T) {
	for _, format := range scan.Formats.Names {
		for _, width := range []int{0, 30} {
			got := scanAs(t, format, scanned(), print.Options{Width: width})
			if strings.ContainsAny(got, "\x1b\u202e") {
				t.Errorf("%s holds hidden characters:\n%q", format, got)
			}
		}
	}
}

func TestTheJSONOfAScanIsItsContract(t *testing.T) {
	var got map[string]any
	if err := json.Unmarshal([]byte(scanAs(t, "json", scanned(), print.Options{})), &got); err != nil {
		t.Fatal(err)
	}
	first := got["findings"].([]any)[1].(map[string]any)
	for _, key := range []string{"id", "package", "installed_version", "fixed_version", "severity", "status", "ecosystem"} {
		if _, ok := first[key]; !ok {
			t.Errorf("a finding has no %s", key)
		}
	}
	for _, key := range []string{"target", "published_at", "purl"} {
		if value, ok := first[key]; ok {
			t.Errorf("%s is not known, and the finding has %v", key, value)
		}
	}
	if first["id"] != "CVE-2026-1" || first["fixed_version"] != "3.0.9" {
		t.Errorf("the second finding is %v", first)
	}
	if u := got["undetermined"].([]any)[0].(map[string]any); u["package"] != "thing" || u["version"] != "1" || u["reason"] != "nobody\nknows" {
		t.Errorf("undetermined %v", u)
	}
	database := got["database"].(map[string]any)
	if database["updated_at"] != "2026-11-24T06:00:00Z" || database["schema"] != 2.0 || got["packages"] != 3.0 {
		t.Errorf("database %v, packages %v", database, got["packages"])
	}
}

func TestWhatIsNotDeterminedIsAResultOfSARIF(t *testing.T) {
	var got struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID       string
				RuleIndex    int
				Level        string
				Suppressions []any
				Locations    []struct {
					PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(scanAs(t, "sarif", scanned(), print.Options{})), &got); err != nil {
		t.Fatal(err)
	}
	levels := map[string]string{}
	for _, r := range got.Runs[0].Results {
		levels[r.RuleID] = r.Level
		if got.Runs[0].Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || len(r.Locations) != 1 || r.Locations[0].PhysicalLocation.ArtifactLocation.URI == "" {
			t.Errorf("result %+v", r)
		}
		if (r.RuleID == "CVE-2026-5") != (len(r.Suppressions) == 1) {
			t.Errorf("suppressions of %s: %v", r.RuleID, r.Suppressions)
		}
	}
	for id, want := range map[string]string{"CVE-2026-1": "error", "CVE-2026-4": "error", "CVE-2026-3": "note", "vulnerabilities.undetermined": "warning"} {
		if levels[id] != want {
			t.Errorf("%s is %q, want %q", id, levels[id], want)
		}
	}
}

func TestACycloneDXOfAScanIsAnSBOM(t *testing.T) {
	out := scanAs(t, "cyclonedx", scanned(), print.Options{})
	sboms, err := sbom.Read("bom", []byte(out))
	if err != nil || len(sboms) != 1 || len(sboms[0].Packages) != 2 {
		t.Fatalf("%+v, %v", sboms, err)
	}
	var got struct {
		Vulnerabilities []struct {
			ID      string
			Ratings []struct{ Severity string }
			Affects []struct{ Ref string }
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Vulnerabilities) != 5 {
		t.Errorf("%d vulnerabilities", len(got.Vulnerabilities))
	}
	for _, v := range got.Vulnerabilities {
		if !slices.Contains([]string{"critical", "high", "medium", "low", "unknown"}, v.Ratings[0].Severity) {
			t.Errorf("%s has the severity %q", v.ID, v.Ratings[0].Severity)
		}
		if v.ID == "CVE-2026-1" && (len(v.Affects) != 1 || !strings.HasPrefix(v.Affects[0].Ref, "pkg:deb/debian/openssl@3.0.1")) {
			t.Errorf("it affects %+v", v.Affects)
		}
	}
}

func TestAScanWithoutFindingsListsWhatItChecked(t *testing.T) {
	s := &scan.Report{Subject: "app"}
	if got := scanAs(t, "text", s, print.Options{}); !strings.Contains(got, "No advisory matches a package that could be checked") || !strings.Contains(got, "of unknown age") {
		t.Error(got)
	}
}

func TestATableOfAScanFollowsTheWidth(t *testing.T) {
	for _, width := range []int{40, 60, 100, 160} {
		s := scanned()
		s.Findings = append(s.Findings, scan.Finding{Finding: finding.Finding{
			ID: "CVE-2026-6", Package: "github.com/example/a-package-with-a-long-name", InstalledVersion: "1.2.3-0.20261124000000", Severity: "HIGH",
			Status: "affected", Ecosystem: finding.Optional("go"), Target: finding.Optional("usr/local/bin/one"),
		}})
		s.Sort()
		text := scanAs(t, "text", s, print.Options{Width: width})
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width && len(strings.Fields(line)) > 2 {
				t.Errorf("width %d: a line of %d columns: %q", width, n, line)
			}
		}
	}
}
