// Package scan is a vulnerability scanner: it lists the packages of an image or an
// SBOM and matches them with the advisories of a trivy-db database.
//
// It does not decide: policies do. A package that could not be checked is reported
// as undetermined, and input that could not be read is an error; neither is left
// out. The package must not import facts or collectors.
package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/registry"
	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/attached"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/match"
	"github.com/prodgate/prodgate/scan/sbom"
)

// From is where the list of packages comes from.
type From string

// The possible values of From.
const (
	// FromAuto reads the image, and adds what an SBOM attached to it
	// finds. Its signature is not verified, so it adds findings and removes none.
	FromAuto From = "auto"

	FromImage    From = "image"    // only the image's layers
	FromAttached From = "attached" // only the attached SBOM
)

// Froms are all of them, in the order they are documented.
var Froms = []From{FromAuto, FromImage, FromAttached}

// UnmarshalText reads one of Froms.
func (f *From) UnmarshalText(text []byte) error {
	if !slices.Contains(Froms, From(text)) {
		return fmt.Errorf("unknown inventory %q: use one of %v", text, Froms)
	}
	*f = From(text)
	return nil
}

// Options configure a scan.
type Options struct {
	Database  string   // folder that holds trivy.db and metadata.json
	From      From     // empty: FromAuto
	Platforms []string // os/arch[/variant], exactly; empty: every platform of the image
	Registry  registry.Options

	// Undigested leaves the digest of an archive of docker save empty, which has
	// none before it is pushed: to know it costs packing every layer. Such a
	// scan cannot be used where a digest is required, as in a decision, and attached
	// SBOMs are not searched for.
	Undigested bool

	Clock func() time.Time // nil: time.Now

	// Redact removes secrets from the reason why an attachment could not be read,
	// which may quote a registry. Nil: it is kept unchanged.
	Redact func(string) string

	// Verify finds out who signed the statements around attached SBOMs. Nil: no signature
	// is verified. Of no use but with FromAttached: elsewhere SBOMs only add findings.
	Verify attached.Verify

	// Progress receives what is read, the bytes read so far and their total (0: not
	// known). Nil: not reported.
	Progress func(what string, read, total int64)
}

// MaxSBOM limits an SBOM, in bytes.
const MaxSBOM = sbom.MaxSize

// Scan is the result for one platform of an image, or for one SBOM.
type Scan struct {
	Inventory *inventory.Inventory
	Artifact  string // the digest of the requested image or index; empty: not known
	Database  advisories.Metadata
	ScannedAt time.Time // UTC

	Findings     []match.Finding        // sorted, those of an attached SBOM last
	Undetermined []finding.Undetermined // what could not be judged, and each attached SBOM that could not be read
	Packages     int
	Signer       string // whose signature on the attached SBOM was verified (Options.Verify); empty: no one's

	// Others are the entries of the image's index that are not images, and were not
	// scanned. They are in the first scan of an image.
	Others []registry.Entry

	// Warnings lists problems that hide no finding.
	Warnings []string
}

// now is the instant of a scan.
func (o Options) now() time.Time {
	if o.Clock == nil {
		return time.Now().UTC().Truncate(time.Second)
	}
	return o.Clock().UTC().Truncate(time.Second)
}

// open opens the database.
func (o Options) open() (*advisories.Database, error) {
	if o.Database == "" {
		return nil, errors.New("missing advisory database: set --db, PRODGATE_DB or sources.vulnerabilities.scan.database to its folder")
	}
	return advisories.Open(o.Database)
}

// match matches the packages of one inventory with the advisories of db.
func (o Options) match(ctx context.Context, db *advisories.Database, inv *inventory.Inventory) (Scan, error) {
	result, err := match.Find(ctx, db, inv)
	if err != nil {
		return Scan{}, fmt.Errorf("match the packages of %s with the advisories: %w", named(inv), err)
	}
	addPURLs(result.Findings, inv)
	return Scan{
		Inventory: inv, Database: db.Metadata(), ScannedAt: o.now(),
		Findings: result.Findings, Undetermined: result.Undetermined, Packages: result.Packages,
	}, nil
}

// addPURLs adds the package URLs, by which VEX documents name packages, to findings
// in an image. An SBOM already has them.
func addPURLs(findings []match.Finding, inv *inventory.Inventory) {
	type key struct{ kind, name, version, path string }
	var packages map[key]inventory.Package
	for i := range findings {
		f := &findings[i]
		if f.PURL != nil {
			continue
		}
		if packages == nil {
			packages = make(map[key]inventory.Package, len(inv.Packages))
			for _, p := range inv.Packages {
				packages[key{p.Type, p.Name, p.FullVersion(), p.FilePath}] = p
			}
		}
		if p, ok := packages[key{f.Type, f.Package, f.InstalledVersion, f.FilePath}]; ok {
			f.PURL = finding.Optional(p.PackageURL(inv.OS))
		}
	}
}

// named is the name of an inventory in errors.
func named(inv *inventory.Inventory) string {
	return cmp.Or(inv.Digest, "the SBOM") + " " + inv.Platform
}

// add adds the findings of other that s does not have. What other could not judge is
// omitted: s is a scan of the image itself.
func (s *Scan) add(other Scan) {
	type key struct{ id, pkg, installed, ecosystem string }
	of := func(f match.Finding) key { return key{f.ID, f.Package, f.InstalledVersion, finding.Value(f.Ecosystem)} }
	known := map[key]bool{}
	for _, f := range s.Findings {
		known[of(f)] = true
	}
	for _, f := range other.Findings {
		if !known[of(f)] {
			s.Findings = append(s.Findings, f)
		}
	}
}
