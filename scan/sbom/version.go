package sbom

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/prodgate/prodgate/scan/inventory"
)

// readVersion splits the version of a distribution's package, and finds its epoch and
// its architecture: in the package URL's qualifiers, in its version, or otherwise in
// the component's version. The error explains why no advisory can be looked up.
func readVersion(pkg *inventory.Package, c component, p packageurl.PackageURL) error {
	whole := pkg.Version
	given, stated := p.Qualifiers.Map()["epoch"], c.version
	switch p.Type {
	case packageurl.TypeRPM:
		readArchitecture(pkg, c)
		stated, _ = inventory.CutArchitecture(stated)
		text := pkg.Version
		if pkg.Epoch, pkg.Version, pkg.Release = splitRPM(text); pkg.Version == "" {
			return fmt.Errorf("%q has an epoch or a release and no version, without which no advisory can be looked up", whole)
		}
		if given == "(none)" {
			given = ""
		}
		if before, after, ok := strings.Cut(text, ":"); ok && number(before) && given == "" {
			given, text = before, after
		}
		whole = text
	case packageurl.TypeDebian:
		if before, _, ok := strings.Cut(whole, ":"); ok && number(before) {
			return nil // the epoch is part of the version
		}
	}
	if given != "" {
		epoch, err := strconv.Atoi(given)
		if err != nil {
			return fmt.Errorf("its epoch %q is not a number", given)
		}
		pkg.Epoch = epoch
	} else if epoch, ok := statedEpoch(stated, whole); ok && p.Type != packageurl.TypeApk {
		pkg.Epoch = epoch
	}
	return nil
}

// statedEpoch is the epoch of the version that a component states, where it is
// that of the package URL's version, whole or without the release.
func statedEpoch(stated, version string) (epoch int, ok bool) {
	before, after, ok := strings.Cut(stated, ":")
	if !ok || after == "" {
		return 0, false
	}
	if after != version && !strings.HasPrefix(version, after+"-") && !strings.HasPrefix(after, version+"-") {
		return 0, false
	}
	epoch, err := strconv.Atoi(before)
	return epoch, err == nil && epoch >= 0
}

// readArchitecture removes the architecture from the version of an rpm package. The
// first place that names one counts: the package URL's qualifier, Syft's property, the
// version, the component's version. If two places name different ones, it is unknown.
func readArchitecture(pkg *inventory.Package, c component) {
	rest, inVersion := inventory.CutArchitecture(pkg.Version)
	_, inComponent := inventory.CutArchitecture(c.version)
	pkg.Version = rest
	found := ""
	for _, word := range []string{pkg.Arch, c.property(syftArchitecture), inVersion, inComponent} {
		arch := inventory.Architecture(word)
		switch {
		case arch == "" || arch == found:
		case found == "":
			found = arch
			if inventory.Architecture(pkg.Arch) == "" {
				pkg.Arch = word
			}
		default:
			pkg.Arch = ""
			return
		}
	}
}

// number reports whether text is a number without a sign.
func number(text string) bool {
	_, err := strconv.ParseUint(text, 10, 31)
	return err == nil
}
