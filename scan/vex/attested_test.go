package vex

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/scan/finding"
)

// inToto is an in-toto statement about images with those digests, as cosign attest
// --type openvex writes it.
func inToto(document string, digests ...string) string {
	var subjects []string
	for _, digest := range digests {
		algorithm, sum, _ := strings.Cut(digest, ":")
		subjects = append(subjects, fmt.Sprintf(`{"name": "registry.example.com/app", "digest": {%q: %q}}`, algorithm, sum))
	}
	return `{"_type": "https://in-toto.io/Statement/v0.1", "predicateType": "https://openvex.dev/ns/v0.2.0", "subject": [` +
		strings.Join(subjects, ", ") + `], "predicate": ` + document + `}`
}

// dsse is a statement in a DSSE envelope.
func dsse(statement string) string {
	return `{"payloadType": "application/vnd.in-toto+json", "payload": "` + base64.StdEncoding.EncodeToString([]byte(statement)) + `", "signatures": [{"sig": "AA=="}]}`
}

// oneLine is JSON without line breaks.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }

// aboutPackage is a document that speaks for a package, without saying in which
// image.
const aboutPackage = `{"@context": "https://openvex.dev/ns/v0.2.0", "author": "a", "timestamp": "2026-11-20T09:00:00Z", "statements": [
  {"vulnerability": {"name": "CVE-2026-1"}, "products": [{"@id": "pkg:deb/debian/openssl"}], "status": "not_affected"},
  {"vulnerability": {"name": "CVE-2026-2"}, "products": [{"@id": "pkg:deb/debian/openssl"}], "status": "affected"}]}`

