package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan/finding"
)

// grype holds what is read of a Grype report (grype -o json).
type grype struct {
	Matches []grypeMatch `json:"matches"`
	Ignored []grypeMatch `json:"ignoredMatches"`
	Source  struct {
		Type   string `json:"type"`
		Target struct {
			ManifestDigest string   `json:"manifestDigest"`
			RepoDigests    []string `json:"repoDigests"`
			Architecture   string   `json:"architecture"`
			OS             string   `json:"os"`
		} `json:"target"`
	} `json:"source"`
	Distro struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	} `json:"distro"`
	Alerts []struct {
		Package struct {
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"package"`
		Alerts []struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"alerts"`
	} `json:"alertsByPackage"`
	Descriptor struct {
		Name      string    `json:"name"`
		Version   string    `json:"version"`
		Timestamp time.Time `json:"timestamp"`
		DB        struct {
			grypeDatabase
			Status *grypeDatabase `json:"status"` // since schema 6
		} `json:"db"`
	} `json:"descriptor"`
}

// grypeDatabase says how old the advisories were.
type grypeDatabase struct {
	Built time.Time `json:"built"`
	Valid *bool     `json:"valid"`
	Error string    `json:"error"`
}

// grypeMatch is one vulnerability.
type grypeMatch struct {
	Vulnerability struct {
		ID       string `json:"id"`
		Severity string `json:"severity"`
		Fix      struct {
			Versions []string `json:"versions"`
			State    string   `json:"state"`
		} `json:"fix"`
	} `json:"vulnerability"`
	Artifact struct {
		Name      string `json:"name"`
		Version   string `json:"version"`
		Type      string `json:"type"`
		PURL      string `json:"purl"`
		Locations []struct {
			Path string `json:"path"`
		} `json:"locations"`
	} `json:"artifact"`
}

// grypeDistributions are those that Grype has advisories for, as it names them.
var grypeDistributions = []string{
	"almalinux", "alpine", "amazonlinux", "amzn", "arch", "archlinux", "azurelinux", "bottlerocket", "centos", "chainguard",
	"debian", "echo", "fedora", "mariner", "minimos", "ol", "opensuse-leap", "oraclelinux", "photon", "raspbian",
	"redhat", "rhel", "rocky", "rockylinux", "secureos", "sles", "ubuntu", "wolfi",
}

// scans are the report's findings, once for each digest it names.
func (g grype) scans(wanted string, _ usedDatabase) ([]facts.Scan, error) {
	db := g.Descriptor.DB.grypeDatabase
	if status := g.Descriptor.DB.Status; status != nil {
		db = *status
	}
	switch {
	case g.Source.Type != "image":
		return nil, fmt.Errorf("source.type is %q, must be image (grype registry:REPOSITORY@sha256:… -o json)", g.Source.Type)
	case !plausible(g.Descriptor.Timestamp):
		return nil, errors.New("descriptor.timestamp is missing or invalid, so the age of the scan is unknown; scan with a newer Grype")
	case !plausible(db.Built):
		return nil, errors.New("descriptor.db does not say when the database was built, so the age of the advisories is unknown; scan with a newer Grype")
	case db.Valid != nil && !*db.Valid, db.Error != "":
		return nil, fmt.Errorf("descriptor.db says that the database was not valid (%s); run grype db update and scan again", cmp.Or(db.Error, "no reason given"))
	}
	digests, err := g.digests()
	if err != nil {
		return nil, err
	}
	return g.about(digests, wanted, db.Built)
}

// about is what was found, as of digests.
func (g grype) about(digests []string, wanted string, updated time.Time) ([]facts.Scan, error) {
	findings := []facts.Vulnerability{}
	for _, match := range slices.Concat(g.Matches, g.Ignored) {
		finding, err := match.finding()
		if err != nil {
			return nil, err
		}
		findings = append(findings, finding)
	}
	target := g.Source.Target
	return forEach(digests, wanted, facts.Scan{
		Platform: platformOf(target.OS, target.Architecture, ""), Scanner: named(cmp.Or(g.Descriptor.Name, "grype"), g.Descriptor.Version),
		ScannedAt: g.Descriptor.Timestamp, Database: facts.Database{UpdatedAt: updated},
		Findings: findings, Undetermined: g.undetermined(),
	}), nil
}

// digests are those of the image in the repositories it was found in, or that of
// its manifest.
func (g grype) digests() ([]string, error) {
	target := g.Source.Target
	digests, err := digestsOf("source.target.repoDigests", target.RepoDigests)
	if err != nil || len(digests) > 0 {
		return digests, err
	}
	digest, err := strict.Normalise(target.ManifestDigest, "digest")
	if err != nil {
		return nil, fmt.Errorf("source.target names no digest (manifestDigest is %q), so the scanned image is unknown; scan it in its registry (grype registry:REPOSITORY@sha256:…)", target.ManifestDigest)
	}
	return []string{digest}, nil
}

func (m grypeMatch) finding() (facts.Vulnerability, error) {
	v, a := m.Vulnerability, m.Artifact
	if v.ID == "" || a.Name == "" {
		return facts.Vulnerability{}, errNoName
	}
	found := facts.Vulnerability{
		ID: v.ID, Package: a.Name, InstalledVersion: a.Version, Status: v.Fix.State,
		Severity: finding.Severity(v.Severity), FixedVersion: finding.Optional(strings.Join(v.Fix.Versions, ", ")),
		PURL: finding.Optional(a.PURL), Ecosystem: finding.Optional(a.Type),
	}
	if strings.EqualFold(v.Severity, "negligible") { // Grype's word below low
		found.Severity = finding.Severity("low")
	}
	if len(a.Locations) > 0 {
		found.Target = finding.Optional(a.Locations[0].Path)
	}
	return found, nil
}

// undetermined is what the scanner could not judge.
func (g grype) undetermined() []facts.Undetermined {
	list := []facts.Undetermined{}
	switch name := strings.ToLower(g.Distro.Name); {
	case name == "" && len(g.Matches) == 0 && len(g.Ignored) == 0:
		list = append(list, facts.Undetermined{Package: "image", Reason: "the report names no distribution and no package, so it is unknown whether the scanner recognised anything"})
	case name != "" && !slices.Contains(grypeDistributions, name):
		list = append(list, facts.Undetermined{Package: name, Version: g.Distro.Version, Reason: fmt.Sprintf("the scanner has no advisories for the distribution %q", g.Distro.Name)})
	}
	for _, about := range g.Alerts {
		for _, alert := range about.Alerts {
			list = append(list, facts.Undetermined{Package: fallback(about.Package.Name, "image"), Version: about.Package.Version,
				Reason: "the scanner warns: " + fallback(cmp.Or(alert.Message, alert.Type), "without a reason")})
		}
	}
	return list
}
