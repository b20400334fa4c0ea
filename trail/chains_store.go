package trail

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// chainsTable is made with the log, or by the first writer of a log that was made
// before there were chains.
const chainsTable = "chains"

// loadChains reads the paths to keys from the database and compares them with a
// signed root.
func loadChains(ctx context.Context, q querier, root tlog.Hash, keys []keyHash) (*chainTree, error) {
	t := newChainTree()
	var wanted []any
	for _, h := range keys {
		for _, node := range h.path() {
			if _, known := t.nodes[node]; !known {
				t.nodes[node] = nil
				wanted = append(wanted, node)
			}
		}
	}
	for len(wanted) > 0 {
		n := min(len(wanted), 1000)
		if err := t.load(ctx, q, wanted[:n]); err != nil {
			return nil, fmt.Errorf("read the chains of entries: %w", err)
		}
		wanted = wanted[n:]
	}
	for _, h := range keys {
		if err := t.verify(root, h); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *chainTree) load(ctx context.Context, q querier, nodes []any) error {
	rows, err := q.QueryContext(ctx, "SELECT node, content FROM chains WHERE node IN ("+placeholders(1, len(nodes))+")", nodes...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var node int64
		var content []byte
		if err := rows.Scan(&node, &content); err != nil {
			return err
		}
		t.nodes[node] = content
	}
	return rows.Err()
}

// extend adds the staged entries to the chains and returns the root to be signed.
func (t *transaction) extend() (tlog.Hash, error) {
	tree, err := t.openChains()
	if err != nil {
		return tlog.Hash{}, err
	}
	for i, body := range t.bodies {
		leaf := tlog.RecordHash([]byte(body))
		for _, key := range t.keys[i] {
			h := key.hash()
			tree.set(h, tree.get(h).add(t.head.size+int64(i), leaf))
		}
	}
	root, changed := tree.root()
	contents := make([][]byte, len(changed))
	for i, node := range changed {
		contents[i] = tree.nodes[node]
	}
	if err := t.log.store.engine.keep(t.ctx, t.conn, changed, contents); err != nil {
		return tlog.Hash{}, fmt.Errorf("write the chains of entries: %w", err)
	}
	return root, nil
}

// openChains reads the chains that the staged entries belong to. Where the last
// checkpoint signs none, they are computed of the whole log.
func (t *transaction) openChains() (*chainTree, error) {
	signed, err := parseCheckpoint(unsigned(t.head.note))
	if err != nil {
		return nil, err
	}
	if signed.chains == nil {
		return t.computeChains(signed)
	}
	var keys []keyHash
	for _, list := range t.keys {
		for _, key := range list {
			keys = append(keys, key.hash())
		}
	}
	return loadChains(t.ctx, t.conn, *signed.chains, keys)
}

// computeChains computes the chains of all entries, which must be those that the
// last checkpoint signs.
func (t *transaction) computeChains(signed checkpoint) (*chainTree, error) {
	for _, statement := range []string{t.log.store.engine.chains(), "DELETE FROM chains"} {
		if _, err := t.conn.ExecContext(t.ctx, statement); err != nil {
			return nil, fmt.Errorf("make the table of chains: %w", err)
		}
	}
	chains, read := newChainTree(), tree{}
	var stored []tlog.Hash
	for read.size < signed.size {
		before := read.size
		list, err := readPlaced(t.ctx, t.conn, "SELECT seq, body FROM entries WHERE seq >= $1 AND seq < $2 ORDER BY seq LIMIT $3", read.size, signed.size, page)
		if err != nil {
			return nil, fmt.Errorf("read the entries: %w", err)
		}
		for _, p := range list {
			e, err := p.entry()
			if err != nil {
				return nil, err
			}
			if p.seq != read.size {
				return nil, fmt.Errorf("entry %d is missing: run prodgate audit verify", read.size)
			}
			leaf := tlog.RecordHash(p.body)
			stored = read.add(leaf, stored)
			for _, key := range keysOf(e.Service, e.Type, e.Digest, e.Deployment) {
				h := key.hash()
				chains.set(h, chains.get(h).add(p.seq, leaf))
			}
		}
		if read.size == before {
			return nil, fmt.Errorf("entry %d is missing: run prodgate audit verify", before)
		}
	}
	if read.root() != signed.root {
		return nil, errors.New("it was altered: its entries are not those that its last checkpoint signs: run prodgate audit verify")
	}
	return chains, nil
}

// readPlaced reads rows of sequence number and body.
func readPlaced(ctx context.Context, q querier, query string, args ...any) ([]placed, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []placed
	for rows.Next() {
		var p placed
		if err := rows.Scan(&p.seq, &p.body); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}
