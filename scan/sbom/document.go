package sbom

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/purl"
)

// document is an SBOM, in any format.
type document struct {
	components []component
	edges      map[string][]string // from a component's reference to those that it contains or depends on
	subjects   []string            // the digests of the statement around it; none: it is bare
	incomplete bool                // according to the document itself
}

// kind is what a component is to an inventory.
type kind int

const (
	unknown      kind = iota // software of a kind that no advisories are looked up for
	library                  // a package
	application              // a package if it has a package URL, else a group of packages
	container                // an image
	distribution             // a Linux distribution
	file                     // no software of its own
)

// component is one entry of an SBOM, in any format.
type component struct {
	kind                       kind
	word                       string // how the SBOM calls the kind
	ref                        string
	root                       bool // what the SBOM as a whole describes
	group, name, version, purl string
	srcName, srcVersion        string // of the source package, outside the properties
	path                       string
	properties                 []property
	sha256                     []string
}

type property struct{ name, value string }

// The properties that are read, without Trivy's namespace, and Syft's.
const (
	propertyType       = "Type"
	propertyFilePath   = "FilePath"
	propertySrcName    = "SrcName"
	propertySrcVersion = "SrcVersion"
	propertySrcRelease = "SrcRelease"
	propertySrcEpoch   = "SrcEpoch"
	propertyModularity = "Modularitylabel"
	propertyContentSet = "ContentSet"
	propertyNVR        = "NVR"
	propertyArch       = "Arch"
	propertyRepoDigest = "RepoDigest"
	syftModularity     = "syft:metadata:modularityLabel"
	syftSource         = "syft:metadata:source"
	syftSourceVersion  = "syft:metadata:sourceVersion"
	syftOrigin         = "syft:metadata:originPackage"
	syftArchitecture   = "syft:metadata:architecture"
)

// property is the value of the first property that has one of the names.
func (c component) property(names ...string) string {
	for _, name := range names {
		for _, p := range c.properties {
			if p.name == name && p.value != "" {
				return p.value
			}
		}
	}
	return ""
}

// called is how messages call c.
func (c component) called() string {
	for _, text := range []string{c.fullName(), c.purl, c.ref} {
		if text != "" {
			return text
		}
	}
	return "a component without name"
}

func (c component) fullName() string {
	if c.group != "" {
		return c.group + "/" + c.name
	}
	return c.name
}

// inventory is what b lists. name is what people call the file.
func (b *document) inventory(name string) *inventory.Inventory {
	inv := &inventory.Inventory{Kind: inventory.KindSBOM}
	b.readOS(inv)
	r := reader{document: b, inv: inv, packages: map[string][]int{}, distros: map[[2]string]inventory.OS{}, sets: map[string]bool{}, owner: b.owners()}
	for i, c := range b.components {
		r.read(i, c)
	}
	r.settle(name)
	inv.Platform = b.platform(inv.OS)
	if b.incomplete {
		inv.Note(name, "", "the SBOM is marked as incomplete")
	}
	if len(inv.Packages) == 0 {
		inv.Note(name, "", "the SBOM lists no package that advisories could be looked up for")
	}
	inv.Sort()
	return inv
}

// readOS takes the first distribution that b names. Another one is noted.
func (b *document) readOS(inv *inventory.Inventory) {
	for _, c := range b.components {
		if c.kind != distribution {
			continue
		}
		os := inventory.OS{Family: family(c.name), Name: c.version}
		switch {
		case os.Family == "":
			inv.Note("the distribution", os.Name, "the SBOM does not name it")
		case inv.OS == nil:
			inv.OS = &os
		case inv.OS.Family != os.Family || inv.OS.Name != os.Name:
			inv.Note(os.Family, os.Name, "the SBOM names two distributions; packages are looked up for %s %s", inv.OS.Family, inv.OS.Name)
		}
	}
}

// owners returns which application each component belongs to: the first that
// reaches it over packages alone. Both are given by their place in the SBOM.
func (b *document) owners() map[int]int {
	places := map[string]int{}
	for i, c := range b.components {
		if c.ref != "" {
			places[c.ref] = i
		}
	}
	owner, done := map[int]int{}, map[string]bool{}
	for i, app := range b.components {
		if !app.groups() || done[app.ref] {
			continue
		}
		done[app.ref] = true
		queue := []int{i}
		for len(queue) > 0 {
			at := queue[len(queue)-1]
			queue = queue[:len(queue)-1]
			for _, ref := range b.edges[b.components[at].ref] {
				to, ok := places[ref]
				if _, taken := owner[to]; !ok || taken || to == i || b.components[to].groups() || b.components[to].purl == "" {
					continue
				}
				owner[to] = i
				queue = append(queue, to)
			}
		}
	}
	return owner
}

// app is the application that c represents.
func (c component) app() (kind, path string) {
	kind = c.property(propertyType)
	if slices.Contains(aggregating, kind) {
		return kind, ""
	}
	return kind, c.name
}

// groups reports whether c represents a lock file, a binary or a language whose
// packages belong together.
func (c component) groups() bool {
	return c.kind == application && c.property(propertyType) != ""
}

// stated are the digests of the image that b itself says that it describes.
func (b *document) stated() []string {
	var digests []string
	take := func(digest string) {
		if len(digests) <= maxSBOMs && digestShape.MatchString(digest) && !slices.Contains(digests, digest) {
			digests = append(digests, digest)
		}
	}
	for _, c := range b.components {
		if !c.root {
			continue
		}
		if p, err := purl.Parse(c.purl); err == nil && purl.IsImage(p.Type) {
			take(p.Version)
		}
		for _, p := range c.properties {
			if p.name == propertyRepoDigest {
				_, digest, _ := strings.Cut(p.value, "@")
				take(digest)
			}
		}
		if len(digests) == 0 && c.kind == container {
			take(c.version)
		}
		if len(digests) == 0 && c.kind == container {
			for _, sum := range c.sha256 {
				take("sha256:" + strings.ToLower(sum))
			}
		}
	}
	slices.Sort(digests)
	return digests
}

var archShape = regexp.MustCompile(`^[a-z0-9_]+(/[a-z0-9]+)?$`)

// platform is the platform of the image that b describes: its package URL gives
// the architecture, and a distribution that the system is Linux.
func (b *document) platform(os *inventory.OS) string {
	for _, c := range b.components {
		if !c.root || os == nil {
			continue
		}
		p, err := purl.Parse(c.purl)
		if err != nil || p.Type != "oci" {
			continue
		}
		if arch := p.Qualifiers.Map()["arch"]; archShape.MatchString(arch) {
			return fmt.Sprintf("linux/%s", arch)
		}
	}
	return ""
}
