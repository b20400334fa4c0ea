package report

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
)

const (
	grypeReport = `{
  "matches": [
    {"vulnerability": {"id": "CVE-2026-1", "severity": "Critical", "fix": {"versions": ["3.0.2", "3.1.0"], "state": "fixed"}},
     "artifact": {"name": "openssl", "version": "3.0.1", "type": "deb", "purl": "pkg:deb/debian/openssl@3.0.1", "locations": [{"path": "/var/lib/dpkg/status"}]}},
    {"vulnerability": {"id": "CVE-2026-2", "severity": "Negligible", "fix": {"versions": [], "state": "wont-fix"}},
     "artifact": {"name": "zlib", "version": "1.2", "type": "deb"}}
  ],
  "ignoredMatches": [
    {"vulnerability": {"id": "GHSA-1", "severity": "High", "fix": {"state": "unknown"}},
     "artifact": {"name": "lodash", "version": "4.0.0", "type": "npm"}, "appliedIgnoreRules": [{"vulnerability": "GHSA-1"}]}
  ],
  "source": {"type": "image", "target": {"userInput": "app:7a3f9c2", "imageID": "` + theirs + `", "manifestDigest": "` + theirs + `",
    "repoDigests": ["registry.example.com/app@` + ours + `"], "architecture": "arm64", "os": "linux"}},
  "distro": {"name": "debian", "version": "12", "idLike": []},
  "descriptor": {"name": "grype", "version": "0.104.0", "timestamp": "2026-11-24T08:00:00Z",
    "db": {"status": {"schemaVersion": "v6.1.2", "built": "2026-11-24T06:00:00Z", "valid": true}, "providers": {}}}
}`

	sarifReport = `{
  "version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
  "runs": [{
    "tool": {"driver": {"name": "Trivy", "version": "0.70.0", "rules": [
      {"id": "CVE-2026-1", "properties": {"security-severity": "8.8", "tags": ["vulnerability", "security", "CRITICAL"]}},
      {"id": "CVE-2026-2", "properties": {"security-severity": "2.0", "tags": ["vulnerability", "security", "LOW"]}},
      {"id": "CVE-2026-3", "properties": {"security-severity": "0.0", "tags": ["vulnerability", "security", "UNKNOWN"]}},
      {"id": "DS002", "properties": {"security-severity": "8.0", "tags": ["misconfiguration", "security", "HIGH"]}}
    ]}},
    "invocations": [{"executionSuccessful": true, "endTimeUtc": "2026-11-24T07:00:00Z"}],
    "results": [
      {"ruleId": "CVE-2026-1", "ruleIndex": 0, "message": {"text": "Package: openssl\nInstalled Version: 3.0.1\nVulnerability CVE-2026-1\nSeverity: CRITICAL\nFixed Version: 3.0.2\nLink: [CVE-2026-1](https://example.com)"},
       "locations": [{"physicalLocation": {"artifactLocation": {"uri": "app", "uriBaseId": "ROOTPATH"}}}]},
      {"ruleIndex": 1, "suppressions": [{"kind": "external"}], "message": {"text": "something in zlib"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "usr/lib/zlib"}}}]},
      {"ruleId": "CVE-2026-3", "message": {"text": "Package: gzip\nInstalled Version: 1"}},
      {"ruleId": "DS002", "message": {"text": "root user"}},
      {"ruleId": "CVE-2026-2", "kind": "pass", "message": {"text": "Package: zlib"}}
    ],
    "properties": {"imageName": "app:7a3f9c2", "imageID": "` + theirs + `", "repoDigests": ["registry.example.com/app@` + ours + `"]}
  }]
}`
)

