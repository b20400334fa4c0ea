package trail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

// Reading is a log read as a whole, from its first entry to the last that its
// newest checkpoint signs, and proved to be what was signed. It is for whoever
// computes from entries: Entries alone returns the content of the database, which
// somebody may have altered. That a whole log was written anew by the holder of
// its key, or is an older state of itself, shows only to who kept a checkpoint
// (Verify).
type Reading struct {
	Size       int64  // entries
	Checkpoint string // a signed note

	log  *Log
	root tlog.Hash
}

// Read begins a reading of what is there now.
func (l *Log) Read(ctx context.Context) (r *Reading, err error) {
	if l.remote != nil {
		c, note, err := l.remote.signed(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the trail: %w", err)
		}
		return &Reading{Size: c.size, Checkpoint: note, log: l, root: c.root}, nil
	}
	defer contain("read trail "+l.place.name, &err)
	var size int64
	var note string
	err = l.store.db.QueryRowContext(ctx, "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").Scan(&size, &note)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("read trail %s: its checkpoints are gone: run prodgate audit verify", l.place.name)
	case err != nil:
		return nil, fmt.Errorf("read trail %s: the last checkpoint: %w", l.place.name, l.store.engine.explain(err))
	}
	signed, err := openOwn(note, l.verifier)
	if err != nil {
		return nil, fmt.Errorf("read trail %s: its last checkpoint was altered: %w: run prodgate audit verify", l.place.name, err)
	}
	if signed.size != size {
		return nil, fmt.Errorf("read trail %s: it was altered: the checkpoint kept as of %d entries is of %d: run prodgate audit verify", l.place.name, size, signed.size)
	}
	return &Reading{Size: size, Checkpoint: note, log: l, root: signed.root}, nil
}

// Entries returns every entry in the order of the log, and at the end an error
// if they are not what the checkpoint signs. Nothing that was computed from them
// may be believed before the end.
func (r *Reading) Entries(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var read tree
		var stored []tlog.Hash
		if r.Size > 0 {
			for e, err := range r.log.Entries(ctx, Filter{Limit: int(r.Size), whole: true}) {
				if err == nil && e.Seq != read.size {
					err = fmt.Errorf("trail %s was altered: entry %d follows entry %d: run prodgate audit verify", r.log.place.name, e.Seq, read.size-1)
				}
				if err == nil {
					stored = read.add(tlog.RecordHash(e.Body), stored)
				}
				if !yield(e, err) || err != nil {
					return
				}
			}
		}
		if root := read.root(); read.size != r.Size || root != r.root {
			yield(Entry{}, fmt.Errorf("trail %s was altered: its last checkpoint is of %d entries with root %s, and what is there gives %d with %s: run prodgate audit verify",
				r.log.place.name, r.Size, r.root, read.size, root))
		}
	}
}
