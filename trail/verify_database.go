package trail

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"
)

// databaseCheck verifies the tables of a log, all as of one instant.
type databaseCheck struct {
	*verification
	store *store
	lock  sync.Mutex // of conn
	conn  *sql.Conn

	tree   tree
	torn   bool           // an entry is missing: hashes and roots after it cannot be compared
	before *checkpointRow // the checkpoint looked at last
	stored []tlog.Hash    // space for tree.add
	chains map[keyHash]chain
	blobs  blobCheck
}

// database looks at every table, the schema and the pages of a log.
func (v *verification) database(s *store) (err error) {
	conn, err := s.db.Conn(v.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := s.engine.snapshot(v.ctx, conn); err != nil {
		return err
	}
	defer rollback(v.ctx, conn)
	c := &databaseCheck{verification: v, store: s, conn: conn, chains: map[keyHash]chain{}, blobs: blobCheck{shared: map[string]sharedBlob{}}}

	ctx, cancel := context.WithCancel(v.ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	group.Go(func() { v.guard("database", func() error { return c.integrity(ctx) }) })

	if err := c.schema(); err != nil {
		return err
	}
	if err := c.identity(); err != nil {
		return err
	}
	if err := c.log(); err != nil {
		return err
	}
	if err := c.allBlobs(); err != nil {
		return err
	}
	group.Wait()
	return nil
}

// integrity asks the database whether its pages and indexes are sound.
func (c *databaseCheck) integrity(ctx context.Context) error {
	wrong, err := c.store.engine.integrity(ctx, c.store.db)
	for _, w := range wrong {
		c.problem("database", "%s", w)
	}
	if err != nil && c.store.engine.damaged(err) {
		c.problem("database", "it is damaged: %v", err)
		return nil
	}
	return err
}

func (c *databaseCheck) schema() error {
	wrong, err := c.store.engine.schema(c.ctx, c.conn)
	if err == nil {
		wrong, err = c.withoutChains(wrong)
	}
	for _, w := range wrong {
		c.problem("schema", "%s", w)
	}
	return err
}

// identity compares whose log it says it is with the key.
func (c *databaseCheck) identity() error {
	rows, err := c.conn.QueryContext(c.ctx, "SELECT name, value FROM meta ORDER BY name")
	if err != nil {
		return err
	}
	defer rows.Close()
	meta := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		meta[name] = value
	}
	if err := rows.Err(); err != nil {
		return err
	}
	c.report.Origin = meta["origin"]
	for _, name := range []string{"format", "key", "origin"} {
		if _, ok := meta[name]; !ok {
			c.problem("meta", "%s is missing", name)
		}
		delete(meta, name)
	}
	for name := range meta {
		c.problem("meta", "%q is not of a trail", name)
	}
	if err := c.compareKey(); err != nil {
		return err
	}
	return nil
}

func (c *databaseCheck) compareKey() error {
	var public, format sql.NullString
	err := c.conn.QueryRowContext(c.ctx, "SELECT (SELECT value FROM meta WHERE name = 'key'), (SELECT value FROM meta WHERE name = 'format')").Scan(&public, &format)
	if err != nil {
		return err
	}
	if format.String != fmt.Sprint(formatVersion) {
		c.problem("meta", "format is %q, not %d", format.String, formatVersion)
	}
	if c.verifier == nil {
		return nil
	}
	if public.String != c.public {
		c.problem("key", "the log says it is signed with %q, the public key is %q", public.String, c.public)
	}
	if c.report.Origin != c.verifier.Name() {
		c.problem("meta", "the log's origin is %q, the key's %q", c.report.Origin, c.verifier.Name())
	}
	return nil
}

// log looks at entries, hashes and checkpoints from the begin to the end.
func (c *databaseCheck) log() error {
	var size, strays int64
	err := c.conn.QueryRowContext(c.ctx, `SELECT coalesce(max(size), -1) FROM checkpoints`).Scan(&size)
	if err != nil {
		return err
	}
	if size < 0 {
		c.problem("checkpoints", "there are none")
	}
	c.report.Size = max(size, 0)
	for _, outside := range []struct {
		where, query string
		args         []any
	}{
		{"entries", "SELECT count(*) FROM entries WHERE seq < 0 OR seq >= $1", []any{c.report.Size}},
		{"hashes", "SELECT count(*) FROM hashes WHERE position < 0 OR position >= $1", []any{tlog.StoredHashCount(c.report.Size)}},
		{"checkpoints", "SELECT count(*) FROM checkpoints WHERE size < 0", nil},
		{"blobs", "SELECT count(*) FROM blobs WHERE seq < 0 OR seq >= $1", []any{c.report.Size}},
	} {
		if err := c.conn.QueryRowContext(c.ctx, outside.query, outside.args...).Scan(&strays); err != nil {
			return err
		}
		if strays > 0 {
			c.problem(outside.where, "%d rows are outside of what the last checkpoint, of %d entries, signs", strays, c.report.Size)
		}
	}
	if err := c.firstCheckpoint(); err != nil {
		return err
	}
	if err := c.pages(c.readPage, c.report.Size, c.takePage); err != nil {
		return err
	}
	if c.before != nil {
		c.lastCheckpoint()
		if err := c.checkChains(); err != nil {
			return err
		}
	}
	return c.flushBlobs()
}

// firstCheckpoint looks at that of no entries.
func (c *databaseCheck) firstCheckpoint() error {
	list, err := c.readCheckpoints(-1, 0)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		c.problem("checkpoint of 0", "it is missing")
	}
	for i := range list {
		c.checkpoint(&list[i])
	}
	c.checkClaims(0, c.tree.root())
	return nil
}

