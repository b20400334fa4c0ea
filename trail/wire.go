package trail

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// What a server of a log answers, as JSON. The client believes none of it: it
// verifies every answer with the log's public key (remote.go).

// Head is a log's last checkpoint.
type Head struct {
	Checkpoint string `json:"checkpoint"` // signed note

	// Consistency proves that the log extends the one of as many entries as the client
	// has seen; empty if it has seen none or this many.
	Consistency []string `json:"consistency,omitempty"`

	// Fresh is a signed note over the client's nonce and the checkpoint: the answer was
	// made for this request and is not an older one. Empty without a nonce.
	Fresh string `json:"fresh,omitempty"`
}

// Asked is what a client says with each request.
type Asked struct {
	Seen  int64  // entries that it has seen; 0: none
	Nonce string // that it made for this request; empty: it does not ask for Head.Fresh
}

// MaxNonce is the longest nonce, in bytes.
const MaxNonce = 64

// freshText is what Head.Fresh signs. Its first line is no log's origin, so that it is
// no checkpoint.
func freshText(nonce, checkpoint string) string {
	sum := sha256.Sum256([]byte(checkpoint))
	return fmt.Sprintf("prodgate-fresh\n%s\n%s\n", nonce, base64.StdEncoding.EncodeToString(sum[:]))
}

// fresh signs a nonce and a checkpoint.
func (l *Log) fresh(nonce, checkpoint string) (string, error) {
	switch {
	case nonce == "":
		return "", nil
	case l.signer == nil:
		return "", errors.New("sign the answer: the log was opened to be read")
	case len(nonce) > MaxNonce || strings.Trim(nonce, "0123456789abcdef") != "":
		return "", fmt.Errorf("the nonce must be at most %d hexadecimal digits", MaxNonce)
	}
	b, err := note.Sign(&note.Note{Text: freshText(nonce, checkpoint)}, l.signer)
	return string(b), err
}

// Leaf is an entry as the log holds it.
type Leaf struct {
	Seq   int64    `json:"seq"`
	Body  string   `json:"body"`            // canonical JSON
	Proof []string `json:"proof,omitempty"` // inclusion in the tree of the answer's checkpoint
}

// Appended is the answer to an Append: a receipt and a leaf for each event.
type Appended struct {
	Head
	Receipts []Receipt `json:"receipts"`
	Leaves   []Leaf    `json:"leaves"`
}

// Page are entries that match a filter, in the order that was asked for.
type Page struct {
	Head
	Leaves []Leaf `json:"leaves"`
}

// Question asks for all entries of some keys.
type Question struct {
	Keys []WireKey `json:"keys"`
	Most int       `json:"most"` // of one key; of more, the newest
}

// Check returns an error if a log cannot answer the question.
func (q Question) Check() error {
	if len(q.Keys) == 0 || len(q.Keys) > MaxKeys || q.Most <= 0 || q.Most > MaxMost {
		return fmt.Errorf("a question must have 1 to %d keys, and most must be 1 to %d", MaxKeys, MaxMost)
	}
	for _, key := range q.Keys {
		if !slices.Contains([]string{"service", "digest", "deployment", "type"}, key.By) || key.By == "type" && !slices.Contains(everywhere, key.First) {
			return fmt.Errorf("entries are not read by %q %q", key.By, key.First)
		}
	}
	return nil
}

// WireKey is a Key.
type WireKey struct {
	By     string `json:"by"` // service, digest, deployment, type
	First  string `json:"first"`
	Second string `json:"second,omitempty"`
}

// Found is the answer to a Question: what proves the chains of the keys, and for each
// key its entries, the oldest first. If there are more than was asked for, each has a
// proof.
type Found struct {
	Head
	Chains map[int64][]byte `json:"chains"` // nodes of the tree of chains
	Lists  [][]Leaf         `json:"lists"`
}

// StoredBlob is the content of a blob, with what its digest is computed from.
type StoredBlob struct {
	Salt    []byte `json:"salt"`
	Content []byte `json:"content"`
}

// Bounds of one answer.
const (
	MaxKeys  = 64       // of one Question
	MaxMost  = 10_000   // entries of one key
	maxReply = 64 << 20 // bytes of the entries of one answer
)

