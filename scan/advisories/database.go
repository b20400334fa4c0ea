package advisories

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/types"

	"github.com/prodgate/prodgate/scan/advisories/bolt"
)

// ErrUnusable is in every error that says the database cannot be trusted to hold
// all of its advisories: missing, cut off, damaged, of another form, or changed
// while it was read. It is never an answer about a package.
var ErrUnusable = errors.New("the advisory database cannot be used")

// cure is what to do about a database that cannot be used.
const cure = "run prodgate db update"

// Names of the buckets that hold no advisories.
const (
	detailBucket = "vulnerability"
	sourceBucket = "data-source"
	redHatBucket = "Red Hat CPE"
)

// Database is an open advisory database. It is safe for concurrent use, and all
// that is read from it is of one state; Unchanged says so at the end.
type Database struct {
	path     string
	metadata Metadata
	file     *bolt.File
	root     bolt.Bucket
	details  *bolt.Bucket // nil: it describes no vulnerability
	sources  *bolt.Bucket // nil: it names no source
}

// Open opens the database in dir, which holds trivy.db and metadata.json.
func Open(dir string) (*Database, error) {
	dir = Pinned(dir)
	metadata, err := ReadMetadata(dir)
	if err != nil {
		return nil, unusable(filepath.Join(dir, MetadataFileName), err)
	}
	path := filepath.Join(dir, FileName)
	file, err := bolt.Open(path)
	if err != nil {
		return nil, unusable(path, err)
	}
	d := &Database{path: path, metadata: metadata, file: file, root: file.Root()}
	if err := d.begin(); err != nil {
		return nil, unusable(path, errors.Join(err, file.Close()))
	}
	return d, nil
}

// unusable returns which file cannot be used, why, and what to do.
func unusable(path string, err error) error {
	var missing *os.PathError
	if text := err.Error(); !errors.As(err, &missing) && !strings.Contains(text, path) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return fmt.Errorf("%w: %w; %s", ErrUnusable, err, cure)
}

// begin finds the buckets that every database has.
func (d *Database) begin() error {
	for name, bucket := range map[string]**bolt.Bucket{detailBucket: &d.details, sourceBucket: &d.sources} {
		found, ok, err := d.root.Bucket([]byte(name))
		if err != nil {
			return err
		}
		if ok {
			*bucket = &found
		}
	}
	if d.details == nil && d.sources == nil {
		return fmt.Errorf("it is empty or of another kind: it has neither a bucket %q nor %q", detailBucket, sourceBucket)
	}
	return nil
}

// Close closes the database.
func (d *Database) Close() error { return d.file.Close() }

// Metadata says how old the database is.
func (d *Database) Metadata() Metadata { return d.metadata }

// Unchanged is an error if another process wrote to the database since it was
// opened, so that what was read may be of two states.
func (d *Database) Unchanged() error {
	if err := d.file.Unchanged(); err != nil {
		return unusable(d.path, err)
	}
	return nil
}

// Platform is one bucket of advisories: a release of a distribution, or one
// source's for a language.
type Platform struct {
	Name   string
	Source types.DataSource // empty where the database does not say

	db     *Database
	bucket bolt.Bucket
}

// Platform gives the advisories under that name. Without any, ok is false, which
// is not the same as a platform without an advisory for some package.
func (d *Database) Platform(name string) (p *Platform, ok bool, err error) {
	bucket, ok, err := d.root.Bucket([]byte(name))
	if err != nil {
		return nil, false, unusable(d.path, fmt.Errorf("bucket %q: %w", name, err))
	}
	if !ok {
		return nil, false, nil
	}
	p, err = d.platform(name, bucket)
	return p, err == nil, err
}

// Platforms gives those whose name begins with prefix ("npm::"), by name.
func (d *Database) Platforms(prefix string) ([]*Platform, error) {
	var list []*Platform
	err := d.root.Each([]byte(prefix), func(key, _ []byte, nested *bolt.Bucket) error {
		if nested == nil {
			return nil
		}
		p, err := d.platform(string(key), *nested)
		list = append(list, p)
		return err
	})
	if err != nil && !errors.Is(err, ErrUnusable) {
		err = unusable(d.path, fmt.Errorf("buckets %q: %w", prefix, err))
	}
	return list, err
}

func (d *Database) platform(name string, bucket bolt.Bucket) (*Platform, error) {
	p := &Platform{Name: name, db: d, bucket: bucket}
	if d.sources == nil {
		return p, nil
	}
	if _, err := d.sources.Get([]byte(name), into(&p.Source)); err != nil {
		return nil, unusable(d.path, fmt.Errorf("source of %q: %w", name, err))
	}
	return p, nil
}

// Advisories gives those for the package of that name, by ID.
func (p *Platform) Advisories(name string) ([]Advisory, error) {
	bucket, ok, err := p.bucket.Bucket([]byte(name))
	if err != nil || !ok {
		return nil, p.damaged(name, err)
	}
	var list []Advisory
	err = bucket.Each(nil, func(key, value []byte, nested *bolt.Bucket) error {
		if nested != nil || len(value) == 0 {
			return nil
		}
		a := Advisory{}
		if err := json.Unmarshal(value, &a); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		a.ID = string(key)
		if p.Source != (types.DataSource{}) {
			a.Source = p.Source
		}
		list = append(list, a)
		return a.check()
	})
	return list, p.damaged(name, err)
}

func (p *Platform) damaged(name string, err error) error {
	if err == nil {
		return nil
	}
	return unusable(p.db.path, fmt.Errorf("advisories of %q for %q: %w", p.Name, name, err))
}

// Detail is the database's description of a vulnerability.
type Detail struct {
	Title          string
	Severity       string // of whichever source has one
	VendorSeverity map[types.SourceID]types.Severity
	PublishedDate  *time.Time // UTC
}

// Detail gives what is known of the vulnerability; ok is false where that is
// nothing (it may have been rejected).
func (d *Database) Detail(id string) (detail Detail, ok bool, err error) {
	if d.details == nil {
		return detail, false, nil
	}
	ok, err = d.details.Get([]byte(id), into(&detail))
	for source, s := range detail.VendorSeverity {
		if err == nil && !known(s) {
			err = fmt.Errorf("the severity of %s is %d", source, s)
		}
	}
	if err != nil {
		return detail, false, unusable(d.path, fmt.Errorf("vulnerability %q: %w", id, err))
	}
	if detail.PublishedDate != nil {
		utc := detail.PublishedDate.UTC()
		detail.PublishedDate = &utc
	}
	return detail, ok, nil
}

// Names of the two ways from an image to Red Hat's products.
const (
	ContentSet = "repository"
	Build      = "nvr" // name-version-release-architecture of an image
)

// Products gives the indices of Red Hat's products that a content set or a build
// stands for: Entry.Affected names them.
func (d *Database) Products(kind, key string) ([]int, error) {
	products, err := d.products(kind, key)
	if err != nil {
		return nil, unusable(d.path, fmt.Errorf("%s %s %q: %w", redHatBucket, kind, key, err))
	}
	return products, nil
}

func (d *Database) products(kind, key string) (indices []int, err error) {
	root, ok, err := d.root.Bucket([]byte(redHatBucket))
	if err != nil || !ok {
		return nil, err
	}
	bucket, ok, err := root.Bucket([]byte(kind))
	if err != nil || !ok {
		return nil, err
	}
	_, err = bucket.Get([]byte(key), into(&indices))
	return indices, err
}

// into decodes a value.
func into(v any) func(value []byte) error {
	return func(value []byte) error { return json.Unmarshal(value, v) }
}
