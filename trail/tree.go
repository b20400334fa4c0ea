package trail

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// tree computes a Merkle tree from its leaves, one after the other, in memory
// that grows with the logarithm of their number.
type tree struct {
	size int64
	edge []tlog.Hash // of the complete subtrees, the largest first
}

// add adds a leaf, and returns the hashes that the log stores for it, in their
// order: the leaf's and those of the subtrees that it completes. They are valid
// until the next add.
func (t *tree) add(leaf tlog.Hash, stored []tlog.Hash) []tlog.Hash {
	stored = append(stored[:0], leaf)
	h := leaf
	for range bits.TrailingZeros64(^uint64(t.size)) { //nolint:gosec // a size is never negative
		last := len(t.edge) - 1
		h = tlog.NodeHash(t.edge[last], h)
		t.edge = t.edge[:last]
		stored = append(stored, h)
	}
	t.edge = append(t.edge, h)
	t.size++
	return stored
}

// root is the root of all leaves added so far.
func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		h, _ := tlog.TreeHash(0, nil) // of nothing; reads nothing
		return h
	}
	h := t.edge[len(t.edge)-1]
	for i := len(t.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.edge[i], h)
	}
	return h
}