// ErrTooMuch is the error of a read that one answer cannot hold.
var ErrTooMuch = fmt.Errorf("the entries take more than %d MiB, which one answer cannot hold", maxReply>>20)

// ErrAhead is the error of a client that has seen more of the log than it holds.
var ErrAhead = errors.New("the log holds fewer entries than the client has seen: it is an older copy")

// Head is the log's last checkpoint, with what proves it to a client.
func (l *Log) Head(ctx context.Context, asked Asked) (h Head, err error) {
	defer contain("read the last checkpoint", &err)
	h, _, err = l.head(ctx, l.store.db, asked)
	return h, err
}

func (l *Log) head(ctx context.Context, q querier, asked Asked) (Head, checkpoint, error) {
	var h Head
	if err := q.QueryRowContext(ctx, "SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").Scan(&h.Checkpoint); err != nil {
		return h, checkpoint{}, fmt.Errorf("read the last checkpoint: %w", err)
	}
	c, err := openOwn(h.Checkpoint, l.verifier)
	if err != nil {
		return h, c, err
	}
	if h.Consistency, err = l.consistency(ctx, q, asked.Seen, c.size); err != nil {
		return h, c, err
	}
	h.Fresh, err = l.fresh(asked.Nonce, h.Checkpoint)
	return h, c, err
}

// consistency proves that the log of size entries extends the one of the first seen.
func (l *Log) consistency(ctx context.Context, q querier, seen, size int64) ([]string, error) {
	switch {
	case seen > size:
		return nil, ErrAhead
	case seen <= 0 || seen == size:
		return nil, nil
	}
	tree := &treeReader{ctx: ctx, q: q, cache: newHashCache(), fresh: map[int64]tlog.Hash{}}
	proof, err := tlog.ProveTree(size, seen, tree)
	if err != nil {
		return nil, fmt.Errorf("prove that the log extends its first %d entries: %w", seen, err)
	}
	return hashTexts(proof), nil
}

// hashTexts writes hashes as base64.
func hashTexts(list []tlog.Hash) []string {
	texts := make([]string, len(list))
	for i, h := range list {
		texts[i] = h.String()
	}
	return texts
}

// Page returns at most limit entries that match filter, from filter.From up to and
// without end, and proofs of them if filter.Proven. It returns at most 256.
func (l *Log) Page(ctx context.Context, filter Filter, end int64, asked Asked) (p Page, err error) {
	defer contain("read the entries", &err)
	var c checkpoint
	if p.Head, c, err = l.head(ctx, l.store.db, asked); err != nil {
		return p, err
	}
	limit := page
	if filter.Limit > 0 {
		limit = min(filter.Limit, page)
	}
	if end <= 0 || end > c.size {
		end = c.size
	}
	list, err := l.readPage(ctx, filter, max(filter.From, 0), end, limit)
	if err != nil {
		return p, fmt.Errorf("read trail %s: %w", l.place.name, l.store.engine.explain(err))
	}
	p.Leaves, err = l.leaves(ctx, l.store.db, list, c.size, filter.Proven)
	return p, err
}

// Proven returns the entry of an event's id with its proof; ErrNotFound if there is none.
func (l *Log) Proven(ctx context.Context, id string, asked Asked) (p Page, err error) {
	e, err := l.Entry(ctx, id)
	if err != nil {
		return p, err
	}
	return l.Page(ctx, Filter{From: e.Seq, Limit: 1, Proven: true}, e.Seq+1, asked)
}

// Size is how many entries the log has.
func (l *Log) Size(ctx context.Context) (int64, error) { return l.size(ctx) }

