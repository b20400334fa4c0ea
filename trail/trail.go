// Package trail is the audit trail: an append-only log in which nothing that was
// acknowledged is lost and nothing is altered unseen. It is a Merkle log (RFC
// 6962) whose leaves, hashes and signed checkpoint commit in one transaction, in
// one SQLite file or in PostgreSQL.
//
// It records, proves, verifies and returns entries. It does not judge what is
// recorded (package policies) and computes nothing from it (metrics).
package trail

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Options say how to open a log.
type Options struct {
	// ReadOnly opens a log to be read; one that does not exist is an error.
	ReadOnly bool

	// Key is the file with the signing key; empty: next to a SQLite file, and in
	// the user's configuration folder for PostgreSQL. It is made where a new log
	// is made. For a log behind https it is the public key, NAME+HASH+KEY, or the file
	// with it: without it, or if the server's log has another, nothing is opened.
	Key string

	// Token returns the bearer token for the server of a log behind https; nil: none
	// is sent. It is called again if the server does not accept the last one any more.
	Token func(context.Context) (string, error)

	// Clock is read for recorded_at; nil: time.Now.
	Clock func() time.Time

	wrap func(driver.Connector) driver.Connector // tests let calls of the database fail
}

// Log is an open trail. It is safe for concurrent use, also by several
// processes.
type Log struct {
	place    place
	store    *store  // nil: a server keeps the log
	remote   *remote // nil: this process keeps the log
	clock    func() time.Time
	signer   note.Signer // nil: read only
	verifier note.Verifier
	readOnly bool // of a log that a server keeps

	turn   chan struct{} // whoever holds its one token writes
	mutex  sync.Mutex    // guards queue and closed
	queue  []*request
	closed bool

	// Of whoever has the turn.
	cache *hashCache
	last  head // what this handle committed or checked last
}

// Open opens the log at location, a path (SQLite) or postgres://…; it makes one
// where there is none, unless ReadOnly. At https://… is the server of a log.
func Open(ctx context.Context, location string, options Options) (l *Log, err error) {
	at, err := parseLocation(location, options.Key)
	if err != nil {
		return nil, err
	}
	defer contain("open trail "+at.name, &err)
	l = &Log{place: at, clock: options.Clock, turn: make(chan struct{}, 1), cache: newHashCache()}
	if l.clock == nil {
		l.clock = time.Now
	}
	if at.remote != nil {
		if err := l.openRemote(ctx, options); err != nil {
			return nil, fmt.Errorf("open the trail: %w", err)
		}
		return l, nil
	}
	if !options.ReadOnly {
		if err := at.keyForNew(); err != nil {
			return nil, fmt.Errorf("open trail %s: %w", at.name, err)
		}
	}
	if l.store, err = openStore(at, !options.ReadOnly, options.wrap); err != nil {
		return nil, fmt.Errorf("open the trail: %w", err)
	}
	if err := l.open(ctx, options.ReadOnly); err != nil {
		return nil, errors.Join(fmt.Errorf("open trail %s: %w", at.name, l.store.engine.explain(err)), l.store.db.Close())
	}
	return l, nil
}

// openRemote begins to talk to the server of a log.
func (l *Log) openRemote(ctx context.Context, options Options) (err error) {
	if l.remote, err = newRemote(l.place, options); err != nil {
		return err
	}
	l.verifier, l.readOnly = l.remote.verifier, options.ReadOnly
	return l.remote.open(ctx)
}

