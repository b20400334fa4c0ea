// Package inventory describes what is installed in an image: the packages of its
// distribution and of its languages, as an image, an SBOM or another
// tool's list names them.
//
// It judges nothing: which package is vulnerable is package match's to say. What
// was there and could not be read is part of an inventory, never left out.
package inventory

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/prodgate/prodgate/scan/finding"
)

// Inventory is what one image holds, for one platform.
type Inventory struct {
	// Digest is the image's (sha256:…), where the author of the list said so and
	// the bytes that it rests on were checked; empty: unknown.
	Digest string

	Platform string // os/arch[/variant]; empty: not known
	Kind     Kind   // what the list was read from

	OS *OS // nil: no distribution was recognised

	// Unsourced says that the list names the source package of none of the
	// distribution's packages: its author does not record sources, by
	// which some distributions' advisories name packages.
	Unsourced bool

	Packages []Package // as Sort leaves them

	// Unread is what is there and could not be read, and why: a damaged package
	// database, a jar that names nothing. It is not the same as nothing.
	Unread []finding.Undetermined
}

// Kind is what an inventory was read from.
type Kind string

// The closed set of kinds, the least able to leave something out first.
const (
	KindImage    Kind = "image"    // the image's own layers
	KindSBOM     Kind = "sbom"     // an SBOM in a file that the user names
	KindAttached Kind = "attached" // an SBOM found with the image in its registry
)

// OS is the distribution, in the words trivy-db uses for it.
type OS struct {
	Family string // debian, ubuntu, alpine, redhat, centos, rocky, alma, oracle, amazon, sles, …
	Name   string // the release as the image says it: 12.8, 22.04, 3.20.1, 9.4

	// Extended says that packages come from a maintenance programme beyond the
	// release's end: Ubuntu's ESM, Debian's Extended LTS.
	Extended bool

	// Supplier is who patched the distribution's packages, where the image says so
	// ("rapidfort"); empty elsewhere.
	Supplier string

	// Repository is the release that /etc/apk/repositories names, which wins over
	// Name; empty elsewhere.
	Repository string

	// ContentSets are the Red Hat content sets the image was built from, NVR its
	// own name, version and release with the architecture (buildinfo); empty
	// elsewhere.
	ContentSets []string
	NVR         string
}

// Class distinguishes packages of the distribution from packages of a language.
type Class string

// The two classes.
const (
	ClassOS       Class = "os-pkgs"
	ClassLanguage Class = "lang-pkgs"
)

// Package is one installed package. A package of the distribution has Version,
// Release and Epoch apart where its format does (rpm; dpkg's revision is
// Release), as the advisories compare them.
type Package struct {
	Class Class

	// Type is the kind of package, in Trivy's spelling: for a distribution its
	// family, for a language the analyzer's name (npm, node-pkg, gobinary, jar,
	// pom, python-pkg, gemspec, composer-vendor, dotnet-core, rustbinary, …).
	Type string

	Name    string
	Version string
	Release string
	Epoch   int
	Arch    string

	// The source package, which the distribution's advisories may name; empty
	// where the package does not name one.
	SrcName    string
	SrcVersion string
	SrcRelease string
	SrcEpoch   int

	ModularityLabel string // rpm: module:stream:version:context; empty: not modular
	Vendor          string // rpm's Vendor, dpkg's Maintainer
	Repository      string // where it was installed from, if the database has it: ThirdParty has no advisories here

	PURL     string // as an SBOM gave it, empty elsewhere
	FilePath string // where it was found, without a leading slash; empty for a distribution's
	Target   string // the heading it is reported under: the image with its distribution, a lock file, a binary
}

// ThirdParty is the Repository of a package that its maintainer or vendor shows
// to be from elsewhere than the distribution. Homemade is that of one that is
// from elsewhere by what only prodgate knows: it is looked up all the same.
const (
	ThirdParty = "third-party"
	Homemade   = "homemade"
)

// FullVersion is [epoch:]version[-release], as the distribution writes it.
func (p Package) FullVersion() string { return evr(p.Epoch, p.Version, p.Release) }

// FullSrcVersion is the source package's version, or the package's own where it
// names no source.
func (p Package) FullSrcVersion() string {
	if p.SrcVersion == "" {
		return p.FullVersion()
	}
	return evr(p.SrcEpoch, p.SrcVersion, p.SrcRelease)
}

func evr(epoch int, version, release string) string {
	if release != "" {
		version += "-" + release
	}
	if epoch != 0 && version != "" {
		version = fmt.Sprintf("%d:%s", epoch, version)
	}
	return version
}

// Sort brings the packages into the one order that does not depend on how they
// were read, and removes duplicates.
func (inv *Inventory) Sort() {
	slices.SortFunc(inv.Packages, compare)
	inv.Packages = slices.CompactFunc(inv.Packages, func(a, b Package) bool { return compare(a, b) == 0 })
	slices.SortFunc(inv.Unread, func(a, b finding.Undetermined) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Reason, b.Reason))
	})
	inv.Unread = slices.Compact(inv.Unread)
}

func compare(a, b Package) int {
	if order := cmp.Or(
		-cmp.Compare(a.Class, b.Class), // the distribution first
		cmp.Compare(a.Type, b.Type), cmp.Compare(a.Target, b.Target), cmp.Compare(a.FilePath, b.FilePath),
		cmp.Compare(a.Name, b.Name),
	); order != 0 {
		return order
	}
	return cmp.Or(
		cmp.Compare(a.FullVersion(), b.FullVersion()), cmp.Compare(a.Arch, b.Arch),
		cmp.Compare(a.SrcName, b.SrcName), cmp.Compare(a.FullSrcVersion(), b.FullSrcVersion()),
		cmp.Compare(a.ModularityLabel, b.ModularityLabel), cmp.Compare(a.PURL, b.PURL),
		cmp.Compare(a.Vendor, b.Vendor), cmp.Compare(a.Repository, b.Repository),
	)
}

// Note adds something that is there and could not be read.
func (inv *Inventory) Note(name, version, format string, args ...any) {
	inv.Unread = append(inv.Unread, finding.Undetermined{Package: name, Version: version, Reason: fmt.Sprintf(format, args...)})
}