// attested is a Trivy report in cosign's vulnerability predicate.
func attested(report string) string {
	return `{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1",
		"subject": [{"name": "registry.example.com/app", "digest": {"sha256": "` + strings.TrimPrefix(ours, "sha256:") + `"}}],
		"predicate": {"invocation": {"parameters": null}, "scanner": {"uri": "pkg:github/aquasecurity/trivy@0.70.0", "version": "0.70.0",
			"db": {"uri": "", "version": "", "lastUpdate": "2026-11-24T05:00:00Z"}, "result": ` + report + `},
		"metadata": {"scanStartedOn": "2026-11-24T06:59:00Z", "scanFinishedOn": "2026-11-24T07:01:00Z"}}}`
}

// enveloped is a statement in a DSSE envelope.
func enveloped(statement string) string {
	return `{"payloadType": "application/vnd.in-toto+json", "payload": "` + base64.StdEncoding.EncodeToString([]byte(statement)) + `", "signatures": [{"keyid": "", "sig": "AA=="}]}`
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestAGrypeReportIsReadUnchanged(t *testing.T) {
	got, err := collect(t, "", grypeReport)
	if err != nil {
		t.Fatal(err)
	}
	want := []facts.Scan{{
		Digest: ours, Platform: text("linux/arm64"), Scanner: text("grype 0.104.0"), ScannedAt: at("2026-11-24T08:00:00Z"),
		Database: facts.Database{UpdatedAt: at("2026-11-24T06:00:00Z")},
		Findings: []facts.Vulnerability{
			{ID: "CVE-2026-1", Package: "openssl", InstalledVersion: "3.0.1", FixedVersion: text("3.0.2, 3.1.0"), Severity: "CRITICAL", Status: "fixed",
				PURL: text("pkg:deb/debian/openssl@3.0.1"), Ecosystem: text("deb"), Target: text("/var/lib/dpkg/status")},
			{ID: "CVE-2026-2", Package: "zlib", InstalledVersion: "1.2", Severity: "LOW", Status: "wont-fix", Ecosystem: text("deb")},
			{ID: "GHSA-1", Package: "lodash", InstalledVersion: "4.0.0", Severity: "HIGH", Status: "unknown", Ecosystem: text("npm")},
		},
		Undetermined: []facts.Undetermined{},
	}}
	if diff := cmp.Diff(want, scans(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestASARIFLogIsReadUnchanged(t *testing.T) {
	got, err := collect(t, metadata, sarifReport)
	if err != nil {
		t.Fatal(err)
	}
	want := []facts.Scan{{
		Digest: ours, Scanner: text("trivy 0.70.0"), ScannedAt: at("2026-11-24T07:00:00Z"),
		Database: facts.Database{UpdatedAt: at("2026-11-24T06:00:00Z")},
		Findings: []facts.Vulnerability{
			{ID: "CVE-2026-1", Package: "openssl", InstalledVersion: "3.0.1", FixedVersion: text("3.0.2"), Severity: "CRITICAL", Target: text("app")},
			{ID: "CVE-2026-2", Package: "usr/lib/zlib", Severity: "LOW", Target: text("usr/lib/zlib")},
			{ID: "CVE-2026-3", Package: "gzip", InstalledVersion: "1", Severity: "UNKNOWN"},
		},
		Undetermined: []facts.Undetermined{},
	}}
	if diff := cmp.Diff(want, scans(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnAttestedReportIsReadUnchanged(t *testing.T) {
	plain, err := collect(t, metadata, trivyReport)
	if err != nil {
		t.Fatal(err)
	}
	want := scans(plain)
	want[0].Database.UpdatedAt = at("2026-11-24T05:00:00Z")
	for name, report := range map[string]string{"bare": attested(trivyReport), "in an envelope": enveloped(attested(trivyReport)),
		"in a bundle": `{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": ` + enveloped(attested(trivyReport)) + `}`} {
		got, err := collect(t, "", report)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, scans(got), cmp.Comparer(time.Time.Equal)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	undated := strings.Replace(attested(trivyReport), `"lastUpdate": "2026-11-24T05:00:00Z"`, `"more": ""`, 1)
	got, err := collect(t, metadata, undated)
	if err != nil || !scans(got)[0].Database.UpdatedAt.Equal(at("2026-11-24T06:00:00Z")) {
		t.Errorf("with the database's metadata beside: %+v, %v", got, err)
	}
}

func TestAttestingAReportAnewMakesItNoYounger(t *testing.T) {
	for finished, want := range map[string]string{
		"2026-11-24T06:45:00Z": "2026-11-24T06:45:00Z",
		"2026-11-26T07:01:00Z": "2026-11-24T07:00:00.123456789Z",
	} {
		got, err := collect(t, "", strings.Replace(attested(trivyReport), "2026-11-24T07:01:00Z", finished, 1))
		if err != nil || !scans(got)[0].ScannedAt.Equal(at(want)) {
			t.Errorf("finished at %s: %+v, %v", finished, got, err)
		}
	}
}

func TestAReportOfAnyToolNamesWhatItLacks(t *testing.T) {
	swap := func(report, from, to string) string {
		if !strings.Contains(report, from) {
			t.Fatalf("nothing to change: %s", from)
		}
		return strings.Replace(report, from, to, 1)
	}
	tests := []struct{ name, report, want string }{
		{"Grype of a folder", swap(grypeReport, `"type": "image"`, `"type": "directory"`), `source.type is "directory"`},
		{"Grype without a time", swap(grypeReport, `"timestamp"`, `"time"`), "descriptor.timestamp is missing"},
		{"Grype without a database", swap(grypeReport, `"built"`, `"made"`), "scan with a newer Grype"},
		{"Grype with a broken database", swap(grypeReport, `"valid": true`, `"valid": false`), "run grype db update"},
		{"Grype with a database in error", swap(grypeReport, `"valid": true`, `"error": "too old"`), "(too old)"},
		{"Grype without a digest", swap(swap(grypeReport, "repoDigests", "repos"), "manifestDigest", "manifest"), "source.target names no digest"},
		{"Grype with a digest that is none", swap(grypeReport, "app@"+ours, "app"), `source.target.repoDigests: "registry.example.com/app"`},
		{"Grype with a vulnerability without a name", swap(grypeReport, `"id": "CVE-2026-1"`, `"id": ""`), "a vulnerability has no ID"},
		{"SARIF of another version", swap(sarifReport, `"2.1.0"`, `"1.0.0"`), "SARIF 2.1.0"},
		{"SARIF without a run", `{"version": "2.1.0", "runs": []}`, "with 0 runs"},
		{"SARIF without a digest", swap(sarifReport, "repoDigests", "digests"), "runs[0]: properties.repoDigests is missing"},
		{"SARIF without a time", swap(sarifReport, "endTimeUtc", "endTime"), "invocations has no endTimeUtc"},
		{"SARIF of a scan that failed", swap(sarifReport, `"executionSuccessful": true`, `"executionSuccessful": false`), "the scan failed"},
		{"SARIF with a result about nothing", swap(sarifReport, `Package: gzip\n`, ""), "a vulnerability has no ID"},
		{"SARIF older than its database", swap(sarifReport, "2026-11-24T07:00:00Z", "2026-11-24T06:15:00Z"), "not the one that was used"},
		{"an attestation of something else", swap(attested(trivyReport), "attestation/vuln/v1", "attestation/sbom/v1"), "predicateType is"},
		{"an attestation of nothing", swap(attested(trivyReport), `"subject": [`, `"subject": [], "more": [`), "subject is empty"},
		{"an attestation without a digest", swap(attested(trivyReport), `"sha256":`, `"sha512":`), "subject[0]: no sha256 digest"},
		{"an attestation of another image than it holds", swap(attested(trivyReport), strings.TrimPrefix(ours, "sha256:"), strings.TrimPrefix(theirs, "sha256:")), "attest the digest that was scanned"},
		{"an attestation without an end", swap(attested(trivyReport), "scanFinishedOn", "finished"), "scanFinishedOn is missing"},
		{"an attestation of another tool's report", attested(grypeReport), "predicate.scanner.result: SchemaVersion is 0"},
		{"an envelope around something else", swap(enveloped(attested(trivyReport)), "application/vnd.in-toto+json", "text/plain"), "payloadType is"},
		{"an envelope around nothing", `{"payloadType": "application/vnd.in-toto+json", "payload": "#"}`, "payload is not base64"},
		{"a bundle of a signature alone", `{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": null}`, "payloadType is"},
		{"an envelope around no JSON", enveloped("nothing"), "a.json:1: payload: not a JSON object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, metadata, tt.report)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestWhatOtherScannersCouldNotJudgeIsNotNone(t *testing.T) {
	nothing := strings.Replace(strings.Replace(grypeReport, `"matches": [`, `"matches": [], "more": [`, 1), `"ignoredMatches": [`, `"ignored": [`, 1)
	tests := []struct{ name, report, pkg, contains string }{
		{"Grype in an image in which it found nothing at all", strings.Replace(nothing, `"name": "debian"`, `"name": ""`, 1), "image", "names no distribution and no package"},
		{"Grype with a distribution it has nothing about", strings.Replace(grypeReport, `"name": "debian"`, `"name": "gentoo"`, 1), "gentoo", "no advisories for the distribution"},
		{"Grype with an alert", strings.Replace(grypeReport, `"matches"`, `"alertsByPackage": [{"package": {"name": "bash", "version": "5"}, "alerts": [{"type": "distro-eol"}]}], "matches"`, 1), "bash", "distro-eol"},
		{"SARIF with results of other kinds alone", strings.Replace(sarifReport, `"results": [`, `"results": [{"ruleId": "DS002", "message": {"text": "root user"}}], "more": [`, 1), "image", "SARIF does not say"},
		{"SARIF without a result", strings.Replace(sarifReport, `"results": [`, `"results": [], "more": [`, 1), "image", "SARIF does not say"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := collect(t, metadata, tt.report)
			if err != nil {
				t.Fatal(err)
			}
			list := scans(got)[0].Undetermined
			if len(list) != 1 || list[0].Package != tt.pkg || !strings.Contains(list[0].Reason, tt.contains) {
				t.Errorf("undetermined is %+v; want %q because it %q", list, tt.pkg, tt.contains)
			}
		})
	}
	clean, err := collect(t, "", nothing)
	if err != nil || len(scans(clean)[0].Undetermined) != 0 {
		t.Errorf("a Debian without findings: %+v, %v", clean, err)
	}
}

func TestAChildManifestIsADigestToo(t *testing.T) {
	child := strings.Replace(grypeReport, `"repoDigests": ["registry.example.com/app@`+ours+`"]`, `"repoDigests": []`, 1)
	got, err := collect(t, "", child)
	if err != nil || scans(got)[0].Digest != theirs {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTheWorseOfScoreAndTagIsTheSeverity(t *testing.T) {
	for _, tt := range []struct{ score, tag, want string }{
		{"9.0", "", "CRITICAL"}, {"8.9", "", "HIGH"}, {"6.9", "", "MEDIUM"}, {"3.9", "", "LOW"}, {"0.1", "", "LOW"},
		{"0.0", "", "UNKNOWN"}, {"0.0", "HIGH", "UNKNOWN"}, {"", "", "UNKNOWN"}, {"high", "HIGH", "UNKNOWN"}, {"NaN", "LOW", "UNKNOWN"},
		{"5.0", "CRITICAL", "CRITICAL"}, {"9.8", "low", "CRITICAL"}, {"2.0", "medium", "MEDIUM"}, {"-1", "", "UNKNOWN"}, {"+Inf", "", "CRITICAL"},
		{"5.5", "UNKNOWN", "UNKNOWN"}, {"0.0", "CRITICAL", "CRITICAL"}, {"", "CRITICAL", "CRITICAL"}, {"9.1", "UNKNOWN", "CRITICAL"},
	} {
		var rule sarifRule
		rule.Properties.SecuritySeverity, rule.Properties.Tags = tt.score, []string{"security", tt.tag}
		if got := rule.severity(); got != tt.want {
			t.Errorf("score %q, tag %q: %s, want %s", tt.score, tt.tag, got, tt.want)
		}
	}
}

func TestAReportCanBeReadAlone(t *testing.T) {
	got, err := ReadReport("r.json", []byte(trivyReport), "", []byte(metadata))
	if err != nil || len(got) != 1 || got[0].Digest != ours || len(got[0].Findings) != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ReadReport("r.json", []byte(trivyReport), "", nil); err == nil || !strings.Contains(err.Error(), "how old their advisories were") {
		t.Errorf("without a database: %v", err)
	}
	if got, err := ReadReport("r.json", []byte(grypeReport), ours, nil); err != nil || len(got) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

// What VEX documents and ignore files say of what was found stands beside it;
// what they say of anything else does not.
func TestStatementsAndRequestsAreReportedNextToTheScans(t *testing.T) {
	c, dir := collector(t, metadata, trivyReport)
	vex := `{"@context": "https://openvex.dev/ns/v0.2.0", "author": "Security team", "timestamp": "2026-11-20T09:00:00Z", "statements": [
		{"vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": "pkg:deb/debian/openssl"}], "status": "not_affected", "justification": "component_not_present"},
		{"vulnerability": {"name": "CVE-2020-1"}, "products": [{"@id": "pkg:deb/debian/openssl"}], "status": "not_affected", "justification": "component_not_present"}]}`
	c.Documents.VEX = append(c.Documents.VEX, add(t, dir, "vex.json", vex))
	c.Documents.Ignore = append(c.Documents.Ignore, add(t, dir, ".trivyignore", "CVE-2026-2 exp:2026-12-01\nCVE-2020-1\n"))
	section, err := c.Collect(t.Context(), facts.Request{Digest: ours})
	if err != nil {
		t.Fatal(err)
	}
	got := section.(facts.Observed)
	v := got.Section.(*facts.Vulnerabilities)
	if len(v.Scans) != 1 || len(v.Scans[0].Findings) != 4 {
		t.Errorf("scans %+v", v.Scans)
	}
	if len(v.Statements) != 1 || *v.Statements[0].PURL != "pkg:deb/debian/openssl@3.0.1" || *v.Statements[0].Author != "Security team" {
		t.Errorf("statements %+v", v.Statements)
	}
	if len(v.Requests) != 1 || v.Requests[0].ID != "CVE-2026-2" || v.Requests[0].Source != ".trivyignore" {
		t.Errorf("requests %+v", v.Requests)
	}
	if got.Evidence.URI != "a.json,metadata.json,vex.json,.trivyignore" {
		t.Errorf("evidence %+v", got.Evidence)
	}
	add(t, dir, "vex.json", "{}")
	if _, err := c.Collect(t.Context(), facts.Request{Digest: ours}); err == nil || !strings.Contains(err.Error(), "vex.json: neither OpenVEX") {
		t.Errorf("a VEX document that is none: %v", err)
	}
}

func TestEmptyStatementsDifferFromStatementsNotRequested(t *testing.T) {
	c, dir := collector(t, metadata, trivyReport)
	for _, configured := range []bool{false, true} {
		if configured {
			c.Documents.Ignore = append(c.Documents.Ignore, add(t, dir, ".trivyignore", "# nothing\n"))
		}
		section, err := c.Collect(t.Context(), facts.Request{Digest: ours})
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(section.(facts.Observed).Section)
		if err != nil || strings.Contains(string(text), `"requests":[]`) != configured {
			t.Errorf("configured %v: %s, %v", configured, text, err)
		}
	}
}
