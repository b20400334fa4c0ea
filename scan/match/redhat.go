package match

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aquasecurity/trivy-db/pkg/types"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

// redHatSets are the content sets of an image that does not say which it was
// built from, by release; for any architecture, as Trivy has it.
var redHatSets = map[string][]string{
	"6": {"rhel-6-server-rpms", "rhel-6-server-extras-rpms"},
	"7": {"rhel-7-server-rpms", "rhel-7-server-extras-rpms"},
	"8": {"rhel-8-for-x86_64-baseos-rpms", "rhel-8-for-x86_64-appstream-rpms"},
	"9": {"rhel-9-for-x86_64-baseos-rpms", "rhel-9-for-x86_64-appstream-rpms"},
}

// builtFor is what a build leaves behind a content set's name (repo__8); a longer
// end is part of the name (repo__9_DOT_2).
var builtFor = pattern(`__\d+$`)

// redHat judges by Red Hat's products: an advisory counts if it is for one that
// the image's content sets or its build stand for.
func (m *matcher) redHat(name string) (*system, error) {
	os := m.inv.OS
	ends := redhatEnds
	if name == "centos" {
		ends = centosEnds
	}
	release := major(os.Name)
	if day, over := ended(ends, release, m.at); over {
		m.ended(day)
	}
	products, err := m.products(os, release)
	if err != nil {
		return nil, err
	}
	if len(products) == 0 {
		m.note(os.Family, os.Name, "the database does not know the content sets of this image or release, so it is unknown which of Red Hat's advisories apply")
		return nil, nil
	}
	s, ok, err := m.platform("Red Hat")
	if err != nil {
		return nil, err
	}
	if !ok {
		m.note(os.Family, os.Name, "the database has no advisories of Red Hat: there is no %q in it", "Red Hat")
		return nil, nil
	}
	return &system{judge: func(p *inventory.Package, o *outcome) error { return judgeRedHat(p, s, name, products, o) }}, nil
}

// products are the indices of the products that the image is of, sorted.
func (m *matcher) products(os *inventory.OS, release string) ([]int, error) {
	sets, build := os.ContentSets, os.NVR
	if len(sets) == 0 && build == "" {
		sets = redHatSets[release]
	}
	var products []int
	for _, set := range sets {
		more, err := m.db.Products(advisories.ContentSet, builtFor().ReplaceAllString(set, ""))
		if err != nil {
			return nil, err
		}
		products = append(products, more...)
	}
	if build != "" {
		more, err := m.db.Products(advisories.Build, build)
		if err != nil {
			return nil, err
		}
		products = append(products, more...)
	}
	slices.Sort(products)
	return slices.Compact(products), nil
}

// judgeRedHat looks p up.
func judgeRedHat(p *inventory.Package, s *shelf, family string, products []int, o *outcome) error {
	if p.Name == "" {
		o.note(p, "a package of the distribution has no name")
		return nil
	}
	all, err := s.advisories(module(p))
	if err != nil {
		return err
	}
	list := newestFixes(all, p.Arch, products)
	if len(list) == 0 {
		return nil
	}
	if p.FullVersion() == "" {
		o.note(p, "its version is not known, and there are %s for it", plural(len(list), "advisory", "advisories"))
	}
	compare, err := rpmOrder.installed(p.FullVersion())
	if err != nil {
		o.note(p, "%v, so %s could not be checked", err, plural(len(list), "advisory", "advisories"))
		return nil
	}
	for _, a := range list {
		if a.FixedVersion != "" {
			c, err := compare(a.FixedVersion)
			if err != nil {
				o.unreadable(p, a, err)
			}
			if err != nil || c >= 0 {
				continue
			}
		}
		f := newFinding(p, a, family)
		f.Arch, f.FixedVersion = p.Arch, finding.Optional(rpmText(a.FixedVersion))
		f.Status, f.Severity, f.SeveritySource = types.Statuses[a.Status], a.Severity.String(), "redhat"
		o.findings = append(o.findings, f)
	}
	return nil
}

// newestFixes are the vulnerabilities that errata for the architecture and the
// products name, by ID, each once with its newest fix.
func newestFixes(list []advisories.Advisory, arch string, products []int) []advisories.Advisory {
	newest := map[string]advisories.Advisory{}
	for _, a := range list {
		for _, e := range a.Entries {
			if !intersects(products, e.Affected) || !counts(e, arch) {
				continue
			}
			for _, c := range e.CVEs {
				one := advisories.Advisory{ID: a.ID, Severity: c.Severity, FixedVersion: e.FixedVersion, Status: e.Status, Source: a.Source}
				if !strings.HasPrefix(a.ID, "CVE-") {
					one.ID, one.VendorIDs = c.ID, []string{a.ID}
				}
				if before, ok := newest[one.ID]; !ok || olderFix(before, one) {
					newest[one.ID] = one
				}
			}
		}
	}
	all := make([]advisories.Advisory, 0, len(newest))
	for _, a := range newest {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b advisories.Advisory) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// olderFix reports whether a's fix is older than b's; no fix is the oldest.
func olderFix(a, b advisories.Advisory) bool {
	compare, err := rpmOrder.read(a.FixedVersion)
	if err != nil {
		return true
	}
	c, err := compare(b.FixedVersion)
	return err == nil && c < 0
}

// intersects reports whether sorted and list have a number in common.
func intersects(sorted, list []int) bool {
	return slices.ContainsFunc(list, func(n int) bool {
		_, found := slices.BinarySearch(sorted, n)
		return found
	})
}
