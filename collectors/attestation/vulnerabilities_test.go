package attestation

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/signing"
)

// scanned is a report of Trivy as cosign attests it.
const scanned = `{"scanner":{"uri":"pkg:github/aquasecurity/trivy@0.70.0","version":"0.70.0","db":{"lastUpdate":"2026-11-24T05:00:00Z"},
	"result":{"SchemaVersion":2,"Trivy":{"Version":"0.70.0"},"CreatedAt":"2026-11-24T07:00:00Z","ArtifactName":"app","ArtifactType":"container_image",
		"Metadata":{"OS":{"Family":"debian","Name":"12.8"},"ImageConfig":{"architecture":"amd64","os":"linux"}},
		"Results":[{"Target":"app","Class":"os-pkgs","Type":"debian","Vulnerabilities":[
			{"VulnerabilityID":"CVE-2026-1","PkgName":"openssl","InstalledVersion":"3.0.1","Severity":"CRITICAL","Status":"affected"}]}]}},
	"metadata":{"scanStartedOn":"2026-11-24T06:59:00Z","scanFinishedOn":"2026-11-24T07:01:00Z"}}`

// said is an OpenVEX document about openssl.
func said(status string) string {
	more := ""
	if status == "not_affected" {
		more = `,"justification":"vulnerable_code_not_present"`
	}
	return fmt.Sprintf(`{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://example.com/vex","author":"Anyone","timestamp":"2026-11-24T09:00:00Z","version":1,
		"statements":[{"vulnerability":{"name":"CVE-2026-1"},"products":[{"@id":"pkg:deb/debian/openssl@3.0.1"}],"status":%q%s}]}`, status, more)
}

// listed are the scans and statements of the section.
func listed(i *image, o facts.Observed) (list []string) {
	v := o.Section.(*facts.Vulnerabilities)
	name := map[string]string{i.digest: "image", i.child: "platform"}
	for _, s := range v.Scans {
		list = append(list, fmt.Sprintf("scan of the %s: %d", name[s.Digest], len(s.Findings)))
	}
	for _, s := range v.Statements {
		about := "everything"
		if s.Digest != nil {
			about = "the " + name[*s.Digest]
		}
		list = append(list, fmt.Sprintf("%s in %s by %s", s.Status, about, or(s.VerifiedBy)))
	}
	return list
}

// A scan and a statement that suppresses a finding count only if they are signed; any
// other statement always does. What is about a platform is about that platform.
func TestVulnerabilitiesAreTheSignersAlone(t *testing.T) {
	i := newIndex(t)
	for _, made := range []struct {
		key                   *signing.PrivateKey
		to, of, predicateText string
	}{
		{i.trusted, i.digest, TypeVulnerabilities, scanned},
		{i.trusted, i.child, TypeVulnerabilities, scanned},
		{i.untrusted, i.child, TypeVulnerabilities, scanned},
		{nil, i.digest, TypeVulnerabilities, scanned},
		{i.trusted, i.digest, TypeOpenVEX, said("not_affected")},
		{i.trusted, i.child, typeOpenVEX02, said("fixed")},
		{i.untrusted, i.digest, TypeOpenVEX, said("not_affected")},
		{nil, i.digest, TypeOpenVEX, said("affected")},
		{i.trusted, i.digest, "https://cyclonedx.org/bom", `{"bomFormat":"CycloneDX"}`},
	} {
		i.attachTo(made.to, made.key, made.of, made.to, made.predicateText)
	}
	got, err := i.collect("vulnerabilities")
	must(t, err)
	want := []string{"scan of the image: 1", "scan of the platform: 1", "not_affected in the image by release-2026", "fixed in the platform by release-2026", "affected in everything by -"}
	if diff := cmp.Diff(want, listed(i, got)); diff != "" {
		t.Error(diff)
	}
	if len(got.Unverified) != 4 {
		t.Errorf("%+v", got.Unverified)
	}

	nothing := newImage(t)
	if got, err := nothing.collect("vulnerabilities"); err != nil || len(listed(nothing, got)) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	nothing.attach(nothing.trusted, TypeOpenVEX, `{"@context":"https://openvex.dev/ns/v0.2.0"`+"}")
	if got, err := nothing.collect("vulnerabilities"); err == nil {
		t.Errorf("an incomplete document is read as %+v", got)
	}
}
