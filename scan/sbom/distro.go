package sbom

import (
	"regexp"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/purl"
)

// families are other names of the distributions: those of /etc/os-release, those
// of package URLs, and those that older versions of Trivy wrote.
var families = map[string]string{
	"almalinux": "alma", "amazon linux": "amazon", "amzn": "amazon", "cbl-mariner": "cbl-mariner", "debian gnu/linux": "debian",
	"mariner": "cbl-mariner", "ol": "oracle", "opensuse.leap": "opensuse-leap",
	"opensuse.tumbleweed": "opensuse-tumbleweed", "oraclelinux": "oracle", "red hat": "redhat", "rhel": "redhat",
	"rockylinux": "rocky", "sl-micro": "slem", "sle-micro": "slem",
	"suse linux enterprise micro": "slem", "suse linux enterprise server": "sles",
}

// family is a distribution in trivy-db's spelling; an unknown one stays as it is.
func family(name string) string {
	lower := strings.ToLower(strings.TrimSpace(name))
	if known, ok := families[lower]; ok {
		return known
	}
	if manager(lower) != "" {
		return lower
	}
	return strings.TrimSpace(name)
}

// manager returns the package URL type of a distribution's packages: apk, deb or
// rpm. It is "" for an unknown family.
func manager(family string) string {
	if kind := purl.Distribution(family); purl.IsSystem(kind) {
		return kind
	}
	return ""
}

var release = regexp.MustCompile(`^(.+?)-([0-9][0-9A-Za-z._]*|tumbleweed)$`)
var bare = regexp.MustCompile(`^[0-9][0-9A-Za-z._]*$`)

// distro is the distribution that a package's own URL names: distro=debian-12.8,
// or, for Alpine as Trivy writes it, distro=3.20.1 in the namespace alpine.
func distro(p packageurl.PackageURL) (inventory.OS, bool) {
	text := p.Qualifiers.Map()["distro"]
	name, version := p.Namespace, text
	if m := release.FindStringSubmatch(text); m != nil {
		name, version = m[1], m[2]
	} else if !bare.MatchString(text) {
		return inventory.OS{}, false
	}
	os := inventory.OS{Family: family(name), Name: version}
	return os, manager(os.Family) == p.Type
}