// lastCheckpoint checks the signature that, by the chain, covers all others.
func (c *databaseCheck) lastCheckpoint() {
	c.report.Checkpoint = c.before.note
	if c.verifier == nil {
		return
	}
	if _, err := openOwn(c.before.note, c.verifier); err != nil {
		c.problem(fmt.Sprintf("checkpoint of %d", c.before.size), "%v", err)
	}
}

func (c *databaseCheck) readPage(first int64) (*pageOf, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	p := &pageOf{first: first, end: min(first+verifyPage, c.report.Size), ready: make(chan struct{})}
	var err error
	if p.rows, err = c.readEntries(p.first, p.end); err != nil {
		return nil, fmt.Errorf("read entries from %d on: %w", first, err)
	}
	if p.hashes, err = c.readHashes(tlog.StoredHashCount(p.first), tlog.StoredHashCount(p.end)); err != nil {
		return nil, fmt.Errorf("read hashes of entries from %d on: %w", first, err)
	}
	if p.checkpoints, err = c.readCheckpoints(p.first, p.end); err != nil {
		return nil, fmt.Errorf("read checkpoints from %d on: %w", first, err)
	}
	if p.blobs, err = c.readBlobs(p.first, p.end); err != nil {
		return nil, fmt.Errorf("read what blobs there are: %w", err)
	}
	return p, nil
}

// maxNote is how long a checkpoint that a log signed can be, in bytes.
const maxNote = 4096

// bounded is a column whose value is read only where it is no longer than what a
// log writes: a log that is verified may hold what its memory cannot.
func bounded(column string, limit int) string {
	return fmt.Sprintf("CASE WHEN octet_length(%s) <= %d THEN %s END", column, limit, column)
}

func entryQuery() string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return "SELECT seq, " + bounded("body", maxLeaf) + ", " + strings.Join(names, ", ") + " FROM entries WHERE seq >= $1 AND seq < $2 ORDER BY seq"
}

