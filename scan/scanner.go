// Package scan looks for vulnerabilities itself: it reads what an image or a
// SBOM holds, and asks the advisory database about it.
//
// It judges nothing: which finding denies is the policies' to say. What could not
// be judged is part of what it reports, and what could not be read is an error;
// neither is ever left out.
package scan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prodgate/prodgate/internal/registry"
	"github.com/prodgate/prodgate/scan/advisories"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/inventory"
	"github.com/prodgate/prodgate/scan/match"
	"github.com/prodgate/prodgate/scan/sbom"
)

// From says what the list of packages is taken from.
type From string

// The closed set of what an image's packages are taken from.
const (
	// FromAuto reads the image, and adds what an SBOM attached to it
	// finds besides: nobody has verified that, so it may add and never take away.
	FromAuto From = "auto"

	FromImage    From = "image"    // the image's layers alone
	FromAttached From = "attached" // the attached SBOM alone
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

// Options say what to look with.
type Options struct {
	Database  string   // folder that holds trivy.db and metadata.json
	From      From     // empty: FromAuto
	Platforms []string // os/arch[/variant], exactly; empty: every platform of the image
	Registry  registry.Options

	// Undigested leaves the digest of an archive of docker save empty, which has
	// none before it is pushed: to know it costs packing every layer. Nothing that
	// rests on a digest, as a decision does, can be said of such a scan, and no
	// attached SBOM is looked for.
	Undigested bool

	Clock func() time.Time // nil: time.Now

	// Redact makes the reason why an attachment could not be read, which may quote
	// a registry, fit to be written down. Nil: it is kept as it is.
	Redact func(string) string

	// Progress is told what is read, and how many bytes of how many (0: not known)
	// were. Nil: nobody looks.
	Progress func(what string, read, total int64)
}

// MaxSBOM bounds an SBOM, in bytes.
const MaxSBOM = sbom.MaxSize

// Scan is what was found in one platform of an image, or in one SBOM of
// materials.
type Scan struct {
	Inventory *inventory.Inventory
	Artifact  string // the digest of the image or index that was asked for; empty: not known
	Database  advisories.Metadata
	ScannedAt time.Time // UTC

	Findings     []match.Finding        // sorted, those of an attached SBOM last
	Undetermined []finding.Undetermined // what nobody can say anything about, and each attached SBOM that could not be read
	Packages     int

	// Others are the entries of the image's index that are no images, and were not
	// scanned. They stand in the first scan of an image.
	Others []registry.Entry

	// Warnings are what went wrong without hiding anything.
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

// match asks db about one inventory.
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

// addPURLs gives findings in packages of an image the name that tools share, by
// which VEX documents speak of them; an SBOM has given it.
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

// named is what an error calls an inventory.
func named(inv *inventory.Inventory) string {
	return cmp.Or(inv.Digest, "the SBOM") + " " + inv.Platform
}

// add puts into s what other found besides. What other could not judge stays
// out: s has looked at the image itself.
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
