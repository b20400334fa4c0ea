package trail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// page is how many entries are read at once, so that no long reading keeps a
// writer or a connection from anybody.
const page = 256

// Entries returns what is recorded and matches filter, in the order of the
// log unless it says otherwise: what is there when it begins. The first error
// ends it.
func (l *Log) Entries(ctx context.Context, filter Filter) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		end, prove, err := l.end(ctx, filter.Proven)
		if err != nil {
			yield(Entry{}, fmt.Errorf("read trail %s: %w", l.place.name, l.explain(err)))
			return
		}
		from, left := max(filter.From, 0), filter.Limit
		if filter.Limit <= 0 {
			left = int(end) + 1
		}
		for from < end && left > 0 {
			list, err := l.readPage(ctx, filter, from, end, min(left, page))
			if err != nil {
				yield(Entry{}, fmt.Errorf("read trail %s: %w", l.place.name, l.explain(err)))
				return
			}
			for _, e := range list {
				if err := prove(&e); err != nil {
					yield(Entry{}, fmt.Errorf("read trail %s: %w", l.place.name, err))
					return
				}
				if !yield(e, nil) {
					return
				}
			}
			if len(list) < min(left, page) {
				return
			}
			left -= len(list)
			if last := list[len(list)-1].Seq; filter.NewestFirst {
				end = last
			} else {
				from = last + 1
			}
		}
	}
}

// explain adds a cure to an error of the database that a user can cure.
func (l *Log) explain(err error) error {
	if l.remote != nil {
		return err
	}
	return l.store.engine.explain(err)
}

func (l *Log) size(ctx context.Context) (n int64, err error) {
	n, _, err = l.end(ctx, false)
	return n, err
}

// end is the log's size by its last checkpoint, and what proves an entry to be
// in its tree.
func (l *Log) end(ctx context.Context, proven bool) (size int64, prove func(*Entry) error, err error) {
	if l.remote != nil {
		c, err := l.remote.checkpoint(ctx)
		return c.size, func(*Entry) error { return nil }, err // page has proved them
	}
	defer contain("read the last checkpoint", &err)
	var signed string
	if err := l.store.db.QueryRowContext(ctx, "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").Scan(&size, &signed); err != nil {
		return 0, nil, fmt.Errorf("read the last checkpoint: %w", err)
	}
	if !proven {
		return size, func(*Entry) error { return nil }, nil
	}
	c, err := openOwn(signed, l.verifier)
	if err != nil {
		return 0, nil, err
	}
	tree := &treeReader{ctx: ctx, q: l.store.db, cache: newHashCache(), fresh: map[int64]tlog.Hash{}}
	return size, func(e *Entry) (err error) {
		defer contain("prove the entry", &err)
		if len(tree.fresh) > maxCached {
			clear(tree.fresh)
		}
		proof, err := tlog.ProveRecord(c.size, e.Seq, tree)
		if err == nil {
			err = tlog.CheckRecord(proof, c.size, c.root, e.Seq, tlog.RecordHash(e.Body))
		}
		if err != nil {
			return fmt.Errorf("entry %d is not the one that was signed: %w: run prodgate audit verify", e.Seq, err)
		}
		return nil
	}, nil
}

