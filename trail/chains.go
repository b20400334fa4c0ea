package trail

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// A Merkle tree proves that an entry is in the log, not that a reader was given
// every entry that matches. So the log also keeps, for each key that entries are
// read by, a chain: how many entries have the key, and a hash over all of them in
// their order. The chains are the leaves of a hash tree of fixed depth, whose root
// each checkpoint signs. Whoever reads all entries of a key and compares them with
// its chain sees a missing, replaced, altered or hidden row at the cost of reading
// the key's entries and five rows of the tree, whatever the size of the log.

// Key is what entries are read by, completely.
type Key struct{ by, first, second string }

// ByServiceType are the entries of a service that have a type; without a service,
// those that name none.
func ByServiceType(service, typ string) Key { return Key{"service", service, typ} }

// ByDigest are the entries about an artifact, sha256:….
func ByDigest(digest string) Key { return Key{"digest", digest, ""} }

// ByDeployment are the entries of a deployment.
func ByDeployment(id string) Key { return Key{"deployment", id, ""} }

// ByType are the entries of a type of any service. Only the types of everywhere
// can be read so.
func ByType(typ string) Key { return Key{"type", typ, ""} }

// everywhere are the types that are read of all services.
var everywhere = []string{TypeFreezeDeclared, TypeFreezeLifted, TypeDelegationGranted, TypeDelegationEnded}

// keysOf are the keys of an entry.
func keysOf(service, typ, digest, deployment string) []Key {
	list := []Key{ByServiceType(service, typ)}
	if digest != "" {
		list = append(list, ByDigest(digest))
	}
	if deployment != "" {
		list = append(list, ByDeployment(deployment))
	}
	if slices.Contains(everywhere, typ) {
		list = append(list, ByType(typ))
	}
	return list
}

// String names the key for people.
func (k Key) String() string {
	switch k.by {
	case "service":
		return fmt.Sprintf("%s of %q", k.second, k.first)
	case "type":
		return k.first
	default:
		return fmt.Sprintf("%s %s", k.by, k.first)
	}
}

// has reports whether an entry has the key.
func (k Key) has(e *Entry) bool {
	return slices.Contains(keysOf(e.Service, e.Type, e.Digest, e.Deployment), k)
}

// keyHash is the place of a key in the tree.
type keyHash [sha256.Size]byte

func (k Key) hash() keyHash {
	var b []byte
	for _, s := range []string{"prodgate chain", k.by, k.first, k.second} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(s))) //nolint:gosec // what is recorded is short
		b = append(b, s...)
	}
	return sha256.Sum256(b)
}

// chain is what is signed of the entries that have a key.
type chain struct {
	count int64
	head  tlog.Hash
}

