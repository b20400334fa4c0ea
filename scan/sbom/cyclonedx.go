package sbom

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
)

// cycloneVersions are the versions of CycloneDX that are read.
var cycloneVersions = []string{"1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7"}

// namespace prefixes the properties that Trivy writes into CycloneDX.
const namespace = "aquasecurity:trivy:"

// cycloneDX has the relevant parts of a CycloneDX document.
type cycloneDX struct {
	XMLName     xml.Name `json:"-"`
	SpecVersion string   `json:"specVersion" xml:"-"`
	Metadata    struct {
		Component *cycloneComponent `json:"component" xml:"component"`
	} `json:"metadata" xml:"metadata"`
	Components   []cycloneComponent `json:"components" xml:"components>component"`
	Dependencies []struct {
		Ref       string   `json:"ref" xml:"ref,attr"`
		DependsOn []string `json:"dependsOn" xml:"-"`
		Children  []struct {
			Ref string `xml:"ref,attr"`
		} `json:"-" xml:"dependency"`
	} `json:"dependencies" xml:"dependencies>dependency"`
	Compositions []struct {
		Aggregate string `json:"aggregate" xml:"aggregate"`
	} `json:"compositions" xml:"compositions>composition"`
}

type cycloneComponent struct {
	Ref     string `json:"bom-ref" xml:"bom-ref,attr"`
	Type    string `json:"type" xml:"type,attr"`
	Group   string `json:"group" xml:"group"`
	Name    string `json:"name" xml:"name"`
	Version string `json:"version" xml:"version"`
	PURL    string `json:"purl" xml:"purl"`
	Hashes  []struct {
		Algorithm string `json:"alg" xml:"alg,attr"`
		Value     string `json:"content" xml:",chardata"`
	} `json:"hashes" xml:"hashes>hash"`
	Properties []struct {
		Name     string `json:"name" xml:"name,attr"`
		Value    string `json:"value" xml:"-"`
		Chardata string `json:"-" xml:",chardata"`
	} `json:"properties" xml:"properties>property"`
	Components []cycloneComponent `json:"components" xml:"components>component"`
}

// readCycloneDX reads CycloneDX in JSON.
func readCycloneDX(content []byte) (*document, error) {
	var doc cycloneDX
	if err := json.Unmarshal(content, &doc); err != nil {
		return nil, fmt.Errorf("not CycloneDX: %w", err)
	}
	return doc.document()
}

// readXML reads CycloneDX in XML.
func readXML(content []byte) (*document, error) {
	if bytes.Count(content, []byte("<")) > maxElements {
		return nil, fmt.Errorf("it holds more than %d elements", maxElements)
	}
	var doc cycloneDX
	if err := xml.Unmarshal(content, &doc); err != nil {
		return nil, fmt.Errorf("not CycloneDX in XML: %w", err)
	}
	space, version := doc.XMLName.Space, ""
	if i := strings.LastIndexByte(space, '/'); i >= 0 {
		version = space[i+1:]
	}
	if doc.XMLName.Local != "bom" || !strings.HasPrefix(space, "http://cyclonedx.org/schema/bom/") {
		return nil, ErrNotSBOM
	}
	doc.SpecVersion = version
	return doc.document()
}

func (doc *cycloneDX) document() (*document, error) {
	if !slices.Contains(cycloneVersions, doc.SpecVersion) {
		return nil, fmt.Errorf("it is CycloneDX %q, and %s are read", doc.SpecVersion, strings.Join(cycloneVersions, ", "))
	}
	b := &document{edges: map[string][]string{}}
	if root := doc.Metadata.Component; root != nil {
		if err := b.add(*root, true, "", 0); err != nil {
			return nil, err
		}
	}
	for _, c := range doc.Components {
		if err := b.add(c, false, "", 0); err != nil {
			return nil, err
		}
	}
	for _, d := range doc.Dependencies {
		b.edges[d.Ref] = append(b.edges[d.Ref], d.DependsOn...)
		for _, c := range d.Children {
			b.edges[d.Ref] = append(b.edges[d.Ref], c.Ref)
		}
	}
	for _, c := range doc.Compositions {
		if strings.HasPrefix(c.Aggregate, "incomplete") {
			b.incomplete = true
		}
	}
	return b, nil
}

// add takes c and what it holds. parent is the reference of the component that c
// is a part of.
func (b *document) add(c cycloneComponent, root bool, parent string, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("components nest more than %d deep", maxNesting)
	}
	if len(b.components) > maxComponents {
		return fmt.Errorf("it lists more than %d components", maxComponents)
	}
	if parent != "" && c.Ref != "" {
		b.edges[parent] = append(b.edges[parent], c.Ref)
	}
	b.components = append(b.components, c.component(root))
	for _, part := range c.Components {
		if err := b.add(part, false, c.Ref, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (c cycloneComponent) component(root bool) component {
	out := component{
		kind: cycloneKind(c.Type), word: c.Type, ref: c.Ref, root: root,
		group: strings.TrimSpace(c.Group), name: strings.TrimSpace(c.Name), version: strings.TrimSpace(c.Version), purl: strings.TrimSpace(c.PURL),
	}
	for _, p := range c.Properties {
		out.properties = append(out.properties, property{strings.TrimPrefix(p.Name, namespace), p.Value + p.Chardata})
	}
	for _, h := range c.Hashes {
		if h.Algorithm == "SHA-256" {
			out.sha256 = append(out.sha256, strings.TrimSpace(h.Value))
		}
	}
	return out
}

// cycloneKind is what a component of that type is to an inventory.
func cycloneKind(word string) kind {
	switch word {
	case "library", "framework":
		return library
	case "application", "platform":
		return application
	case "container":
		return container
	case "operating-system":
		return distribution
	case "file", "data", "cryptographic-asset":
		return file
	}
	return unknown
}
