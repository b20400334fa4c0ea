// Package scan reports prodgate's own scan: of the artifact itself, or of SBOM
// files instead. The scanner is package scan at the top of the repository; this
// package only pins what is scanned to the resolved digest and converts the result
// into facts.
package scan

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/collectors/internal/vulnerabilities"
	"github.com/prodgate/prodgate/collectors/source"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/sbom"
)

// kind is the kind of source.
const kind = "scan"

// Collector scans the artifact, or SBOMs.
type Collector struct {
	Options scan.Options // without Verify

	// Verifier returns what verifies the signatures on attached SBOMs; nil: none is verified.
	Verifier func(ctx context.Context, section string) (source.Verifier, error)

	SBOMs     []strict.Path // files; none: scan the artifact itself
	Documents vulnerabilities.Documents
}

// Name is the section's key.
func (Collector) Name() string { return vulnerabilities.Section }

// Kind is the kind of source.
func (Collector) Kind() string { return kind }

// Collect scans. An error means that something could not be read, so that what was
// found would not be all there is.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	if req.Digest == "" {
		return nil, errors.New("scan the artifact: its reference was not resolved to a digest")
	}
	scans, read, err := c.scans(ctx, req)
	if err != nil {
		return nil, err
	}
	found := []facts.Scan{}
	for _, s := range scans {
		found = append(found, fact(s))
	}
	section, documents, err := c.Documents.Complete(ctx, found)
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: c.evidence(req, append(read, documents...))}, nil
}

// scans returns the scans, and the SBOM files that were read.
func (c Collector) scans(ctx context.Context, req facts.Request) ([]scan.Scan, []strict.Text, error) {
	if len(c.SBOMs) == 0 {
		options, err := c.options(ctx)
		if err != nil {
			return nil, nil, err
		}
		scans, err := scan.Image(ctx, pin(req.Reference, req.Digest), options)
		return scans, nil, err
	}
	var read []strict.Text
	var sboms []*inventory.Inventory
	for _, path := range c.SBOMs {
		t, err := path.Read(ctx)
		if err != nil {
			return nil, nil, err
		}
		found, err := sbom.Read(t.Name, t.Data)
		if err != nil {
			return nil, nil, err
		}
		for _, inv := range found {
			if inv.Digest == "" {
				return nil, nil, fmt.Errorf("%s does not say which image it is about, so it cannot be matched with this image; make it from the image by digest (trivy image --format cyclonedx REPOSITORY@sha256:…), or let prodgate read the image", t.Name)
			}
		}
		read, sboms = append(read, t), append(sboms, found...)
	}
	scans, err := scan.SBOM(ctx, sboms, c.Options)
	return scans, read, err
}

// options are the options of the scan of the artifact itself.
func (c Collector) options(ctx context.Context) (scan.Options, error) {
	if c.Verifier == nil || c.Options.From != scan.FromAttached {
		return c.Options, nil
	}
	verifier, err := c.Verifier(ctx, vulnerabilities.Section)
	if err != nil {
		return c.Options, err
	}
	options := c.Options
	options.Verify = func(a source.Attestation) (string, error) { return verifier.Verify(a, c.Options.Clock()) }
	return options, nil
}

// evidence is the files that were read, or the artifact if it was scanned itself.
func (c Collector) evidence(req facts.Request, read []strict.Text) *facts.Evidence {
	if len(c.SBOMs) > 0 {
		return strict.Together(read...)
	}
	return &facts.Evidence{URI: pin(req.Reference, req.Digest), SHA256: strings.TrimPrefix(req.Digest, "sha256:")}
}

// pin returns reference with the digest that it was resolved to, so that the scan
// is about the artifact of the decision even if a tag has moved. An archive has no
// digest in its reference.
func pin(reference, digest string) string {
	if strings.HasPrefix(reference, "tarball:") || strings.Contains(reference, "@") {
		return reference
	}
	return reference + "@" + digest
}

// fact converts a scan.
func fact(s scan.Scan) facts.Scan {
	schema, packages, inventoryKind, scannedBy := s.Database.Version, s.Packages, string(s.Inventory.Kind), "prodgate"
	f := facts.Scan{
		Digest: s.Inventory.Digest, Inventory: &inventoryKind, Packages: &packages, Scanner: &scannedBy, ScannedAt: s.ScannedAt,
		Database: facts.Database{UpdatedAt: s.Database.UpdatedAt, Schema: &schema},
		Findings: []facts.Vulnerability{}, Undetermined: []facts.Undetermined{},
	}
	if s.Signer != "" {
		f.InventoryBy = &s.Signer
	}
	if s.Inventory.Platform != "" {
		f.Platform = &s.Inventory.Platform
	}
	for _, found := range s.Findings {
		f.Findings = append(f.Findings, facts.Vulnerability(found.Finding))
	}
	for _, u := range s.Undetermined {
		f.Undetermined = append(f.Undetermined, facts.Undetermined(u))
	}
	return f
}
