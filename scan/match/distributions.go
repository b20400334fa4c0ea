package match

import (
	"strings"

	"github.com/prodgate/prodgate/scan/inventory"
)

// distribution is one way of judging packages of a distribution: where its
// advisories are, what they cover, and how versions are put in order.
type distribution struct {
	platform func(release string) string // of the database
	release  func(name string) string    // as the database keys it; nil: as it is
	ends     map[string]string           // releases and the last day of their life, UTC; nil: none is known

	bySource      bool // advisories name source packages, not binary ones
	sourceVersion bool // and compare their version
	order         order

	unfixed     bool // advisories without a fix are reported
	ownSeverity bool // severity and status may be the package's own
	plainFix    bool // the fixed version is shown without an epoch of 0
	modular     bool // names of modular packages have their module before them
	byArch      bool // each advisory has entries for architectures
	everything  bool // also judges packages that are not the distribution's own
	introduced  bool // advisories may say since which version
	rpm         bool // its packages are rpm's; two architectures of one are two
	anyArch     bool // not so here

	skip func(p *inventory.Package) string // why a package cannot be judged; "": it can
	same func(fixed, release string) bool  // whether an advisory is for a package's flavour; nil: always
}

// distributions are those that Trivy has advisories for, by family. Red Hat and
// CentOS are judged by their products instead (redhat.go).
var distributions = map[string]distribution{
	"debian": {platform: after("debian "), release: major, ends: debianEnds,
		bySource: true, sourceVersion: true, order: debOrder, unfixed: true, ownSeverity: true},
	"ubuntu": {platform: after("ubuntu "), ends: ubuntuEnds,
		bySource: true, sourceVersion: true, order: debOrder, unfixed: true},
	"echo": {platform: rolling("echo"),
		bySource: true, sourceVersion: true, order: debOrder, unfixed: true, ownSeverity: true, everything: true},

	"alpine": {platform: after("alpine "), release: minor, ends: alpineEnds,
		bySource: true, sourceVersion: true, order: apkOrder, unfixed: true, introduced: true},
	"wolfi":      {platform: rolling("wolfi"), bySource: true, order: apkOrder},
	"chainguard": {platform: rolling("chainguard"), bySource: true, order: apkOrder},
	"minimos":    {platform: rolling("minimos"), bySource: true, order: apkOrder},

	"alma": {platform: after("alma "), release: major, ends: almaEnds,
		order: rpmOrder, rpm: true, plainFix: true, modular: true, skip: unlabelled},
	"rocky": {platform: after("rocky "), release: major, ends: rockyEnds,
		order: rpmOrder, rpm: true, plainFix: true, modular: true, byArch: true},
	"oracle": {platform: after("Oracle Linux "), release: major, ends: oracleEnds,
		order: rpmOrder, rpm: true, byArch: true, same: sameFlavour},
	"amazon": {platform: after("amazon linux "), release: amazonRelease, ends: amazonEnds,
		order: debOrder, rpm: true},
	"photon": {platform: after("Photon OS "), ends: photonEnds,
		bySource: true, order: rpmOrder, rpm: true},
	"azurelinux": {platform: after("Azure Linux "), release: minor,
		bySource: true, sourceVersion: true, order: rpmOrder, rpm: true, unfixed: true, plainFix: true, anyArch: true},
	"cbl-mariner": {platform: after("CBL-Mariner "), release: minor,
		bySource: true, sourceVersion: true, order: rpmOrder, rpm: true, unfixed: true, plainFix: true, anyArch: true},
	"bottlerocket": {platform: rolling("bottlerocket"), order: rpmOrder},

	"sles":                {platform: after("SUSE Linux Enterprise "), ends: slesEnds, order: rpmOrder, rpm: true},
	"slem":                {platform: after("SUSE Linux Enterprise Micro "), ends: slemEnds, order: rpmOrder, rpm: true},
	"opensuse-leap":       {platform: after("openSUSE Leap "), ends: leapEnds, order: rpmOrder, rpm: true},
	"opensuse-tumbleweed": {platform: rolling("openSUSE Tumbleweed"), order: rpmOrder, rpm: true},
}

// families are other names for the same.
var families = map[string]string{
	"opensuse.leap":                "opensuse-leap",
	"opensuse.tumbleweed":          "opensuse-tumbleweed",
	"suse linux enterprise micro":  "slem",
	"suse linux enterprise server": "sles",
	"amazon linux":                 "amazon",
	"debian gnu/linux":             "debian",
}

// family is the one word for a distribution.
func family(os *inventory.OS) string {
	if word, ok := families[os.Family]; ok {
		return word
	}
	return os.Family
}

func after(prefix string) func(string) string {
	return func(release string) string { return prefix + release }
}

func rolling(name string) func(string) string { return func(string) string { return name } }

// major is 8 of 8.1.
func major(name string) string {
	first, _, _ := strings.Cut(name, ".")
	return first
}

// minor is 3.17 of 3.17.2.
func minor(name string) string {
	first, rest, ok := strings.Cut(name, ".")
	if !ok {
		return name
	}
	second, _, _ := strings.Cut(rest, ".")
	return first + "." + second
}

// alpineRepository is the release of /etc/apk/repositories (3.20, edge), which
// wins over the image's own; "": it names none.
func alpineRepository(release string) string {
	if strings.Count(release, ".") > 1 {
		return release[:strings.LastIndex(release, ".")]
	}
	return release
}

// amazonRelease is 2, 2022 or 2023 of "2 (Karoo)" or 2023.5.20240805; all other
// names are those of the first release (2018.03).
func amazonRelease(name string) string {
	fields := strings.Fields(name)
	if len(fields) == 0 {
		return ""
	}
	switch release := major(fields[0]); release {
	case "2", "2022", "2023":
		return release
	}
	return "1"
}

// module is a package's name as advisories of modules write it: nodejs:12::npm
// for npm of nodejs:12:8030020201124152102:229f0a1c.
func module(p *inventory.Package) string {
	stream, rest, ok := strings.Cut(p.ModularityLabel, ":")
	if !ok {
		return p.Name
	}
	version, _, ok := strings.Cut(rest, ":")
	if !ok {
		return p.Name
	}
	return stream + ":" + version + "::" + p.Name
}

// unlabelled explains why a modular package of AlmaLinux without its label cannot be
// judged (bugs.almalinux.org/view.php?id=173).
func unlabelled(p *inventory.Package) string {
	if strings.Contains(p.Release, ".module_el") && p.ModularityLabel == "" {
		return "it is a modular package of AlmaLinux that does not say of which module"
	}
	return ""
}

// sameFlavour reports whether a fixed version of Oracle's is of the same flavour as
// a package's release: fips and ksplice builds have versions of their own.
func sameFlavour(fixed, release string) bool { return flavour(fixed) == flavour(release) }

func flavour(version string) string {
	version = strings.ToLower(version)
	if strings.HasSuffix(version, "_fips") {
		return "fips"
	}
	for part := range strings.SplitSeq(version, ".") {
		if strings.HasPrefix(part, "ksplice") {
			return "ksplice"
		}
	}
	return "normal"
}
