package sbom

import (
	"bytes"
	"fmt"
	"strings"
)

// readTagValue reads SPDX in tag-value form.
func readTagValue(content []byte) (*document, error) {
	t := tagValue{}
	for number := 1; len(content) > 0; number++ {
		var line []byte
		line, content, _ = bytes.Cut(content, []byte("\n"))
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		tag, value, ok := strings.Cut(string(line), ":")
		if !ok || number == 1 && strings.ContainsAny(tag, " {[<\"") {
			return nil, ErrNotSBOM
		}
		tag, value = strings.TrimSpace(tag), strings.TrimSpace(value)
		if text, ok := strings.CutPrefix(value, "<text>"); ok {
			inside, after, closed := strings.Cut(text, "</text>")
			if closed {
				value = inside + after
			} else {
				more, rest, closed := bytes.Cut(content, []byte("</text>"))
				if !closed {
					return nil, fmt.Errorf("line %d: <text> does not end", number)
				}
				number += bytes.Count(more, []byte("\n"))
				value = text + "\n" + string(more)
				_, content, _ = bytes.Cut(rest, []byte("\n"))
			}
		}
		if err := t.take(tag, value); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	t.attach()
	if t.doc.Version == "" {
		return nil, ErrNotSBOM
	}
	return t.doc.document()
}

// tagValue gathers a document from its tags.
type tagValue struct {
	doc  spdxDocument
	pkg  *spdxPackage // the package that tags currently describe
	file *spdxFile

	comment string // of the annotation that is being read
	about   string // and what it is about
	notes   map[string][]string
}

// take reads one tag.
func (t *tagValue) take(tag, value string) error {
	switch tag {
	case "SPDXVersion":
		t.doc.Version = value
	case "Creator":
		t.doc.CreationInfo.Creators = append(t.doc.CreationInfo.Creators, value)
	case "PackageName":
		if len(t.doc.Packages) >= maxComponents {
			return fmt.Errorf("it lists more than %d packages", maxComponents)
		}
		t.doc.Packages = append(t.doc.Packages, spdxPackage{Name: value})
		t.pkg, t.file = &t.doc.Packages[len(t.doc.Packages)-1], nil
	case "FileName":
		t.doc.Files = append(t.doc.Files, spdxFile{Name: value})
		t.file = &t.doc.Files[len(t.doc.Files)-1]
		if t.pkg != nil && t.pkg.file == "" {
			t.pkg.file = value
		}
	case "SnippetSPDXID", "SnippetSPDXIdentifier", "LicenseID":
		t.pkg, t.file = nil, nil
	case "SPDXID":
		switch {
		case t.file != nil:
			t.file.ID = value
		case t.pkg != nil:
			t.pkg.ID = value
		}
	case "Relationship":
		words := strings.Fields(value)
		if len(words) < 3 {
			return fmt.Errorf("%q is not a relationship", value)
		}
		if len(t.doc.Relationships) >= maxObjects {
			return fmt.Errorf("it lists more than %d relationships", maxObjects)
		}
		t.doc.Relationships = append(t.doc.Relationships, spdxRelationship{From: words[0], Kind: words[1], To: words[2]})
	case "Annotator", "AnnotationDate", "AnnotationType":
	case "SPDXREF":
		t.about = value
		t.note()
	case "AnnotationComment":
		t.comment = value
		t.note()
	default:
		if t.pkg != nil && t.file == nil {
			return t.takePackage(tag, value)
		}
	}
	return nil
}

// takePackage reads a tag of a package.
func (t *tagValue) takePackage(tag, value string) error {
	switch tag {
	case "PackageVersion":
		t.pkg.Version = value
	case "PackageSourceInfo":
		t.pkg.SourceInfo = value
	case "PrimaryPackagePurpose":
		t.pkg.Purpose = value
	case "PackageAttributionText":
		t.pkg.Attributions = append(t.pkg.Attributions, value)
	case "PackageChecksum":
		algorithm, sum, _ := strings.Cut(value, ":")
		t.pkg.Checksums = append(t.pkg.Checksums, struct {
			Algorithm string `json:"algorithm"`
			Value     string `json:"checksumValue"`
		}{strings.TrimSpace(algorithm), strings.TrimSpace(sum)})
	case "ExternalRef":
		words := strings.Fields(value)
		if len(words) < 3 {
			return fmt.Errorf("%q is not an external reference", value)
		}
		t.pkg.Refs = append(t.pkg.Refs, struct {
			Category string `json:"referenceCategory"`
			Type     string `json:"referenceType"`
			Locator  string `json:"referenceLocator"`
		}{words[0], words[1], words[2]})
	}
	return nil
}

// note keeps an annotation when its text and its subject are known.
func (t *tagValue) note() {
	if t.about == "" || t.comment == "" {
		return
	}
	if t.notes == nil {
		t.notes = map[string][]string{}
	}
	t.notes[t.about] = append(t.notes[t.about], t.comment)
	t.about, t.comment = "", ""
}

// attach gives the annotations to their packages.
func (t *tagValue) attach() {
	for i := range t.doc.Packages {
		p := &t.doc.Packages[i]
		for _, text := range t.notes[p.ID] {
			p.Annotations = append(p.Annotations, struct {
				Comment string `json:"comment"`
			}{text})
		}
	}
}
