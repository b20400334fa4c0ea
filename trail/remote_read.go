package trail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/prodgate/prodgate/internal/web"
)

// page reads matching entries of [from, end), at most limit, and verifies that they
// match and are in the signed tree. It does not verify that none is missing: View does.
func (r *remote) page(ctx context.Context, filter Filter, from, end int64, limit int) ([]Entry, error) {
	filter.From, filter.Limit = from, limit
	filter.Proven = !filter.whole
	var p Page
	c, err := r.ask(ctx, web.Call{Path: "/v1/entries", Query: filter.Query(end)}, &p, &p.Head)
	if err != nil {
		return nil, err
	}
	if len(p.Leaves) > limit {
		return nil, fmt.Errorf("it answered with %d entries, and %d were asked for", len(p.Leaves), limit)
	}
	list := make([]Entry, 0, len(p.Leaves))
	for _, l := range p.Leaves {
		e, err := l.entry()
		if err == nil && filter.Proven {
			err = l.check(c)
		}
		if err != nil {
			return nil, err
		}
		last := len(list) - 1
		ordered := last < 0 || filter.NewestFirst && e.Seq < list[last].Seq || !filter.NewestFirst && e.Seq > list[last].Seq
		if !filter.matches(&e) || e.Seq < from || e.Seq >= end || !ordered {
			return nil, fmt.Errorf("it answered with entry %d (%s of %q in %q), which was not asked for", e.Seq, e.Type, e.Service, e.Environment)
		}
		list = append(list, e)
	}
	return list, nil
}

// first is the first entry of a log of size entries. One that is withheld is an error: it
// says since when the log knows what happened.
func (r *remote) first(ctx context.Context, size int64) (e Entry, found bool, err error) {
	if size == 0 {
		return e, false, nil
	}
	list, err := r.page(ctx, Filter{}, 0, 1, 1)
	if err == nil && len(list) == 0 {
		err = errors.New("it withholds the first entry")
	}
	if err != nil {
		return e, false, fmt.Errorf("read trail %s: %w", r.place.name, err)
	}
	return list[0], true, nil
}

// entry reads the leaf.
func (l Leaf) entry() (Entry, error) { return placed{seq: l.Seq, body: []byte(l.Body)}.entry() }

// check verifies that the leaf is in the tree of a signed checkpoint.
func (l Leaf) check(c checkpoint) error {
	proof, err := parseHashes(l.Proof)
	if err == nil && (l.Seq < 0 || l.Seq >= c.size) {
		err = fmt.Errorf("it is not among the %d of the checkpoint", c.size)
	}
	if err == nil {
		err = tlog.CheckRecord(proof, c.size, c.root, l.Seq, tlog.RecordHash([]byte(l.Body)))
	}
	if err != nil {
		return fmt.Errorf("entry %d is not the one that was signed: %w", l.Seq, err)
	}
	return nil
}

// proven returns the entry of an id, and a receipt of it in the log as it is now.
func (r *remote) proven(ctx context.Context, id string) (Entry, error) {
	var p Page
	c, err := r.ask(ctx, web.Call{Path: web.Path("v1", "entries", id)}, &p, &p.Head)
	if err != nil {
		return Entry{}, err
	}
	if len(p.Leaves) != 1 {
		return Entry{}, fmt.Errorf("trail %s: it answered with %d entries, and one was asked for", r.place.name, len(p.Leaves))
	}
	e, err := p.Leaves[0].entry()
	if err == nil {
		err = p.Leaves[0].check(c)
	}
	if err == nil && e.ID != id {
		err = fmt.Errorf("it answered with entry %s, and %s was asked for", e.ID, id)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("trail %s: %w", r.place.name, err)
	}
	return e, nil
}

// receipt proves the entry at a place in the log as it is now.
func (r *remote) receipt(ctx context.Context, seq int64) (Receipt, error) {
	var p Page
	filter := Filter{From: seq, Limit: 1, Proven: true}
	if _, err := r.ask(ctx, web.Call{Path: "/v1/entries", Query: filter.Query(seq + 1)}, &p, &p.Head); err != nil {
		return Receipt{}, err
	}
	if len(p.Leaves) == 0 {
		return Receipt{}, fmt.Errorf("entry %d: %w", seq, ErrNotFound)
	}
	l := p.Leaves[0]
	e, err := l.entry()
	if err != nil {
		return Receipt{}, err
	}
	if l.Proof == nil {
		l.Proof = []string{}
	}
	receipt := Receipt{ID: e.ID, Seq: l.Seq, LeafHash: e.LeafHash, RecordedAt: e.RecordedAt, Checkpoint: p.Checkpoint, Proof: l.Proof}
	if l.Seq != seq {
		return Receipt{}, fmt.Errorf("it answered with entry %d, and %d was asked for", l.Seq, seq)
	}
	return receipt, receipt.Verify(r.verifier)
}

// all returns the entries of each key as of a view's size, as View.All does.
func (r *remote) all(ctx context.Context, size int64, keys []Key, most int) (lists [][]Entry, complete bool, err error) {
	complete = true
	for part := range slices.Chunk(keys, MaxKeys) {
		list, whole, err := r.some(ctx, size, part, most)
		if err != nil {
			return nil, false, err
		}
		lists, complete = append(lists, list...), complete && whole
	}
	return lists, complete, nil
}

