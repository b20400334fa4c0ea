package report

import (
	"errors"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/scan/finding"
)

// trivy holds what is read of a Trivy report.
type trivy struct {
	SchemaVersion int       `json:"SchemaVersion"`
	CreatedAt     time.Time `json:"CreatedAt"`
	ArtifactType  string    `json:"ArtifactType"`
	Trivy         struct {
		Version string `json:"Version"`
	} `json:"Trivy"`
	Metadata struct {
		OS *struct {
			Family string `json:"Family"`
			Name   string `json:"Name"`
			EOSL   bool   `json:"EOSL"`
		} `json:"OS"`
		RepoDigests []string `json:"RepoDigests"`
		ImageConfig struct {
			OS           string `json:"os"`
			Architecture string `json:"architecture"`
			Variant      string `json:"variant"`
		} `json:"ImageConfig"`
	} `json:"Metadata"`
	Results []result `json:"Results"`
}

// result is what Trivy found in one place of the image.
type result struct {
	Target          string         `json:"Target"`
	Class           string         `json:"Class"`
	Type            string         `json:"Type"`
	Vulnerabilities []trivyFinding `json:"Vulnerabilities"`

	// Suppressed is what Trivy found and was configured to leave out, if the report
	// has it (--show-suppressed).
	Suppressed []struct {
		Type    string       `json:"Type"`
		Finding trivyFinding `json:"Finding"`
	} `json:"ExperimentalModifiedFindings"`
}

// trivyFinding is one vulnerability.
type trivyFinding struct {
	VulnerabilityID  string    `json:"VulnerabilityID"`
	PkgName          string    `json:"PkgName"`
	InstalledVersion string    `json:"InstalledVersion"`
	FixedVersion     string    `json:"FixedVersion"`
	Severity         string    `json:"Severity"`
	Status           string    `json:"Status"`
	PublishedDate    time.Time `json:"PublishedDate"`
	PkgIdentifier    struct {
		PURL string `json:"PURL"`
	} `json:"PkgIdentifier"`
}

// Classes of results about packages.
const (
	osPackages       = "os-pkgs"
	languagePackages = "lang-pkgs"
)

// check returns why the report does not count, or nil.
func (r trivy) check() error {
	switch {
	case r.SchemaVersion != schemaVersion:
		return fmt.Errorf("SchemaVersion is %d, must be %d (trivy image --format json); Grype's JSON, SARIF and cosign's vulnerability attestations are accepted too", r.SchemaVersion, schemaVersion)
	case r.ArtifactType != "container_image":
		return fmt.Errorf("ArtifactType is %q, must be container_image (trivy image)", r.ArtifactType)
	case !plausible(r.CreatedAt):
		return errors.New("CreatedAt is missing or invalid, so the age of the scan is unknown; scan with a newer Trivy")
	}
	return nil
}

// scans are the report's findings, once for each digest it names.
func (r trivy) scans(wanted string, used usedDatabase) ([]facts.Scan, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	digests, err := digestsOf("Metadata.RepoDigests", r.Metadata.RepoDigests)
	if err != nil {
		return nil, err
	}
	if len(digests) == 0 {
		return nil, errors.New("Metadata.RepoDigests is empty, so the scanned image is unknown; scan it in its registry (trivy image REPOSITORY@sha256:…)")
	}
	updated, err := used.updatedAt(r.CreatedAt)
	if err != nil {
		return nil, err
	}
	return r.about(digests, wanted, r.CreatedAt, updated)
}

// about is what was found, as of digests.
func (r trivy) about(digests []string, wanted string, at, updated time.Time) ([]facts.Scan, error) {
	findings, err := r.findings()
	if err != nil {
		return nil, err
	}
	scan := facts.Scan{
		Platform: r.platform(), Scanner: r.scanner(), ScannedAt: at,
		Database: facts.Database{UpdatedAt: updated}, Findings: findings, Undetermined: r.undetermined(),
	}
	return forEach(digests, wanted, scan), nil
}

// platform is os/arch[/variant], or nil if the report has none.
func (r trivy) platform() *string {
	c := r.Metadata.ImageConfig
	return platformOf(c.OS, c.Architecture, c.Variant)
}

// scanner is Trivy, with its version if the report has it.
func (r trivy) scanner() *string { return named("trivy", r.Trivy.Version) }

// findings are all vulnerabilities in the report, in its order, suppressed ones
// included.
func (r trivy) findings() ([]facts.Vulnerability, error) {
	found := []facts.Vulnerability{}
	for _, res := range r.Results {
		all := res.Vulnerabilities
		for _, s := range res.Suppressed {
			if s.Type == "vulnerability" {
				all = append(all, s.Finding)
			}
		}
		for _, f := range all {
			if f.VulnerabilityID == "" || f.PkgName == "" {
				return nil, fmt.Errorf("result %q: a vulnerability has no VulnerabilityID or no PkgName", res.Target)
			}
			v := facts.Vulnerability{
				ID: f.VulnerabilityID, Package: f.PkgName, InstalledVersion: f.InstalledVersion,
				Severity: finding.Severity(f.Severity), Status: f.Status,
			}
			v.FixedVersion, v.PURL = finding.Optional(f.FixedVersion), finding.Optional(f.PkgIdentifier.PURL)
			v.Ecosystem, v.Target = finding.Optional(res.Type), finding.Optional(res.Target)
			if plausible(f.PublishedDate) {
				v.PublishedAt = &f.PublishedDate
			}
			found = append(found, v)
		}
	}
	return found, nil
}
