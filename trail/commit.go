package trail

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// head is the end of a log: its last checkpoint, and when the entry before it
// was recorded.
type head struct {
	size       int64
	note       string
	recordedAt time.Time // zero: there is no entry
}

// transaction is what one commit adds.
type transaction struct {
	log  *Log
	ctx  context.Context
	conn *sql.Conn
	head head
	now  time.Time
	tree *treeReader

	there  map[string]placed // by id: entries of the log or of this transaction
	bodies []string
	keys   [][]Key // of each body
	blobs  []newBlob
}

// placed is the position of an event in the log, now or after the commit.
type placed struct {
	seq  int64
	body []byte
}

// refusal is an error of one request, which the others do not share.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// commit records the events of a batch in one transaction, and fills in their
// receipts. Requests that are refused get their own error.
func (l *Log) commit(ctx context.Context, batch []*request) error {
	var t *transaction
	err := l.store.write(ctx, l.store.engine.begin, func(conn *sql.Conn) (err error) {
		if t, err = l.begin(ctx, conn, batch); err != nil {
			return err
		}
		seqs := make([][]int64, len(batch))
		for i, r := range batch {
			r.receipts, r.err = nil, nil // of an earlier try
			seqs[i], err = t.stage(r.events)
			if errors.As(err, new(refusal)) {
				r.err = err
			} else if err != nil {
				return err
			}
		}
		before := t.head.size
		if err := t.finish(); err != nil {
			return err
		}
		for i, r := range batch {
			if r.err == nil {
				if r.receipts, err = t.receipts(r.events, seqs[i], before); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.committed(t)
	return nil
}

// committed keeps what a transaction has come to.
func (l *Log) committed(t *transaction) {
	l.cache.keep(t.tree.fresh)
	l.last = t.head
	l.remember(t.head)
}

// begin reads the end of the log and which events of the batch it holds.
func (l *Log) begin(ctx context.Context, conn *sql.Conn, batch []*request) (*transaction, error) {
	t := &transaction{log: l, ctx: ctx, conn: conn, there: map[string]placed{},
		tree: &treeReader{ctx: ctx, q: conn, cache: l.cache, fresh: map[int64]tlog.Hash{}}}
	var err error
	if t.head, err = l.readHead(ctx, conn, t.tree); err != nil {
		return nil, err
	}
	if err := l.checkRemembered(ctx, conn); err != nil {
		return nil, err
	}
	t.now = l.now() // within the transaction: the order of the log is that of its clocks, where they agree
	if !writable(t.now) {
		return nil, fmt.Errorf("the clock says %s: set it", t.now)
	}
	var ids []any
	for _, r := range batch {
		for _, e := range r.events {
			ids = append(ids, e.ID)
		}
	}
	return t, t.find(ids)
}

// readHead reads the last checkpoint, and checks that the tables go with it: a
// log that was altered is not signed again.
func (l *Log) readHead(ctx context.Context, q querier, tree tlog.HashReader) (head, error) {
	var h head
	var entries int64
	var recorded string
	err := q.QueryRowContext(ctx, `SELECT c.size, c.note, coalesce((SELECT max(seq) + 1 FROM entries), 0),
 coalesce((SELECT recorded_at FROM entries ORDER BY seq DESC LIMIT 1), '')
 FROM checkpoints c ORDER BY c.size DESC LIMIT 1`).Scan(&h.size, &h.note, &entries, &recorded)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return head{}, errors.New("its checkpoints are gone: run prodgate audit verify, and restore the log from a backup")
	case err != nil:
		return head{}, fmt.Errorf("read the last checkpoint: %w", err)
	case entries != h.size:
		return head{}, fmt.Errorf("it was altered: its last checkpoint is of %d entries, and there are %d: run prodgate audit verify", h.size, entries)
	}
	if recorded != "" {
		if h.recordedAt, err = time.Parse(recordedLayout, recorded); err != nil {
			return head{}, fmt.Errorf("read when the last entry was recorded: %w", err)
		}
	}
	if h.note == l.last.note {
		return h, nil
	}
	if err := l.checkHead(h, tree); err != nil {
		return head{}, err
	}
	return h, l.checkSeen(ctx, q, h)
}

func (l *Log) checkHead(h head, tree tlog.HashReader) error {
	c, err := openOwn(h.note, l.verifier)
	if err != nil {
		return fmt.Errorf("its last checkpoint was altered: %w: run prodgate audit verify", err)
	}
	root, err := treeRoot(h.size, tree)
	switch {
	case err != nil:
		return err
	case c.size != h.size || c.root != root:
		return fmt.Errorf("it was altered: its last checkpoint is of %d entries with root %s, the tables give %d with %s: run prodgate audit verify", c.size, c.root, h.size, root)
	}
	return nil
}

// checkSeen asks that the log still holds what this handle has seen of it.
func (l *Log) checkSeen(ctx context.Context, q querier, h head) error {
	if l.last.note == "" {
		return nil
	}
	return l.checkHolds(ctx, q, l.last.size, l.last.note, "this program saw")
}

// checkHolds asks that the log holds a checkpoint that somebody knows of.
func (l *Log) checkHolds(ctx context.Context, q querier, size int64, note, who string) error {
	var there string
	err := q.QueryRowContext(ctx, "SELECT note FROM checkpoints WHERE size = $1", size).Scan(&there)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%w: %s its checkpoint of %d entries, which it does not hold any more. Entries would be signed twice if it went on: restore a newer backup with its -wal file, or begin a new log at another location", errStale, who, size)
	case err != nil:
		return fmt.Errorf("read the checkpoint of %d entries: %w", size, err)
	case there != note:
		return fmt.Errorf("%w: %s another checkpoint of %d entries than it holds now: run prodgate audit verify, and restore a backup of the log that was", errStale, who, size)
	}
	return nil
}

// find reads which events are in the log.
func (t *transaction) find(ids []any) error {
	rows, err := t.conn.QueryContext(t.ctx, "SELECT id, seq, body FROM entries WHERE id IN ("+placeholders(1, len(ids))+")", ids...)
	if err != nil {
		return fmt.Errorf("look the events up: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var p placed
		if err := rows.Scan(&id, &p.seq, &p.body); err != nil {
			return fmt.Errorf("look the events up: %w", err)
		}
		t.there[id] = p
	}
	return rows.Err()
}

// stage places the events of one request, all or none.
func (t *transaction) stage(events []prepared) ([]int64, error) {
	bodies, blobs := len(t.bodies), len(t.blobs)
	var added []string
	seqs := make([]int64, len(events))
	var err error
	for i := range events {
		e := &events[i]
		p, known := t.there[e.ID]
		if known {
			err = t.same(e, p)
		} else if p, err = t.place(e); err == nil {
			t.there[e.ID] = p
			added = append(added, e.ID)
		}
		if err != nil {
			t.bodies, t.keys, t.blobs = t.bodies[:bodies], t.keys[:bodies], t.blobs[:blobs]
			for _, id := range added {
				delete(t.there, id)
			}
			return nil, err
		}
		seqs[i] = p.seq
	}
	return seqs, nil
}

// place gives an event the next sequence number.
func (t *transaction) place(e *prepared) (placed, error) {
	seq := t.head.size + int64(len(t.bodies))
	refs, err := t.store(e, seq)
	if err != nil {
		return placed{}, err
	}
	body, err := leaf(e.Event, t.now, t.now.Before(t.head.recordedAt), refs)
	if err != nil {
		return placed{}, refusal{err}
	}
	t.bodies = append(t.bodies, string(body))
	t.keys = append(t.keys, keysOf(e.Service, e.Type, e.Digest, e.Deployment))
	return placed{seq: seq, body: body}, nil
}

// same returns ErrConflict unless an event is the one at p: every field
// and every blob's content, but not when it was recorded.
func (t *transaction) same(e *prepared, p placed) error {
	there, err := parseLeaf(p.body)
	if err != nil {
		return err
	}
	again, err := leaf(e.Event, there.RecordedAt, there.ClockRegressed, there.Refs)
	if err != nil {
		return refusal{err}
	}
	conflict := refusal{fmt.Errorf("event %s: %w, as entry %d: a retry sends the same event; another step needs an id of its own", e.ID, ErrConflict, p.seq)}
	if !bytes.Equal(again, p.body) || len(e.Blobs) != len(there.Refs) {
		return conflict
	}
	for role, b := range e.Blobs {
		ref := there.Refs[role]
		salt, err := t.salt(ref.Digest)
		switch {
		case errors.Is(err, ErrErased):
			return refusal{fmt.Errorf("event %s is already recorded as entry %d, and cannot be compared with this one: its %s is %w", e.ID, p.seq, role, ErrErased)}
		case err != nil:
			return err
		case saltedDigest(salt, b.Content) != ref.Digest || b.MediaType != ref.MediaType:
			return conflict
		}
	}
	return nil
}

// finish writes what was staged, and the checkpoint over it.
func (t *transaction) finish() error {
	if len(t.bodies) == 0 {
		return nil
	}
	var hashes [][]byte
	position := tlog.StoredHashCount(t.head.size)
	for i, body := range t.bodies {
		stored, err := tlog.StoredHashes(t.head.size+int64(i), []byte(body), t.tree)
		if err != nil {
			return err
		}
		for _, h := range stored {
			t.tree.fresh[position+int64(len(hashes))] = h
			hashes = append(hashes, h[:])
		}
	}
	if err := t.log.store.engine.insert(t.ctx, t.conn, t.head.size, t.bodies, position, hashes); err != nil {
		return fmt.Errorf("write the entries: %w", err)
	}
	if err := t.writeBlobs(); err != nil {
		return err
	}
	next := head{size: t.head.size + int64(len(t.bodies)), recordedAt: t.now}
	root, err := treeRoot(next.size, t.tree)
	if err != nil {
		return err
	}
	chains, err := t.extend()
	if err != nil {
		return err
	}
	c := checkpoint{origin: t.log.signer.Name(), size: next.size, root: root, previous: linkTo(t.head.size, t.head.note), chains: &chains}
	if next.note, err = c.sign(t.log.signer); err != nil {
		return err
	}
	if _, err := t.conn.ExecContext(t.ctx, "INSERT INTO checkpoints (size, note) VALUES ($1, $2)", next.size, next.note); err != nil {
		return fmt.Errorf("write the checkpoint: %w", err)
	}
	t.head = next
	return nil
}

// receipts proves the positions of events: those that were there before by the first
// checkpoint that covers them, as the first time.
func (t *transaction) receipts(events []prepared, seqs []int64, before int64) ([]Receipt, error) {
	list := make([]Receipt, len(events))
	for i, e := range events {
		size, note := t.head.size, t.head.note
		if seqs[i] < before {
			err := t.conn.QueryRowContext(t.ctx, "SELECT size, note FROM checkpoints WHERE size > $1 ORDER BY size LIMIT 1", seqs[i]).Scan(&size, &note)
			if err != nil {
				return nil, fmt.Errorf("read the checkpoint over entry %d: %w", seqs[i], err)
			}
		}
		r, err := receipt(t.there[e.ID].body, seqs[i], size, note, t.tree)
		if err != nil {
			return nil, err
		}
		list[i] = r
	}
	return list, nil
}

// receipt proves that the leaf at seq is in the tree that a checkpoint signs.
func receipt(body []byte, seq, size int64, note string, tree tlog.HashReader) (Receipt, error) {
	e, err := parseLeaf(body)
	if err != nil {
		return Receipt{}, err
	}
	proof, err := tlog.ProveRecord(size, seq, tree)
	if err != nil {
		return Receipt{}, fmt.Errorf("prove entry %d: %w", seq, err)
	}
	r := Receipt{ID: e.ID, Seq: seq, LeafHash: tlog.RecordHash(body).String(), RecordedAt: e.RecordedAt, Checkpoint: note, Proof: []string{}}
	for _, h := range proof {
		r.Proof = append(r.Proof, h.String())
	}
	return r, nil
}
