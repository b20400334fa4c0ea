package vex

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/scan/finding"
)

const (
	ours   = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	theirs = "sha256:2222222222222222222222222222222222222222222222222222222222222222"

	openvex = `{
  "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "Security team", "role": "VEX",
  "timestamp": "2026-11-20T09:00:00Z", "version": 1,
  "statements": [
    {"vulnerability": {"@id": "https://nvd.nist.gov/vuln/detail/CVE-2026-1", "name": "CVE-2026-1", "aliases": ["GHSA-1"]},
     "products": [{"@id": "pkg:oci/app@sha256%3A1111111111111111111111111111111111111111111111111111111111111111?repository_url=registry.example.com/app",
       "subcomponents": [{"@id": "pkg:deb/debian/openssl"}, {"@id": "x", "identifiers": {"purl": "pkg:deb/debian/libssl3"}}]}],
     "status": "not_affected", "justification": "component_not_present", "impact_statement": "we ship none"},
    {"vulnerability": {"name": "CVE-2026-2"}, "timestamp": "2026-11-19T09:00:00Z", "last_updated": "2026-11-21T09:00:00Z",
     "products": [{"@id": "app", "hashes": {"sha-256": "1111111111111111111111111111111111111111111111111111111111111111"}}, {"@id": "pkg:npm/lodash@4.0.0"}],
     "status": "under_investigation"}
  ]
}`

	cyclonedx = `{
  "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "version": 1,
  "metadata": {"timestamp": "2026-11-20T09:00:00Z", "authors": [{"name": "Dana"}, {"name": "Lee"}],
    "component": {"bom-ref": "root", "type": "container", "name": "app", "purl": "pkg:oci/app@sha256%3A1111111111111111111111111111111111111111111111111111111111111111"}},
  "components": [{"bom-ref": "ssl", "purl": "pkg:deb/debian/openssl@3.0.1"}],
  "vulnerabilities": [
    {"id": "CVE-2026-1", "analysis": {"state": "false_positive", "justification": "code_not_reachable", "detail": "never called", "lastUpdated": "2026-11-21T09:00:00Z"}, "affects": [{"ref": "ssl"}, {"ref": "root"}]},
    {"id": "CVE-2026-2", "analysis": {"state": "exploitable"}, "affects": [{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Anpm%2Flodash%404.0.0"}]},
    {"id": "CVE-2026-3", "analysis": {"state": "wontfix"}, "affects": [{"ref": "ssl"}]},
    {"id": "CVE-2026-4", "affects": [{"ref": "ssl"}]}
  ]
}`
)

func words(s string) *string { return &s }

func at(day int) *time.Time {
	t := time.Date(2026, 11, day, 9, 0, 0, 0, time.UTC)
	return &t
}

