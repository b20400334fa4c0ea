package vex

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/strict"
)

// openVEX has the relevant parts of an OpenVEX document.
type openVEX struct {
	Context    string             `json:"@context"`
	Author     string             `json:"author"`
	Timestamp  time.Time          `json:"timestamp"`
	Statements []openVEXStatement `json:"statements"`
}

type openVEXStatement struct {
	Vulnerability struct {
		ID      string   `json:"@id"`
		Name    string   `json:"name"`
		Aliases []string `json:"aliases"`
	} `json:"vulnerability"`
	Timestamp       time.Time        `json:"timestamp"`
	LastUpdated     time.Time        `json:"last_updated"`
	Products        []openVEXProduct `json:"products"`
	Status          string           `json:"status"`
	Notes           string           `json:"status_notes"`
	Justification   string           `json:"justification"`
	ImpactStatement string           `json:"impact_statement"`
	ActionStatement string           `json:"action_statement"`
	Line            int
}

type openVEXProduct struct {
	openVEXComponent
	Subcomponents []openVEXComponent `json:"subcomponents"`
}

type openVEXComponent struct {
	ID          string `json:"@id"`
	Identifiers struct {
		PURL  string `json:"purl"`
		CPE22 string `json:"cpe22"`
		CPE23 string `json:"cpe23"`
	} `json:"identifiers"`
	Hashes map[string]string `json:"hashes"`
}

// name returns the name of a component: its package URL, if it has one. A CPE or a hash
// is a name that matches no finding, except the SHA-256 of an image.
func (c openVEXComponent) name() string {
	if isPURL(c.Identifiers.PURL) && !isPURL(c.ID) {
		return c.Identifiers.PURL
	}
	if name := cmp.Or(c.ID, c.Identifiers.PURL, c.Identifiers.CPE23, c.Identifiers.CPE22); name != "" {
		return name
	}
	if d := digest("sha256:" + strings.ToLower(c.Hashes["sha-256"])); d != nil {
		return *d
	}
	for _, algorithm := range slices.Sorted(maps.Keys(c.Hashes)) {
		if sum := strings.TrimSpace(c.Hashes[algorithm]); sum != "" {
			return algorithm + ":" + sum
		}
	}
	return ""
}

// digest returns the digest of a component that is named by digest.
func (c openVEXComponent) digest() *string {
	if d := digestOf(c.name()); d != nil {
		return d
	}
	return digest("sha256:" + strings.ToLower(c.Hashes["sha-256"]))
}

// openVEXNamespace is the @context of an OpenVEX document, with its version after it.
const openVEXNamespace = "https://openvex.dev/ns"

// before02 returns how a document shows that it is of OpenVEX before 0.2.0, in which
// vulnerabilities and products were strings; "" if it does not.
func before02(content []byte) string {
	var doc struct {
		Context    string `json:"@context"`
		Statements []struct {
			Vulnerability json.RawMessage   `json:"vulnerability"`
			Products      []json.RawMessage `json:"products"`
		} `json:"statements"`
	}
	if json.Unmarshal(content, &doc) != nil {
		return ""
	}
	isText := func(value json.RawMessage) bool { return bytes.HasPrefix(bytes.TrimSpace(value), []byte(`"`)) }
	var minor int
	if n, _ := fmt.Sscanf(strings.TrimPrefix(doc.Context, openVEXNamespace), "/v0.%d", &minor); n == 1 && minor < 2 {
		return fmt.Sprintf("@context is %q", doc.Context)
	}
	for i, s := range doc.Statements {
		switch {
		case isText(s.Vulnerability):
			return fmt.Sprintf("statements[%d].vulnerability is a text", i)
		case slices.ContainsFunc(s.Products, isText):
			return fmt.Sprintf("statements[%d].products are texts", i)
		}
	}
	return ""
}

// readOpenVEX reads an OpenVEX document. A statement without products is about
// the subjects of the attestation that the document is in.
func readOpenVEX(source string, t strict.Text, subjects []string) ([]Statement, error) {
	if old := before02(t.Data); old != "" {
		return nil, fmt.Errorf("%s: it is OpenVEX before 0.2.0 (%s), and OpenVEX 0.2 is read; ask its author for that, or convert it", t.Name, old)
	}
	var doc openVEX
	if err := t.Decode(&doc, strict.Rules{Foreign: true}); err != nil {
		return nil, err
	}
	if !isOpenVEX(doc.Context) {
		return nil, fmt.Errorf("%s: @context is %q, and must be that of OpenVEX (https://openvex.dev/ns/v0.2.0)", t.Name, doc.Context)
	}
	var all []Statement
	for _, s := range doc.Statements {
		ids := distinct(append([]string{s.Vulnerability.ID, s.Vulnerability.Name}, s.Vulnerability.Aliases...)...)
		switch {
		case len(ids) == 0:
			return nil, fmt.Errorf("%s:%d: a statement names no vulnerability", t.Name, s.Line)
		case len(s.Products) == 0 && len(subjects) == 0:
			return nil, fmt.Errorf("%s:%d: a statement about %s names no product, so its product is unknown", t.Name, s.Line, ids[0])
		}
		made := s.Timestamp
		if made.IsZero() {
			made = doc.Timestamp
		}
		like := Statement{
			Status: s.Status, Author: text("", doc.Author), Timestamp: latest(made, s.LastUpdated), Source: source,
			Justification: text(": ", s.Justification, s.ImpactStatement, s.Notes, s.ActionStatement),
		}
		products := s.Products
		if len(products) == 0 {
			products = ofSubjects(subjects)
		}
		for _, product := range products {
			about, err := product.statements(like)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", t.Name, s.Line, err)
			}
			for _, id := range ids {
				for _, one := range about {
					one.ID = id
					all = append(all, one)
				}
			}
			if len(all) > maxStatements {
				return all, nil
			}
		}
	}
	return all, nil
}

// isOpenVEX reports whether a @context or a predicateType is OpenVEX's.
func isOpenVEX(name string) bool {
	return name == openVEXNamespace || strings.HasPrefix(name, openVEXNamespace+"/")
}

// ofSubjects are the images with those digests, as products.
func ofSubjects(digests []string) []openVEXProduct {
	products := make([]openVEXProduct, 0, len(digests))
	for _, digest := range digests {
		products = append(products, openVEXProduct{openVEXComponent: openVEXComponent{
			Hashes: map[string]string{"sha-256": strings.TrimPrefix(digest, "sha256:")}}})
	}
	return products
}

// statements are one for each package of a product, or one for it as a whole.
func (p openVEXProduct) statements(like Statement) ([]Statement, error) {
	like.Product, like.Digest = p.name(), p.digest()
	if like.Product == "" {
		return nil, errors.New("a product has no @id, no identifiers and no hashes")
	}
	if len(p.Subcomponents) == 0 {
		return []Statement{whole(like)}, nil
	}
	var all []Statement
	for _, sub := range p.Subcomponents {
		one, purl := like, sub.name()
		if purl == "" {
			return nil, fmt.Errorf("a subcomponent of %s has no @id, no identifiers and no hashes", like.Product)
		}
		one.PURL = &purl
		all = append(all, one)
	}
	return all, nil
}
