package scan

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan"
	"github.com/prodgate/prodgate/scan/advisories/advisoriestest"
)

const (
	ours   = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	theirs = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

const sbomJSON = `{"bomFormat":"CycloneDX","specVersion":"1.5","components":[
	{"type":"library","name":"lodash","version":"4.17.20","purl":"pkg:npm/lodash@4.17.20"},
	{"type":"library","name":"thing","version":"1.0","purl":"pkg:generic/thing@1.0"}]}`

// ownScan scans an SBOM in a file, with a database in which lodash is
// vulnerable, asking for ours.
func ownScan(t *testing.T, content string) (facts.Observed, error) {
	t.Helper()
	dir := t.TempDir()
	published := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	err := advisoriestest.Write(dir, time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC), advisoriestest.Content{
		Advisories: map[string]map[string]map[string]any{"npm::GHSA": {"lodash": {
			"CVE-2026-1": types.Advisory{VulnerableVersions: []string{"<4.17.21"}, PatchedVersions: []string{"4.17.21"}},
			"CVE-2026-2": types.Advisory{VulnerableVersions: []string{"<9"}},
		}}},
		Sources:         map[string]types.DataSource{"npm::GHSA": {ID: "ghsa"}},
		Vulnerabilities: map[string]types.Vulnerability{"CVE-2026-1": {Severity: "CRITICAL", PublishedDate: &published}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bom.json"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	c := Collector{
		Options: scan.Options{Database: dir, Clock: func() time.Time { return at }},
		SBOMs:   []strict.Path{{Dir: dir, Name: "bom.json", Max: scan.MaxSBOM}},
	}
	if c.Kind() != "scan" {
		t.Errorf("kind %q", c.Kind())
	}
	section, err := c.Collect(context.Background(), facts.Request{Digest: ours, Reference: "registry.example.com/app:1"})
	if err != nil {
		return facts.Observed{}, err
	}
	return section.(facts.Observed), nil
}

func scans(o facts.Observed) []facts.Scan { return o.Section.(*facts.Vulnerabilities).Scans }

func text(s string) *string { return &s }

func about(digest string) string {
	return `{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://cyclonedx.org/bom","subject":[{"name":"app","digest":{"sha256":"` +
		strings.TrimPrefix(digest, "sha256:") + `"}}],"predicate":` + sbomJSON + `}`
}

func TestWhatProdgateFindsItselfIsAFact(t *testing.T) {
	got, err := ownScan(t, about(ours))
	if err != nil {
		t.Fatal(err)
	}
	kind, packages, schema := "sbom", 1, 2
	published := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	purl, ecosystem, target := text("pkg:npm/lodash@4.17.20"), text("npm"), text("Node.js")
	want := []facts.Scan{{
		Digest: ours, Inventory: &kind, Packages: &packages, Scanner: text("prodgate"),
		ScannedAt: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC),
		Database:  facts.Database{UpdatedAt: time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC), Schema: &schema},
		Findings: []facts.Vulnerability{
			{ID: "CVE-2026-1", Package: "lodash", InstalledVersion: "4.17.20", FixedVersion: text("4.17.21"), Severity: "CRITICAL", Status: "fixed", PublishedAt: &published, PURL: purl, Ecosystem: ecosystem, Target: target},
			{ID: "CVE-2026-2", Package: "lodash", InstalledVersion: "4.17.20", FixedVersion: text("9"), Severity: "UNKNOWN", Status: "fixed", PURL: purl, Ecosystem: ecosystem, Target: target},
		},
	}}
	for i := range scans(got) {
		undetermined := scans(got)[i].Undetermined
		if len(undetermined) != 1 || !strings.Contains(undetermined[0].Package, "thing") {
			t.Errorf("undetermined is %+v", undetermined)
		}
		scans(got)[i].Undetermined = nil
	}
	if diff := cmp.Diff(want, scans(got), cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got.Evidence == nil || !strings.HasSuffix(got.Evidence.URI, "bom.json") {
		t.Errorf("evidence %+v", got.Evidence)
	}
}

func TestAnSBOMOfAnotherImageIsReportedAsThatImages(t *testing.T) {
	got, err := ownScan(t, about(theirs))
	if err != nil || len(scans(got)) != 1 || scans(got)[0].Digest != theirs {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAScanThatCannotCountIsAnError(t *testing.T) {
	for name, tt := range map[string]struct {
		content string
		want    string
	}{
		"an SBOM without a digest": {sbomJSON, "does not say which image it is about"},
		"not an SBOM":              {`{"a": 1}`, "not an SBOM"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := ownScan(t, tt.content); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v; want %q", got, err, tt.want)
			}
		})
	}
	if _, err := (Collector{}).Collect(context.Background(), facts.Request{Reference: "app:1"}); err == nil || !strings.Contains(err.Error(), "not resolved") {
		t.Errorf("%v", err)
	}
}

func TestTheImageThatIsScannedIsTheOneThatWasResolved(t *testing.T) {
	for reference, want := range map[string]string{
		"registry.example.com/app:1": "registry.example.com/app:1@" + ours,
		"oci:dir:tag":                "oci:dir:tag@" + ours,
		"tarball:app.tar":            "tarball:app.tar",
		"app@" + ours:                "app@" + ours,
	} {
		if got := pin(reference, ours); got != want {
			t.Errorf("%s is pinned as %s", reference, got)
		}
	}
}
