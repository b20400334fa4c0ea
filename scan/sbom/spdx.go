package sbom

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// spdxVersions are the versions of SPDX that are read.
var spdxVersions = []string{"SPDX-2.1", "SPDX-2.2", "SPDX-2.3"}

// documentID is the identifier of an SPDX document itself.
const documentID = "SPDXRef-DOCUMENT"

// builtFrom is in sourceInfo before a source package's name and version.
const builtFrom = "built package from"

// spdxDocument has the relevant parts of an SPDX document, in any form.
type spdxDocument struct {
	Version      string `json:"spdxVersion"`
	CreationInfo struct {
		Creators []string `json:"creators"`
	} `json:"creationInfo"`
	Describes     []string           `json:"documentDescribes"`
	Packages      []spdxPackage      `json:"packages"`
	Files         []spdxFile         `json:"files"`
	Relationships []spdxRelationship `json:"relationships"`
}

type spdxPackage struct {
	ID         string   `json:"SPDXID"`
	Name       string   `json:"name"`
	Version    string   `json:"versionInfo"`
	SourceInfo string   `json:"sourceInfo"`
	Purpose    string   `json:"primaryPackagePurpose"`
	HasFiles   []string `json:"hasFiles"`
	Refs       []struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	} `json:"externalRefs"`
	Checksums []struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	} `json:"checksums"`
	Annotations []struct {
		Comment string `json:"comment"`
	} `json:"annotations"`
	Attributions []string `json:"attributionTexts"`

	file string // the name of the first file that is under it in tag-value
}

type spdxFile struct {
	ID   string `json:"SPDXID"`
	Name string `json:"fileName"`
}

type spdxRelationship struct {
	From string `json:"spdxElementId"`
	Kind string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

// readSPDX reads SPDX in JSON.
func readSPDX(content []byte) (*document, error) {
	var doc spdxDocument
	if err := json.Unmarshal(content, &doc); err != nil {
		return nil, fmt.Errorf("not SPDX: %w", err)
	}
	return doc.document()
}

func (doc *spdxDocument) document() (*document, error) {
	if !slices.Contains(spdxVersions, doc.Version) {
		return nil, fmt.Errorf("it is SPDX %q, and %s are read", doc.Version, strings.Join(spdxVersions, ", "))
	}
	if len(doc.Packages) > maxComponents {
		return nil, fmt.Errorf("it lists more than %d packages", maxComponents)
	}
	b := &document{edges: map[string][]string{}}
	root := doc.root()
	files := doc.files()
	old := slices.ContainsFunc(doc.CreationInfo.Creators, func(c string) bool { return strings.HasPrefix(c, "Tool: trivy") })
	for _, p := range doc.Packages {
		c := p.component(files[p.ID], old)
		c.root = p.ID == root
		b.components = append(b.components, c)
	}
	for _, r := range doc.Relationships {
		if r.Kind != "DESCRIBES" && r.Kind != "DESCRIBE" {
			b.edges[r.From] = append(b.edges[r.From], r.To)
		}
	}
	return b, nil
}

// root is the identifier of the package that the document describes.
func (doc *spdxDocument) root() string {
	for _, r := range doc.Relationships {
		if r.From == documentID && (r.Kind == "DESCRIBES" || r.Kind == "DESCRIBE") {
			return r.To
		}
	}
	if len(doc.Describes) > 0 {
		return doc.Describes[0]
	}
	return ""
}

// files are the paths of what the packages contain, by the package's identifier.
func (doc *spdxDocument) files() map[string]string {
	names := make(map[string]string, len(doc.Files))
	for _, f := range doc.Files {
		names[f.ID] = f.Name
	}
	paths := map[string]string{}
	for _, p := range doc.Packages {
		if p.file != "" {
			paths[p.ID] = p.file
		}
		for _, id := range p.HasFiles {
			if names[id] != "" {
				paths[p.ID] = names[id]
			}
		}
	}
	for _, r := range doc.Relationships {
		if name := names[r.To]; name != "" && (r.Kind == "CONTAINS" || r.Kind == "CONTAIN") {
			paths[r.From] = name
		}
	}
	return paths
}

// component reads p. old is true for documents of older versions of Trivy, which
// stored an application's path in sourceInfo and its type in the name.
func (p spdxPackage) component(path string, old bool) component {
	c := component{
		kind: p.kind(), word: strings.ToLower(p.Purpose), ref: p.ID,
		name: strings.TrimSpace(p.Name), version: strings.TrimSpace(p.Version), path: path,
	}
	if c.version == "NOASSERTION" {
		c.version = ""
	}
	for _, r := range p.Refs {
		category := strings.ReplaceAll(r.Category, "_", "-")
		if r.Type == "purl" && category == "PACKAGE-MANAGER" && c.purl == "" {
			c.purl = strings.TrimSpace(r.Locator)
		}
	}
	if rest, ok := strings.CutPrefix(p.SourceInfo, builtFrom); ok {
		c.srcName, c.srcVersion, _ = strings.Cut(strings.TrimPrefix(rest, ": "), " ")
	}
	notes := p.Attributions
	if len(p.Annotations) > 0 {
		notes = nil
		for _, a := range p.Annotations {
			notes = append(notes, a.Comment)
		}
	}
	for _, text := range notes {
		if name, value, ok := strings.Cut(text, ": "); ok {
			c.properties = append(c.properties, property{name, value})
		}
	}
	if old && c.kind == application && p.SourceInfo != "" {
		c.properties = append(c.properties, property{propertyType, c.name})
		c.name = p.SourceInfo
	}
	for _, sum := range p.Checksums {
		if sum.Algorithm == "SHA256" {
			c.sha256 = append(c.sha256, sum.Value)
		}
	}
	return c
}

// kind returns the kind of p in an inventory. Trivy encodes it in the identifier, others
// in the purpose.
func (p spdxPackage) kind() kind {
	id := strings.TrimPrefix(p.ID, "SPDXRef-")
	switch {
	case strings.HasPrefix(id, "OperatingSystem"):
		return distribution
	case strings.HasPrefix(id, "Application"):
		return application
	}
	switch strings.ReplaceAll(p.Purpose, "_", "-") {
	case "OPERATING-SYSTEM":
		return distribution
	case "CONTAINER":
		return container
	case "FILE":
		return file
	}
	return library
}
