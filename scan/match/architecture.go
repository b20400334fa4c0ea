package match

import (
	"slices"

	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/inventory"
)

// published are the architectures that Rocky Linux and Oracle Linux have
// advisories for in the database, supported those that Red Hat has errata for.
// Others' packages are built from the same sources.
var (
	published = []string{"aarch64", "x86_64"}
	supported = []string{"aarch64", "i386", "i686", "ia64", "ppc", "ppc64", "ppc64le", "s390", "s390x", "x86_64"}
)

// forArch makes an advisory of each entry that counts for a package whose
// architecture is spelled word: of those that name it, where there are any. Where
// none does, the advisory leaves the package out only if it is for one of
// published; else it is unknown, and every entry counts. An advisory or an entry
// that names no architecture is for all.
func forArch(list []advisories.Advisory, word string) []advisories.Advisory {
	arch := inventory.Architecture(word)
	var all []advisories.Advisory
	for _, a := range list {
		if len(a.Entries) == 0 {
			all = append(all, a)
			continue
		}
		named := slices.ContainsFunc(a.Entries, func(e advisories.Entry) bool { return slices.Contains(e.Arches, arch) })
		for _, e := range a.Entries {
			if slices.Contains(e.Arches, arch) || len(e.Arches) == 0 || !named && !slices.Contains(published, arch) {
				one := a
				one.FixedVersion, one.Severity, one.Status = e.FixedVersion, e.Severity, e.Status
				all = append(all, one)
			}
		}
	}
	return all
}

// counts reports whether an entry of Red Hat's is for a package whose architecture
// is spelled word. One that names none is for all.
func counts(e advisories.Entry, word string) bool {
	arch := inventory.Architecture(word)
	return len(e.Arches) == 0 || slices.Contains(e.Arches, arch) || !slices.Contains(supported, arch)
}