func TestAnAttestedDocumentIsReadLikeABareOne(t *testing.T) {
	bare, err := Read("vex.json", []byte(openvex))
	if err != nil {
		t.Fatal(err)
	}
	statement := inToto(openvex, ours)
	slsa := oneLine(strings.Replace(statement, "https://openvex.dev/ns/v0.2.0", "https://slsa.dev/provenance/v1", 1))
	for name, content := range map[string]string{
		"a statement":            statement,
		"an unversioned type":    strings.Replace(statement, `"https://openvex.dev/ns/v0.2.0", "subject"`, `"https://openvex.dev/ns", "subject"`, 1),
		"a DSSE envelope":        dsse(statement),
		"a Sigstore bundle":      `{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {}, "dsseEnvelope": ` + dsse(statement) + `}`,
		"envelopes on lines":     dsse(slsa) + "\n" + dsse(statement) + "\n",
		"what cosign puts round": strings.Replace(strings.Replace(statement, `"https://openvex.dev/ns/v0.2.0", "subject"`, `"cosign.sigstore.dev/attestation/v1", "subject"`, 1), `"predicate": `, `"predicate": {"Timestamp": "", "Data": `, 1) + "}",
	} {
		got, err := Read("vex.json", []byte(content))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(bare, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
	plain, err := Read("vex.json", []byte(cyclonedx))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read("vex.json", []byte(strings.Replace(inToto(cyclonedx, ours), "https://openvex.dev/ns/v0.2.0", "https://cyclonedx.org/bom", 1)))
	if diff := cmp.Diff(plain, got); diff != "" || err != nil {
		t.Errorf("CycloneDX: %v (-want +got)\n%s", err, diff)
	}
}

func TestAnAttestationAppliesOnlyToItsSubjects(t *testing.T) {
	got, err := Read("vex.json", []byte(inToto(aboutPackage, ours, theirs)))
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, s := range got {
		digest := "anywhere"
		if s.Digest != nil {
			digest = *s.Digest
		}
		seen = append(seen, s.ID+" "+s.Status+" "+digest)
	}
	want := []string{"CVE-2026-1 not_affected " + ours, "CVE-2026-1 not_affected " + theirs, "CVE-2026-2 affected anywhere"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	about := finding.Finding{ID: "CVE-2026-1", PURL: words("pkg:deb/debian/openssl@3.0.1")}
	elsewhere, err := Read("vex.json", []byte(inToto(aboutPackage, theirs)))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := Suppresses(elsewhere, ImageOf(ours, ours), about); ok {
		t.Error("an attestation about another image speaks for this one")
	}
	if _, ok := Suppresses(got, ImageOf(ours, ours), about); !ok {
		t.Error("an attestation about this image does not speak for it")
	}
	if _, err := Read("vex.json", []byte(inToto(aboutPackage, "sha1:00"))); err == nil || !strings.Contains(err.Error(), "subject names no sha256 digest") {
		t.Errorf("about nothing: %v", err)
	}
}

func TestAStatementWithoutProductsIsAboutTheSubjects(t *testing.T) {
	document := strings.Replace(aboutPackage, `"products": [{"@id": "pkg:deb/debian/openssl"}], "status": "not`, `"status": "not`, 1)
	got, err := Read("vex.json", []byte(inToto(document, ours)))
	if err != nil || got[0].Digest == nil || *got[0].Digest != ours || got[0].Product != ours || got[0].PURL != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := Read("vex.json", []byte(document)); err == nil || !strings.Contains(err.Error(), "names no product") {
		t.Errorf("bare: %v", err)
	}
}

func TestAnAttestationOfSomethingElseIsAnError(t *testing.T) {
	slsa := strings.Replace(inToto("{}", ours), "https://openvex.dev/ns/v0.2.0", "https://slsa.dev/provenance/v1", 1)
	tests := []struct{ name, content, want string }{
		{"provenance", slsa, `predicateType is "https://slsa.dev/provenance/v1"`},
		{"lines without VEX", dsse(slsa) + "\n" + dsse(slsa), "it is not VEX"},
		{"a line that is damaged", dsse(inToto(aboutPackage, ours)) + "\n{", "v.json:2: not JSON"},
		{"a bare document on a line", dsse(inToto(aboutPackage, ours)) + "\n" + oneLine(aboutPackage), "v.json:2: not an in-toto statement"},
		{"an envelope around text", strings.Replace(dsse(slsa), "application/vnd.in-toto+json", "text/plain", 1), "payloadType is"},
		{"an envelope around nothing", strings.Replace(dsse(slsa), `"payload": "`, `"payload": "#`, 1), "payload is not base64"},
		{"CSAF", inToto(`{"document": {"csaf_version": "2.0"}}`, ours), "it is CSAF 2.0"},
		{"an old document", inToto(strings.Replace(aboutPackage, "/ns/v0.2.0", "/ns/v0.1.0", 1), ours), "it is OpenVEX before 0.2.0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := Read("v.json", []byte(tt.content)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("read %+v, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestAProductWithoutANameThatMatchesHidesNoOther(t *testing.T) {
	for name, product := range map[string]string{
		"cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*": `{"identifiers": {"cpe23": "cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*"}}`,
		"cpe:/a:openssl:openssl:3.0.1":                  `{"identifiers": {"cpe22": "cpe:/a:openssl:openssl:3.0.1"}}`,
		"sha-512:00":                                    `{"hashes": {"sha-512": "00", "md5": ""}}`,
	} {
		document := strings.Replace(aboutPackage, `[{"@id": "pkg:deb/debian/openssl"}], "status": "affected"`, `[`+product+`, {"@id": "pkg:deb/debian/zlib1g", "subcomponents": [`+product+`]}], "status": "not_affected"`, 1)
		got, err := Read("vex.json", []byte(document))
		if err != nil || len(got) != 3 || got[1].Product != name || got[1].Digest != nil || got[1].PURL != nil || *got[2].PURL != name {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		openssl := finding.Finding{PURL: words("pkg:deb/debian/openssl@3.0.1")}
		for id, want := range map[string]bool{"CVE-2026-1": true, "CVE-2026-2": false} {
			openssl.ID = id
			if _, ok := Suppresses(got, ImageOf(ours, theirs), openssl); ok != want {
				t.Errorf("%s: %s is taken away: %v, want %v", name, id, ok, want)
			}
		}
	}
	hashed := strings.Replace(aboutPackage, `{"@id": "pkg:deb/debian/openssl"}`, `{"hashes": {"sha-256": "`+strings.TrimPrefix(ours, "sha256:")+`"}}`, 1)
	if got, err := Read("vex.json", []byte(hashed)); err != nil || *got[0].Digest != ours {
		t.Errorf("the SHA-256 of an image: %+v, %v", got, err)
	}
}

// The forms in which tools write VEX, as they were found in the field.
func TestFormsFromTheField(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "..", "shared", "cases", "vuln-12-openvex-forms")
	for file, want := range map[string]string{
		"42b-cpe-only.json": "cpe:2.3:a:openssl:openssl:3.3.1:*:*:*:*:*:*:*",
		"45a-intoto.json":   "pkg:oci/payments@sha256%3A43cf4fb1a6c1713a46fff8e1c7a26cb11d6de4a5a38b32b63d01a6a58d495669?repository_url=registry.example.com%2Fpayments",
	} {
		content, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Skipf("%s is not beside the repository: its documents are not tried", dir)
		}
		got, err := Read(file, content)
		if err != nil || len(got) != 1 || got[0].Product != want || got[0].ID != "CVE-2026-90021" {
			t.Errorf("%s: %+v, %v", file, got, err)
		}
	}
}
