// Package vex reads VEX documents: OpenVEX 0.2 and CycloneDX, also as in-toto
// attestations. Statements are reported unchanged, with their author and reason.
//
// It does not judge: whose statements count is a setting of the policies.
package vex

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/attestation"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan/finding"
)

// maxStatements limits the statements of one document: each pair of a vulnerability's
// name and a package is a statement.
const maxStatements = 200_000

// Read reads a VEX document, JSON, bare or as the predicate of an in-toto
// statement, also in a DSSE envelope or in a Sigstore bundle, one or one on each
// line; name is what errors and Source call it. A statement about several
// packages, or a vulnerability with several names, is one for each. The error
// says what can't be read, and where.
func Read(name string, content []byte) ([]Statement, error) {
	statements, err := readAny(name, strict.Of(name, content))
	if err != nil {
		return nil, err
	}
	if len(statements) > maxStatements {
		return nil, fmt.Errorf("%s: it has more than %d statements; keep those about what is deployed", name, maxStatements)
	}
	return statements, nil
}

// readAny reads a document or a file of attestations. source is the statements'.
func readAny(source string, t strict.Text) ([]Statement, error) {
	var keys map[string]json.RawMessage
	err := json.NewDecoder(bytes.NewReader(t.Data)).Decode(&keys) // the first value, which may be one of several
	if err != nil {
		return nil, fmt.Errorf("%s: not a JSON object; a VEX document must be OpenVEX or CycloneDX: %w", t.Name, err)
	}
	if attestation.Wraps(keys) {
		return readAttestations(source, t)
	}
	return readDocument(source, t, nil)
}

// readDocument reads a document of either format. subjects are the digests that
// the statement around it names; nil: there is none.
func readDocument(source string, t strict.Text, subjects []string) ([]Statement, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(t.Data, &keys); err != nil {
		return nil, fmt.Errorf("%s: not a JSON object; a VEX document must be OpenVEX or CycloneDX: %w", t.Name, err)
	}
	_, isOpen := keys["statements"]
	_, isCycloneDX := keys["bomFormat"]
	switch {
	case isOpen && isCycloneDX:
		return nil, fmt.Errorf(`%s: it has the keys "statements" and "bomFormat", and no VEX document has both`, t.Name)
	case isOpen:
		return readOpenVEX(source, t, subjects)
	case isCycloneDX:
		return readCycloneDX(source, t)
	}
	return nil, fmt.Errorf("%s: %s", t.Name, otherThan(keys))
}

// otherThan describes a document that is neither OpenVEX nor CycloneDX.
func otherThan(keys map[string]json.RawMessage) string {
	var csaf struct {
		Version  string `json:"csaf_version"`
		Category string `json:"category"`
	}
	if json.Unmarshal(keys["document"], &csaf) == nil && (csaf.Version != "" || strings.HasPrefix(csaf.Category, "csaf_")) {
		return "it is CSAF " + csaf.Version + ", which is not read; OpenVEX 0.2 and CycloneDX are: ask its author for one of those, or convert it"
	}
	if _, graph := keys["@graph"]; graph || keys["spdxVersion"] != nil {
		return "it is SPDX, which is not read as VEX; OpenVEX 0.2 and CycloneDX are"
	}
	return "neither OpenVEX (it has no statements) nor CycloneDX (it has no bomFormat)"
}

// Statuses that suppress findings of a product.
const (
	notAffected        = "not_affected"
	fixed              = "fixed"
	affected           = "affected"
	underInvestigation = "under_investigation"
)

// Image is what statements may be about.
type Image struct {
	Digests  []string // the image's, and the index's it is in: sha256:…
	Products []string // package URLs and other names of what the image holds as a whole
}

// ImageOf is an image with that digest of the artifact with that one, an index or
// the image itself; "" where one is not known. A statement about the artifact is
// about each image of it, one about an image about no other. The policies have
// the same rule: _about of the check vulnerabilities.
func ImageOf(digest, artifact string) Image {
	return Image{Digests: distinct(digest, artifact)}
}

