// Package finding holds what a scan reports: findings and what could not be
// determined. Every part of the scanner, its printers and its callers share these
// two types. The package must not import other packages of the scanner, and it
// does not judge: policies decide which finding denies.
package finding

import (
	"strings"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"
)

// Finding is one advisory that matches one package. Its fields are those of
// facts.Vulnerability in the same order, so that the two convert into each other.
type Finding struct {
	ID               string  `json:"id"` // CVE-…, GHSA-…, or the source's own
	Package          string  `json:"package"`
	InstalledVersion string  `json:"installed_version"`
	FixedVersion     *string `json:"fixed_version"` // one version, or several separated by ", "; null: no fix known
	Severity         string  `json:"severity"`      // as Severity spells it
	Status           string  `json:"status"`        // fixed, affected, will_not_fix, … as trivy-db names them

	PublishedAt *time.Time `json:"published_at,omitempty"` // of the advisory, UTC
	PURL        *string    `json:"purl,omitempty"`         // the package as a package URL
	Ecosystem   *string    `json:"ecosystem,omitempty"`    // of the advisory: the distribution's family, or npm, pip, maven, …
	Target      *string    `json:"target,omitempty"`       // where in the image the package was found
}

// Undetermined is a package whose vulnerabilities are not known, and why. Its
// fields are those of facts.Undetermined in the same order.
type Undetermined struct {
	Package string `json:"package"`
	Version string `json:"version"`
	Reason  string `json:"reason"`
}

// Optional returns a pointer to text, or nil if text is blank.
func Optional(text string) *string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return &text
}

// Value returns what text points to, or "" for nil.
func Value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// Severity returns the severity text in trivy-db's spelling: UNKNOWN (also for
// blank text), LOW, MEDIUM, HIGH or CRITICAL. Any other text is returned as it is.
func Severity(text string) string {
	if strings.TrimSpace(text) == "" {
		return types.SeverityUnknown.String()
	}
	if known, err := types.NewSeverity(strings.ToUpper(text)); err == nil {
		return known.String()
	}
	return text
}
