package sbom

import (
	"regexp"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/prodgate/prodgate/scan/inventory"
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

// managers are the types of package URL that the packages of a distribution have.
var managers = map[string]string{
	"alpine": "apk", "chainguard": "apk", "minimos": "apk", "wolfi": "apk",
	"debian": "deb", "echo": "deb", "ubuntu": "deb",
	"alma": "rpm", "amazon": "rpm", "azurelinux": "rpm", "cbl-mariner": "rpm", "centos": "rpm", "centos-stream": "rpm",
	"fedora": "rpm", "opensuse": "rpm", "opensuse-leap": "rpm", "opensuse-tumbleweed": "rpm", "oracle": "rpm",
	"photon": "rpm", "redhat": "rpm", "rocky": "rpm", "slem": "rpm", "sles": "rpm",
}

// family is a distribution in trivy-db's words; one that nobody knows stays as it is.
func family(name string) string {
	lower := strings.ToLower(strings.TrimSpace(name))
	if known, ok := families[lower]; ok {
		return known
	}
	if _, ok := managers[lower]; ok {
		return lower
	}
	return strings.TrimSpace(name)
}

// manager is the type of package URL that a family's packages have, empty for a
// family that nobody knows.
func manager(family string) string { return managers[family] }

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
