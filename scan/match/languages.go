package match

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
)

// language is a set of packages that advisories cover together.
type language struct {
	ecosystem string // as trivy-db names it; its platforms begin with this and "::"
	ranges    ranges
	name      func(string) string // a package's name as the advisories write it
}

var (
	ruby       = language{"rubygems", gemRanges, strings.ToLower}
	rust       = language{"cargo", semverRanges, strings.ToLower}
	php        = language{"composer", semverRanges, strings.ToLower}
	golang     = language{"go", semverRanges, asWritten}
	java       = language{"maven", mavenRanges, strings.ToLower}
	javascript = language{"npm", npmRanges, strings.ToLower}
	dotnet     = language{"nuget", semverRanges, strings.ToLower}
	pypi       = language{"pip", pythonRanges, pythonName}
	dart       = language{"pub", semverRanges, strings.ToLower}
	erlang     = language{"erlang", semverRanges, strings.ToLower}
	conan      = language{"conan", semverRanges, strings.ToLower}
	swift      = language{"swift", semverRanges, swiftName}
	cocoapods  = language{"cocoapods", gemRanges, asWritten}
	bitnamis   = language{"bitnami", bitnamiRanges, strings.ToLower}
	kubernetes = language{"k8s", semverRanges, strings.ToLower}
	julia      = language{"julia", semverRanges, asWritten}
)

// languages are those that have advisories, by the type of a package.
var languages = map[string]language{
	"bundler": ruby, "gemspec": ruby,
	"rustbinary": rust, "cargo": rust,
	"composer": php, "composer-vendor": php,
	"gobinary": golang, "gomod": golang,
	"jar": java, "pom": java, "gradle": java, "sbt": java,
	"npm": javascript, "yarn": javascript, "pnpm": javascript, "bun": javascript, "node-pkg": javascript, "javascript": javascript,
	"nuget": dotnet, "dotnet-core": dotnet, "packages-props": dotnet,
	"pipenv": pypi, "poetry": pypi, "pip": pypi, "python-pkg": pypi, "uv": pypi, "pylock": pypi,
	"pub": dart, "hex": erlang, "conan": conan, "swift": swift, "cocoapods": cocoapods,
	"bitnami": bitnamis, "kubernetes": kubernetes, "julia": julia,
}

func asWritten(name string) string { return name }

// pythonName is PEP 426's: no case, and no difference between "-" and "_".
func pythonName(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }

// swiftName is a repository's URL without what some advisories leave out.
func swiftName(name string) string {
	return strings.TrimSuffix(strings.TrimPrefix(name, "https://"), ".git")
}

// planLanguages defines how the packages of languages are judged. A type without
// advisories is undetermined once, not once for each of its packages.
func (m *matcher) planLanguages(packages []*inventory.Package) error {
	byType := map[string][]*inventory.Package{}
	for _, p := range packages {
		byType[p.Type] = append(byType[p.Type], p)
	}
	for kind, list := range byType {
		l, ok := languages[kind]
		if !ok {
			m.note(kind, "", "there are no advisories for packages of type %q; the image has %s", kind, counted(list))
			continue
		}
		shelf, err := m.sources(l.ecosystem + "::")
		if err != nil {
			return err
		}
		sealed, err := m.sources("seal " + l.ecosystem + "::")
		if err != nil {
			return err
		}
		if len(shelf.platforms) == 0 {
			m.note(l.ecosystem, "", "the database has no advisories for %s at all; the image has %s", l.ecosystem, counted(list))
		}
		for _, p := range list {
			m.tasks = append(m.tasks, task{p, func(p *inventory.Package, o *outcome) error { return l.judge(p, shelf, sealed, o) }})
		}
	}
	// Neighbours share pages of the database, and the order is the same each time.
	slices.SortStableFunc(m.tasks, func(a, b task) int { return strings.Compare(a.p.Name, b.p.Name) })
	return nil
}

// counted names a number of packages and the first of them.
func counted(list []*inventory.Package) string {
	first := list[0]
	for _, p := range list {
		if p.Name < first.Name {
			first = p
		}
	}
	if len(list) == 1 {
		return fmt.Sprintf("one (%s)", first.Name)
	}
	return fmt.Sprintf("%d (%s, …)", len(list), first.Name)
}

