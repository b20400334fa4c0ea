package match

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aquasecurity/trivy-db/pkg/types"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

// errNoFix says that an advisory of a distribution that only covers what it
// has fixed names no fixed version.
var errNoFix = errors.New("it names no fixed version")

// supplier is who judges the packages of an image that someone other than the
// distribution has patched: none, where the database has none of their
// advisories, which is noted.
func (m *matcher) supplier(packages []*inventory.Package) (s *system, patched bool, err error) {
	os, name := m.inv.OS, family(m.inv.OS)
	switch {
	case os.Supplier == "rapidfort" && slices.Contains([]string{"ubuntu", "alpine", "redhat"}, name):
		s, err = m.rapidFort(name)
	case rootIO(name, packages):
		s, err = m.rootIO(name)
	case sealFamilies[name] != "" && slices.ContainsFunc(packages, bySeal):
		s, err = m.seal(name)
	default:
		return nil, false, nil
	}
	return s, true, err
}

// absent notes that the database has nothing of a supplier for this image.
func (m *matcher) absent(supplier, platform string) {
	m.note(m.inv.OS.Family, m.inv.OS.Name, "the packages are %s's, of which the database has no advisories for this release: there is no %q in it", supplier, platform)
}

// patched judges one package of a supplier's by advisories with ranges. strict
// says that one range that cannot be read spoils the advisory.
type patched struct {
	ecosystem string
	order     order
	rpm       bool
	strict    bool
	source    func(a advisories.Advisory) string // of a severity for the package itself
}

func (s patched) compare(p *inventory.Package, list []advisories.Advisory, o *outcome) {
	if len(list) == 0 {
		return
	}
	installed := p.FullSrcVersion()
	compare, unreadable := s.order.installed(installed)
	if installed == "" {
		unreadable = fmt.Errorf("%w: it is not known", errVersion)
	}
	noted := false
	for _, a := range list {
		vulnerable, err := s.affected(a, compare, unreadable)
		switch {
		case errors.Is(err, errVersion):
			if !noted {
				o.note(p, "%v, so %s could not be checked", err, plural(len(list), "advisory", "advisories"))
			}
			noted = true
		case err != nil:
			o.unreadable(p, a, err)
		}
		if !vulnerable {
			continue
		}
		f := newFinding(p, a, s.ecosystem)
		f.FixedVersion = finding.Optional(strings.Join(a.PatchedVersions, ", "))
		if s.rpm {
			f.Arch = p.Arch
		}
		if a.Severity != types.SeverityUnknown {
			f.Severity, f.SeveritySource = a.Severity.String(), s.source(a)
		}
		o.findings = append(o.findings, f)
	}
}

// affected reports whether a version is in one of the advisory's ranges; without
// any, every version does.
func (s patched) affected(a advisories.Advisory, compare func(string) (int, error), unreadable error) (bool, error) {
	if len(a.VulnerableVersions) == 0 {
		return true, nil
	}
	if unreadable != nil {
		return false, unreadable
	}
	var failed error
	for _, constraint := range a.VulnerableVersions {
		in, err := inRange(constraint, compare)
		if in {
			return true, failed
		}
		if err != nil {
			failed = err
			if s.strict {
				return false, err
			}
		}
	}
	return false, failed
}

// Root.io's packages say so in their version.
var (
	rootDeb = pattern(`\.root\.io`)
	rootAPK = pattern(`-r\d007\d`)
)

func rootIO(family string, packages []*inventory.Package) bool {
	mark := map[string]func() *regexp.Regexp{"debian": rootDeb, "ubuntu": rootDeb, "alpine": rootAPK}[family]
	return mark != nil && slices.ContainsFunc(packages, func(p *inventory.Package) bool { return mark().MatchString(p.FullVersion()) })
}

// rootIO judges by Root.io's advisories, and by the distribution's where those
// do not mention a vulnerability.
func (m *matcher) rootIO(name string) (*system, error) {
	d, trim := distributions[name], minor
	if name == "debian" {
		trim = major
	}
	release := trim(m.releaseName(name))
	platform := "root.io " + d.platform(release)
	own, ok, err := m.platform(platform)
	if err != nil {
		return nil, err
	}
	base, baseOK, err := m.platform(d.platform(release))
	if err != nil {
		return nil, err
	}
	if !ok {
		m.absent("Root.io", platform)
	}
	if !ok && !baseOK {
		return nil, nil
	}
	s := patched{ecosystem: name, order: d.order, strict: true, source: sourceOf}
	return &system{judge: func(p *inventory.Package, o *outcome) error {
		key := cmp.Or(p.SrcName, p.Name)
		list, err := base.advisories(key)
		if err != nil {
			return err
		}
		all := make([]advisories.Advisory, 0, len(list))
		for _, a := range list {
			if a.FixedVersion != "" {
				a.VulnerableVersions, a.PatchedVersions, a.FixedVersion = []string{"<" + a.FixedVersion}, []string{a.FixedVersion}, ""
			}
			all = append(all, a)
		}
		if list, err = own.advisories(key); err != nil {
			return err
		}
		s.compare(p, latest(append(all, list...)), o)
		return nil
	}}, nil
}

func sourceOf(a advisories.Advisory) string { return string(a.Source.ID) }

// sealFamilies are the distributions whose packages Seal Security patches, and
// where its advisories for them are.
var sealFamilies = map[string]string{
	"alpine": "seal alpine", "debian": "seal debian", "ubuntu": "seal debian",
	"redhat": "seal Red Hat", "centos": "seal Red Hat", "oracle": "seal Red Hat", "cbl-mariner": "seal Red Hat",
}

func bySeal(p *inventory.Package) bool {
	return strings.HasPrefix(strings.ToLower(p.Name), "seal-") || strings.HasPrefix(strings.ToLower(p.SrcName), "seal-")
}

