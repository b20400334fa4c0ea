// Package trail is the audit trail: an append-only log in which nothing that was
// acknowledged is lost and nothing is altered unseen. It is a Merkle log (RFC
// 6962) whose leaves, hashes and signed checkpoint commit in one transaction, in
// one SQLite file or in PostgreSQL.
//
// It records, proves, verifies and hands out. It does not judge what is
// recorded (package policies) and computes nothing from it (metrics).
package trail

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Options say how to open a log.
type Options struct {
	// ReadOnly opens a log to be read; one that does not exist is an error.
	ReadOnly bool

	// Key is the file with the signing key; empty: beside a SQLite file, and in
	// the user's configuration folder for PostgreSQL. It is made where a new log
	// is made.
	Key string

	// Clock is read for recorded_at; nil: time.Now.
	Clock func() time.Time
}

// Log is an open trail. It is safe for concurrent use, also by several
// processes.
type Log struct{}

// Open opens the log at location, a path (SQLite) or postgres://…; it makes one
// where there is none, unless ReadOnly.
func Open(ctx context.Context, location string, options Options) (*Log, error) {
	return nil, errors.New("not built yet")
}

// Close releases the log. What was acknowledged is durable before.
func (l *Log) Close() error { return nil }

// Append records events, all or none, in their order, and returns a receipt for
// each. A receipt means: durable, signed, provable. An event whose id is there
// with the same content gets its first receipt again; with other content, the
// error is ErrConflict.
func (l *Log) Append(ctx context.Context, events ...Event) ([]Receipt, error) { return nil, nil }

// Entries hands out what is recorded and matches filter, in the order of the
// log unless it says otherwise. The first error ends it.
func (l *Log) Entries(ctx context.Context, filter Filter) iter.Seq2[Entry, error] { return nil }

// Entry returns the entry of an event's id; ErrNotFound if there is none.
func (l *Log) Entry(ctx context.Context, id string) (Entry, error) { return Entry{}, nil }

// Blob returns what was stored under ref, and has checked its digest; ErrErased
// if it was erased.
func (l *Log) Blob(ctx context.Context, ref BlobRef) ([]byte, error) { return nil, nil }

// Receipt proves again that the entry at seq is in the log as it is now.
func (l *Log) Receipt(ctx context.Context, seq int64) (Receipt, error) { return Receipt{}, nil }

// Began is when the log's first entry was recorded; nil where there is none.
func (l *Log) Began(ctx context.Context) (*time.Time, error) { return nil, nil }

// What an operation on a log may end with; test with errors.Is.
var (
	ErrConflict = errors.New("another event with this id is recorded")
	ErrNotFound = errors.New("no such entry")
	ErrErased   = errors.New("erased")
)

// Filter says which entries are wanted. A zero field asks for nothing.
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
}
