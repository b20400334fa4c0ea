package sbom

import (
	"strconv"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/purl"
)

// aggregating are the kinds of applications that represent all packages of a
// language, and whose name is not a path.
var aggregating = []string{"python-pkg", "conda-pkg", "gemspec", "node-pkg", "jar"}

// headings are what packages without a file are reported under.
var headings = map[string]string{
	"python-pkg": "Python", "conda-pkg": "Conda", "gemspec": "Ruby", "node-pkg": "Node.js", "jar": "Java", "kubernetes": "Kubernetes",
}

// names are what a package is called: as the component says, whose spelling a
// package URL loses, and, where the two have different names, also as the
// package URL says, because it is unknown which is meant.
func names(c component, p packageurl.PackageURL) []string {
	inURL := p.Name
	switch {
	case purl.IsSystem(p.Type):
	case p.Type == packageurl.TypeCocoapods && p.Subpath != "":
		return []string{p.Name + "/" + p.Subpath}
	case p.Type == packageurl.TypeMaven && p.Namespace != "":
		return []string{p.Namespace + ":" + p.Name}
	case p.Namespace != "" && purl.HasNamespace(p.Type):
		inURL = p.Namespace + "/" + p.Name
	}
	switch {
	case p.Type == packageurl.TypeMaven, p.Type == packageurl.TypeBitnami, p.Type == packageurl.TypeCocoapods, c.name == "":
		return []string{inURL}
	case sameName(inURL, c.fullName()), p.Type == packageurl.TypeGolang && sameName(inURL+"/"+p.Subpath, c.fullName()):
		return []string{c.fullName()}
	case purl.IsSystem(p.Type) && sameName(inURL, c.name):
		return []string{c.name}
	}
	return []string{c.fullName(), inURL}
}

var separators = strings.NewReplacer("_", "-", ".", "-")

// sameName reports whether two names differ in no more than what package URLs
// normalise.
func sameName(a, b string) bool {
	return strings.EqualFold(separators.Replace(a), separators.Replace(b))
}

// source fills in the source package of pkg: from the properties, the SBOM's
// words, the package URL's upstream, and the package itself, in that order.
func source(pkg *inventory.Package, c component, p packageurl.PackageURL) {
	if pkg.SrcName == "" {
		pkg.SrcName = c.srcName
	}
	if c.srcVersion != "" && p.Type != packageurl.TypeApk {
		pkg.SrcEpoch, pkg.SrcVersion, pkg.SrcRelease = split(c.srcVersion, p.Type)
	}
	if pkg.SrcName == "" {
		name, version := upstream(c, p)
		pkg.SrcName = name
		if name != "" && version != "" {
			pkg.SrcEpoch, pkg.SrcVersion, pkg.SrcRelease = split(version, p.Type)
			if p.Type == packageurl.TypeRPM {
				pkg.SrcEpoch = pkg.Epoch
			}
			return
		}
	}
	if pkg.SrcName != "" && pkg.SrcVersion != "" {
		return
	}
	if pkg.SrcName == "" {
		pkg.SrcName = pkg.Name
	}
	if pkg.SrcVersion == "" {
		pkg.SrcVersion = pkg.Version
	}
	if pkg.SrcRelease == "" {
		pkg.SrcRelease = pkg.Release
	}
	if pkg.SrcEpoch == 0 {
		pkg.SrcEpoch = pkg.Epoch
	}
}

// namesSource reports whether a component names its source package, even if that
// has the same name, or is a source package itself.
func namesSource(c component, p packageurl.PackageURL) bool {
	name, _ := upstream(c, p)
	arch := strings.ToLower(p.Qualifiers.Map()["arch"])
	return name != "" || c.srcName != "" || c.property(propertySrcName) != "" || arch == "source" || arch == "src"
}

// upstream is the source package as other tools than Trivy write it; its version
// is empty where it is the package's own.
func upstream(c component, p packageurl.PackageURL) (name, version string) {
	name, version, _ = strings.Cut(p.Qualifiers.Map()["upstream"], "@")
	if p.Type == packageurl.TypeRPM {
		// bash-5.1.8-6.el9.src.rpm: name, version and release of a file. The
		// version is the package's own but for its epoch.
		name = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, ".rpm"), ".src"), ".nosrc")
		release := strings.LastIndexByte(name, '-')
		if release < 0 {
			return name, version
		}
		at := strings.LastIndexByte(name[:release], '-')
		if at <= 0 {
			return name, version
		}
		name, version = name[:at], name[at+1:]
		return name, version
	}
	if name == "" && p.Type == packageurl.TypeDebian {
		return c.property(syftSource), c.property(syftSourceVersion)
	}
	if name == "" && p.Type == packageurl.TypeApk {
		return c.property(syftOrigin), ""
	}
	return name, version
}

// split takes a distribution's version apart, as packages of that type have it.
func split(version, kind string) (epoch int, upstream, release string) {
	switch kind {
	case packageurl.TypeRPM:
		return splitRPM(version)
	case packageurl.TypeDebian:
		if before, after, ok := strings.Cut(version, ":"); ok {
			if n, err := strconv.Atoi(before); err == nil {
				epoch, version = n, after
			}
		}
		if i := strings.LastIndexByte(version, '-'); i >= 0 {
			return epoch, version[:i], version[i+1:]
		}
		return epoch, version, ""
	}
	return 0, version, ""
}

// splitRPM takes [epoch:]version[-release] apart. What is not a number stays a part
// of the version, but for "(none)", which rpm's own queries write.
func splitRPM(text string) (epoch int, version, release string) {
	if before, after, ok := strings.Cut(text, ":"); ok {
		before = strings.TrimSpace(before)
		if n, err := strconv.Atoi(before); err == nil {
			epoch, text = n, after
		} else if before == "" || before == "(none)" {
			text = after
		}
	}
	version, release, _ = strings.Cut(text, "-")
	return epoch, version, release
}
