package trail

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/prodgate/prodgate/internal/web"
)

// remote is a log that a server keeps (prodgate serve). The server signs; the client
// knows the log's public key beforehand and verifies every answer with it: the
// signature of its checkpoint, that the log extends what the client has seen, and that
// the entries are those that were signed.
type remote struct {
	place    place
	token    func(context.Context) (string, error)
	verifier note.Verifier
	public   string

	mutex  sync.Mutex
	server *web.Server // sends the current token; nil: none was asked for yet
	seen   checkpoint  // the last that was accepted; size 0: none
	note   string      // of seen, signed
}

// maxAnswer bounds an answer of a server, in bytes: the entries as JSON texts, which
// escape quotes.
const maxAnswer = 3 * maxReply

// newRemote prepares to talk to the server at a place. Nothing is sent.
func newRemote(at place, options Options) (*remote, error) {
	if options.Key == "" {
		return nil, fmt.Errorf("trail %s: its public key is not pinned: set trail_key (--trail-key, PRODGATE_TRAIL_KEY) to the key that prodgate audit key prints where the server runs, or to a file with it", at.name)
	}
	public, err := readPublicKey(options.Key, "")
	if err != nil {
		return nil, err
	}
	r := &remote{place: at, token: options.Token, public: public}
	if r.verifier, err = note.NewVerifier(public); err != nil {
		return nil, fmt.Errorf("trail %s: the pinned public key %q is invalid: it must be NAME+HASH+KEY, as prodgate audit key prints it: %w", at.name, public, err)
	}
	if r.token == nil {
		r.token = func(context.Context) (string, error) { return "", nil }
	}
	return r, r.recall()
}

// recall reads the checkpoint that this user's machine remembers of the log.
func (r *remote) recall() error {
	if r.place.key == "" {
		return nil // this user has no configuration folder
	}
	file := r.place.remembered()
	b, err := os.ReadFile(file)
	if err != nil || len(b) == 0 {
		return nil //nolint:nilerr // nothing is remembered, as on a new machine
	}
	c, err := openCheckpoint(string(b), r.verifier)
	if err != nil {
		return fmt.Errorf("trail %s: %q remembers a checkpoint that the pinned key did not sign: %w: if the log was replaced on purpose, remove that file", r.place.name, file, err)
	}
	r.seen, r.note = c, string(b)
	return nil
}

// open asks for the last checkpoint.
func (r *remote) open(ctx context.Context) error {
	_, err := r.checkpoint(ctx)
	return err
}

func (r *remote) checkpoint(ctx context.Context) (checkpoint, error) {
	c, _, err := r.signed(ctx)
	return c, err
}

// signed is the last checkpoint, with its signed note.
func (r *remote) signed(ctx context.Context) (checkpoint, string, error) {
	var h Head
	c, err := r.ask(ctx, web.Call{Path: "/v1/checkpoint"}, &h, &h)
	return c, h.Checkpoint, err
}

// ask sends a call and verifies the head of its answer, which is part of into.
func (r *remote) ask(ctx context.Context, call web.Call, into any, head *Head) (checkpoint, error) {
	r.mutex.Lock()
	floor := r.seen
	r.mutex.Unlock()
	if call.Query == nil {
		call.Query = url.Values{}
	}
	return r.askFrom(ctx, call, into, head, floor)
}

// askFrom is ask of a client that has seen floor.
func (r *remote) askFrom(ctx context.Context, call web.Call, into any, head *Head, floor checkpoint) (checkpoint, error) {
	nonce, err := newNonce()
	if err != nil {
		return checkpoint{}, err
	}
	call.Query.Set("seen", strconv.FormatInt(floor.size, 10))
	call.Query.Set("nonce", nonce)
	if err := r.send(ctx, call, into); err != nil {
		return checkpoint{}, err
	}
	c, err := r.accept(*head, floor, nonce)
	if err != nil {
		return c, fmt.Errorf("trail %s: %w", r.place.name, err)
	}
	return c, nil
}

