// Package report reads the reports of other scanners: Trivy's JSON of container
// images (SchemaVersion 2), Grype's JSON, SARIF, and cosign's vulnerability
// attestation, bare, in a DSSE envelope or in a Sigstore bundle. The content decides
// which format a file has. A report counts only for the digests that it names, and
// only if it says when the scan was. Where it does not say how old its advisories
// were (Trivy, SARIF), the metadata.json of the advisory database does.
//
// What the scanner could not judge (an unsupported distribution, a kind of package
// without advisories, an image in which it recognised nothing) is reported as
// undetermined. What the scanner was configured to ignore is reported as found: only the
// gate's waivers waive.
package report

import (
	"context"
	_ "embed" // the skeletons
	"fmt"

	"github.com/prodgate/prodgate/collectors/internal/vulnerabilities"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
)

// Skeleton shows the keys of a report that are read, SkeletonDatabase those of
// the database's metadata.
var (
	//go:embed skeleton.json
	Skeleton string
	//go:embed skeleton-database.json
	SkeletonDatabase string
)

// MaxReport bounds a report, in bytes.
const MaxReport = strict.MaxReport

// schemaVersion is the one schema of a report and of a database that is read.
const schemaVersion = 2

// Collector reads reports.
type Collector struct {
	Reports   []strict.Path
	Database  strict.Path // metadata.json of the advisory database; no name: none
	Documents vulnerabilities.Documents
}

// Name is the section's key.
func (Collector) Name() string { return vulnerabilities.Section }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads every report. One that cannot be read is an error: the others would
// look like all there is.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	if len(c.Reports) == 0 {
		return nil, fmt.Errorf("%w: set sources.vulnerabilities.scan or sources.vulnerabilities.reports in prodgate.yaml", strict.ErrUnconfigured)
	}
	scans, texts, err := c.scans(ctx, req)
	if err != nil {
		return nil, err
	}
	section, documents, err := c.Documents.Complete(ctx, scans)
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: strict.Together(append(texts, documents...)...)}, nil
}

// scans reads every report; texts are the files that were read.
func (c Collector) scans(ctx context.Context, req facts.Request) (found []facts.Scan, texts []strict.Text, err error) {
	found = []facts.Scan{}
	var metadata []strict.Text
	used := c.used(ctx, &metadata)
	for _, path := range c.Reports {
		t, err := path.Read(ctx)
		if err != nil {
			return nil, nil, err
		}
		texts = append(texts, t)
		scans, err := scansOf(t, req.Digest, used)
		if err != nil {
			return nil, nil, err
		}
		found = append(found, scans...)
	}
	return found, append(texts, metadata...), nil
}

// scansOf reads one report.
func scansOf(t strict.Text, wanted string, used usedDatabase) ([]facts.Scan, error) {
	report, err := recognise(t)
	if err != nil {
		return nil, err
	}
	scans, err := report.scans(wanted, used)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Name, err)
	}
	return scans, nil
}

// ReadReport reads one report of a scanner, as Collect does. name is what errors
// call it; database is the content of the metadata.json of the advisory database
// that was used, nil for none. Of several digests that the report names, wanted
// alone is reported; empty: all of them.
func ReadReport(name string, content []byte, wanted string, database []byte) ([]facts.Scan, error) {
	return scansOf(strict.Of(name, content), wanted, func() (usedAdvisories, error) {
		if database == nil {
			return usedAdvisories{}, errNoDatabase
		}
		return readDatabase(strict.Of("metadata.json", database))
	})
}
