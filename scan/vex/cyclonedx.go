package vex

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/strict"
)

// cycloneDX has the relevant parts of a CycloneDX document.
type cycloneDX struct {
	BOMFormat string `json:"bomFormat"`
	Metadata  struct {
		Timestamp    time.Time           `json:"timestamp"`
		Authors      []named             `json:"authors"`
		Supplier     named               `json:"supplier"`
		Manufacturer named               `json:"manufacturer"`
		Component    *cycloneDXComponent `json:"component"`
	} `json:"metadata"`
	Components      []cycloneDXComponent     `json:"components"`
	Vulnerabilities []cycloneDXVulnerability `json:"vulnerabilities"`
}

type named struct {
	Name string `json:"name"`
}

type cycloneDXComponent struct {
	Ref    string `json:"bom-ref"`
	PURL   string `json:"purl"`
	Name   string `json:"name"`
	Hashes []struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	} `json:"hashes"`
}

type cycloneDXVulnerability struct {
	ID        string    `json:"id"`
	Published time.Time `json:"published"`
	Updated   time.Time `json:"updated"`
	Analysis  *struct {
		State         string    `json:"state"`
		Justification string    `json:"justification"`
		Detail        string    `json:"detail"`
		FirstIssued   time.Time `json:"firstIssued"`
		LastUpdated   time.Time `json:"lastUpdated"`
	} `json:"analysis"`
	Affects []struct {
		Ref string `json:"ref"`
	} `json:"affects"`
	Line int
}

// digest returns the digest of a component that is an image named by digest.
func (c cycloneDXComponent) digest() *string {
	if d := digestOf(c.PURL); d != nil {
		return d
	}
	if c.PURL != "" && !image(c.PURL) {
		return nil
	}
	for _, hash := range c.Hashes {
		if hash.Algorithm == "SHA-256" {
			return digest("sha256:" + strings.ToLower(hash.Content))
		}
	}
	return nil
}

// states maps CycloneDX's states to those of a statement; others are kept unchanged.
var states = map[string]string{
	"resolved": fixed, "resolved_with_pedigree": fixed, "exploitable": affected, "in_triage": underInvestigation,
	"false_positive": notAffected, "not_affected": notAffected,
}

func readCycloneDX(source string, t strict.Text) ([]Statement, error) {
	var doc cycloneDX
	if err := t.Decode(&doc, strict.Rules{Foreign: true}); err != nil {
		return nil, err
	}
	if doc.BOMFormat != "CycloneDX" {
		return nil, fmt.Errorf("%s: bomFormat is %q, must be CycloneDX", t.Name, doc.BOMFormat)
	}
	packages := doc.packages()
	var all []Statement
	for _, v := range doc.Vulnerabilities {
		if v.Analysis == nil { // a finding without an analysis
			continue
		}
		switch {
		case strings.TrimSpace(v.ID) == "":
			return nil, fmt.Errorf("%s:%d: a vulnerability has no id", t.Name, v.Line)
		case len(v.Affects) == 0:
			return nil, fmt.Errorf("%s:%d: %s affects nothing, so its product is unknown", t.Name, v.Line, v.ID)
		}
		like := Statement{
			ID: v.ID, Status: cmp.Or(states[v.Analysis.State], v.Analysis.State), Author: doc.author(), Source: source,
			Justification: text(": ", v.Analysis.Justification, v.Analysis.Detail),
			Timestamp:     latest(v.Analysis.FirstIssued, v.Analysis.LastUpdated),
		}
		if like.Timestamp == nil {
			like.Timestamp = latest(doc.Metadata.Timestamp)
		}
		for _, a := range v.Affects {
			if strings.TrimSpace(a.Ref) == "" {
				return nil, fmt.Errorf("%s:%d: %s affects something without a ref", t.Name, v.Line, v.ID)
			}
			all = append(all, doc.statement(like, a.Ref, packages))
		}
		if len(all) > maxStatements {
			break
		}
	}
	return all, nil
}

// author returns the first possible author.
func (d cycloneDX) author() *string {
	var authors []string
	for _, author := range d.Metadata.Authors {
		authors = append(authors, author.Name)
	}
	for _, name := range []*string{text(", ", authors...), text("", d.Metadata.Supplier.Name), text("", d.Metadata.Manufacturer.Name)} {
		if name != nil {
			return name
		}
	}
	return nil
}

// packages are the package URLs of the components, by their references.
func (d cycloneDX) packages() map[string]string {
	all := map[string]string{}
	for _, c := range d.Components {
		if c.Ref != "" && c.PURL != "" {
			all[c.Ref] = c.PURL
		}
	}
	return all
}

// statement applies like to what ref names: a package in the document's product or in
// the SBOM of a BOM-Link, or the product itself.
func (d cycloneDX) statement(like Statement, ref string, packages map[string]string) Statement {
	sbom, inside := ref, ""
	if strings.HasPrefix(ref, "urn:cdx:") {
		sbom, inside, _ = strings.Cut(ref, "#")
		if plain, err := url.PathUnescape(inside); err == nil {
			inside = plain
		}
		ref = cmp.Or(inside, sbom)
	}
	purl := cmp.Or(packages[ref], ref)
	product := d.Metadata.Component
	switch {
	case product != nil:
		like.Product, like.Digest = cmp.Or(product.PURL, product.Ref, product.Name, sbom), product.digest()
		if ref == product.Ref || ref == product.PURL || purl == like.Product {
			return whole(like)
		}
	case inside != "":
		like.Product = sbom
	default:
		like.Product, like.Digest = purl, digestOf(purl)
		return whole(like)
	}
	like.PURL = &purl
	return like
}