func (c *databaseCheck) readEntries(first, end int64) ([]entryRow, error) {
	rows, err := c.conn.QueryContext(c.ctx, entryQuery(), first, end)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := make([]entryRow, 0, end-first)
	to := make([]any, 2+len(columns))
	for rows.Next() {
		r := entryRow{columns: make([]sql.NullString, len(columns))}
		to[0], to[1] = &r.seq, &r.body
		for i := range r.columns {
			to[2+i] = &r.columns[i]
		}
		if err := rows.Scan(to...); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func (c *databaseCheck) readHashes(first, end int64) ([]hashRow, error) {
	rows, err := c.conn.QueryContext(c.ctx, "SELECT position, "+bounded("hash", tlog.HashSize)+" FROM hashes WHERE position >= $1 AND position < $2 ORDER BY position", first, end)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := make([]hashRow, 0, end-first)
	for rows.Next() {
		var r hashRow
		if err := rows.Scan(&r.position, &r.hash); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// readCheckpoints reads those of more than after entries, up to size.
func (c *databaseCheck) readCheckpoints(after, size int64) ([]checkpointRow, error) {
	rows, err := c.conn.QueryContext(c.ctx, "SELECT size, coalesce("+bounded("note", maxNote)+", '') FROM checkpoints WHERE size > $1 AND size <= $2 ORDER BY size", after, size)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []checkpointRow
	for rows.Next() {
		var r checkpointRow
		if err := rows.Scan(&r.size, &r.note); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// takePage compares the tables with each other and with the tree of the leaves.
func (c *databaseCheck) takePage(p *pageOf) error {
	checkpoints := p.checkpoints
	due := func() {
		for len(checkpoints) > 0 && checkpoints[0].size <= c.tree.size {
			c.checkpoint(&checkpoints[0])
			checkpoints = checkpoints[1:]
		}
	}
	hashes := p.hashes
	next := p.first
	for i := range p.rows {
		r := &p.rows[i]
		if r.seq != next {
			c.problem(fmt.Sprintf("entry %d", next), "it is missing")
			c.torn = true
		}
		next = r.seq + 1
		c.report.Entries++
		for _, w := range r.wrong {
			c.problem(fmt.Sprintf("entry %d", r.seq), "%s", w)
		}
		c.checkLeaf(r.seq, r.hash)
		if c.torn {
			continue
		}
		c.stored = c.tree.add(r.hash, c.stored)
		c.addChains(r)
		hashes = c.compareHashes(r.seq, hashes)
		due()
		if len(c.roots[c.tree.size]) > 0 {
			c.checkClaims(c.tree.size, c.tree.root())
		}
	}
	if next != p.end {
		c.problem(fmt.Sprintf("entry %d", next), "it is missing")
		c.torn = true
	}
	for i := range checkpoints { // of a torn log: their chain is still usable
		c.checkpoint(&checkpoints[i])
	}
	return c.pageBlobs(p)
}

// compareHashes compares the stored hashes of an entry with those computed.
func (c *databaseCheck) compareHashes(seq int64, rows []hashRow) []hashRow {
	position := tlog.StoredHashIndex(0, seq)
	for i, want := range c.stored {
		at := position + int64(i)
		if len(rows) == 0 || rows[0].position != at {
			c.problem(fmt.Sprintf("hash %d", at), "it is missing")
			continue
		}
		if !slices.Equal(rows[0].hash, want[:]) {
			c.problem(fmt.Sprintf("hash %d", at), "it is not that of the leaves: entry %d or this hash was altered", seq)
		}
		rows = rows[1:]
	}
	return rows
}

// checkpoint compares a checkpoint with the tree, and with the one before it.
func (c *databaseCheck) checkpoint(r *checkpointRow) {
	where := fmt.Sprintf("checkpoint of %d", r.size)
	defer func() { c.before = r }()
	c.report.Checkpoints++
	p, err := parseCheckpoint(unsigned(r.note))
	switch {
	case err != nil:
		c.problem(where, "%v", err)
		return
	case p.size != r.size:
		c.problem(where, "it signs %d entries", p.size)
	case p.origin != c.report.Origin:
		c.problem(where, "it is of log %q", p.origin)
	case !c.torn && p.size == c.tree.size && p.root != c.tree.root():
		c.problem(where, "it signs root %s, and the entries give %s", p.root, c.tree.root())
	}
	switch {
	case c.before == nil && p.previous != nil:
		c.problem(where, "the checkpoint before it, of %d, is missing", p.previous.size)
	case c.before != nil && p.previous == nil:
		c.problem(where, "it does not say which checkpoint came before")
	case c.before != nil && *p.previous != *linkTo(c.before.size, c.before.note):
		c.problem(where, "the checkpoint before it, of %d, is missing or was altered", p.previous.size)
	}
}
