package trail

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// hashCache remembers stored hashes of the tree. A hash at a position never
// changes once it is committed, so what is remembered stays right however many
// others write.
type hashCache struct {
	known map[int64]tlog.Hash
}

const maxCached = 1 << 14

func newHashCache() *hashCache { return &hashCache{known: map[int64]tlog.Hash{}} }

// keep remembers hashes that are committed.
func (c *hashCache) keep(hashes map[int64]tlog.Hash) {
	if len(c.known)+len(hashes) > maxCached {
		clear(c.known)
	}
	for position, h := range hashes {
		c.known[position] = h
	}
}

// treeReader reads stored hashes: those of this transaction, those remembered,
// and the others from the database, with one query for all requested ones.
type treeReader struct {
	ctx   context.Context
	q     querier
	cache *hashCache
	fresh map[int64]tlog.Hash // of this transaction, or read in it
}

func (r *treeReader) find(position int64) (tlog.Hash, bool) {
	if h, ok := r.fresh[position]; ok {
		return h, true
	}
	h, ok := r.cache.known[position]
	return h, ok
}

// ReadHashes implements tlog.HashReader.
func (r *treeReader) ReadHashes(positions []int64) ([]tlog.Hash, error) {
	var missing []any
	for _, p := range positions {
		if _, ok := r.find(p); !ok {
			missing = append(missing, p)
		}
	}
	if len(missing) > 0 {
		if err := r.load(missing); err != nil {
			return nil, fmt.Errorf("read hashes of the tree: %w", err)
		}
	}
	list := make([]tlog.Hash, len(positions))
	for i, p := range positions {
		h, ok := r.find(p)
		if !ok {
			return nil, fmt.Errorf("read hashes of the tree: the one at position %d is missing: run prodgate audit verify", p)
		}
		list[i] = h
	}
	return list, nil
}

func (r *treeReader) load(positions []any) error {
	rows, err := r.q.QueryContext(r.ctx, "SELECT position, hash FROM hashes WHERE position IN ("+placeholders(1, len(positions))+")", positions...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var position int64
		var b []byte
		if err := rows.Scan(&position, &b); err != nil {
			return err
		}
		if len(b) != tlog.HashSize {
			return fmt.Errorf("the one at position %d has %d bytes: run prodgate audit verify", position, len(b))
		}
		r.fresh[position] = tlog.Hash(b)
	}
	return rows.Err()
}

// placeholders are n parameters from $first on.
func placeholders(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

// treeRoot is the root of the first size leaves.
func treeRoot(size int64, r tlog.HashReader) (tlog.Hash, error) { return tlog.TreeHash(size, r) }
