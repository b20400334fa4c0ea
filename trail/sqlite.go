package trail

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// applicationID marks a SQLite file as a trail: "pgtr".
const applicationID = 0x70677472

// formatVersion is the version of the tables and of the leaf.
const formatVersion = 1

// busyFor is how long a writer of a SQLite file waits for others.
const busyFor = 30 * time.Second

// sqliteTables are the statements of the schema; verify compares them with what
// the database says it is made of, byte for byte.
func sqliteTables() []string {
	return []string{
		`CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,
		`CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  body TEXT NOT NULL,
` + sqliteColumns() + `
) STRICT`,
		`CREATE UNIQUE INDEX entries_id ON entries (id)`,
		`CREATE INDEX entries_digest ON entries (digest) WHERE digest IS NOT NULL`,
		`CREATE INDEX entries_service ON entries (service) WHERE service IS NOT NULL`,
		`CREATE INDEX entries_service_type ON entries (service, type) WHERE service IS NOT NULL`,
		`CREATE INDEX entries_type ON entries (type)`,
		`CREATE INDEX entries_deployment ON entries (deployment) WHERE deployment IS NOT NULL`,
		`CREATE INDEX entries_recorded_at ON entries (recorded_at)`,
		`CREATE INDEX entries_policy ON entries (policy) WHERE policy IS NOT NULL`,
		`CREATE TABLE hashes (position INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT`,
		`CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT`,
		sqliteChains,
		`CREATE TABLE blobs (
  digest TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  salt BLOB,
  content BLOB,
  plain BLOB,
  erased_at TEXT,
  erased_seq INTEGER
) STRICT`,
		`CREATE INDEX blobs_seq ON blobs (seq)`,
		`CREATE INDEX blobs_plain ON blobs (plain) WHERE plain IS NOT NULL`,
		`CREATE INDEX blobs_erased ON blobs (erased_seq) WHERE erased_seq IS NOT NULL`,
	}
}

// sqliteChains holds the tree of chains, by node.
const sqliteChains = `CREATE TABLE chains (node INTEGER PRIMARY KEY, content BLOB NOT NULL) STRICT`

// column is a generated column: what entries are looked up by.
type column struct {
	name string
	path []string // in the leaf
	text bool     // others may have put something else than text there
	must bool
}

// columns are computed by the database from the leaf, so that nobody can set
// them to something else; verify computes them once more.
var columns = []column{
	{name: "id", path: []string{"predicate", "id"}, must: true},
	{name: "type", path: []string{"predicate", "type"}, must: true},
	{name: "recorded_at", path: []string{"predicate", "recordedAt"}, must: true},
	{name: "service", path: []string{"predicate", "service"}},
	{name: "environment", path: []string{"predicate", "environment"}},
	{name: "digest", path: []string{"subject", "0", "digest", "sha256"}},
	{name: "deployment", path: []string{"predicate", "deployment"}},
	{name: "mode", path: []string{"predicate", "mode"}},
	{name: "policy", path: []string{"predicate", "data", "policy", "digest"}, text: true},
}

// Positions in columns.
const (
	typeColumn       = 1
	serviceColumn    = 3
	digestColumn     = 5
	deploymentColumn = 6
	policyColumn     = 8
)

func sqliteColumns() string {
	var lines []string
	for _, c := range columns {
		path := "$"
		for _, step := range c.path {
			if step == "0" {
				path += "[0]"
				continue
			}
			path += "." + step
		}
		value := fmt.Sprintf("json_extract(body, '%s')", path)
		if c.text {
			value = fmt.Sprintf("CASE json_type(body, '%s') WHEN 'text' THEN %s END", path, value)
		}
		must := ""
		if c.must {
			must = " NOT NULL"
		}
		lines = append(lines, fmt.Sprintf("  %s TEXT%s GENERATED ALWAYS AS (%s) STORED", c.name, must, value))
	}
	return strings.Join(lines, ",\n")
}

// openSQLite opens a file; writing makes it where there is none.
func openSQLite(path string, writing bool, wrap func(driver.Connector) driver.Connector) (*store, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%q is a folder; name the file", path)
	case errors.Is(err, fs.ErrNotExist) && !writing:
		return nil, fmt.Errorf("there is no trail at %q: %w", path, fs.ErrNotExist)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("the folder of the trail: %w: make it first", err)
	}
	if err := refuseNetwork(path); err != nil {
		return nil, err
	}
	query := url.Values{
		"_busy_timeout": {fmt.Sprint(busyFor.Milliseconds())},
		"_pragma":       {"synchronous(FULL)", "fullfsync(1)", "checkpoint_fullfsync(1)", "trusted_schema(0)", "cell_size_check(1)", "secure_delete(1)"},
		"_dqs":          {"0"}, "_error_rc": {"1"}, "_defensive": {"1"},
	}
	if !writing {
		query.Set("mode", "ro")
		if frozen(path) {
			query.Set("immutable", "1")
		}
	}
	escape := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23")
	connector, err := sqlite.NewConnector("file:" + escape.Replace(path) + "?" + query.Encode())
	if err != nil {
		return nil, err
	}
	if wrap != nil {
		connector = wrap(connector)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	return &store{db: db, engine: sqliteEngine{path: path}}, nil
}

// frozen reports whether a file can be read only as one that nobody writes: it is
// in a folder where the shared memory of readers and writers cannot be made,
// and there is no write-ahead log next to it.
func frozen(path string) bool {
	if _, err := os.Stat(path + "-wal"); err == nil {
		return false
	}
	if _, err := os.Stat(path + "-shm"); err == nil {
		return false
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".prodgate-*")
	if err != nil {
		return true
	}
	return f.Close() != nil || os.Remove(f.Name()) != nil
}

type sqliteEngine struct{ path string }

func (sqliteEngine) tables() []string {
	return append(sqliteTables(), []string{
		fmt.Sprintf("PRAGMA application_id=%d", applicationID), fmt.Sprintf("PRAGMA user_version=%d", formatVersion),
	}...)
}

func (sqliteEngine) begin(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	return err
}

func (e sqliteEngine) beginNew(ctx context.Context, conn *sql.Conn) error { return e.begin(ctx, conn) }

func (e sqliteEngine) exists(ctx context.Context, q querier) (bool, error) {
	var tables, id, version int
	err := q.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM sqlite_schema), (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version)").Scan(&tables, &id, &version)
	switch {
	case err != nil:
		return false, err
	case tables > 0 && id != applicationID:
		return false, fmt.Errorf("%q is a SQLite database of something else: name another file", e.path)
	case tables > 0 && version != formatVersion:
		return false, fmt.Errorf("%q is a trail of format %d; this prodgate knows %d: use the prodgate that made it", e.path, version, formatVersion)
	}
	return tables > 0, nil
}

// prepare makes a new file one that readers and a writer share. It must be said
// outside of a transaction, and may have to wait for another first run.
func (e sqliteEngine) prepare(ctx context.Context, q querier) error {
	for end := time.Now().Add(busyFor); ; {
		var mode string
		err := q.QueryRowContext(ctx, "PRAGMA journal_mode=WAL").Scan(&mode)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil:
			return fmt.Errorf("%q cannot have a write-ahead log (its journal is %q): keep it on a local disk", e.path, mode)
		case !e.passing(err) || time.Now().After(end):
			return e.explain(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// chains makes the table; SQLite keeps the statement without what follows CREATE TABLE.
func (sqliteEngine) chains() string {
	return strings.Replace(sqliteChains, "CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1)
}

// minor is SQLite's sign for "no index": without statistics, which would be one
// more table to alter, it takes two columns for better than one.
func (sqliteEngine) minor() string { return "+" }

func (sqliteEngine) insert(ctx context.Context, conn *sql.Conn, seq int64, bodies []string, position int64, hashes [][]byte) error {
	entry, err := conn.PrepareContext(ctx, "INSERT INTO entries (seq, body) VALUES ($1, $2)")
	if err != nil {
		return err
	}
	defer entry.Close()
	for i, body := range bodies {
		if _, err := entry.ExecContext(ctx, seq+int64(i), body); err != nil {
			return err
		}
	}
	hash, err := conn.PrepareContext(ctx, "INSERT INTO hashes (position, hash) VALUES ($1, $2)")
	if err != nil {
		return err
	}
	defer hash.Close()
	for i, h := range hashes {
		if _, err := hash.ExecContext(ctx, position+int64(i), h); err != nil {
			return err
		}
	}
	return nil
}

func (sqliteEngine) keep(ctx context.Context, conn *sql.Conn, nodes []int64, contents [][]byte) error {
	node, err := conn.PrepareContext(ctx, "INSERT INTO chains (node, content) VALUES ($1, $2) ON CONFLICT (node) DO UPDATE SET content = excluded.content")
	if err != nil {
		return err
	}
	defer node.Close()
	for i := range nodes {
		if _, err := node.ExecContext(ctx, nodes[i], contents[i]); err != nil {
			return err
		}
	}
	return nil
}

// wipe moves the write-ahead log into the file and empties it: pages that an
// erasure freed are overwritten with zeros (secure_delete).
func (e sqliteEngine) wipe(ctx context.Context, q querier) error {
	var busy, frames, moved int
	if err := q.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
		return e.explain(err)
	}
	if busy != 0 {
		return fmt.Errorf("others are reading %q", e.path)
	}
	return nil
}

// code is SQLite's primary result code of an error; 0 if it is not from SQLite.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func (sqliteEngine) passing(err error) bool {
	return code(err) == sqlite3.SQLITE_BUSY || code(err) == sqlite3.SQLITE_LOCKED
}

func (e sqliteEngine) explain(err error) error {
	cure := ""
	switch code(err) {
	case sqlite3.SQLITE_BUSY:
		cure = fmt.Sprintf("others have been writing for %s: try again", busyFor)
	case sqlite3.SQLITE_FULL:
		cure = "the disk is full: make room and try again; what was acknowledged is safe"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		cure = "the file and its folder must be writable by this user"
	case sqlite3.SQLITE_NOTADB:
		cure = "name another file, or restore this one from a backup"
	case sqlite3.SQLITE_CORRUPT:
		cure = "the file is damaged: run prodgate audit verify, and restore it from a backup"
	}
	if cure == "" {
		return err
	}
	return fmt.Errorf("%q: %w: %s", e.path, err, cure)
}
