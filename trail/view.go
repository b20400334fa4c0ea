package trail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// View is a log as of its last checkpoint, for whoever decides by what is and what
// is not recorded. It reads all entries of a key, and a row that is missing, was
// altered, replaced or hidden from the indexes is an error. It costs a fixed
// number of rows for a key, and the key's entries.
type View struct {
	Size       int64  // entries
	Checkpoint string // a signed note

	log    *Log
	conn   *sql.Conn
	signed checkpoint
	tree   *treeReader
	whole  *bool // of a log without chains: whether its rows are as many as were signed
}

// View begins a reading of what is there now. Close ends it.
func (l *Log) View(ctx context.Context) (v *View, err error) {
	if l.remote != nil {
		v = &View{log: l}
		if v.signed, v.Checkpoint, err = l.remote.signed(ctx); err != nil {
			return nil, fmt.Errorf("read the trail: %w", err)
		}
		v.Size = v.signed.size
		return v, nil
	}
	defer contain("read trail "+l.place.name, &err)
	conn, err := l.store.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("read trail %s: %w", l.place.name, l.store.engine.explain(err))
	}
	v = &View{log: l, conn: conn}
	if err := v.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("read trail %s: %w", l.place.name, l.store.engine.explain(err)), v.Close())
	}
	return v, nil
}

func (v *View) open(ctx context.Context) error {
	if err := v.log.store.engine.snapshot(ctx, v.conn); err != nil {
		return err
	}
	var rows int64
	err := v.conn.QueryRowContext(ctx, "SELECT size, note, coalesce((SELECT max(seq) + 1 FROM entries), 0) FROM checkpoints ORDER BY size DESC LIMIT 1").Scan(&v.Size, &v.Checkpoint, &rows)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return errors.New("its checkpoints are gone: run prodgate audit verify")
	case err != nil:
		return fmt.Errorf("read the last checkpoint: %w", err)
	}
	if v.signed, err = openOwn(v.Checkpoint, v.log.verifier); err != nil {
		return fmt.Errorf("its last checkpoint was altered: %w: run prodgate audit verify", err)
	}
	if v.signed.size != v.Size || rows != v.Size {
		return fmt.Errorf("the trail has %d rows, its checkpoint signs %d: run prodgate audit verify", rows, v.signed.size)
	}
	v.tree = &treeReader{ctx: ctx, q: v.conn, cache: newHashCache(), fresh: map[int64]tlog.Hash{}}
	return nil
}

// Close ends the reading.
func (v *View) Close() error {
	if v.conn == nil {
		return nil
	}
	rollback(context.Background(), v.conn)
	return v.conn.Close()
}

// Entries are those that have the key, in the order of the log; of more than most
// the newest, and then complete is false. An error says that they are not what was
// signed, or could not be read.
func (v *View) Entries(ctx context.Context, key Key, most int) (list []Entry, complete bool, err error) {
	lists, complete, err := v.All(ctx, []Key{key}, most)
	if err != nil {
		return nil, false, err
	}
	return lists[0], complete, nil
}

// All is Entries of several keys, a list for each; complete if each list is. A server is
// asked for all of them at once.
func (v *View) All(ctx context.Context, keys []Key, most int) (lists [][]Entry, complete bool, err error) {
	defer contain("read the entries", &err)
	if v.log.remote != nil {
		if lists, complete, err = v.log.remote.all(ctx, v.Size, keys, most); err != nil {
			return nil, false, fmt.Errorf("read trail %s: %w", v.log.place.name, err)
		}
		return lists, complete, nil
	}
	complete = true
	for _, key := range keys {
		list, whole, err := v.entries(ctx, key, most)
		if err != nil {
			return nil, false, fmt.Errorf("read trail %s: %w", v.log.place.name, v.log.store.engine.explain(err))
		}
		lists, complete = append(lists, list), complete && whole
	}
	return lists, complete, nil
}

func (v *View) entries(ctx context.Context, key Key, most int) ([]Entry, bool, error) {
	if v.signed.chains == nil || v.Size == 0 {
		return v.counted(ctx, key, most)
	}
	h := key.hash()
	tree, err := loadChains(ctx, v.conn, *v.signed.chains, []keyHash{h})
	if err != nil {
		return nil, false, err
	}
	signed := tree.get(h)
	if signed.count > int64(most) {
		list, err := v.read(ctx, key, most)
		if err == nil {
			err = v.prove(list)
		}
		return list, false, err
	}
	list, err := v.read(ctx, key, int(signed.count)+1)
	if err != nil {
		return nil, false, err
	}
	var found chain
	for i := range list {
		found = found.add(list[i].Seq, tlog.RecordHash(list[i].Body))
	}
	if found.count != signed.count {
		return nil, false, fmt.Errorf("the trail has %d rows of %s, its checkpoint signs %d: run prodgate audit verify", found.count, key, signed.count)
	}
	if found != signed {
		return nil, false, fmt.Errorf("the rows of %s are not those that the checkpoint signs: run prodgate audit verify", key)
	}
	return list, true, nil
}

