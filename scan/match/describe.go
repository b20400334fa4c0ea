package match

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aquasecurity/trivy-db/pkg/types"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

// Sources of severities that are used regardless of who wrote the advisory.
const (
	nvd    = "nvd"
	github = "ghsa"
)

// newFinding returns the finding of advisory a in package p, before the
// description of the vulnerability is read. Until then SeveritySource is set only where the advisory
// has a severity for the package itself, and DataSource is whose severity counts.
func newFinding(p *inventory.Package, a advisories.Advisory, ecosystem string) Finding {
	return Finding{
		Finding: finding.Finding{
			ID: a.ID, Package: p.Name, InstalledVersion: p.FullVersion(), FixedVersion: finding.Optional(a.FixedVersion),
			Ecosystem: finding.Optional(ecosystem), Target: finding.Optional(p.Target), PURL: finding.Optional(p.PURL),
		},
		VendorIDs: a.VendorIDs, DataSource: string(cmp.Or(a.Source.BaseID, a.Source.ID)),
		Class: p.Class, Type: p.Type, FilePath: p.FilePath,
	}
}

// describe completes the findings from the descriptions of their vulnerabilities.
func (m *matcher) describe(ctx context.Context, found []Finding) error {
	ids := make([]string, 0, len(found))
	for _, f := range found {
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	details := make([]*advisories.Detail, len(ids))
	err := parallel(ctx, len(ids), func(i int) error {
		detail, ok, err := m.db.Detail(ids[i])
		if ok {
			details[i] = &detail
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range found {
		at, _ := slices.BinarySearch(ids, found[i].ID)
		found[i].complete(details[at])
	}
	return nil
}

// complete sets what the description d says; nil: there is no description.
func (f *Finding) complete(d *advisories.Detail) {
	switch {
	case f.FixedVersion != nil:
		f.Status = types.Statuses[types.StatusFixed]
	case f.Status == "" || f.Status == types.Statuses[types.StatusUnknown]:
		f.Status = types.Statuses[types.StatusAffected]
	}
	if d != nil {
		f.Title, f.PublishedAt = d.Title, d.PublishedDate
		if f.SeveritySource == "" {
			f.Severity, f.SeveritySource = severity(f.ID, f.DataSource, d)
		}
	}
	f.Severity = finding.Severity(f.Severity)
}

// severity is the vulnerability's as the author of the advisory sees it, then
// GitHub for its own, then NVD, then anyone. source is empty for the last.
func severity(id, writer string, d *advisories.Detail) (severity, source string) {
	if s, ok := d.VendorSeverity[types.SourceID(writer)]; ok {
		return s.String(), writer
	}
	order := []string{nvd}
	if strings.HasPrefix(id, "GHSA-") {
		order = []string{github, nvd}
	}
	for _, source := range order {
		// The first that has one at all decides, even where it says UNKNOWN.
		s, ok := d.VendorSeverity[types.SourceID(source)]
		if ok && s != types.SeverityUnknown {
			return s.String(), source
		}
		if ok {
			break
		}
	}
	return d.Severity, ""
}

// unique sorts the findings and leaves each once. Of two that differ in the fix
// alone it leaves the one that Trivy leaves, whose text is greater.
func unique(found []Finding) []Finding {
	same := func(a, b Finding) int {
		return cmp.Or(
			-cmp.Compare(a.Class, b.Class), // the distribution first
			compareOptional(a.Target, b.Target), cmp.Compare(a.Type, b.Type), cmp.Compare(a.FilePath, b.FilePath),
			cmp.Compare(a.Package, b.Package), cmp.Compare(a.InstalledVersion, b.InstalledVersion), cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.Arch, b.Arch),
		)
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(same(a, b), -compareOptional(a.FixedVersion, b.FixedVersion),
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Status, b.Status), compareOptional(a.PURL, b.PURL))
	})
	return slices.CompactFunc(found, func(a, b Finding) bool { return same(a, b) == 0 })
}

// compareOptional compares texts; a missing one is empty.
func compareOptional(a, b *string) int { return cmp.Compare(finding.Value(a), finding.Value(b)) }
