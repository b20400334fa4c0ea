package report

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

const (
	ours   = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	theirs = "sha256:2222222222222222222222222222222222222222222222222222222222222222"

	trivyReport = `{
  "SchemaVersion": 2, "Trivy": {"Version": "0.70.0"}, "CreatedAt": "2026-11-24T08:00:00.123456789+01:00",
  "ArtifactName": "app:7a3f9c2", "ArtifactType": "container_image",
  "Metadata": {
    "OS": {"Family": "debian", "Name": "12.8"},
    "RepoDigests": ["registry.example.com/app@` + ours + `"],
    "ImageConfig": {"architecture": "arm64", "os": "linux", "variant": "v8", "rootfs": {"type": "layers"}}
  },
  "Results": [
    {"Target": "app (debian 12.8)", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [
      {"VulnerabilityID": "CVE-2026-1", "PkgName": "openssl", "InstalledVersion": "3.0.1", "FixedVersion": "3.0.2", "Severity": "CRITICAL", "Status": "fixed", "CVSS": {"nvd": {"V3Score": 9.8}}, "PkgIdentifier": {"PURL": "pkg:deb/debian/openssl@3.0.1"}, "PublishedDate": "2026-11-20T09:15:00Z"},
      {"VulnerabilityID": "CVE-2026-2", "PkgName": "zlib", "InstalledVersion": "1.2", "Severity": "low", "Status": "affected"},
      {"VulnerabilityID": "CVE-2026-3", "PkgName": "zlib", "InstalledVersion": "1.2", "Severity": "Moderate"},
      {"VulnerabilityID": "CVE-2026-4", "PkgName": "zlib", "InstalledVersion": "1.2"}
    ]},
    {"Target": "usr/bin/app", "Class": "lang-pkgs", "Type": "gobinary"}
  ]
}`
	metadata = `{"Version": 2, "UpdatedAt": "2026-11-24T06:00:00Z", "NextUpdate": "2026-11-25T06:00:00Z", "DownloadedAt": "2026-11-24T06:30:00Z"}`
)

// collector reads reports and a database's metadata, in a folder of their own.
func collector(t *testing.T, database string, reports ...string) (Collector, string) {
	t.Helper()
	dir := t.TempDir()
	c := Collector{}
	for i, content := range reports {
		c.Reports = append(c.Reports, add(t, dir, string(rune('a'+i))+".json", content))
	}
	if database != "" {
		c.Database = add(t, dir, "metadata.json", database)
	}
	return c, dir
}

// add writes a file.
func add(t *testing.T, dir, name, content string) strict.Path {
	t.Helper()
	write(t, filepath.Join(dir, name), content)
	return strict.Path{Dir: dir, Name: name, Max: strict.MaxReport}
}

