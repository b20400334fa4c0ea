package trail

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// Exported is what an export wrote.
type Exported struct {
	Size       int64  // entries that the export holds now
	Before     int64  // entries that it held before
	Checkpoint string // the signed note that it ends with
}

// Export writes the log to a folder as C2SP tlog-tiles, which Verify checks with
// the public key alone. Where an older export of this log is, it is continued. An
// export that was interrupted is the older one still: its checkpoint is written
// last. Blobs are not exported.
func (l *Log) Export(ctx context.Context, dir string) (done Exported, err error) {
	if l.remote != nil {
		return l.remote.export(ctx, dir)
	}
	defer contain("export the trail", &err)
	done, err = l.export(ctx, dir)
	if err != nil {
		return done, fmt.Errorf("export trail %s to %q: %w", l.place.name, dir, l.store.engine.explain(err))
	}
	return done, nil
}

func (l *Log) export(ctx context.Context, dir string) (Exported, error) {
	tree := &treeReader{ctx: ctx, q: l.store.db, cache: newHashCache(), fresh: map[int64]tlog.Hash{}}
	var size int64
	var note string
	if err := l.store.db.QueryRowContext(ctx, "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").Scan(&size, &note); err != nil {
		return Exported{}, fmt.Errorf("read the last checkpoint: %w", err)
	}
	if err := l.checkHead(head{size: size, note: note}, tree); err != nil {
		return Exported{}, err
	}
	before, err := l.exportedBefore(ctx, dir)
	if err != nil {
		return Exported{}, err
	}
	done := Exported{Size: size, Before: before, Checkpoint: note}
	for n := before / tileWidth; n*tileWidth < size; n++ {
		width := int(min(size-n*tileWidth, tileWidth))
		b, err := l.bundle(ctx, n, width)
		if err == nil {
			err = writeTile(dir, bundlePath(n, width), b)
		}
		if err != nil {
			return done, err
		}
	}
	for _, t := range tilesBetween(before, size) {
		clear(tree.fresh)
		b, err := t.read(tree)
		if err != nil {
			return done, err
		}
		if err := writeTile(dir, tilePath(t.level, t.n, t.width), b); err != nil {
			return done, err
		}
	}
	return done, writeTile(dir, checkpointFile, []byte(note))
}

// exportedBefore is how many entries the folder holds already: none, or those
// of a checkpoint of this log.
func (l *Log) exportedBefore(ctx context.Context, dir string) (int64, error) {
	b, err := os.ReadFile(filepath.Join(dir, checkpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, emptyFolder(dir)
	}
	if err != nil {
		return 0, err
	}
	c, err := openCheckpoint(string(b), l.verifier)
	if err != nil {
		return 0, fmt.Errorf("the folder holds an export of another log: %w: name another folder", err)
	}
	var there string
	err = l.store.db.QueryRowContext(ctx, "SELECT note FROM checkpoints WHERE size = $1", c.size).Scan(&there)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && there != string(b):
		return 0, fmt.Errorf("the folder holds an export of %d entries that this log does not have: the log is an older copy, or was rewritten: run prodgate audit verify --since %q", c.size, filepath.Join(dir, checkpointFile))
	case err != nil:
		return 0, fmt.Errorf("read the checkpoint of %d entries: %w", c.size, err)
	}
	return c.size, nil
}

// emptyFolder makes the folder; one that holds something else is not written to.
func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range there {
		if !isTiles(e.Name()) {
			return fmt.Errorf("the folder holds %q and no export: name an empty one", e.Name())
		}
	}
	return nil
}

// bundle returns entries of the log, and has compared each with the hash that the log
// stores for it.
func (l *Log) bundle(ctx context.Context, n int64, width int) ([]byte, error) {
	rows, err := l.store.db.QueryContext(ctx, "SELECT seq, body FROM entries WHERE seq >= $1 AND seq < $2 ORDER BY seq", n*tileWidth, n*tileWidth+int64(width))
	if err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	defer rows.Close()
	var bundle []byte
	positions, hashes := make([]int64, 0, width), make([]tlog.Hash, 0, width)
	for rows.Next() {
		var seq int64
		var body []byte
		if err := rows.Scan(&seq, &body); err != nil {
			return nil, fmt.Errorf("read entries: %w", err)
		}
		if seq != n*tileWidth+int64(len(hashes)) {
			return nil, fmt.Errorf("entry %d is missing: run prodgate audit verify", n*tileWidth+int64(len(hashes)))
		}
		if bundle, err = appendEntry(bundle, body); err != nil {
			return nil, fmt.Errorf("entry %d: %w", seq, err)
		}
		positions = append(positions, tlog.StoredHashIndex(0, seq))
		hashes = append(hashes, tlog.RecordHash(body))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	if len(hashes) != width {
		return nil, fmt.Errorf("entry %d is missing: run prodgate audit verify", n*tileWidth+int64(len(hashes)))
	}
	rows.Close()
	tree := &treeReader{ctx: ctx, q: l.store.db, cache: newHashCache(), fresh: map[int64]tlog.Hash{}}
	stored, err := tree.ReadHashes(positions)
	if err != nil {
		return nil, err
	}
	for i := range hashes {
		if stored[i] != hashes[i] {
			return nil, fmt.Errorf("entry %d was altered: run prodgate audit verify", n*tileWidth+int64(i))
		}
	}
	return bundle, nil
}

// writeTile writes one file of an export, whole or not at all.
func writeTile(dir, name string, content []byte) error {
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return replaceReadable(file, content)
}
