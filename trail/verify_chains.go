package trail

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// withoutChains leaves out of what is wrong with the schema that it has no table
// of chains, where the last checkpoint signs none.
func (c *databaseCheck) withoutChains(wrong []string) ([]string, error) {
	if len(wrong) == 0 {
		return wrong, nil
	}
	var last string
	err := c.conn.QueryRowContext(c.ctx, "SELECT coalesce("+bounded("note", maxNote)+", '') FROM checkpoints ORDER BY size DESC LIMIT 1").Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return wrong, nil
	}
	if err != nil {
		return wrong, err
	}
	if p, err := parseCheckpoint(unsigned(last)); err != nil || p.chains != nil {
		return wrong, nil //nolint:nilerr // what the checkpoint is, is verified elsewhere
	}
	return slices.DeleteFunc(wrong, func(w string) bool {
		return strings.Contains(w, "missing") && strings.Contains(w, " "+chainsTable)
	}), nil
}

// addChains adds an entry to the chains of its keys.
func (c *databaseCheck) addChains(r *entryRow) {
	text := func(i int) string { return r.columns[i].String }
	digest := text(digestColumn)
	if digest != "" {
		digest = "sha256:" + digest
	}
	for _, key := range keysOf(text(serviceColumn), text(typeColumn), digest, text(deploymentColumn)) {
		h := key.hash()
		c.chains[h] = c.chains[h].add(r.seq, r.hash)
	}
}

// checkChains compares the chains of the entries with those that are stored and
// with what the last checkpoint signs.
func (c *databaseCheck) checkChains() error {
	signed, err := parseCheckpoint(unsigned(c.before.note))
	if err != nil || signed.chains == nil || c.torn {
		return nil // what is wrong with it was said
	}
	tree := newChainTree()
	for h, of := range c.chains {
		tree.set(h, of)
	}
	root, _ := tree.root()
	if root != *signed.chains {
		c.problem("chains", "the last checkpoint signs root %s, and the entries give %s", *signed.chains, root)
	}
	rows, err := c.conn.QueryContext(c.ctx, "SELECT node, content FROM chains")
	if err != nil && c.ctx.Err() == nil {
		c.problem("chains", "they cannot be read: %v", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the chains: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var node int64
		var content []byte
		if err := rows.Scan(&node, &content); err != nil {
			return fmt.Errorf("read the chains: %w", err)
		}
		if !bytes.Equal(content, tree.nodes[node]) {
			c.problem(fmt.Sprintf("chains %d", node), "it is not what the entries give")
		}
		delete(tree.nodes, node)
	}
	for node := range tree.nodes {
		c.problem(fmt.Sprintf("chains %d", node), "it is missing")
	}
	return rows.Err()
}
