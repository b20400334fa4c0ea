// Package advisoriestest makes advisory databases for tests and benchmarks, with
// the writers that Trivy's own are made with. Nothing that ships imports it.
package advisoriestest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	fixtures "github.com/aquasecurity/bolt-fixtures"
	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/types"
	bbolt "go.etcd.io/bbolt"

	"github.com/prodgate/prodgate/scan/advisories"
)

// Load makes a database in dir from files in bolt-fixtures' YAML, as of updated.
func Load(dir string, updated time.Time, yamls ...string) error {
	loader, err := fixtures.New(filepath.Join(dir, advisories.FileName), yamls)
	if err != nil {
		return err
	}
	if err := loader.Load(); err != nil {
		return err
	}
	if err := loader.Close(); err != nil {
		return err
	}
	return WriteMetadata(dir, updated)
}

// WriteMetadata writes metadata.json for a database as of updated.
func WriteMetadata(dir string, updated time.Time) error {
	raw, err := json.Marshal(advisories.Metadata{
		Version: advisories.SchemaVersion, UpdatedAt: updated, NextUpdate: updated.Add(24 * time.Hour), DownloadedAt: updated,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, advisories.MetadataFileName), raw, 0o600)
}

// Content is what a database shall hold.
type Content struct {
	Advisories      map[string]map[string]map[string]any // platform, package, ID: types.Advisory, types.Advisories or what JSON they have
	Sources         map[string]types.DataSource          // platform
	Vulnerabilities map[string]types.Vulnerability       // ID
	ContentSets     map[string][]int                     // Red Hat: repository to products
	Builds          map[string][]int                     // Red Hat: name-version-release-architecture to products
}

// writing guards trivy-db's writer, which has one database for each process.
var writing sync.Mutex

// Write makes a database in dir with trivy-db's writer, as of updated.
func Write(dir string, updated time.Time, c Content) error {
	err := update(dir, func(w db.Config, tx *bbolt.Tx) error { return c.write(w, tx) })
	if err != nil {
		return err
	}
	return WriteMetadata(dir, updated)
}

// update calls write within one transaction.
func update(dir string, write func(db.Config, *bbolt.Tx) error) (err error) {
	writing.Lock()
	defer writing.Unlock()
	if err := db.Init(dir, db.WithBoltOptions(&bbolt.Options{NoSync: true, NoFreelistSync: true, Timeout: time.Second})); err != nil {
		return err
	}
	defer func() {
		if e := db.Close(); err == nil {
			err = e
		}
	}()
	w := db.Config{}
	return w.Connection().Update(func(tx *bbolt.Tx) error { return write(w, tx) })
}

func (c Content) write(w db.Config, tx *bbolt.Tx) error {
	for platform, packages := range c.Advisories {
		for name, list := range packages {
			for id, advisory := range list {
				if err := w.PutAdvisory(tx, []string{platform, name}, id, advisory); err != nil {
					return fmt.Errorf("%s: %s: %s: %w", platform, name, id, err)
				}
			}
		}
	}
	for platform, source := range c.Sources {
		if err := w.PutDataSource(tx, platform, source); err != nil {
			return err
		}
	}
	for id, v := range c.Vulnerabilities {
		if err := w.PutVulnerability(tx, id, v); err != nil {
			return err
		}
	}
	for name, products := range c.ContentSets {
		if err := w.PutRedHatRepositories(tx, name, products); err != nil {
			return err
		}
	}
	for name, products := range c.Builds {
		if err := w.PutRedHatNVRs(tx, name, products); err != nil {
			return err
		}
	}
	return nil
}
