// Package vulnerabilities reads what a scanner found: Trivy's JSON reports of
// container images (SchemaVersion 2), one for each platform that was scanned,
// and the metadata.json of the advisory database they used, since a report does
// not say how old its advisories were.
//
// A scan is bound to the digests that the report's RepoDigests name, and covers
// the platform that its ImageConfig names. What the scanner could not judge (a
// distribution that is not supported any more, a kind of package it has no
// advisories for, an image in which it recognised nothing) is reported as
// undetermined, and what it was told to ignore is reported as found: waivers
// are the gate's.
package vulnerabilities

import (
	"context"
	_ "embed" // the skeletons
	"errors"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/file"
	"github.com/prodgate/prodgate/facts"
)

// Skeleton shows the keys of a report that are read, SkeletonDatabase those of
// the database's metadata.
var (
	//go:embed skeleton.json
	Skeleton string
	//go:embed skeleton-database.json
	SkeletonDatabase string
)

// schemaVersion is the one schema of a report and of a database that is read.
const schemaVersion = 2

// Collector reads Reports, and Database for the age of their advisories.
type Collector struct {
	Reports  []file.Path
	Database file.Path
}

// Name is the section's key.
func (Collector) Name() string { return "vulnerabilities" }

// Kind is the kind of source.
func (Collector) Kind() string { return "file" }

// Collect reads every report. One that can't be read is an error: the others
// would look like all there is.
func (c Collector) Collect(ctx context.Context, req facts.Request) (facts.Section, error) {
	if len(c.Reports) == 0 {
		return nil, fmt.Errorf("%w: set sources.vulnerabilities.reports in prodgate.yaml", file.ErrUnconfigured)
	}
	section := &facts.Vulnerabilities{Scans: []facts.Scan{}}
	var read []file.Text
	var reports []report
	for _, path := range c.Reports {
		t, err := path.Read(ctx)
		if err != nil {
			return nil, err
		}
		var r report
		if err := t.Decode(&r, file.Rules{Foreign: true}); err != nil {
			return nil, err
		}
		read, reports = append(read, t), append(reports, r)
	}
	database, err := c.database(ctx)
	if err != nil {
		return nil, err
	}
	read = append(read, database.text)
	for i, r := range reports {
		scans, err := r.scans(req.Digest, database)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", read[i].Name, err)
		}
		section.Scans = append(section.Scans, scans...)
	}
	return facts.Observed{Section: section, Evidence: file.Together(read...)}, nil
}

// database is the metadata of an advisory database.
type database struct {
	Version      int       `json:"Version"`
	UpdatedAt    time.Time `json:"UpdatedAt"`
	DownloadedAt time.Time `json:"DownloadedAt"`

	text file.Text
}

// database reads the metadata.
func (c Collector) database(ctx context.Context) (database, error) {
	var d database
	if c.Database.Name == "" {
		return d, errors.New("the reports do not say how old their advisories were: copy metadata.json from Trivy's cache (~/.cache/trivy/db) after the scan, and name it in sources.vulnerabilities.database in prodgate.yaml")
	}
	t, err := c.Database.Read(ctx)
	if err != nil {
		return d, err
	}
	if err := t.Decode(&d, file.Rules{Foreign: true}); err != nil {
		return d, err
	}
	d.text = t
	if d.Version != schemaVersion {
		return d, fmt.Errorf("%s: Version is %d, and the metadata of a database of version %d is wanted", t.Name, d.Version, schemaVersion)
	}
	if d.UpdatedAt.Year() < 1970 || d.UpdatedAt.Year() > 2200 {
		return d, fmt.Errorf("%s: UpdatedAt is missing; is this metadata.json of Trivy's database?", t.Name)
	}
	return d, nil
}