// readPage reads matching entries of [from, end), at most limit.
func (l *Log) readPage(ctx context.Context, filter Filter, from, end int64, limit int) (list []Entry, err error) {
	if l.remote != nil {
		return l.remote.page(ctx, filter, from, end, limit)
	}
	defer contain("read the entries", &err)
	query, args := filter.query(from, end, limit, l.store.engine.minor())
	rows, err := l.store.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p placed
		if err := rows.Scan(&p.seq, &p.body); err != nil {
			return nil, err
		}
		e, err := p.entry()
		if err != nil {
			return nil, err
		}
		if !filter.matches(&e) {
			return nil, fmt.Errorf("entry %d was found as what it is not (%s of %q in %q): the columns that entries are looked up by were altered: run prodgate audit verify", e.Seq, e.Type, e.Service, e.Environment)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// query reads entries of [from, end) that match, at most limit.
func (f Filter) query(from, end int64, limit int, minor string) (string, []any) {
	where, args := f.conditions(minor)
	args = append(args, from, end, limit)
	order := "ASC"
	if f.NewestFirst {
		order = "DESC"
	}
	return fmt.Sprintf("SELECT seq, body FROM entries WHERE %sseq >= $%d AND seq < $%d ORDER BY seq %s LIMIT $%d",
		where, len(args)-2, len(args)-1, order, len(args)), args
}

// conditions are filter's as SQL, each followed by AND. A digest and a deployment
// have a handful of entries; with them, the other columns are marked as minor:
// they are not what to search by.
func (f Filter) conditions(minor string) (string, []any) {
	if f.Digest == "" && f.Deployment == "" {
		minor = ""
	}
	var b strings.Builder
	var args []any
	add := func(condition string, arg any) {
		args = append(args, arg)
		fmt.Fprintf(&b, "%s $%d AND ", condition, len(args))
	}
	if f.Digest != "" {
		add("digest =", trimDigest(f.Digest))
	}
	if f.Deployment != "" {
		add("deployment =", f.Deployment)
	}
	if f.Service != "" {
		add(minor+"service =", f.Service)
	}
	if f.Environment != "" {
		add(minor+"environment =", f.Environment)
	}
	if len(f.Types) > 0 {
		fmt.Fprintf(&b, "%stype IN (%s) AND ", minor, placeholders(len(args)+1, len(f.Types)))
		for _, t := range slices.Sorted(slices.Values(f.Types)) {
			args = append(args, t)
		}
	}
	if !f.Since.IsZero() {
		add(minor+"recorded_at >=", ceiling(f.Since).Format(recordedLayout))
	}
	if !f.Until.IsZero() {
		add(minor+"recorded_at <", ceiling(f.Until).Format(recordedLayout))
	}
	return b.String(), args
}

// trimDigest is a digest as its column has it.
func trimDigest(digest string) string { return strings.TrimPrefix(digest, "sha256:") }

// ceiling is the first instant from t on that recordedLayout can write.
func ceiling(t time.Time) time.Time {
	return t.UTC().Add(time.Microsecond - 1).Truncate(time.Microsecond)
}

func (p placed) entry() (Entry, error) {
	e, err := parseLeaf(p.body)
	if err != nil {
		return Entry{}, fmt.Errorf("entry %d: %w: run prodgate audit verify", p.seq, err)
	}
	e.Seq, e.LeafHash = p.seq, tlog.RecordHash(p.body).String()
	return e, nil
}

// Entry returns the entry of an event's id, proved to be in the signed log;
// ErrNotFound if there is none.
func (l *Log) Entry(ctx context.Context, id string) (e Entry, err error) {
	if l.remote != nil {
		return l.remote.proven(ctx, id)
	}
	defer contain("read entry "+id, &err)
	var p placed
	err = l.store.db.QueryRowContext(ctx, "SELECT seq, body FROM entries WHERE id = $1", id).Scan(&p.seq, &p.body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Entry{}, fmt.Errorf("entry %q: %w", id, ErrNotFound)
	case err != nil:
		return Entry{}, fmt.Errorf("read entry %q: %w", id, l.store.engine.explain(err))
	}
	if e, err = p.entry(); err != nil {
		return Entry{}, err
	}
	_, prove, err := l.end(ctx, true)
	if err == nil {
		err = prove(&e)
	}
	return e, err
}

// Receipt proves again that the entry at seq is in the log as it is now;
// ErrNotFound if it is not.
func (l *Log) Receipt(ctx context.Context, seq int64) (r Receipt, err error) {
	if l.remote != nil {
		return l.remote.receipt(ctx, seq)
	}
	defer contain("prove the entry", &err)
	var size int64
	var note string
	var body []byte
	err = l.store.db.QueryRowContext(ctx, "SELECT c.size, c.note, e.body FROM checkpoints c, entries e WHERE e.seq = $1 ORDER BY c.size DESC LIMIT 1", seq).Scan(&size, &note, &body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Receipt{}, fmt.Errorf("entry %d: %w", seq, ErrNotFound)
	case err != nil:
		return Receipt{}, fmt.Errorf("prove entry %d: %w", seq, l.store.engine.explain(err))
	}
	tree := &treeReader{ctx: ctx, q: l.store.db, cache: newHashCache(), fresh: map[int64]tlog.Hash{}}
	r, err = receipt(body, seq, size, note, tree)
	if err != nil {
		return Receipt{}, err
	}
	return r, r.Verify(l.verifier)
}

// Began is when the log's first entry was recorded; nil where there is none.
func (l *Log) Began(ctx context.Context) (at *time.Time, err error) {
	if l.remote != nil {
		c, err := l.remote.checkpoint(ctx)
		if err != nil {
			return nil, err
		}
		e, found, err := l.remote.first(ctx, c.size)
		if err != nil || !found {
			return nil, err
		}
		return &e.RecordedAt, nil
	}
	defer contain("read the first entry", &err)
	var recorded string
	err = l.store.db.QueryRowContext(ctx, "SELECT recorded_at FROM entries WHERE seq = 0").Scan(&recorded)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the first entry: %w", l.store.engine.explain(err))
	}
	t, err := time.Parse(recordedLayout, recorded)
	if err != nil {
		return nil, fmt.Errorf("read the first entry: %w", err)
	}
	return &t, nil
}
