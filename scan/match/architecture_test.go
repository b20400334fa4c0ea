package match

import (
	"testing"

	"github.com/aquasecurity/trivy-db/pkg/types"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/prodgate/prodgate/scan/inventory"
)

// unknown are spellings of no architecture that an installed package can have.
var unknown = []string{"", "(none)", "src", "nosrc", "unknown", "NOASSERTION", "all", "any"}

func perArch(entries ...types.Advisory) any { return types.Advisories{Entries: entries} }

func entry(fix string, arches ...string) types.Advisory {
	return types.Advisory{FixedVersion: fix, Arches: arches}
}

func TestAnUnknownArchitectureMatchesEveryEntry(t *testing.T) {
	both, intel := perArch(entry("8", "x86_64"), entry("9", "aarch64")), perArch(entry("9", "x86_64"))
	content := packages{"both": list{"CVE-1": both}, "intel": list{"CVE-1": intel}, "data": list{"CVE-1": perArch(entry("9", "noarch"), entry("8", "x86_64"))}, "all": list{"CVE-1": perArch(entry("9"))}}
	db := built(t, map[string]packages{"rocky 9": content, "Oracle Linux 9": content})
	words := map[string][]string{
		"both 8":  append([]string{"aarch64", "arm64", "ARM64", "noarch", "s390x", "ppc64le", "i686"}, unknown...),
		"both 7":  {"x86_64", "X86_64", "amd64", "AMD64", "x64"},
		"intel 8": append([]string{"x86_64", "amd64", "noarch", "s390x"}, unknown...),
		"data 8":  append([]string{"noarch", "riscv64"}, unknown...),
		"data 7":  {"x86_64", "amd64"},
		"all 8":   append([]string{"x86_64", "aarch64", "noarch"}, unknown...),
	}
	for _, family := range []string{"rocky", "oracle"} {
		for of, arches := range words {
			name, version := of[:len(of)-2], of[len(of)-1:]
			for _, arch := range arches {
				p := inventory.Package{Name: name, Version: version, Release: "1.el9", Arch: arch}
				if found, _ := short(find(t, db, systemOf(family, "9.1", p))); len(found) != 1 {
					t.Errorf("%s: %s for %q: %v, want one finding", family, of, arch, found)
				}
			}
		}
		for of, arch := range map[string]string{"both": "x86_64", "intel": "aarch64", "data": "x86_64"} {
			p := inventory.Package{Name: of, Version: "8", Release: "1.el9", Arch: arch}
			if found, _ := short(find(t, db, systemOf(family, "9.1", p))); len(found) != 0 {
				t.Errorf("%s: %s for %s: %v, want none: its entries are for others", family, of, arch, found)
			}
		}
	}
}

func TestRedHatsErrataCountForAnUnknownArchitecture(t *testing.T) {
	db := built(t, map[string]packages{"Red Hat": {"curl": list{"RHSA-1": erratum("0:7-1.el9", "aarch64", types.SeverityLow, 1)}}})
	for _, arch := range append([]string{"aarch64", "arm64", "AARCH64", "noarch", "riscv64"}, unknown...) {
		p := inventory.Package{Name: "curl", Version: "7", Release: "0.el9", Arch: arch}
		found, _ := short(find(t, db, systemOf("redhat", "9.4", p)))
		if diff := gocmp.Diff([]string{"CVE-1 curl 7-1.el9"}, found); diff != "" {
			t.Errorf("%q: %s", arch, diff)
		}
	}
	for _, arch := range []string{"x86_64", "amd64", "ppc64le", "s390x"} {
		p := inventory.Package{Name: "curl", Version: "7", Release: "0.el9", Arch: arch}
		if found, _ := short(find(t, db, systemOf("redhat", "9.4", p))); len(found) != 0 {
			t.Errorf("%q: %v, want none: the erratum is for another", arch, found)
		}
	}
}
