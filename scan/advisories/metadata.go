// Package advisories is the database of known vulnerabilities: trivy-db, in a
// folder that holds trivy.db and metadata.json. It is opened to be read and for
// nothing else; a database that is missing, damaged or of another form is an
// error, never one without advisories.
package advisories

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// The names of a database's two files.
const (
	FileName         = "trivy.db"
	MetadataFileName = "metadata.json"
)

// SchemaVersion is the one form of the database that is read.
const SchemaVersion = 2

// Metadata says how old a database is. Times are UTC.
type Metadata struct {
	Version      int       `json:"Version"`
	UpdatedAt    time.Time `json:"UpdatedAt"`
	NextUpdate   time.Time `json:"NextUpdate"`
	DownloadedAt time.Time `json:"DownloadedAt"`
}

// maxMetadata bounds metadata.json, in bytes; it has some hundred.
const maxMetadata = 64 << 10

// ReadMetadata reads and checks metadata.json in dir.
func ReadMetadata(dir string) (Metadata, error) {
	path := filepath.Join(Pinned(dir), MetadataFileName)
	info, err := os.Stat(path)
	if err != nil {
		return Metadata{}, fmt.Errorf("read the advisory database: %w%s", err, below(dir))
	}
	if !info.Mode().IsRegular() || info.Size() > maxMetadata {
		return Metadata{}, fmt.Errorf("read the advisory database: %s is not a regular file of at most %d bytes", path, maxMetadata)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return Metadata{}, fmt.Errorf("read the advisory database: %w", err)
	}
	m, err := ParseMetadata(raw)
	if err != nil {
		return Metadata{}, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// below is a hint for who names the cache of Trivy, in which the folder db is
// what is wanted.
func below(dir string) string {
	inner := filepath.Join(dir, "db")
	if _, err := os.Stat(filepath.Join(inner, MetadataFileName)); err != nil {
		return ""
	}
	return fmt.Sprintf(" (there is one in %s: name that)", inner)
}

// ParseMetadata reads metadata.json. Another schema, or an age that is
// not known, is an error.
func ParseMetadata(raw []byte) (Metadata, error) {
	var m Metadata
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("no metadata of an advisory database: %w", err)
	}
	switch {
	case m.Version != SchemaVersion:
		return m, fmt.Errorf("its Version is %d, must be %d", m.Version, SchemaVersion)
	case m.UpdatedAt.Year() < 1970 || m.UpdatedAt.Year() > 2200:
		return m, errors.New("its UpdatedAt is missing; is this metadata.json of Trivy's database?")
	}
	m.UpdatedAt, m.NextUpdate, m.DownloadedAt = m.UpdatedAt.UTC(), m.NextUpdate.UTC(), m.DownloadedAt.UTC()
	return m, nil
}
