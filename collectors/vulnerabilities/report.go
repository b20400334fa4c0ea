package vulnerabilities

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"

	"github.com/prodgate/prodgate/collectors/internal/file"
	"github.com/prodgate/prodgate/facts"
)

// report holds what is read of a Trivy report.
type report struct {
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
	Target          string    `json:"Target"`
	Class           string    `json:"Class"`
	Type            string    `json:"Type"`
	Vulnerabilities []finding `json:"Vulnerabilities"`

	// Suppressed is what Trivy found and was told to leave out, where the report
	// tells (--show-suppressed).
	Suppressed []struct {
		Type    string  `json:"Type"`
		Finding finding `json:"Finding"`
	} `json:"ExperimentalModifiedFindings"`
}

// finding is one vulnerability.
type finding struct {
	VulnerabilityID  string `json:"VulnerabilityID"`
	PkgName          string `json:"PkgName"`
	InstalledVersion string `json:"InstalledVersion"`
	FixedVersion     string `json:"FixedVersion"`
	Severity         string `json:"Severity"`
	Status           string `json:"Status"`
}

// Classes of results that speak of packages.
const (
	osPackages       = "os-pkgs"
	languagePackages = "lang-pkgs"
)

// scans are the report's findings, once for each digest it names: for wanted
// alone, if that is one of them.
func (r report) scans(wanted string, db database) ([]facts.Scan, error) {
	switch {
	case r.SchemaVersion != schemaVersion:
		return nil, fmt.Errorf("SchemaVersion is %d, and a Trivy JSON report of SchemaVersion %d is wanted (trivy image --format json)", r.SchemaVersion, schemaVersion)
	case r.ArtifactType != "container_image":
		return nil, fmt.Errorf("ArtifactType is %q, and a report of a container_image is wanted (trivy image)", r.ArtifactType)
	case r.CreatedAt.Year() < 1970 || r.CreatedAt.Year() > 2200:
		return nil, errors.New("CreatedAt is missing or none, so nobody knows how old the scan is; scan with a newer Trivy")
	case db.DownloadedAt.After(r.CreatedAt):
		return nil, fmt.Errorf("%s says that the database was downloaded at %s, after the scan at %s, so it is not the one that was used; copy it after each scan",
			db.text.Name, db.DownloadedAt.Format(time.RFC3339), r.CreatedAt.Format(time.RFC3339))
	}
	digests, err := r.digests(wanted)
	if err != nil {
		return nil, err
	}
	findings, err := r.findings()
	if err != nil {
		return nil, err
	}
	var scans []facts.Scan
	for _, digest := range digests {
		scans = append(scans, facts.Scan{
			Digest: digest, Platform: r.platform(), Scanner: r.scanner(), ScannedAt: r.CreatedAt,
			Database: facts.Database{UpdatedAt: db.UpdatedAt}, Findings: findings, Undetermined: r.undetermined(),
		})
	}
	return scans, nil
}

// digests are those of the image in the repositories it was found in.
func (r report) digests(wanted string) ([]string, error) {
	var digests []string
	for _, name := range r.Metadata.RepoDigests {
		_, digest, _ := strings.Cut(name, "@")
		digest, err := file.Normalise(digest, "digest")
		if err != nil {
			return nil, fmt.Errorf("RepoDigests: %q: %w", name, err)
		}
		digests = append(digests, digest)
	}
	if slices.Contains(digests, wanted) {
		return []string{wanted}, nil
	}
	if len(digests) == 0 {
		return nil, errors.New("Metadata.RepoDigests is empty, so nobody knows which image was scanned; scan it in its registry (trivy image REPOSITORY@sha256:…)")
	}
	slices.Sort(digests)
	return slices.Compact(digests), nil
}

// platform is os/arch[/variant], or nil where the report does not tell.
func (r report) platform() *string {
	c := r.Metadata.ImageConfig
	if c.OS == "" || c.Architecture == "" {
		return nil
	}
	platform := c.OS + "/" + c.Architecture
	if c.Variant != "" {
		platform += "/" + c.Variant
	}
	return &platform
}

// scanner is Trivy, with its version where the report tells.
func (r report) scanner() *string {
	name := "trivy"
	if v := r.Trivy.Version; v != "" {
		name += " " + v
	}
	return &name
}

// findings are all vulnerabilities in the report, in its order, suppressed ones
// included.
func (r report) findings() ([]facts.Vulnerability, error) {
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
				Severity: severity(f.Severity), Status: f.Status,
			}
			if f.FixedVersion != "" {
				v.FixedVersion = &f.FixedVersion
			}
			found = append(found, v)
		}
	}
	return found, nil
}

// severity is text in the one spelling of a severity that Trivy's database
// knows; every other text stays as it is, and none at all is UNKNOWN.
func severity(text string) string {
	if strings.TrimSpace(text) == "" {
		return types.SeverityUnknown.String()
	}
	if known, err := types.NewSeverity(strings.ToUpper(text)); err == nil {
		return known.String()
	}
	return text
}