// counted reads from a log whose checkpoint signs no chains: each entry is proved,
// and all rows are counted. Only Verify shows that no row was replaced.
func (v *View) counted(ctx context.Context, key Key, most int) ([]Entry, bool, error) {
	if v.whole == nil {
		var rows int64
		if err := v.conn.QueryRowContext(ctx, "SELECT count(*) FROM entries").Scan(&rows); err != nil {
			return nil, false, err
		}
		if rows != v.Size {
			return nil, false, fmt.Errorf("the trail has %d rows, its checkpoint signs %d: run prodgate audit verify", rows, v.Size)
		}
		v.whole = new(bool)
	}
	list, err := v.read(ctx, key, most+1)
	if err != nil {
		return nil, false, err
	}
	complete := len(list) <= most
	if !complete {
		list = list[1:]
	}
	return list, complete, v.prove(list)
}

// First is when the first entry was recorded; the zero time of an empty log.
func (v *View) First(ctx context.Context) (e Entry, found bool, err error) {
	if v.log.remote != nil {
		return v.log.remote.first(ctx, v.Size)
	}
	defer contain("read the first entry", &err)
	list, err := readPlaced(ctx, v.conn, "SELECT seq, body FROM entries WHERE seq = 0 AND $1 > 0", v.Size)
	if err != nil || len(list) == 0 {
		return e, false, err
	}
	if e, err = list[0].entry(); err != nil {
		return e, false, err
	}
	return e, true, v.prove([]Entry{e})
}

// read reads the newest entries that have a key, oldest first.
func (v *View) read(ctx context.Context, key Key, most int) ([]Entry, error) {
	where, args := key.where()
	n := len(args)
	query := fmt.Sprintf("SELECT seq, body FROM entries WHERE %s AND seq < $%d ORDER BY seq DESC LIMIT $%d", where, n+1, n+2)
	rows, err := readPlaced(ctx, v.conn, query, append(args, v.Size, most)...)
	if err != nil {
		return nil, err
	}
	slices.Reverse(rows)
	list := make([]Entry, 0, len(rows))
	for _, p := range rows {
		e, err := p.entry()
		if err != nil {
			return nil, err
		}
		if !key.has(&e) {
			return nil, fmt.Errorf("entry %d is not of %s, as its columns say: run prodgate audit verify", e.Seq, key)
		}
		list = append(list, e)
	}
	return list, nil
}

// where finds the entries of a key.
func (k Key) where() (string, []any) {
	switch {
	case k.by == "digest":
		return "digest = $1", []any{trimDigest(k.first)}
	case k.by == "deployment":
		return "deployment = $1", []any{k.first}
	case k.by == "type":
		return "type = $1", []any{k.first}
	case k.first == "":
		return "service IS NULL AND type = $1", []any{k.second}
	default:
		return "service = $1 AND type = $2", []any{k.first, k.second}
	}
}

// prove proves that entries are in the signed tree, with one query for the hashes
// of a page.
func (v *View) prove(list []Entry) error {
	for part := range slices.Chunk(list, page) {
		if err := v.tree.prefetch(v.Size, part); err != nil {
			return err
		}
		for i := range part {
			proof, err := tlog.ProveRecord(v.Size, part[i].Seq, v.tree)
			if err == nil {
				err = tlog.CheckRecord(proof, v.Size, v.signed.root, part[i].Seq, tlog.RecordHash(part[i].Body))
			}
			if err != nil {
				return fmt.Errorf("entry %d is not the one that was signed: %w: run prodgate audit verify", part[i].Seq, err)
			}
		}
	}
	return nil
}

// prefetch reads the hashes that prove a page of entries, with one query.
func (r *treeReader) prefetch(size int64, list []Entry) error {
	var needed positions
	for i := range list {
		if _, err := tlog.ProveRecord(size, list[i].Seq, &needed); err != nil {
			return err
		}
	}
	clear(r.fresh)
	slices.Sort(needed)
	_, err := r.ReadHashes(slices.Compact(needed))
	return err
}

// positions records which hashes are requested.
type positions []int64

// ReadHashes implements tlog.HashReader.
func (p *positions) ReadHashes(list []int64) ([]tlog.Hash, error) {
	*p = append(*p, list...)
	return make([]tlog.Hash, len(list)), nil
}