// some is all of as many keys as one question has.
func (r *remote) some(ctx context.Context, size int64, keys []Key, most int) (lists [][]Entry, complete bool, err error) {
	q := Question{Most: most}
	for _, k := range keys {
		q.Keys = append(q.Keys, WireKey{k.by, k.first, k.second})
	}
	body, err := json.Marshal(q)
	if err != nil {
		return nil, false, err
	}
	var found Found
	call := web.Call{Method: http.MethodPost, Path: "/v1/find", Body: string(body), Header: http.Header{"Content-Type": {"application/json"}}, Read: true}
	c, err := r.ask(ctx, call, &found, &found.Head)
	if err != nil {
		return nil, false, err
	}
	switch {
	case len(found.Lists) != len(keys):
		return nil, false, fmt.Errorf("it answered %d keys with %d lists", len(keys), len(found.Lists))
	case c.size < size:
		return nil, false, errStale
	case c.size > 0 && c.chains == nil:
		return nil, false, errors.New("its checkpoint signs no chains, so that missing entries would not be seen")
	}
	complete = true
	for i, key := range keys {
		list, all, err := key.verify(found.Lists[i], found.Chains, c, most)
		if err != nil {
			return nil, false, err
		}
		for len(list) > 0 && list[len(list)-1].Seq >= size {
			list = list[:len(list)-1] // recorded after the view began
		}
		lists, complete = append(lists, list), complete && all
	}
	return lists, complete, nil
}

// verify compares the entries of a key with its signed chain. Of more than most, each
// entry is proved by itself, and complete is false.
func (k Key) verify(leaves []Leaf, nodes map[int64][]byte, c checkpoint, most int) (list []Entry, complete bool, err error) {
	signed := chain{}
	if c.size > 0 {
		t := newChainTree()
		h := k.hash()
		for _, node := range h.path() {
			t.nodes[node] = nodes[node]
		}
		if err := t.verify(*c.chains, h); err != nil {
			return nil, false, err
		}
		signed = t.get(h)
	}
	complete = signed.count <= int64(most)
	var found chain
	for _, l := range leaves {
		e, err := l.entry()
		if err == nil && !complete {
			err = l.check(c)
		}
		switch {
		case err != nil:
			return nil, false, err
		case !k.has(&e), len(list) > 0 && e.Seq <= list[len(list)-1].Seq:
			return nil, false, fmt.Errorf("entry %d is not of %s, or not in the order of the log", e.Seq, k)
		}
		found = found.add(e.Seq, tlog.RecordHash(e.Body))
		list = append(list, e)
	}
	switch {
	case complete && found != signed:
		return nil, false, fmt.Errorf("the %d entries of %s are not the %d that its checkpoint signs: entries are missing or were altered", found.count, k, signed.count)
	case !complete && len(list) != most:
		return nil, false, fmt.Errorf("it answered with %d entries of %s, and %d were asked for", len(list), k, most)
	}
	return list, complete, nil
}

// Query writes the filter as parameters of a URL, for entries before end.
func (f Filter) Query(end int64) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"service": f.Service, "environment": f.Environment, "digest": f.Digest, "deployment": f.Deployment} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(f.Types) > 0 {
		q["type"] = f.Types
	}
	for name, at := range map[string]time.Time{"since": f.Since, "until": f.Until} {
		if !at.IsZero() {
			q.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	for name, n := range map[string]int64{"from": f.From, "end": end, "limit": int64(f.Limit)} {
		if n > 0 {
			q.Set(name, strconv.FormatInt(n, 10))
		}
	}
	for name, on := range map[string]bool{"newest": f.NewestFirst, "proven": f.Proven} {
		if on {
			q.Set(name, "1")
		}
	}
	return q
}

// ParseFilter reads what Filter.Query wrote. Other parameters are errors, but for those of Asked.
func ParseFilter(q url.Values) (f Filter, end int64, err error) {
	numbers := map[string]*int64{"from": &f.From, "end": &end, "limit": new(int64)}
	texts := map[string]*string{"service": &f.Service, "environment": &f.Environment, "digest": &f.Digest, "deployment": &f.Deployment}
	times := map[string]*time.Time{"since": &f.Since, "until": &f.Until}
	switches := map[string]*bool{"newest": &f.NewestFirst, "proven": &f.Proven}
	for name, values := range q {
		if name == "type" && len(values) <= len(Types) {
			f.Types = values
			continue
		}
		if len(values) != 1 {
			return f, 0, fmt.Errorf("parameter %s is given %d times", name, len(values))
		}
		value := values[0]
		var err error
		switch {
		case name == "seen", name == "nonce":
		case texts[name] != nil:
			*texts[name] = value
		case numbers[name] != nil:
			if *numbers[name], err = strconv.ParseInt(value, 10, 64); err == nil && *numbers[name] < 0 {
				err = errors.New("it is negative")
			}
		case times[name] != nil:
			*times[name], err = time.Parse(time.RFC3339Nano, value)
		case switches[name] != nil && value == "1":
			*switches[name] = true
		default:
			return f, 0, fmt.Errorf("unknown parameter %s=%q", name, value)
		}
		if err != nil {
			return f, 0, fmt.Errorf("parameter %s: %w", name, err)
		}
	}
	f.Limit = int(min(*numbers["limit"], page))
	return f, end, nil
}
