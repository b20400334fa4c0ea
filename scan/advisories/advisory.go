package advisories

import (
	"fmt"

	"github.com/aquasecurity/trivy-db/pkg/types"
)

// Advisory lists the versions of a package that have a vulnerability. Which fields
// it has depends on who wrote it: distributions give FixedVersion or Entries,
// languages ranges.
type Advisory struct {
	ID        string   `json:"-"` // of the vulnerability, or of Red Hat's erratum
	VendorIDs []string `json:"VendorIDs"`

	FixedVersion    string `json:"FixedVersion"` // empty: there is no fix
	AffectedVersion string `json:"AffectedVersion"`

	// Ranges in the language's own syntax. An empty one means every version.
	VulnerableVersions []string `json:"VulnerableVersions"`
	PatchedVersions    []string `json:"PatchedVersions"`
	UnaffectedVersions []string `json:"UnaffectedVersions"`

	Severity types.Severity   `json:"Severity"` // for this package; 0: nothing special
	Status   int              `json:"Status"`   // index into types.Statuses
	Source   types.DataSource `json:"DataSource"`

	// Entries are for some architectures or products each (Red Hat, Rocky, Oracle).
	Entries []Entry `json:"Entries"`
}

// Entry is an advisory for some architectures or products.
type Entry struct {
	FixedVersion string         `json:"FixedVersion"`
	Arches       []string       `json:"Arches"` // empty: all
	Severity     types.Severity `json:"Severity"`
	Status       int            `json:"Status"`
	CVEs         []CVE          `json:"Cves"`     // Red Hat: what the erratum fixes
	Affected     []int          `json:"Affected"` // Red Hat: indices of products
}

// CVE is one vulnerability of an erratum.
type CVE struct {
	ID       string         `json:"ID"` // empty: the advisory's own
	Severity types.Severity `json:"Severity"`
}

// check refuses numbers that have no name.
func (a Advisory) check() error {
	severities, statuses := []types.Severity{a.Severity}, []int{a.Status}
	for _, e := range a.Entries {
		severities, statuses = append(severities, e.Severity), append(statuses, e.Status)
		for _, c := range e.CVEs {
			severities = append(severities, c.Severity)
		}
	}
	for _, s := range severities {
		if !known(s) {
			return fmt.Errorf("%s: severity %d", a.ID, s)
		}
	}
	for _, s := range statuses {
		if s < 0 || s >= len(types.Statuses) {
			return fmt.Errorf("%s: status %d", a.ID, s)
		}
	}
	return nil
}

func known(s types.Severity) bool { return s >= 0 && int(s) < len(types.SeverityNames) }