// add is the chain with one more entry.
func (c chain) add(seq int64, leaf tlog.Hash) chain {
	b := make([]byte, 0, 1+2*sha256.Size+8)
	b = append(b, chainPrefix)
	b = append(b, c.head[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(seq)) //nolint:gosec // never negative
	b = append(b, leaf[:]...)
	return chain{c.count + 1, sha256.Sum256(b)}
}

// Prefixes of hashed data, in addition to those of RFC 6962 (0 and 1).
const (
	chainPrefix = 2
	nodePrefix  = 3
)

// The tree of the chains: chainDepth levels of nodes with fanOut children each,
// and below them buckets of chains. A node is known by its number: level by level
// from the root, 0.
const (
	chainDepth = 4
	fanOut     = 16
	rowSize    = sha256.Size + 8 + tlog.HashSize // of a chain in a bucket: key, count, head
	nodeSize   = fanOut * tlog.HashSize
)

// firstOf is the number of the first node of a level.
func firstOf(level int) int64 {
	first, width := int64(0), int64(1)
	for range level {
		first += width
		width *= fanOut
	}
	return first
}

// path are the nodes from the root to a key's bucket.
func (h keyHash) path() (nodes [chainDepth + 1]int64) {
	index := int64(0)
	for level := range nodes {
		if level > 0 {
			index = index*fanOut + int64(h.child(level-1))
		}
		nodes[level] = firstOf(level) + index
	}
	return nodes
}

// child is which child of a level's node leads to the key.
func (h keyHash) child(level int) int {
	b := h[level/2]
	if level%2 == 0 {
		return int(b >> 4)
	}
	return int(b & 15)
}

// chainTree holds nodes of the tree that were read or changed. A node that is not
// there has no content.
type chainTree struct {
	nodes map[int64][]byte
	dirty map[int64]bool // changed, and not yet in its parent
}

func newChainTree() *chainTree { return &chainTree{nodes: map[int64][]byte{}, dirty: map[int64]bool{}} }

var errChains = errors.New("the chains of its entries are not those that were signed: run prodgate audit verify")

// verify compares the path to a key with a signed root.
func (t *chainTree) verify(root tlog.Hash, h keyHash) error {
	want := root
	for level, node := range h.path() {
		content := t.nodes[node]
		if nodeHash(level, content) != want {
			return errChains
		}
		if level == chainDepth || content == nil {
			want = tlog.Hash{}
			continue
		}
		if len(content) != nodeSize {
			return errChains
		}
		want = tlog.Hash(content[h.child(level)*tlog.HashSize:][:tlog.HashSize])
	}
	if len(t.nodes[h.path()[chainDepth]])%rowSize != 0 {
		return errChains
	}
	return nil
}

// nodeHash is the hash of a node in its parent; zero if there is none.
func nodeHash(level int, content []byte) tlog.Hash {
	if content == nil {
		return tlog.Hash{}
	}
	return sha256.Sum256(append([]byte{nodePrefix, byte(level)}, content...)) //nolint:gosec // level is small
}

// find is where a key's row begins in its bucket, and whether it is there.
func find(bucket []byte, h keyHash) (int, bool) {
	low, high := 0, len(bucket)/rowSize
	for low < high {
		middle := (low + high) / 2
		switch bytes.Compare(bucket[middle*rowSize:][:sha256.Size], h[:]) {
		case 0:
			return middle * rowSize, true
		case -1:
			low = middle + 1
		default:
			high = middle
		}
	}
	return low * rowSize, false
}

// get is the chain of a key.
func (t *chainTree) get(h keyHash) chain {
	bucket := t.nodes[h.path()[chainDepth]]
	at, ok := find(bucket, h)
	if !ok {
		return chain{}
	}
	row := bucket[at+sha256.Size:]
	return chain{int64(binary.BigEndian.Uint64(row)), tlog.Hash(row[8 : rowSize-sha256.Size])} //nolint:gosec // as set wrote it
}

// set keeps the chain of a key.
func (t *chainTree) set(h keyHash, c chain) {
	node := h.path()[chainDepth]
	bucket := t.nodes[node]
	at, ok := find(bucket, h)
	if !ok {
		bucket = slices.Insert(bucket, at, make([]byte, rowSize)...)
	}
	row := bucket[at:]
	copy(row, h[:])
	binary.BigEndian.PutUint64(row[sha256.Size:], uint64(c.count)) //nolint:gosec // never negative
	copy(row[sha256.Size+8:], c.head[:])
	t.nodes[node], t.dirty[node] = bucket, true
}

// root hashes what was changed up to the root, and returns the nodes to be
// written.
func (t *chainTree) root() (root tlog.Hash, changed []int64) {
	for level := chainDepth; level > 0; level-- {
		first, above := firstOf(level), firstOf(level-1)
		for node := range t.dirty {
			if node < first || node >= firstOf(level+1) {
				continue
			}
			index := node - first
			parent := above + index/fanOut
			content := t.nodes[parent]
			if content == nil {
				content = make([]byte, nodeSize)
			}
			h := nodeHash(level, t.nodes[node])
			copy(content[index%fanOut*tlog.HashSize:], h[:])
			t.nodes[parent], t.dirty[parent] = content, true
		}
	}
	for node := range t.dirty {
		changed = append(changed, node)
	}
	slices.Sort(changed)
	clear(t.dirty)
	return nodeHash(0, t.nodes[0]), changed
}