// keyForNew returns an error if a new SQLite log cannot be signed because its key
// file holds something else: a database that is opened leaves a file behind.
func (p place) keyForNew() error {
	if p.postgres != nil {
		return nil
	}
	if info, err := os.Stat(p.path); err == nil && info.Size() > 0 {
		return nil
	}
	if _, _, err := readKey(p.key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func openStore(at place, writing bool, wrap func(driver.Connector) driver.Connector) (*store, error) {
	if at.postgres != nil {
		return openPostgres(at, wrap)
	}
	return openSQLite(at.path, writing, wrap)
}

func (l *Log) open(ctx context.Context, readOnly bool) error {
	there, err := l.store.engine.exists(ctx, l.store.db)
	switch {
	case err != nil:
		return err
	case readOnly && !there:
		return fmt.Errorf("there is no trail yet: %w", fs.ErrNotExist)
	case !there:
		if err := l.create(ctx); err != nil {
			return err
		}
	}
	origin, public, err := l.identity(ctx, l.store.db)
	if err != nil {
		return err
	}
	if known, _ := readPublicKey("", l.place.key); known != "" && known != public {
		return fmt.Errorf("the trail says it is signed with %s, but the key next to it is %s; the log was replaced or altered: run prodgate audit verify", public, known)
	}
	if l.verifier, err = note.NewVerifier(public); err != nil || l.verifier.Name() != origin {
		return fmt.Errorf("the public key inside the trail, %q, is not one of log %q: run prodgate audit verify", public, origin)
	}
	if readOnly {
		return nil
	}
	if err := l.openKey(public); err != nil {
		return err
	}
	return l.checkRemembered(ctx, l.store.db)
}

// openKey reads the private key, and asks that it is this log's.
func (l *Log) openKey(public string) error {
	signer, ours, err := readKey(l.place.key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("its signing key is not at %q: restore the file from a backup, or say where it is; a log whose key is lost can be read and verified, not continued: begin a new one at another location", l.place.key)
	case err != nil:
		return err
	case ours != public:
		return fmt.Errorf("the key in %q is another log's (%s), this one was signed with %s: name the right key", l.place.key, ours, public)
	}
	l.signer = signer
	l.publish(ours)
	return nil
}

// publish writes the public key next to the private one, for verification.
// If that folder cannot be written, PublicKey still returns it.
func (l *Log) publish(public string) {
	if b, err := os.ReadFile(l.place.publicKey()); err != nil || strings.TrimSpace(string(b)) != public {
		_ = replaceWhole(l.place.publicKey(), []byte(public+"\n"), true)
	}
}

// create makes the tables of a new log. Of several first runs at once one does.
func (l *Log) create(ctx context.Context) error {
	if gone := l.forgotten(); gone != nil {
		// Whoever leaves a checkpoint has made the log before: look once more.
		if there, err := l.store.engine.exists(ctx, l.store.db); !there || err != nil {
			return errors.Join(gone, err)
		}
		return nil
	}
	signer, public, err := ensureKey(l.place.key)
	if err != nil {
		return err
	}
	if e, ok := l.store.engine.(sqliteEngine); ok {
		if err := e.prepare(ctx, l.store.db); err != nil {
			return err
		}
	}
	return l.store.write(ctx, l.store.engine.beginNew, func(conn *sql.Conn) error {
		if there, err := l.store.engine.exists(ctx, conn); there || err != nil {
			return err
		}
		for _, statement := range l.store.engine.tables() {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("make the tables: %w", err)
			}
		}
		root, err := treeRoot(0, nil)
		if err != nil {
			return err
		}
		first, err := checkpoint{origin: signer.Name(), root: root}.sign(signer)
		if err != nil {
			return err
		}
		if _, err := conn.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ('format', $1), ('key', $2), ('origin', $3)", fmt.Sprint(formatVersion), public, signer.Name()); err != nil {
			return fmt.Errorf("write who signs: %w", err)
		}
		_, err = conn.ExecContext(ctx, "INSERT INTO checkpoints (size, note) VALUES (0, $1)", first)
		return err
	})
}

// identity is the log's origin and public key, as the database has them.
func (l *Log) identity(ctx context.Context, q querier) (origin, public string, err error) {
	err = q.QueryRowContext(ctx, "SELECT (SELECT value FROM meta WHERE name = 'origin'), (SELECT value FROM meta WHERE name = 'key')").Scan(&origin, &public)
	if err != nil {
		return "", "", fmt.Errorf("read who signs: %w", err)
	}
	return origin, public, nil
}

// Origin names the log, in its checkpoints and in its key.
func (l *Log) Origin() string { return l.verifier.Name() }

// PublicKey is what a verifier needs: NAME+HASH+KEY, a note key of
// golang.org/x/mod/sumdb/note. It is also in a file next to the private key.
func (l *Log) PublicKey(ctx context.Context) (string, error) {
	if l.remote != nil {
		return l.remote.public, nil
	}
	_, public, err := l.identity(ctx, l.store.db)
	return public, err
}

// Close releases the log. What was acknowledged is durable before.
func (l *Log) Close() error {
	if l.remote != nil {
		return nil
	}
	l.mutex.Lock()
	l.closed = true
	l.mutex.Unlock()
	l.turn <- struct{}{} // wait for whoever writes
	defer func() { <-l.turn }()
	return l.store.db.Close()
}

// What an operation on a log may end with; test with errors.Is.
var (
	ErrConflict = errors.New("another event with this id is recorded")
	ErrNotFound = errors.New("no such entry")
	ErrErased   = errors.New("erased")
)

// Filter selects entries. A zero field asks for nothing.
type Filter struct {
	Service     string
	Environment string
	Digest      string // of the artifact, sha256:…
	Deployment  string
	Types       []string
	Since       time.Time // recorded at or after
	Until       time.Time // recorded before
	From        int64     // first sequence number
	NewestFirst bool
	Limit       int // at most so many

	// Proven asks for a proof of each entry that it is in the tree of the last
	// signed checkpoint; one that was altered is an error. It costs about 0.1 ms
	// an entry. Only Verify shows that none is missing.
	Proven bool

	whole bool // the caller verifies all entries together
}