// leaves are entries as they are sent, with proofs for a tree of size if proven.
func (l *Log) leaves(ctx context.Context, q querier, list []Entry, size int64, proven bool) ([]Leaf, error) {
	leaves := make([]Leaf, 0, len(list))
	tree := &treeReader{ctx: ctx, q: q, cache: newHashCache(), fresh: map[int64]tlog.Hash{}}
	for part := range slices.Chunk(list, page) {
		if proven {
			if err := tree.prefetch(size, part); err != nil {
				return nil, err
			}
		}
		for i := range part {
			leaf := Leaf{Seq: part[i].Seq, Body: string(part[i].Body)}
			if proven {
				proof, err := tlog.ProveRecord(size, leaf.Seq, tree)
				if err != nil {
					return nil, fmt.Errorf("prove entry %d: %w", leaf.Seq, err)
				}
				leaf.Proof = hashTexts(proof)
			}
			leaves = append(leaves, leaf)
		}
	}
	return leaves, nil
}

// Leaves returns the entries at some places of the log, in that order; ErrNotFound if
// one is not there.
func (l *Log) Leaves(ctx context.Context, seqs []int64) (list []Leaf, err error) {
	defer contain("read the entries", &err)
	for _, seq := range seqs {
		leaf := Leaf{Seq: seq}
		err := l.store.db.QueryRowContext(ctx, "SELECT body FROM entries WHERE seq = $1", seq).Scan(&leaf.Body)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return nil, fmt.Errorf("entry %d: %w", seq, ErrNotFound)
		case err != nil:
			return nil, fmt.Errorf("read entry %d: %w", seq, l.store.engine.explain(err))
		}
		list = append(list, leaf)
	}
	return list, nil
}

// Find answers a question, as of one instant.
func (l *Log) Find(ctx context.Context, q Question, asked Asked) (found Found, err error) {
	defer contain("read the entries", &err)
	if err := q.Check(); err != nil {
		return found, err
	}
	v, err := l.View(ctx)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	found.Checkpoint = v.Checkpoint
	if found.Consistency, err = l.consistency(ctx, v.conn, asked.Seen, v.Size); err != nil {
		return found, err
	}
	if found.Fresh, err = l.fresh(asked.Nonce, v.Checkpoint); err != nil {
		return found, err
	}
	if found.Chains, err = v.chains(ctx, q.Keys); err != nil {
		return found, err
	}
	bytes := 0
	for _, key := range q.Keys {
		list, complete, err := v.Entries(ctx, key.key(), q.Most)
		if err != nil {
			return found, err
		}
		for i := range list {
			bytes += len(list[i].Body)
		}
		if bytes > maxReply {
			return found, ErrTooMuch
		}
		leaves, err := l.leaves(ctx, v.conn, list, v.Size, !complete)
		if err != nil {
			return found, err
		}
		found.Lists = append(found.Lists, leaves)
	}
	return found, nil
}

func (k WireKey) key() Key { return Key{k.By, k.First, k.Second} }

// chains are the nodes that prove the chains of keys; none for an empty log.
func (v *View) chains(ctx context.Context, keys []WireKey) (map[int64][]byte, error) {
	if v.Size == 0 {
		return nil, nil
	}
	if v.signed.chains == nil {
		return nil, errors.New("the log was made before there were chains, and gets them with its next entry: record one where the log is, then it can be read by HTTP")
	}
	var hashes []keyHash
	for _, key := range keys {
		hashes = append(hashes, key.key().hash())
	}
	t, err := loadChains(ctx, v.conn, *v.signed.chains, hashes)
	if err != nil {
		return nil, err
	}
	nodes := map[int64][]byte{}
	for node, content := range t.nodes {
		if content != nil {
			nodes[node] = content
		}
	}
	return nodes, nil
}

// Stored returns the stored content of a blob, sha256:…; ErrErased if it was erased,
// ErrNotFound if the log has no such blob.
func (l *Log) Stored(ctx context.Context, digest string) (b StoredBlob, err error) {
	defer contain("read blob "+digest, &err)
	var erased sql.NullString
	err = l.store.db.QueryRowContext(ctx, "SELECT salt, content, erased_at FROM blobs WHERE digest = $1", digest).Scan(&b.Salt, &b.Content, &erased)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return b, fmt.Errorf("blob %s: %w", digest, ErrNotFound)
	case err != nil:
		return b, fmt.Errorf("read blob %s: %w", digest, l.store.engine.explain(err))
	case erased.Valid:
		return b, fmt.Errorf("blob %s: %w at %s", digest, ErrErased, erased.String)
	}
	return b, nil
}