// judge looks p up.
func (l language) judge(p *inventory.Package, general, sealed *shelf, o *outcome) error {
	if p.Name == "" {
		o.note(p, "a package of type %s has no name", p.Type)
		return nil
	}
	list, ranges, err := l.advisories(p, general, sealed, o)
	if err != nil || len(list) == 0 {
		return err
	}
	if p.Version == "" {
		o.note(p, "its version is not known, and there are %s for it", plural(len(list), "advisory", "advisories"))
		return nil
	}
	within, unreadable := ranges.installed(p.Version)
	noted := false
	for _, a := range list {
		vulnerable, err := affected(a, func(constraint string) (bool, error) {
			if unreadable != nil {
				return false, unreadable
			}
			return within(constraint)
		})
		switch {
		case errors.Is(err, errVersion):
			if !noted {
				o.note(p, "%v, so %s could not be checked", err, plural(len(list), "advisory", "advisories"))
			}
			noted = true
		case err != nil:
			o.unreadable(p, a, err)
		case vulnerable:
			f := newFinding(p, a, l.ecosystem)
			f.InstalledVersion, f.FixedVersion = p.Version, finding.Optional(fixes(a))
			o.findings = append(o.findings, f)
		}
	}
	return nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// affected reports whether an advisory covers a version: one that is in the
// vulnerable ranges, where there are any, and in no patched or unaffected one.
// An empty vulnerable or patched range means every version.
func affected(a advisories.Advisory, within func(constraint string) (bool, error)) (bool, error) {
	if slices.Contains(a.VulnerableVersions, "") || slices.Contains(a.PatchedVersions, "") {
		return true, nil
	}
	vulnerable := false
	if len(a.VulnerableVersions) > 0 {
		in, err := within(strings.Join(a.VulnerableVersions, " || "))
		if err != nil || !in {
			return false, err
		}
		vulnerable = true
	}
	secure := slices.Concat(a.PatchedVersions, a.UnaffectedVersions)
	if len(secure) == 0 {
		return vulnerable, nil
	}
	in, err := within(strings.Join(secure, " || "))
	return err == nil && !in, err
}

// fixes are the versions without the vulnerability: those that the advisory
// names, or where its vulnerable ranges end.
func fixes(a advisories.Advisory) string {
	list := a.PatchedVersions
	if len(list) == 0 {
		for _, constraint := range a.VulnerableVersions {
			for part := range strings.SplitSeq(constraint, ",") {
				part = strings.TrimSpace(part)
				if end, ok := strings.CutPrefix(part, "<"); ok && !strings.HasPrefix(end, "=") {
					list = append(list, strings.TrimSpace(end))
				}
			}
		}
	}
	var once []string
	for _, version := range list {
		if !slices.Contains(once, version) {
			once = append(once, version)
		}
	}
	return strings.Join(once, ", ")
}

// How versions look that Seal Security has patched, by ecosystem. Where others
// write such as well, Seal's advisories count only if there are any.
var (
	sealPlus = pattern(`\+sp\d+(?:p\d+)?$`)
	sealName = pattern(`^seal\.sp[0-9]`)

	sealCandidates = map[string]func() *regexp.Regexp{
		"npm":      pattern(`-sp\d+(?:p\d+)?$`),
		"go":       pattern(`-sp\d+(?:p\d+)?(?:\+incompatible)?$`),
		"rubygems": pattern(`\.0\.1\.sp\d+(?:p\d+)?$`),
	}
	sealPrefixes = map[string]string{"pip": "seal-", "npm": "@seal-security/", "go": "sealsecurity.io/", "rubygems": "seal-"}
)

// advisories are those for p, and how their ranges are written: Seal Security's
// for the packages that it patches, else the ecosystem's.
func (l language) advisories(p *inventory.Package, general, sealed *shelf, o *outcome) ([]advisories.Advisory, ranges, error) {
	name := l.name(p.Name)
	prefix, named := sealPrefixes[l.ecosystem]
	certain := named && strings.HasPrefix(name, prefix)
	switch l.ecosystem {
	case "maven":
		certain = sealName().MatchString(name) || sealPlus().MatchString(p.Version)
	case "pip":
		certain = certain || sealPlus().MatchString(p.Version)
	}
	if certain && len(sealed.platforms) == 0 {
		o.note(p, "it is a package of Seal Security, and the database has no Seal advisories for %s", l.ecosystem)
	}
	candidate := sealCandidates[l.ecosystem]
	if certain || (candidate != nil && candidate().MatchString(p.Version)) {
		list, err := sealed.advisories(name)
		if err != nil || certain || len(list) > 0 {
			r := l.ranges
			if l.ecosystem == "pip" {
				r = sealedPythonRanges
			}
			return list, r, err
		}
	}
	list, err := general.advisories(name)
	return list, l.ranges, err
}
