package scan

import (
	"bytes"
	"cmp"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/prodgate/prodgate/internal/print"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/sbom"
)

// cyclonedx prints a CycloneDX SBOM with the vulnerabilities
// in it. Several platforms are one list of components. What could not be judged
// is in the metadata's properties, for CycloneDX has no other place for it.
func (s *Report) cyclonedx() ([]byte, error) {
	whole := &inventory.Inventory{}
	for _, inv := range s.inventories {
		if whole.OS == nil {
			whole.OS, whole.Digest, whole.Platform, whole.Kind = inv.OS, inv.Digest, inv.Platform, inv.Kind
		}
		whole.Packages = append(whole.Packages, inv.Packages...)
	}
	if len(s.inventories) > 1 {
		whole.Digest, whole.Platform = "", ""
	}
	whole.Sort()
	var at time.Time
	if s.ScannedAt != nil {
		at = *s.ScannedAt
	}
	bom, refs := sbom.Write(print.Value(s.Subject), at, whole)
	var unjudged []cdx.Property
	for _, u := range s.Undetermined {
		unjudged = append(unjudged, cdx.Property{Name: "prodgate:undetermined", Value: strings.TrimSpace(u.Package+" "+u.Version) + ": " + u.Reason})
	}
	if unjudged != nil {
		bom.Metadata.Properties = &unjudged
	}
	var list []cdx.Vulnerability
	for _, f := range s.Findings {
		list = append(list, f.cyclonedx(affected(f, whole, refs)))
	}
	for _, n := range s.NotAffected {
		v := n.cyclonedx(affected(n.Finding, whole, refs))
		v.Analysis = &cdx.VulnerabilityAnalysis{State: cdx.IASNotAffected, Detail: n.Reason + ", says " + n.By}
		list = append(list, v)
	}
	bom.Vulnerabilities = &list
	var out bytes.Buffer
	encoder := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.Encode(bom); err != nil {
		return nil, err
	}
	return print.EscapeJSON(out.Bytes()), nil
}

// affected are the references of the components that a finding is about.
func affected(f Finding, inv *inventory.Inventory, refs []string) []string {
	var found []string
	for i, p := range inv.Packages {
		if p.Name == f.Package && (p.FullVersion() == f.InstalledVersion || p.Version == f.InstalledVersion) {
			found = append(found, refs[i])
		}
	}
	return found
}

func (f Finding) cyclonedx(refs []string) cdx.Vulnerability {
	severity := cdx.SeverityUnknown
	if rank(f.Severity) >= 0 { // CycloneDX has no other severities
		severity = cdx.Severity(strings.ToLower(f.Severity))
	}
	v := cdx.Vulnerability{ID: f.ID, Description: f.Title, Ratings: &[]cdx.VulnerabilityRating{{Severity: severity}}}
	if f.PublishedAt != nil {
		v.Published = f.PublishedAt.UTC().Format(time.RFC3339)
	}
	v.Recommendation = "no known fix: " + cmp.Or(f.Status, "unknown")
	if f.FixedVersion != nil {
		v.Recommendation = "Upgrade " + f.Package + " to version " + *f.FixedVersion
	}
	var affects []cdx.Affects
	for _, ref := range refs {
		affects = append(affects, cdx.Affects{Ref: ref, Range: &[]cdx.AffectedVersions{{Version: f.InstalledVersion, Status: cdx.VulnerabilityStatusAffected}}})
	}
	if affects != nil {
		v.Affects = &affects
	}
	return v
}
