package inventory

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/prodgate/prodgate/scan/purl"
)

// PackageURL is the package's name in the one spelling that tools share
// (github.com/package-url/purl-spec): what an SBOM gave, else what
// follows from the package and the image's distribution. It is empty for a kind
// that has no such name.
func (p Package) PackageURL(os *OS) string {
	switch {
	case p.PURL != "":
		return p.PURL
	case p.Class == ClassOS:
		return p.distributionURL(os)
	}
	kind := purl.Language(p.Type)
	if kind == "" {
		return ""
	}
	namespace, name, subpath := "", p.Name, ""
	switch kind {
	case packageurl.TypeMaven:
		if group, artifact, ok := strings.Cut(p.Name, ":"); ok {
			namespace, name = group, artifact
		}
	case packageurl.TypePyPi:
		name = strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	case packageurl.TypeGolang:
		namespace, name = lastSlash(strings.ToLower(name))
	case packageurl.TypeNPM, packageurl.TypeComposer, packageurl.TypeSwift:
		namespace, name = lastSlash(name)
	case packageurl.TypeCocoapods:
		name, subpath, _ = strings.Cut(name, "/")
	}
	return packageurl.NewPackageURL(kind, namespace, name, p.FullVersion(), nil, subpath).ToString()
}

// distributionURL is the package URL of a distribution's package.
func (p Package) distributionURL(os *OS) string {
	family, release := p.Type, ""
	if os != nil {
		family, release = os.Family, os.Name
	}
	kind := cmp.Or(purl.Distribution(family), packageurl.TypeRPM)
	namespace, name, distro := family, p.Name, family+"-"+release
	switch {
	case kind == packageurl.TypeApk:
		name, distro = strings.ToLower(name), release
	case strings.HasPrefix(family, "opensuse"):
		namespace = "opensuse"
	case family == "sles", family == "slem":
		namespace = "suse"
	}
	var qualifiers packageurl.Qualifiers
	add := func(key, value string) {
		if value != "" {
			qualifiers = append(qualifiers, packageurl.Qualifier{Key: key, Value: value})
		}
	}
	add("arch", p.Arch)
	if release != "" {
		add("distro", distro)
	}
	if p.Epoch != 0 {
		add("epoch", strconv.Itoa(p.Epoch))
	}
	add("modularitylabel", p.ModularityLabel)
	p.Epoch = 0 // it is in its qualifier
	return packageurl.NewPackageURL(kind, namespace, name, p.FullVersion(), qualifiers, "").ToString()
}

// lastSlash cuts name before its last part.
func lastSlash(name string) (namespace, last string) {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i], name[i+1:]
	}
	return "", name
}