// seal judges Seal Security's packages by its advisories, all others by the
// distribution's; the end of a release's life does not matter to either.
func (m *matcher) seal(name string) (*system, error) {
	os := *m.inv.OS
	defer func(before *inventory.OS) { m.inv.OS = before }(m.inv.OS)
	os.Repository = ""
	m.inv.OS = &os
	base, err := m.distributor()
	if err != nil {
		return nil, err
	}
	o, isRPM := rpmOrder, true
	switch name {
	case "alpine":
		o, isRPM = apkOrder, false
	case "debian", "ubuntu":
		o, isRPM = debOrder, false
	}
	s := patched{ecosystem: name, order: o, rpm: isRPM, strict: true, source: func(a advisories.Advisory) string { return string(a.Source.BaseID) }}
	return &system{own: bySeal, judge: func(p *inventory.Package, o *outcome) error {
		if bySeal(p) {
			return m.judgeSealed(p, name, s, o)
		}
		if base == nil {
			return nil // noted for the distribution
		}
		return base.judge(p, o)
	}}, nil
}

// judgeSealed judges one of Seal Security's packages.
func (m *matcher) judgeSealed(p *inventory.Package, name string, s patched, o *outcome) error {
	platform := sealFamilies[name]
	if platform == "seal Red Hat" {
		release := p.Release
		if p.SrcName != "" {
			release = p.SrcRelease
		}
		platform = strings.TrimSpace(platform + " " + enterprise(release))
	}
	shelf, ok, err := m.platform(platform)
	if err != nil {
		return err
	}
	if !ok {
		o.note(p, "it is a package of Seal Security, and the database has no advisories for it: there is no %q in it", platform)
		return nil
	}
	list, err := shelf.advisories(cmp.Or(p.SrcName, p.Name))
	if err != nil {
		return err
	}
	var all []advisories.Advisory
	for _, a := range list {
		ranges, err := split(a)
		if err != nil {
			o.unreadable(p, a, err)
		}
		all = append(all, ranges...)
	}
	s.compare(p, all, o)
	return nil
}

// enterprise is the release that an rpm's own release names: 8 of 3.el8+sp1.
func enterprise(release string) string {
	_, after, ok := strings.Cut(release, "el")
	if !ok {
		return ""
	}
	after, _, _ = strings.Cut(after, "_")
	after, _, _ = strings.Cut(after, "+")
	return after
}

// split makes an advisory of each range of a, with the fix that ends it.
func split(a advisories.Advisory) ([]advisories.Advisory, error) {
	if len(a.VulnerableVersions) == 1 {
		return []advisories.Advisory{a}, nil
	}
	if len(a.VulnerableVersions) == 0 {
		return nil, errors.New("it names none")
	}
	var all []advisories.Advisory
	for i, constraint := range a.VulnerableVersions {
		if i >= len(a.PatchedVersions) || !strings.Contains(constraint, a.PatchedVersions[i]) {
			return nil, errors.New("its ranges and its fixes do not belong together")
		}
		one := a
		one.VulnerableVersions, one.PatchedVersions = []string{constraint}, []string{a.PatchedVersions[i]}
		all = append(all, one)
	}
	return all, nil
}

// rapidFort judges the packages of RapidFort's curated images: each by the
// advisories for where it was built.
func (m *matcher) rapidFort(name string) (*system, error) {
	const prefix = "rapidfort "
	any, err := m.sources(prefix)
	if err != nil {
		return nil, err
	}
	if len(any.platforms) == 0 {
		m.absent("RapidFort", prefix+"…")
		return nil, nil
	}
	s := patched{ecosystem: name, source: sourceOf}
	release := minor(m.releaseName(name))
	switch name {
	case "ubuntu":
		s.order = debOrder
	case "alpine":
		s.order = apkOrder
	default:
		s.order, s.rpm, release = rpmOrder, true, major(m.releaseName(name))
	}
	return &system{everything: true, judge: func(p *inventory.Package, o *outcome) error {
		platform := prefix + rapidFortPlatform(name, p.FullSrcVersion(), release)
		shelf, ok, err := m.platform(platform)
		if err != nil {
			return err
		}
		if !ok {
			o.note(p, "RapidFort's advisories for where it was built are missing: there is no %q in the database", platform)
			return nil
		}
		list, err := shelf.advisories(cmp.Or(p.SrcName, p.Name))
		if err != nil {
			return err
		}
		if p.SrcName != "" && p.SrcName != p.Name {
			more, err := shelf.advisories(p.Name)
			if err != nil {
				return err
			}
			list = latest(slices.Concat(more, list)) // the source's count where both have one
		}
		s.compare(p, list, o)
		return nil
	}}, nil
}

// buildTag is where an rpm was built: el9, fc43, rf1.
var buildTag = pattern(`\.(el|fc|rf)(\d*)`)

// rapidFortPlatform is where RapidFort's advisories for a version are: its own
// builds are of no release, and an rpm says itself for which it was built.
func rapidFortPlatform(family, version, release string) string {
	switch family {
	case "ubuntu":
		if strings.Contains(version, "+rf") || strings.Contains(version, "rfubu") {
			return "ubuntu"
		}
		return "ubuntu " + release
	case "alpine":
		return "alpine " + release
	}
	tags := buildTag().FindAllStringSubmatch(version, -1)
	if len(tags) == 0 {
		return "Red Hat " + release
	}
	switch tag := tags[len(tags)-1]; tag[1] {
	case "fc":
		return strings.TrimSpace("fedora " + tag[2])
	case "rf":
		return "Red Hat"
	default:
		return strings.TrimSpace("Red Hat " + tag[2])
	}
}