// collect collects, asking for ours.
func collect(t *testing.T, database string, reports ...string) (facts.Observed, error) {
	t.Helper()
	c, _ := collector(t, database, reports...)
	section, err := c.Collect(context.Background(), facts.Request{Digest: ours})
	if err != nil {
		return facts.Observed{}, err
	}
	return section.(facts.Observed), nil
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func scans(o facts.Observed) []facts.Scan { return o.Section.(*facts.Vulnerabilities).Scans }

func text(s string) *string { return &s }

func TestAReportIsReadUnchanged(t *testing.T) {
	got, err := collect(t, metadata, trivyReport)
	if err != nil {
		t.Fatal(err)
	}
	want := []facts.Scan{{
		Digest: ours, Platform: text("linux/arm64/v8"), Scanner: text("trivy 0.70.0"),
		ScannedAt: time.Date(2026, 11, 24, 7, 0, 0, 123456789, time.UTC),
		Database:  facts.Database{UpdatedAt: time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)},
		Findings: []facts.Vulnerability{
			{ID: "CVE-2026-1", Package: "openssl", InstalledVersion: "3.0.1", FixedVersion: text("3.0.2"), Severity: "CRITICAL", Status: "fixed",
				PublishedAt: new(time.Date(2026, 11, 20, 9, 15, 0, 0, time.UTC)), PURL: text("pkg:deb/debian/openssl@3.0.1"), Ecosystem: text("debian"), Target: text("app (debian 12.8)")},
			{ID: "CVE-2026-2", Package: "zlib", InstalledVersion: "1.2", Severity: "LOW", Status: "affected", Ecosystem: text("debian"), Target: text("app (debian 12.8)")},
			{ID: "CVE-2026-3", Package: "zlib", InstalledVersion: "1.2", Severity: "Moderate", Ecosystem: text("debian"), Target: text("app (debian 12.8)")},
			{ID: "CVE-2026-4", Package: "zlib", InstalledVersion: "1.2", Severity: "UNKNOWN", Ecosystem: text("debian"), Target: text("app (debian 12.8)")},
		},
		Undetermined: []facts.Undetermined{},
	}}
	if diff := cmp.Diff(want, scans(got), cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got.Evidence.URI != "a.json,metadata.json" {
		t.Errorf("evidence %+v", got.Evidence)
	}
}

func TestAScanIsBoundToTheDigestsItNames(t *testing.T) {
	both := strings.Replace(trivyReport, `"RepoDigests": [`, `"RepoDigests": ["mirror.example.com/app@`+theirs+`", `, 1)
	scannerReport := strings.ReplaceAll(trivyReport, ours, theirs)
	tests := []struct {
		name   string
		report string
		want   []string
	}{
		{"ours among several", both, []string{ours}},
		{"another image's", scannerReport, []string{theirs}},
		{"two others'", strings.ReplaceAll(both, ours, "sha256:"+strings.Repeat("3", 64)), []string{theirs, "sha256:" + strings.Repeat("3", 64)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, metadata, tt.report)
			if err != nil {
				t.Fatal(err)
			}
			var digests []string
			for _, s := range scans(got) {
				digests = append(digests, s.Digest)
			}
			if diff := cmp.Diff(tt.want, digests); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	got, err := collect(t, metadata, trivyReport, scannerReport)
	if err != nil || len(scans(got)) != 2 {
		t.Errorf("two reports give %d scans, %v", len(scans(got)), err)
	}
}

func TestWhatTheScannerCouldNotJudgeIsNotNone(t *testing.T) {
	tests := []struct {
		name          string
		change, to    string
		pkg, contains string
	}{
		{"a distribution without support", `"Name": "12.8"`, `"Name": "12.8", "EOSL": true`, "debian", "not supported any more"},
		{"a distribution without advisories", `"Type": "debian"`, `"Type": "fedora"`, "app (debian 12.8)", `the distribution "fedora"`},
		{"packages without advisories", `"Type": "gobinary"`, `"Type": "conda-pkg"`, "usr/bin/app", `type "conda-pkg"`},
		{"a distribution whose packages were not read", `"Class": "os-pkgs"`, `"Class": "secret"`, "debian", "has no result for the distribution's packages"},
		{"an image in which nothing was recognised", `"Results": [`, `"Results": [], "More": [`, "image", "recognised no package"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, metadata, strings.Replace(trivyReport, tt.change, tt.to, 1))
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range scans(got)[0].Undetermined {
				if u.Package == tt.pkg && strings.Contains(u.Reason, tt.contains) {
					return
				}
			}
			t.Errorf("undetermined is %+v; want %q because it %q", scans(got)[0].Undetermined, tt.pkg, tt.contains)
		})
	}
}

func TestIgnoredFindingsOfAScannerAreStillFindings(t *testing.T) {
	suppressed := strings.Replace(trivyReport, `"Type": "gobinary"`, `"Type": "gobinary", "ExperimentalModifiedFindings": [
		{"Type": "misconfiguration", "Status": "ignored", "Finding": {"ID": "DS001"}},
		{"Type": "vulnerability", "Status": "not_affected", "Finding": {"VulnerabilityID": "CVE-2026-9", "PkgName": "x/net", "Severity": "CRITICAL"}}]`, 1)
	got, err := collect(t, metadata, suppressed)
	if err != nil {
		t.Fatal(err)
	}
	found := scans(got)[0].Findings
	if last := found[len(found)-1]; len(found) != 5 || last.ID != "CVE-2026-9" || last.Severity != "CRITICAL" {
		t.Errorf("findings are %+v", found)
	}
}

func TestAReportThatCannotCountIsAnError(t *testing.T) {
	tests := []struct{ name, report, database, want string }{
		{"another schema", strings.Replace(trivyReport, `"SchemaVersion": 2`, `"SchemaVersion": 1`, 1), metadata, "a.json: SchemaVersion is 1"},
		{"another tool's JSON", `{"hits": []}`, metadata, "a.json: SchemaVersion is 0"},
		{"two tools' JSON", `{"matches": [], "SchemaVersion": 2}`, metadata, `a.json: it has the keys "matches" and "SchemaVersion"`},
		{"no image", strings.Replace(trivyReport, "container_image", "repository", 1), metadata, `ArtifactType is "repository"`},
		{"no time", strings.Replace(trivyReport, "CreatedAt", "Created", 1), metadata, "CreatedAt is missing"},
		{"no digest", strings.Replace(trivyReport, "RepoDigests", "RepoTags", 1), metadata, "RepoDigests is empty"},
		{"a digest that is none", strings.Replace(trivyReport, ours, "sha256:abc", 1), metadata, `RepoDigests: "registry.example.com/app@sha256:abc"`},
		{"a vulnerability without a name", strings.Replace(trivyReport, `"CVE-2026-2"`, `""`, 1), metadata, "has no VulnerabilityID"},
		{"a severity that is a number", strings.Replace(trivyReport, `"CRITICAL"`, `4`, 1), metadata, "a.json:11: Results[0].Vulnerabilities[0].Severity is a number"},
		{"vulnerabilities twice", strings.Replace(trivyReport, `"Type": "debian", `, `"Type": "debian", "Vulnerabilities": [], `, 1), metadata, `the key "Vulnerabilities" is given twice`},
		{"no database named", trivyReport, "", "name it in sources.vulnerabilities.database"},
		{"another database's version", trivyReport, strings.Replace(metadata, `"Version": 2`, `"Version": 1`, 1), "metadata.json: Version is 1"},
		{"a database without age", trivyReport, strings.Replace(metadata, "UpdatedAt", "Updated", 1), "metadata.json: UpdatedAt is missing"},
		{"a database that was not the one", trivyReport, strings.Replace(metadata, "2026-11-24T06:30:00Z", "2026-11-24T12:00:00Z", 1), "not the one that was used"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, tt.database, tt.report)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
	if _, err := collect(t, metadata, trivyReport, "{}"); err == nil {
		t.Error("one bad report of two was passed over")
	}
}

func TestAPackedReportIsRead(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte(trivyReport)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	want, err := collect(t, metadata, trivyReport)
	if err != nil {
		t.Fatal(err)
	}
	got, err := collect(t, metadata, packed.String())
	if err != nil || !reflect.DeepEqual(scans(got), scans(want)) {
		t.Errorf("read %+v, %v; want %+v", got, err, want)
	}
	if _, err := collect(t, metadata, "\xfd7zXZ\x00\x00\x04"); err == nil || !strings.Contains(err.Error(), "a.json: it is packed (xz): unpack it first") {
		t.Errorf("a report packed by xz: %v", err)
	}
}

// shared is Trivy's own test data, which is not part of the repository.
func shared(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if found := filepath.Join(dir, "shared", "trivy", "expected"); exists(found) {
			return found
		}
	}
	t.Skip("there is no shared/trivy/expected beside the repository: Trivy's own reports are not tried")
	return ""
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func TestTrivysOwnReportsAreRead(t *testing.T) {
	dir := shared(t)
	for name, want := range map[string]struct {
		findings int
		judged   bool
	}{"alpine-310.json": {4, false}, "centos-7.json": {3, true}, "debian-buster.json": {2, true}} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		var r trivy
		if err := (strict.Text{Name: name, Data: data}).Decode(&r, strict.Rules{Foreign: true}); err != nil {
			t.Error(err)
			continue
		}
		found, err := r.findings()
		if err != nil || len(found) != want.findings || (len(r.undetermined()) == 0) != want.judged {
			t.Errorf("%s: %d findings, undetermined %v, %v", name, len(found), r.undetermined(), err)
		}
	}
}

// FuzzReport shows that no report makes the reader panic, and that whatever is
// reported is bound, dated and complete.
func FuzzReport(f *testing.F) {
	f.Add(trivyReport)
	for _, seed := range []string{grypeReport, sarifReport, attested(trivyReport), enveloped(attested(trivyReport))} {
		f.Add(seed)
	}
	for _, name := range []string{"trivy.json", "trivy.sarif", "grype.json", "grype.sarif", "cosign-vuln.json"} {
		seed, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(seed))
	}
	f.Add(`{"SchemaVersion":2,"ArtifactType":"container_image","CreatedAt":"2026-01-01T00:00:00Z","Metadata":{"RepoDigests":["a@` + ours + `"],"OS":{}},"Results":[null,{}]}`)
	f.Fuzz(func(t *testing.T, content string) {
		got, err := scansOf(strict.Text{Name: "r", Data: []byte(content)}, ours, func() (usedAdvisories, error) {
			return usedAdvisories{UpdatedAt: time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)}, nil
		})
		if err != nil {
			return
		}
		for _, s := range got {
			if _, ok := facts.Accepts("digest", s.Digest); !ok || s.ScannedAt.Year() < 1970 || s.Findings == nil || s.Undetermined == nil {
				t.Errorf("read %+v", s)
			}
			for _, v := range s.Findings {
				if v.ID == "" || v.Package == "" || v.Severity == "" {
					t.Errorf("read %+v", v)
				}
			}
			if strings.Contains(content, `"Results":[]`) && len(s.Findings)+len(s.Undetermined) == 0 {
				t.Error("nothing was judged, and nothing is undetermined")
			}
		}
	})
}