// newNonce makes a number that no request had before.
func newNonce() (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("make a nonce: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// accept verifies a head against the last checkpoint that was seen before it was asked
// for, and that it was made for this request.
func (r *remote) accept(h Head, floor checkpoint, nonce string) (checkpoint, error) {
	c, err := openOwn(h.Checkpoint, r.verifier)
	if err != nil {
		return c, fmt.Errorf("the pinned key did not sign its last checkpoint: %w: nothing it says counts; if the log was replaced on purpose, pin its new key", err)
	}
	if n, err := note.Open([]byte(h.Fresh), note.VerifierList(r.verifier)); err != nil || n.Text != freshText(nonce, h.Checkpoint) {
		return c, errors.New("the answer was not made for this request: something between here and the server answers with older answers")
	}
	switch {
	case floor.size == 0:
	case c.size < floor.size:
		return c, fmt.Errorf("%w: it has %d entries, and %d were seen: an older copy was restored, or entries are withheld; compare with a kept receipt (prodgate audit verify --receipt)", errStale, c.size, floor.size)
	case c.size == floor.size && c.root != floor.root:
		return c, fmt.Errorf("the log was rewritten: it has %d entries, but not those that were seen", c.size)
	case c.size > floor.size:
		proof, err := parseHashes(h.Consistency)
		if err == nil {
			err = tlog.CheckTree(proof, c.size, c.root, floor.size, floor.root)
		}
		if err != nil {
			return c, fmt.Errorf("the log was rewritten: its %d entries do not extend the %d that were seen: %w", c.size, floor.size, err)
		}
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if c.size > r.seen.size || r.note == "" {
		r.seen, r.note = c, h.Checkpoint
		r.remember(c, h.Checkpoint)
	}
	return c, nil
}

// remember keeps a checkpoint for the next run on this machine, as a local log does.
func (r *remote) remember(c checkpoint, signed string) {
	if r.place.key == "" || os.MkdirAll(filepath.Dir(r.place.remembered()), 0o700) != nil {
		return
	}
	l := Log{place: r.place}
	l.remember(head{size: c.size, note: signed})
}

// send sends a call and decodes the answer. A token that the server does not accept any
// more is replaced once.
func (r *remote) send(ctx context.Context, call web.Call, into any) error {
	for again := false; ; again = true {
		server, err := r.connect(ctx, again)
		if err != nil {
			return fmt.Errorf("trail %s: %w", r.place.name, err)
		}
		err = server.JSON(ctx, call, into)
		var status *web.StatusError
		if errors.As(err, &status) && status.Status == http.StatusUnauthorized && !again {
			continue
		}
		return r.explain(err)
	}
}

// connect returns the server with a token; renew asks for another token.
func (r *remote) connect(ctx context.Context, renew bool) (*web.Server, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.server != nil && !renew {
		return r.server, nil
	}
	token, err := r.token(ctx)
	if err != nil {
		return nil, fmt.Errorf("get a token: %w", err)
	}
	o := web.Options{Base: r.place.remote.String(), MaxBytes: maxAnswer}
	if token != "" {
		o.Auth = web.Bearer(token)
	}
	r.server, err = web.New(o)
	return r.server, err
}

// explain maps a server's refusal to the errors of a log.
func (r *remote) explain(err error) error {
	var status *web.StatusError
	if !errors.As(err, &status) {
		if err != nil {
			return fmt.Errorf("trail %s: %w: start the server or fix the connection, and try again", r.place.name, err)
		}
		return nil
	}
	known := map[int]error{http.StatusNotFound: ErrNotFound, http.StatusConflict: ErrConflict, http.StatusGone: ErrErased, http.StatusPreconditionFailed: errStale}
	if meaning := known[status.Status]; meaning != nil {
		return fmt.Errorf("trail %s: %w: %s", r.place.name, meaning, status.Detail)
	}
	return fmt.Errorf("trail %s: %w", r.place.name, err)
}

// append records events. The server says who the writer is.
func (r *remote) append(ctx context.Context, events []Event) ([]Receipt, error) {
	for i := range events {
		if err := events[i].Check(); err != nil {
			return nil, err
		}
	}
	body, err := json.Marshal(struct {
		Events []Event `json:"events"`
	}{events})
	if err != nil {
		return nil, fmt.Errorf("write the events as JSON: %w", err)
	}
	var done Appended
	// It may be sent again: an event's id makes a retry the same event.
	call := web.Call{Method: http.MethodPost, Path: "/v1/entries", Body: string(body), Header: http.Header{"Content-Type": {"application/json"}}, Read: true}
	c, err := r.ask(ctx, call, &done, &done.Head)
	if err != nil {
		return nil, err
	}
	if len(done.Receipts) != len(events) || len(done.Leaves) != len(events) {
		return nil, fmt.Errorf("trail %s: it answered %d events with %d receipts and %d entries", r.place.name, len(events), len(done.Receipts), len(done.Leaves))
	}
	for i := range events {
		if err := r.acknowledged(&events[i], done.Receipts[i], done.Leaves[i], c); err != nil {
			return nil, fmt.Errorf("trail %s: %w", r.place.name, err)
		}
	}
	return done.Receipts, nil
}

// acknowledged verifies that a receipt is of the event that was sent.
func (r *remote) acknowledged(e *Event, receipt Receipt, l Leaf, head checkpoint) error {
	if err := receipt.Verify(r.verifier); err != nil {
		return err
	}
	of, err := openCheckpoint(receipt.Checkpoint, r.verifier)
	if err != nil || of.size > head.size {
		return fmt.Errorf("the receipt of event %s is of more entries than the log has: %w", e.ID, err)
	}
	if receipt.ID != e.ID || receipt.Seq != l.Seq || receipt.LeafHash != tlog.RecordHash([]byte(l.Body)).String() {
		return fmt.Errorf("the receipt of event %s is of another entry", e.ID)
	}
	there, err := parseLeaf([]byte(l.Body))
	if err != nil {
		return err
	}
	sent := *e
	sent.Writer = there.Writer // the server establishes it, and names the run where the event does not
	if sent.Run == "" {
		sent.Run = there.Run
	}
	again, err := leaf(sent, there.RecordedAt, there.ClockRegressed, there.Refs)
	if err != nil {
		return err
	}
	same := bytes.Equal(again, []byte(l.Body)) && len(there.Refs) == len(e.Blobs)
	for role, b := range e.Blobs {
		ref, ok := there.Refs[role]
		same = same && ok && ref.MediaType == b.MediaType && ref.Size == int64(len(b.Content))
	}
	if !same {
		return fmt.Errorf("the server recorded another event than %s as entry %d", e.ID, l.Seq)
	}
	return nil
}

func (r *remote) stored(ctx context.Context, digest string) (b StoredBlob, err error) {
	err = r.send(ctx, web.Call{Path: web.Path("v1", "blobs", digest)}, &b)
	return b, err
}

// parseHashes reads what hashTexts wrote.
func parseHashes(texts []string) ([]tlog.Hash, error) {
	list := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		h, err := tlog.ParseHash(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a hash", text)
		}
		list[i] = h
	}
	return list, nil
}