// Suppresses returns the statement that applies to the package in which finding
// was found: not_affected or fixed, about the image, one of its products or the
// package itself, and not older than any that says otherwise. It checks neither
// the author nor the time: the policies do.
func Suppresses(statements []Statement, image Image, f finding.Finding) (Statement, bool) {
	var last Statement
	found := false
	for _, s := range statements {
		if s.ID != f.ID || !image.holds(s) || !names(s, f) {
			continue
		}
		order := instant(s).Compare(instant(last))
		// Of two statements of the same instant the one that warns counts.
		if !found || order > 0 || order == 0 && !speaksFor(s) {
			last, found = s, true
		}
	}
	return last, found && speaksFor(last)
}

func speaksFor(s Statement) bool { return s.Status == notAffected || s.Status == fixed }

// instant is when a statement was made; one without a date is the oldest.
func instant(s Statement) time.Time {
	if s.Timestamp == nil {
		return time.Time{}
	}
	return *s.Timestamp
}

// holds reports whether a statement's product is the image, or in it.
func (i Image) holds(s Statement) bool {
	switch {
	case s.Digest != nil:
		return slices.Contains(i.Digests, *s.Digest)
	case s.PURL != nil && *s.PURL == s.Product:
		return true
	}
	return slices.ContainsFunc(i.Products, func(product string) bool { return product == s.Product || matches(s.Product, product) })
}

func names(s Statement, f finding.Finding) bool {
	return s.PURL == nil || f.PURL != nil && matches(*s.PURL, *f.PURL)
}

// About keeps the statements about findings, and spells their
// packages as the findings do, so that policies can compare text: a package URL
// without version or with fewer qualifiers is replaced by each that it matches.
func About(statements []Statement, findings []finding.Finding) []Statement {
	found := map[string][]finding.Finding{}
	for _, f := range findings {
		found[f.ID] = append(found[f.ID], f)
	}
	kept := []Statement{}
	for _, s := range statements {
		if about := found[s.ID]; len(about) > 0 {
			kept = append(kept, spelled(s, about)...)
		}
	}
	return kept
}

// spelled returns the statement for each package that it names, or itself if it names
// none.
func spelled(s Statement, findings []finding.Finding) []Statement {
	if s.PURL == nil {
		return []Statement{s}
	}
	itself := *s.PURL == s.Product
	var purls []string
	for _, f := range findings {
		if names(s, f) {
			purls = append(purls, *f.PURL)
		}
	}
	slices.Sort(purls)
	var all []Statement
	for _, purl := range slices.Compact(purls) {
		one := s
		if one.PURL = &purl; itself {
			one.Product = purl
		}
		all = append(all, one)
	}
	if all == nil {
		return []Statement{s}
	}
	return all
}

// whole is a statement about a product as a whole: one that is not an image is
// itself the package.
func whole(s Statement) Statement {
	if isPURL(s.Product) && !image(s.Product) {
		s.PURL, s.Digest = &s.Product, nil
	}
	return s
}

// text joins the given parts; nil if there are none.
func text(separator string, parts ...string) *string {
	parts = slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return strings.TrimSpace(s) == "" })
	if len(parts) == 0 {
		return nil
	}
	joined := strings.Join(parts, separator)
	return &joined
}

// latest returns the latest given time; nil if there is none.
func latest(times ...time.Time) *time.Time {
	times = slices.DeleteFunc(slices.Clone(times), func(t time.Time) bool { return t.Year() < 1970 || t.Year() > 2200 })
	if len(times) == 0 {
		return nil
	}
	at := slices.MaxFunc(times, time.Time.Compare)
	return &at
}

// distinct returns the non-empty words, sorted.
func distinct(words ...string) []string {
	words = slices.DeleteFunc(slices.Clone(words), func(s string) bool { return strings.TrimSpace(s) == "" })
	slices.Sort(words)
	return slices.Compact(words)
}
