package sbom

import (
	"slices"
	"strconv"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/purl"
)

// reader makes packages of the components of one SBOM.
type reader struct {
	document *document
	inv      *inventory.Inventory
	owner    map[int]int                // from a component to the application it belongs to
	packages map[string][]int           // the distribution's packages in inv, by the type of their package URL
	distros  map[[2]string]inventory.OS // the distributions that package URLs name, by family and release
	sets     map[string]bool            // the content sets in inv
	sourced  bool                       // a package of the distribution names its source, or is one
}

// read takes component number i.
func (r *reader) read(i int, c component) {
	if c.kind == distribution || c.kind == file && c.purl == "" {
		return
	}
	if c.purl == "" {
		r.withoutURL(c)
		return
	}
	p, err := purl.Parse(c.purl)
	if err != nil {
		r.inv.Note(c.called(), c.version, "its package URL can't be read: %v", err)
		return
	}
	kind, known := purl.Kind(p)
	switch os := purl.IsSystem(p.Type); {
	case c.root && !os && !known:
		return
	case purl.IsImage(p.Type) || c.kind == container && !os && !known:
		r.inv.Note(c.called(), c.version, "it is an image of its own, whose packages this SBOM does not list")
	case !os && !known:
		r.inv.Note(c.called(), version(c, p), "no advisories are known for packages of the type %s", p.Type)
	case c.kind == unknown:
		r.inv.Note(c.called(), version(c, p), "no advisories are known for components of the type %q", c.word)
	case version(c, p) == "":
		if !c.root {
			r.inv.Note(c.called(), "", "it has no version, without which no advisory can be looked up")
		}
	case os:
		r.distributed(c, p)
	default:
		r.language(i, c, p, kind)
	}
}

// withoutURL takes a component that names no package URL: a group, or something
// that cannot be looked up.
func (r *reader) withoutURL(c component) {
	switch {
	case c.root, c.groups():
	case c.kind == container:
		r.inv.Note(c.called(), c.version, "it is an image of its own, whose packages this SBOM does not list")
	case c.kind == unknown:
		r.inv.Note(c.called(), c.version, "no advisories are known for components of the type %q", c.word)
	case c.kind == library, c.version != "":
		r.inv.Note(c.called(), c.version, "it names no package URL, by which advisories are looked up")
	}
}

// version is the version that advisories are compared with.
func version(c component, p packageurl.PackageURL) string {
	if p.Version != "" {
		return p.Version
	}
	return c.version
}

// language takes a package of a language. Component number i belongs to the
// application in r.owner.
func (r *reader) language(i int, c component, p packageurl.PackageURL, lang string) {
	pkg := inventory.Package{
		Class: inventory.ClassLanguage, Type: lang, Version: version(c, p), PURL: c.purl,
		FilePath: c.property(propertyFilePath), Arch: p.Qualifiers.Map()["arch"],
	}
	if pkg.FilePath == "" {
		pkg.FilePath = c.path
	}
	if owner, ok := r.owner[i]; ok {
		if kind, path := r.document.components[owner].app(); purl.Language(kind) == p.Type {
			pkg.Type, pkg.Target = kind, path
		}
	}
	pkg.FilePath = strings.TrimPrefix(pkg.FilePath, "/")
	if pkg.Target == "" {
		pkg.Target = headings[pkg.Type]
	}
	for _, name := range names(c, p) {
		pkg.Name = name
		r.inv.Packages = append(r.inv.Packages, pkg)
	}
}

// distributed takes a package of a distribution.
func (r *reader) distributed(c component, p packageurl.PackageURL) {
	qualifiers := p.Qualifiers.Map()
	pkg := inventory.Package{
		Class: inventory.ClassOS, Version: version(c, p), Arch: qualifiers["arch"], PURL: c.purl,
		ModularityLabel: qualifiers["modularitylabel"],
	}
	if label := c.property(propertyModularity, syftModularity); label != "" {
		pkg.ModularityLabel = label
	}
	if pkg.ModularityLabel == "" {
		pkg.ModularityLabel = qualifiers["rpmmod"]
	}
	if err := readVersion(&pkg, c, p); err != nil {
		r.inv.Note(c.called(), version(c, p), "%v", err)
		return
	}
	pkg.SrcName, pkg.SrcVersion, pkg.SrcRelease = c.property(propertySrcName), c.property(propertySrcVersion), c.property(propertySrcRelease)
	if text := c.property(propertySrcEpoch); text != "" {
		var err error
		if pkg.SrcEpoch, err = strconv.Atoi(text); err != nil {
			r.inv.Note(c.called(), version(c, p), "the epoch %q of its source package is not a number", text)
			return
		}
	}
	r.content(c)
	if os, ok := distro(p); ok {
		r.distros[[2]string{os.Family, os.Name}] = os
	}
	r.sourced = r.sourced || namesSource(c, p)
	for _, name := range names(c, p) {
		one := pkg
		one.Name = name
		source(&one, c, p)
		r.packages[p.Type] = append(r.packages[p.Type], len(r.inv.Packages))
		r.inv.Packages = append(r.inv.Packages, one)
	}
}

// content collects the origin of packages from Red Hat's build system.
func (r *reader) content(c component) {
	if r.inv.OS == nil {
		return
	}
	for _, p := range c.properties {
		if p.name == propertyContentSet && !r.sets[p.value] {
			r.sets[p.value] = true
			r.inv.OS.ContentSets = append(r.inv.OS.ContentSets, p.value)
		}
	}
	if nvr := c.property(propertyNVR); nvr != "" && r.inv.OS.NVR == "" {
		r.inv.OS.NVR = nvr + "-" + c.property(propertyArch)
	}
}

// settle gives the distribution's packages their distribution, once all were
// read. Packages of another package manager than the distribution's can't be
// looked up, nor can those of several.
func (r *reader) settle(name string) {
	if r.inv.OS == nil && len(r.distros) == 1 {
		for _, os := range r.distros {
			r.inv.OS = &os
		}
	}
	drop := map[int]bool{}
	for kind, places := range r.packages {
		for _, i := range places {
			pkg := &r.inv.Packages[i]
			pkg.Type = kind
			switch {
			case r.inv.OS == nil && len(r.packages) > 1:
				r.inv.Note(pkg.Name, pkg.FullVersion(), "the SBOM lists packages of several distributions and names none")
				drop[i] = true
			case r.inv.OS == nil:
				pkg.Target = name
			case manager(r.inv.OS.Family) != "" && manager(r.inv.OS.Family) != kind:
				r.inv.Note(pkg.Name, pkg.FullVersion(), "it is a package of the type %s, and the distribution is %s", kind, r.inv.OS.Family)
				drop[i] = true
			default:
				pkg.Type, pkg.Target = r.inv.OS.Family, name+" ("+strings.TrimSpace(r.inv.OS.Family+" "+r.inv.OS.Name)+")"
			}
		}
	}
	kept := r.inv.Packages[:0]
	for i, pkg := range r.inv.Packages {
		if !drop[i] {
			kept = append(kept, pkg)
		}
	}
	r.inv.Packages = kept
	r.inv.Unsourced = len(r.packages) > 0 && !r.sourced
	if r.inv.OS != nil {
		slices.Sort(r.inv.OS.ContentSets)
	}
}
