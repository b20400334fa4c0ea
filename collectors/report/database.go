package report

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prodgate/prodgate/internal/strict"
)

// usedAdvisories is the metadata of an advisory database.
type usedAdvisories struct {
	Version      int       `json:"Version"`
	UpdatedAt    time.Time `json:"UpdatedAt"`
	DownloadedAt time.Time `json:"DownloadedAt"`

	name string
}

// usedDatabase is the metadata of the advisory database that a scanner used, read
// when a report needs it.
type usedDatabase func() (usedAdvisories, error)

// updatedAt is when the advisories that a scan used were updated.
func (used usedDatabase) updatedAt(scanned time.Time) (time.Time, error) {
	db, err := used()
	if err != nil {
		return time.Time{}, err
	}
	if db.DownloadedAt.After(scanned) {
		return time.Time{}, fmt.Errorf("%s says that the database was downloaded at %s, after the scan at %s, so it is not the one that was used; copy it after each scan",
			db.name, db.DownloadedAt.Format(time.RFC3339), scanned.Format(time.RFC3339))
	}
	return db.UpdatedAt, nil
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
		return d, fmt.Errorf("%s: Version is %d, must be %d", t.Name, d.Version, schemaVersion)
	}
	if !plausible(d.UpdatedAt) {
		return d, fmt.Errorf("%s: UpdatedAt is missing; is this metadata.json of Trivy's database?", t.Name)
	}
	return d, nil
}