func TestOpenVEXIsReadUnchanged(t *testing.T) {
	got, err := Read("vex.json", []byte(openvex))
	if err != nil {
		t.Fatal(err)
	}
	const product = "pkg:oci/app@sha256%3A1111111111111111111111111111111111111111111111111111111111111111?repository_url=registry.example.com/app"
	one := Statement{Product: product, Digest: words(ours), Status: "not_affected", Justification: words("component_not_present: we ship none"),
		Author: words("Security team"), Timestamp: at(20), Source: "vex.json"}
	two := Statement{ID: "CVE-2026-2", Product: "app", Digest: words(ours), Status: "under_investigation", Author: words("Security team"), Timestamp: at(21), Source: "vex.json"}
	var want []Statement
	for _, id := range []string{"CVE-2026-1", "GHSA-1", "https://nvd.nist.gov/vuln/detail/CVE-2026-1"} {
		for _, purl := range []string{"pkg:deb/debian/openssl", "pkg:deb/debian/libssl3"} {
			one.ID, one.PURL = id, words(purl)
			want = append(want, one)
		}
	}
	want = append(want, two)
	two.Product, two.Digest, two.PURL = "pkg:npm/lodash@4.0.0", nil, words("pkg:npm/lodash@4.0.0")
	want = append(want, two)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCycloneDXIsReadUnchanged(t *testing.T) {
	got, err := Read("vex.json", []byte(cyclonedx))
	if err != nil {
		t.Fatal(err)
	}
	const product = "pkg:oci/app@sha256%3A1111111111111111111111111111111111111111111111111111111111111111"
	like := Statement{ID: "CVE-2026-1", Product: product, Digest: words(ours), Status: "not_affected", Justification: words("code_not_reachable: never called"),
		Author: words("Dana, Lee"), Timestamp: at(21), Source: "vex.json"}
	ssl, root := like, like
	ssl.PURL = words("pkg:deb/debian/openssl@3.0.1")
	lodash := like
	lodash.ID, lodash.Status, lodash.Justification, lodash.Timestamp, lodash.PURL = "CVE-2026-2", "affected", nil, at(20), words("pkg:npm/lodash@4.0.0")
	odd := ssl
	odd.ID, odd.Status, odd.Justification, odd.Timestamp = "CVE-2026-3", "wontfix", nil, at(20)
	if diff := cmp.Diff([]Statement{ssl, root, lodash, odd}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCycloneDXWithoutAProductOfItsOwn(t *testing.T) {
	alone := strings.Replace(cyclonedx, `"component": {`, `"more": {`, 1)
	got, err := Read("vex.json", []byte(alone))
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, s := range got {
		seen = append(seen, fmt.Sprint(s.Product, " ", s.Digest == nil, " ", s.PURL != nil && *s.PURL == s.Product))
	}
	want := []string{
		"pkg:deb/debian/openssl@3.0.1 true true", "root true false",
		"urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1 true false", "pkg:deb/debian/openssl@3.0.1 true true",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestADocumentThatCannotCountIsAnError(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"nothing", "", "not a JSON object"},
		{"a list", "[]", "not a JSON object"},
		{"something else", `{"name": "x"}`, "neither OpenVEX"},
		{"two at once", `{"statements": [], "bomFormat": "CycloneDX"}`, "no VEX document has both"},
		{"statements of another kind", `{"statements": []}`, `@context is ""`},
		{"an SBOM of another kind", `{"bomFormat": "SPDX"}`, `bomFormat is "SPDX"`},
		{"a statement about no vulnerability", strings.Replace(openvex, `"name": "CVE-2026-2"`, `"name": ""`, 1), "v.json:9: a statement names no vulnerability"},
		{"a statement about no product", strings.Replace(openvex, `"products": [{"@id": "app"`, `"products": [], "more": [{"@id": "app"`, 1), "names no product"},
		{"a product without a name", strings.Replace(openvex, `{"@id": "pkg:npm/lodash@4.0.0"}`, `{}`, 1), "a product has no @id"},
		{"a subcomponent without a name", strings.Replace(openvex, `{"@id": "pkg:deb/debian/openssl"}`, `{}`, 1), "has no @id"},
		{"a vulnerability of the old form", strings.Replace(openvex, `{"name": "CVE-2026-2"}`, `"CVE-2026-2"`, 1), "it is OpenVEX before 0.2.0 (statements[1].vulnerability is a text)"},
		{"products of the old form", strings.Replace(openvex, `{"@id": "pkg:npm/lodash@4.0.0"}`, `"pkg:npm/lodash@4.0.0"`, 1), "it is OpenVEX before 0.2.0 (statements[1].products are texts)"},
		{"an old version", strings.Replace(openvex, "/ns/v0.2.0", "/ns/v0.0.1", 1), "it is OpenVEX before 0.2.0 (@context"},
		{"something like OpenVEX", strings.Replace(openvex, "/ns/v0.2.0", "/nsx", 1), "must be that of OpenVEX"},
		{"CSAF", `{"document": {"category": "csaf_vex", "csaf_version": "2.0"}, "product_tree": {}, "vulnerabilities": []}`, "it is CSAF 2.0, which is not read"},
		{"SPDX", `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}`, "it is SPDX, which is not read as VEX"},
		{"a time that is none", strings.Replace(openvex, "2026-11-19T09:00:00Z", "yesterday", 1), "must be a time with its offset"},
		{"a key twice", strings.Replace(openvex, `"status": "under_investigation"`, `"status": "fixed", "status": "affected"`, 1), "is given twice"},
		{"an analysis of nothing", strings.Replace(cyclonedx, `"affects": [{"ref": "ssl"}, {"ref": "root"}]`, `"affects": []`, 1), "CVE-2026-1 affects nothing"},
		{"an analysis without a vulnerability", strings.Replace(cyclonedx, `"id": "CVE-2026-1"`, `"id": ""`, 1), "a vulnerability has no id"},
		{"an analysis of something without a name", strings.Replace(cyclonedx, `{"ref": "root"}`, `{}`, 1), "affects something without a ref"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Read("v.json", []byte(tt.content)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestWhatIsMissingIsNotMadeUp(t *testing.T) {
	bare := `{"@context": "https://openvex.dev/ns/v0.2.0", "statements": [{"vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": "pkg:npm/x"}], "status": "fixed"}]}`
	got, err := Read("v.json", []byte(bare))
	if err != nil || len(got) != 1 || got[0].Author != nil || got[0].Timestamp != nil || got[0].Justification != nil || got[0].ExpiresAt != nil || got[0].VerifiedBy != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAPackageURLNamesWhatItMatches(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"pkg:deb/debian/openssl", "pkg:deb/debian/openssl@3.0.1?arch=amd64", true},
		{"pkg:deb/debian/openssl@3.0.1", "pkg:deb/debian/openssl@3.0.1?arch=amd64", true},
		{"pkg:deb/debian/openssl@3.0.1?arch=amd64", "pkg:deb/debian/openssl@3.0.1?arch=amd64&distro=debian-12", true},
		{"pkg:golang/github.com/docker/distribution@v2.7.1+incompatible", "pkg:golang/github.com/docker/distribution@v2.7.1%2Bincompatible", true},
		{"pkg:npm/%40scope/x", "pkg:npm/%40scope/x@1", true},
		{"pkg:deb/debian/openssl@3.0.2", "pkg:deb/debian/openssl@3.0.1", false},
		{"pkg:deb/debian/openssl@3.0.1?arch=arm64", "pkg:deb/debian/openssl@3.0.1?arch=amd64", false},
		{"pkg:deb/debian/openssl@3.0.1?distro=debian-12", "pkg:deb/debian/openssl@3.0.1", false},
		{"pkg:deb/ubuntu/openssl", "pkg:deb/debian/openssl@3.0.1", false},
		{"pkg:rpm/debian/openssl", "pkg:deb/debian/openssl@3.0.1", false},
		{"pkg:deb/debian/open", "pkg:deb/debian/openssl", false},
		{"pkg:golang/x/y#cmd", "pkg:golang/x/y", false},
		{"openssl", "pkg:deb/debian/openssl", false},
		{"openssl", "openssl", true},
		{"pkg:", "pkg:deb/debian/openssl", false},
	}
	for _, tt := range tests {
		if got := matches(tt.pattern, tt.name); got != tt.want {
			t.Errorf("%q names %q: %v, want %v", tt.pattern, tt.name, got, tt.want)
		}
	}
}

func TestTheLastStatementCounts(t *testing.T) {
	openssl := finding.Finding{ID: "CVE-2026-1", PURL: words("pkg:deb/debian/openssl@3.0.1")}
	image := Image{Digests: []string{ours}, Products: []string{"pkg:golang/example.com/app@v1.2.3"}}
	say := func(status string, day int, change func(*Statement)) Statement {
		s := Statement{ID: "CVE-2026-1", Product: "pkg:oci/app", Digest: words(ours), PURL: words("pkg:deb/debian/openssl"), Status: status, Timestamp: at(day)}
		if change != nil {
			change(&s)
		}
		return s
	}
	tests := []struct {
		name string
		said []Statement
		want bool
	}{
		{"nothing is said", nil, false},
		{"not affected", []Statement{say("not_affected", 20, nil)}, true},
		{"fixed", []Statement{say("fixed", 20, nil)}, true},
		{"affected", []Statement{say("affected", 20, nil)}, false},
		{"a word of nobody's", []Statement{say("Not_Affected", 20, nil)}, false},
		{"affected, later", []Statement{say("affected", 21, nil), say("not_affected", 20, nil)}, false},
		{"affected, earlier", []Statement{say("affected", 19, nil), say("not_affected", 20, nil)}, true},
		{"affected, at once", []Statement{say("not_affected", 20, nil), say("affected", 20, nil), say("not_affected", 20, nil)}, false},
		{"affected, of another vulnerability", []Statement{say("affected", 21, func(s *Statement) { s.ID = "CVE-2026-2" }), say("fixed", 20, nil)}, true},
		{"another image", []Statement{say("not_affected", 20, func(s *Statement) { s.Digest = words(theirs) })}, false},
		{"another package", []Statement{say("not_affected", 20, func(s *Statement) { s.PURL = words("pkg:deb/debian/zlib1g") })}, false},
		{"the whole image", []Statement{say("not_affected", 20, func(s *Statement) { s.PURL = nil })}, true},
		{"a product of the image", []Statement{say("not_affected", 20, func(s *Statement) { s.Digest, s.Product = nil, "pkg:golang/example.com/app" })}, true},
		{"another product", []Statement{say("not_affected", 20, func(s *Statement) { s.Digest, s.Product = nil, "pkg:golang/example.com/other" })}, false},
		{"the package itself", []Statement{say("not_affected", 20, func(s *Statement) { s.Digest, s.Product = nil, "pkg:deb/debian/openssl" })}, true},
		{"without a date", []Statement{say("not_affected", 20, func(s *Statement) { s.Timestamp = nil })}, true},
	}
	for _, tt := range tests {
		if _, got := Suppresses(tt.said, image, openssl); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	if _, got := Suppresses([]Statement{say("fixed", 20, nil)}, image, finding.Finding{ID: "CVE-2026-1"}); got {
		t.Error("a package that nobody named was spoken for")
	}
}

func TestStatementsAreSpelledAsTheFindingsAre(t *testing.T) {
	findings := []finding.Finding{
		{ID: "CVE-2026-1", PURL: words("pkg:deb/debian/openssl@3.0.1?arch=amd64&distro=debian-12")},
		{ID: "CVE-2026-1", PURL: words("pkg:deb/debian/openssl@3.0.2?arch=amd64&distro=debian-12")},
		{ID: "CVE-2026-2"},
	}
	said := []Statement{
		{ID: "CVE-2026-1", Product: "pkg:oci/app", PURL: words("pkg:deb/debian/openssl?distro=debian-12")},
		{ID: "CVE-2026-1", Product: "pkg:deb/debian/openssl@3.0.2", PURL: words("pkg:deb/debian/openssl@3.0.2")},
		{ID: "CVE-2026-2", Product: "pkg:oci/app", PURL: words("pkg:deb/debian/zlib1g")},
		{ID: "CVE-2026-2", Product: "pkg:oci/app"},
		{ID: "CVE-2026-3", Product: "pkg:oci/app"},
	}
	var got []string
	for _, s := range About(said, findings) {
		purl := "all"
		if s.PURL != nil {
			purl = *s.PURL
		}
		got = append(got, strings.Join([]string{s.ID, s.Product, purl}, " "))
	}
	want := []string{
		"CVE-2026-1 pkg:oci/app pkg:deb/debian/openssl@3.0.1?arch=amd64&distro=debian-12",
		"CVE-2026-1 pkg:oci/app pkg:deb/debian/openssl@3.0.2?arch=amd64&distro=debian-12",
		"CVE-2026-1 pkg:deb/debian/openssl@3.0.2?arch=amd64&distro=debian-12 pkg:deb/debian/openssl@3.0.2?arch=amd64&distro=debian-12",
		"CVE-2026-2 pkg:oci/app pkg:deb/debian/zlib1g",
		"CVE-2026-2 pkg:oci/app all",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// shared is Trivy's own test data, which is not part of the repository.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if data, err := os.ReadFile(filepath.Join(dir, "shared", "trivy", filepath.FromSlash(name))); err == nil {
			return data
		}
	}
	t.Skipf("there is no shared/trivy/%s beside the repository: Trivy's own reports are not tried", name)
	return nil
}

// found are the vulnerabilities of a Trivy report, by their targets.
func found(t *testing.T, name string) map[string][]finding.Finding {
	t.Helper()
	var report struct {
		Results []struct {
			Target          string
			Vulnerabilities []struct {
				VulnerabilityID string
				PkgIdentifier   struct{ PURL string }
			}
		}
	}
	if err := json.Unmarshal(shared(t, name), &report); err != nil {
		t.Fatal(err)
	}
	all := map[string][]finding.Finding{}
	for _, r := range report.Results {
		for _, v := range r.Vulnerabilities {
			all[r.Target] = append(all[r.Target], finding.Finding{ID: v.VulnerabilityID, PURL: &v.PkgIdentifier.PURL})
		}
	}
	return all
}

func TestWhatTrivySuppressesIsSuppressed(t *testing.T) {
	statements, err := Read("openvex.json", shared(t, "vex/openvex.json"))
	if err != nil {
		t.Fatal(err)
	}
	left, suppressed := map[string][]finding.Finding{}, 0
	for target, findings := range found(t, "expected/gomod.json") {
		for _, f := range findings {
			if _, ok := Suppresses(statements, Image{Products: []string{"pkg:golang/github.com/testdata/testdata"}}, f); ok {
				suppressed++
				continue
			}
			left[target] = append(left[target], f)
		}
	}
	if diff := cmp.Diff(found(t, "expected/gomod-vex.json"), left); diff != "" || suppressed != 1 {
		t.Errorf("%d suppressed (-want +got)\n%s", suppressed, diff)
	}
	for _, findings := range found(t, "expected/gomod.json") {
		for _, f := range findings {
			if s, ok := Suppresses(statements, Image{}, f); ok {
				t.Errorf("%+v speaks for an image that does not hold its product", s)
			}
		}
	}
}

// digests is what the input document accepts as a digest.
var digests = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// FuzzRead shows that no document makes the reader panic, and that every
// statement it returns is valid in the input document.
func FuzzRead(f *testing.F) {
	f.Add(openvex)
	f.Add(cyclonedx)
	f.Add(`{"@context":"https://openvex.dev/ns","statements":[null,{"vulnerability":null,"products":[null]}]}`)
	f.Add(inToto(openvex, ours))
	f.Add(`{"@context":"https://openvex.dev/ns","statements":[{"vulnerability":{"name":"x"},"products":[{"identifiers":{"cpe23":"cpe:2.3:a"},"hashes":{"sha-512":"00"}}]}]}`)
	f.Add(`{"bomFormat":"CycloneDX","vulnerabilities":[null,{"id":"x","analysis":{},"affects":[{"ref":"urn:cdx:#%zz"}]}]}`)
	f.Fuzz(func(t *testing.T, content string) {
		got, err := Read("v.json", []byte(content))
		if err != nil {
			return
		}
		for _, s := range got {
			if s.ID == "" || s.Product == "" || s.PURL != nil && *s.PURL == "" || s.Author != nil && *s.Author == "" {
				t.Errorf("read %+v", s)
			}
			if s.Digest != nil && !digests.MatchString(*s.Digest) {
				t.Errorf("digest %q", *s.Digest)
			}
			about := finding.Finding{ID: s.ID, PURL: s.PURL}
			About(got, []finding.Finding{about})
			Suppresses(got, Image{Digests: []string{ours}}, about)
		}
	})
}
