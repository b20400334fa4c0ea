package sbom

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"

	"github.com/prodgate/prodgate/scan/inventory"
)

// Write is inv as a CycloneDX SBOM, which Read reads back to the
// same packages. Subject is what was looked at, at the instant, zero for none. The same
// inventory gives the same bytes when encoded.
//
// Refs are the components' references, in the order of inv.Packages.
func Write(subject string, at time.Time, inv *inventory.Inventory) (bom *cyclonedx.BOM, refs []string) {
	bom = cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Tools:     &cyclonedx.ToolsChoice{Components: &[]cyclonedx.Component{{Type: cyclonedx.ComponentTypeApplication, Name: "prodgate"}}},
		Component: subjectOf(subject, inv),
	}
	if !at.IsZero() {
		bom.Metadata.Timestamp = at.UTC().Format(time.RFC3339)
	}
	var components []cyclonedx.Component
	if os := inv.OS; os != nil {
		components = append(components, cyclonedx.Component{
			BOMRef: "os", Type: cyclonedx.ComponentTypeOS, Name: os.Family, Version: os.Name,
			Properties: properties("Class", string(inventory.ClassOS), "Type", os.Family),
		})
	}
	taken := map[string]int{}
	for _, p := range inv.Packages {
		url := p.PackageURL(inv.OS)
		ref := cmp.Or(url, p.Type+"/"+p.Name+"@"+p.FullVersion())
		if taken[ref]++; taken[ref] > 1 {
			ref += "#" + strconv.Itoa(taken[ref])
		}
		refs = append(refs, ref)
		if inv.Unsourced { // they would represent sources that the list names
			p.SrcName, p.SrcVersion, p.SrcRelease, p.SrcEpoch = "", "", "", 0
		}
		components = append(components, written(ref, url, p))
	}
	bom.Components = &components
	return bom, refs
}

func subjectOf(name string, inv *inventory.Inventory) *cyclonedx.Component {
	c := &cyclonedx.Component{BOMRef: "subject", Type: cyclonedx.ComponentTypeContainer, Name: name}
	if inv.Kind == inventory.KindSBOM && inv.Digest == "" {
		c.Type = cyclonedx.ComponentTypeApplication
	}
	if inv.Digest == "" {
		return c
	}
	repository, _, _ := strings.Cut(name, "@")
	if i := strings.LastIndexByte(repository, ':'); i > strings.LastIndexByte(repository, '/') {
		repository = repository[:i]
	}
	c.Version = inv.Digest
	c.Properties = properties("RepoDigest", repository+"@"+inv.Digest, "Platform", inv.Platform)
	return c
}

func written(ref, url string, p inventory.Package) cyclonedx.Component {
	version := p
	if p.PURL == "" {
		version.Epoch = 0 // it is in the package URL
	}
	c := cyclonedx.Component{BOMRef: ref, Type: cyclonedx.ComponentTypeLibrary, Name: p.Name, Version: version.FullVersion(), PackageURL: url}
	if p.Class == inventory.ClassLanguage && p.Type == "jar" || p.Type == "pom" {
		if group, artifact, ok := strings.Cut(p.Name, ":"); ok {
			c.Group, c.Name = group, artifact
		}
	}
	epoch := ""
	if p.SrcEpoch != 0 {
		epoch = strconv.Itoa(p.SrcEpoch)
	}
	c.Properties = properties(
		"PkgType", p.Type, "SrcName", p.SrcName, "SrcVersion", p.SrcVersion, "SrcRelease", p.SrcRelease,
		"SrcEpoch", epoch, "Modularitylabel", p.ModularityLabel, "FilePath", p.FilePath,
	)
	return c
}

// properties are the pairs of name and value that have a value.
func properties(pairs ...string) *[]cyclonedx.Property {
	var list []cyclonedx.Property
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, cyclonedx.Property{Name: namespace + pairs[i], Value: pairs[i+1]})
		}
	}
	if list == nil {
		return nil
	}
	return &list
}
