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

// planSystem defines how the packages of the distribution are judged.
func (m *matcher) planSystem(packages []*inventory.Package) error {
	os := m.inv.OS
	if os == nil || os.Family == "" || os.Family == "none" {
		if len(packages) > 0 {
			m.note("image", "", "no distribution was recognised, so its packages cannot be looked up: %s", counted(packages))
		}
		return nil
	}
	if len(packages) == 0 {
		// ActiveState has no packages of its own.
		if family(os) != "activestate" {
			m.note(os.Family, os.Name, "no package of the distribution was found, so what is installed is unknown")
		}
		return nil
	}
	s, patched, err := m.supplier(packages)
	if err == nil && !patched {
		s, err = m.distributor()
	}
	if err != nil {
		return err
	}
	// A signing key has no version and nothing that could be attacked.
	packages = slices.DeleteFunc(packages, func(p *inventory.Package) bool { return p.Name == "gpg-pubkey" })
	if s != nil && m.inv.Unsourced && bySource(os) && len(packages) > 0 {
		m.note(os.Family, os.Name, "its advisories name source packages, and this list of packages does not: vulnerabilities known only by the source's name are not found. Scan the image itself, or name sources (upstream in package URLs): %s", counted(packages))
	}
	m.assign(packages, s)
	return nil
}

// bySource reports whether the advisories for a distribution, or for what its
// suppliers patch of it, name source packages.
func bySource(os *inventory.OS) bool {
	return distributions[family(os)].bySource || os.Supplier != ""
}

// assign gives the packages to what judges them; nil: nothing does, which was
// noted once for the distribution.
func (m *matcher) assign(packages []*inventory.Package, s *system) {
	if s == nil {
		return
	}
	for _, p := range packages {
		elsewhere := !s.everything && !(s.own != nil && s.own(p))
		if elsewhere && (p.Repository == inventory.ThirdParty || p.Repository == inventory.Homemade) {
			m.tasks = append(m.tasks, task{p, foreign})
		}
		if !elsewhere || p.Repository != inventory.ThirdParty {
			m.tasks = append(m.tasks, task{p, s.judge})
		}
	}
}

// foreign says that the distribution's advisories do not cover p.
func foreign(p *inventory.Package, o *outcome) error {
	from := ""
	if p.Vendor != "" {
		from = " (" + shortened(p.Vendor) + ")"
	}
	o.note(p, "it is from another repository%s, which the distribution's advisories do not cover", from)
	return nil
}

// system judges a distribution's packages.
type system struct {
	judge      judge
	everything bool                            // also those from other sources
	own        func(p *inventory.Package) bool // those that are its own wherever they are from; nil: none
}

// distributor is who judges the packages of the inventory's distribution by its
// own advisories; nil: there are none, which was noted.
func (m *matcher) distributor() (*system, error) {
	os, name := m.inv.OS, family(m.inv.OS)
	if name == "redhat" || name == "centos" {
		return m.redHat(name)
	}
	d, ok := distributions[name]
	if !ok {
		m.note(os.Family, os.Name, "there are no advisories for the distribution %q", os.Family)
		return nil, nil
	}
	release := m.release(name, d)
	if day, over := ended(d.ends, release, m.at); over {
		m.ended(day)
	}
	if name == "alpine" {
		release = cmp.Or(alpineRepository(os.Repository), release)
	}
	s, ok, err := m.platform(d.platform(release))
	if err != nil {
		return nil, err
	}
	if !ok {
		m.note(os.Family, os.Name, "the database has no advisories for this release: there is no %q in it", d.platform(release))
		return nil, nil
	}
	return &system{everything: d.everything, judge: func(p *inventory.Package, o *outcome) error { return d.judge(p, s, name, o) }}, nil
}

// ended notes that the distribution's release gets no advisories any more.
func (m *matcher) ended(day string) {
	m.note(m.inv.OS.Family, m.inv.OS.Name, "the release reached its end of life on %s and gets no advisories any more", day)
}

// releaseName is the release as the image says it, with -ESM where Ubuntu
// maintains it beyond its end.
func (m *matcher) releaseName(name string) string {
	release := m.inv.OS.Name
	if name == "ubuntu" && m.inv.OS.Extended && !strings.HasSuffix(release, "-ESM") {
		release += "-ESM"
	}
	return release
}

// release is the distribution's as the database keys it.
func (m *matcher) release(name string, d distribution) string {
	release := m.releaseName(name)
	if name == "ubuntu" {
		return ubuntuRelease(release, m.at)
	}
	if d.release != nil {
		release = d.release(release)
	}
	return release
}

// judge looks p up among the platform's advisories.
func (d distribution) judge(p *inventory.Package, s *shelf, family string, o *outcome) error {
	name := p.Name
	switch {
	case d.bySource:
		name = cmp.Or(p.SrcName, p.Name)
	case d.modular:
		name = module(p)
	}
	if name == "" {
		o.note(p, "a package of the distribution has no name")
		return nil
	}
	if d.skip != nil {
		if why := d.skip(p); why != "" {
			o.note(p, "%s", why)
			return nil
		}
	}
	list, err := s.advisories(name)
	if err != nil {
		return err
	}
	if d.byArch {
		list = forArch(list, p.Arch)
	}
	if len(list) == 0 {
		return nil
	}
	d.compare(p, list, family, o)
	return nil
}

// compare compares p with each of the advisories for it.
func (d distribution) compare(p *inventory.Package, list []advisories.Advisory, family string, o *outcome) {
	installed := p.FullVersion()
	if d.sourceVersion {
		installed = p.FullSrcVersion()
	}
	if installed == "" {
		o.note(p, "its version is not known, and there are %s for it", plural(len(list), "advisory", "advisories"))
	}
	compare, err := d.order.installed(installed)
	if err != nil {
		if installed != "" {
			o.note(p, "%v, so %s could not be checked", err, plural(len(list), "advisory", "advisories"))
		}
		return
	}
	for _, a := range list {
		if d.same != nil && !d.same(a.FixedVersion, p.Release) {
			continue
		}
		vulnerable, err := d.affected(a, compare)
		if err != nil {
			o.unreadable(p, a, err)
		}
		if err != nil || !vulnerable {
			continue
		}
		f := newFinding(p, a, family)
		if d.rpm && !d.anyArch {
			f.Arch = p.Arch
		}
		if d.plainFix && a.FixedVersion != "" {
			f.FixedVersion = finding.Optional(rpmText(a.FixedVersion))
		}
		if d.ownSeverity {
			f.ownSeverity(a, family)
		}
		if family == "echo" {
			f.InstalledVersion = installed
		}
		o.findings = append(o.findings, f)
	}
}

// ownSeverity takes the severity and the status that the advisory has for the
// package itself. Which source the severity is from is only shown.
func (f *Finding) ownSeverity(a advisories.Advisory, source string) {
	f.Status = types.Statuses[a.Status]
	if a.Severity != types.SeverityUnknown {
		f.Severity, f.SeveritySource = a.Severity.String(), source
	}
}

// affected reports whether the version that compare knows has the vulnerability.
func (d distribution) affected(a advisories.Advisory, compare func(string) (int, error)) (bool, error) {
	if d.introduced && a.AffectedVersion != "" {
		if c, err := compare(a.AffectedVersion); err != nil || c < 0 {
			return false, err
		}
	}
	if a.FixedVersion == "" {
		if d.unfixed {
			return true, nil
		}
		return false, errNoFix
	}
	c, err := compare(a.FixedVersion)
	return c < 0, err
}
