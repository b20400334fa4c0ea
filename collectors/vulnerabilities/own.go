package vulnerabilities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/sbom"
)

// KindScan is the kind of source where prodgate looks itself.
const KindScan = "scan"

// Own is prodgate's own scan of the artifact: with trivy-db, of the image itself
// or of bills of materials.
type Own struct {
	Options scan.Options
	Bills   []strict.Path // bills of materials; none: the artifact is read
}

// collect looks at the artifact of req, and returns what it read beside it.
func (o Own) collect(ctx context.Context, req facts.Request) ([]facts.Scan, []strict.Text, error) {
	if req.Digest == "" {
		return nil, nil, errors.New("scan the artifact: its reference was not resolved to a digest")
	}
	scans, read, err := o.scans(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	var found []facts.Scan
	for _, s := range scans {
		found = append(found, fact(s))
	}
	return found, read, nil
}

func (o Own) scans(ctx context.Context, req facts.Request) ([]scan.Scan, []strict.Text, error) {
	if len(o.Bills) == 0 {
		scans, err := scan.Image(ctx, pin(req.Reference, req.Digest), o.Options)
		return scans, nil, err
	}
	var read []strict.Text
	var bills []*inventory.Inventory
	for _, path := range o.Bills {
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
				return nil, nil, fmt.Errorf("%s does not say which image it is about, so nobody knows whether it is this one; make it from the image by digest (trivy image --format cyclonedx REPOSITORY@sha256:…), or let prodgate read the image", t.Name)
			}
		}
		read, bills = append(read, t), append(bills, found...)
	}
	scans, err := scan.Bill(ctx, bills, o.Options)
	return scans, read, err
}

// pin is reference with the digest that it was resolved to, so that what is
// scanned is what is decided about, wherever a tag has moved to. An archive is
// what it is.
func pin(reference, digest string) string {
	if strings.HasPrefix(reference, "tarball:") || strings.Contains(reference, "@") {
		return reference
	}
	return reference + "@" + digest
}

// fact is a scan as a document has it.
func fact(s scan.Scan) facts.Scan {
	schema, packages, inventoryKind, scannedBy := s.Database.Version, s.Packages, string(s.Inventory.Kind), "prodgate"
	f := facts.Scan{
		Digest: s.Inventory.Digest, Inventory: &inventoryKind, Packages: &packages, Scanner: &scannedBy, ScannedAt: s.ScannedAt,
		Database: facts.Database{UpdatedAt: s.Database.UpdatedAt, Schema: &schema},
		Findings: []facts.Vulnerability{}, Undetermined: []facts.Undetermined{},
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
