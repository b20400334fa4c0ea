// Package vulnerabilities reads what scanners found, and what others say of it.
// Reports are Trivy's JSON of container images (SchemaVersion 2), Grype's JSON,
// SARIF, and cosign's vulnerability attestation, bare, in a DSSE envelope or in a
// Sigstore bundle; which one a file is, its content tells. A report counts only for the digests
// that it names, and only if it tells when the scan was. Where it does not say
// how old its advisories were (Trivy, SARIF), the metadata.json of the advisory
// database tells.
//
// What the scanner could not judge (a distribution that is not supported any
// more, a kind of package it has no advisories for, an image in which it
// recognised nothing) is reported as undetermined, and what it was told to ignore
// is reported as found: waivers are the gate's. VEX documents and ignore files
// take nothing away either: they become statements and requests beside the scans.
package vulnerabilities

import (
	"context"
	_ "embed" // the skeletons
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/scan/finding"
	"github.com/prodgate/prodgate/scan/ignore"
	"github.com/prodgate/prodgate/scan/vex"
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

// Collector looks itself, where Own says how; else it reads Reports, and
// Database for the age of their advisories. VEX documents and Ignore files say
// something of the findings.
type Collector struct {
	Own      *Own // nil: others' reports are read
	Reports  []strict.Path
	Database strict.Path
	VEX      []strict.Path
	Ignore   []strict.Path
}

// Name is the section's key.
func (Collector) Name() string { return "vulnerabilities" }

// Kind is the kind of source.
func (c Collector) Kind() string {
	if c.Own != nil {
		return KindScan
	}
	return "file"
}

// Collect looks, or reads every report. One that can't be read is an error: the
// others would look like all there is.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	section := &facts.Vulnerabilities{Scans: []facts.Scan{}}
	var texts []strict.Text
	var err error
	switch {
	case c.Own != nil && len(c.Reports) > 0:
		return nil, errors.New("sources.vulnerabilities names both scan and reports in prodgate.yaml: keep the one that counts")
	case c.Own != nil:
		section.Scans, texts, err = c.Own.collect(ctx, req)
	case len(c.Reports) > 0:
		section.Scans, texts, err = c.reported(ctx, req)
	default:
		err = fmt.Errorf("%w: set sources.vulnerabilities.scan or sources.vulnerabilities.reports in prodgate.yaml", strict.ErrUnconfigured)
	}
	if err != nil {
		return nil, err
	}
	said, err := c.say(ctx, section)
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: section, Evidence: c.evidence(req, append(texts, said...))}, nil
}

// evidence is the files that were read, or the artifact where it was read itself.
func (c Collector) evidence(req facts.Request, read []strict.Text) *facts.Evidence {
	if c.Own == nil || len(c.Own.Bills) > 0 {
		return strict.Together(read...)
	}
	return &facts.Evidence{URI: pin(req.Reference, req.Digest), SHA256: strings.TrimPrefix(req.Digest, "sha256:")}
}

// reported reads every report.
func (c Collector) reported(ctx context.Context, req facts.Request) (found []facts.Scan, texts []strict.Text, err error) {
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

// say adds to section what VEX documents and ignore files say of what was found.
func (c Collector) say(ctx context.Context, section *facts.Vulnerabilities) ([]strict.Text, error) {
	statements, texts, err := readAll(ctx, c.VEX, vex.Read)
	if err != nil {
		return nil, err
	}
	found := findingsOf(section.Scans)
	if len(c.VEX) > 0 {
		section.Statements = []facts.Statement{}
		for _, s := range vex.About(statements, found) {
			section.Statements = append(section.Statements, facts.Statement(s))
		}
	}
	requests, more, err := readAll(ctx, c.Ignore, ignore.Read)
	if err != nil {
		return nil, err
	}
	if len(c.Ignore) > 0 {
		section.Requests = []facts.WaiverRequest{}
		for _, r := range ignore.About(requests, found) {
			section.Requests = append(section.Requests, facts.WaiverRequest(r))
		}
	}
	return append(texts, more...), nil
}

// findingsOf returns the findings of all scans.
func findingsOf(scans []facts.Scan) []finding.Finding {
	var all []finding.Finding
	for _, scan := range scans {
		for _, v := range scan.Findings {
			all = append(all, finding.Finding(v))
		}
	}
	return all
}

// readAll reads what each of the files says.
func readAll[T any](ctx context.Context, paths []strict.Path, read func(string, []byte) ([]T, error)) (all []T, texts []strict.Text, err error) {
	for _, path := range paths {
		t, err := path.Read(ctx)
		if err != nil {
			return nil, nil, err
		}
		said, err := read(t.Name, t.Data)
		if err != nil {
			return nil, nil, err
		}
		all, texts = append(all, said...), append(texts, t)
	}
	return all, texts, nil
}

// usedAdvisories is the metadata of an advisory database.
type usedAdvisories struct {
	Version      int       `json:"Version"`
	UpdatedAt    time.Time `json:"UpdatedAt"`
	DownloadedAt time.Time `json:"DownloadedAt"`

	name string
}

var errNoDatabase = errors.New("the reports do not say how old their advisories were: copy metadata.json from Trivy's cache (~/.cache/trivy/db) after the scan, and name it in sources.vulnerabilities.database in prodgate.yaml")

// used reads the metadata when the first report needs it, and adds it to what was
// read.
func (c Collector) used(ctx context.Context, texts *[]strict.Text) usedDatabase {
	return sync.OnceValues(func() (usedAdvisories, error) {
		if c.Database.Name == "" {
			return usedAdvisories{}, errNoDatabase
		}
		t, err := c.Database.Read(ctx)
		if err != nil {
			return usedAdvisories{}, err
		}
		*texts = append(*texts, t)
		return readDatabase(t)
	})
}

// readDatabase reads the metadata.
func readDatabase(t strict.Text) (usedAdvisories, error) {
	d := usedAdvisories{name: t.Name}
	if err := t.Decode(&d, strict.Rules{Foreign: true}); err != nil {
		return d, err
	}
	if d.Version != schemaVersion {
		return d, fmt.Errorf("%s: Version is %d, and the metadata of a database of version %d is wanted", t.Name, d.Version, schemaVersion)
	}
	if !dated(d.UpdatedAt) {
		return d, fmt.Errorf("%s: UpdatedAt is missing; is this metadata.json of Trivy's database?", t.Name)
	}
	return d, nil
}
