// Package recorded reads the audit trail for the collectors whose facts are in
// it: read-only, and believing no entry that the trail's signed checkpoint does
// not prove. It knows nothing about what the entries say.
package recorded

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/file"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/trail"
)

// Kind is the kind of source that a trail is.
const Kind = "trail"

// maxEntries bounds what is read for one section.
const maxEntries = 10_000

// Log says where the trail is.
type Log struct {
	Location string // a path, or postgres://…; empty: nobody said
	Key      string // file with the signing key; empty: where the trail has it
}

// Reading is a trail being read.
type Reading struct {
	log *trail.Log
}

// Open opens the trail for reading. The error is file.ErrUnconfigured if nobody
// said where it is.
func (l Log) Open(ctx context.Context) (*Reading, error) {
	if l.Location == "" {
		return nil, fmt.Errorf("%w: set trail in prodgate.yaml to the location of the audit trail", file.ErrUnconfigured)
	}
	opened, err := trail.Open(ctx, l.Location, trail.Options{ReadOnly: true, Key: l.Key})
	if err != nil {
		return nil, err
	}
	return &Reading{log: opened}, nil
}

// Close ends the reading.
func (r *Reading) Close() error { return r.log.Close() }

// Entries are those that match filter, each proved to be in the trail's signed
// checkpoint. One that is not makes the whole trail one that could not be looked
// at.
func (r *Reading) Entries(ctx context.Context, filter trail.Filter) ([]trail.Entry, error) {
	var list []trail.Entry
	for e, err := range r.log.Entries(ctx, filter) {
		if err != nil {
			return nil, err
		}
		receipt, err := r.log.Receipt(ctx, e.Seq)
		if err != nil {
			return nil, fmt.Errorf("entry %d is not proved: %w; run prodgate audit verify", e.Seq, err)
		}
		if receipt.LeafHash != e.LeafHash {
			return nil, fmt.Errorf("entry %d changed while it was read; run prodgate audit verify", e.Seq)
		}
		if list = append(list, e); len(list) > maxEntries {
			return nil, fmt.Errorf("over %d entries to read for one section", maxEntries)
		}
	}
	return list, nil
}

// Began is when the first entry was recorded; nil where there is none.
func (r *Reading) Began(ctx context.Context) (*time.Time, error) {
	first, err := r.Entries(ctx, trail.Filter{Limit: 1})
	if err != nil || len(first) == 0 {
		return nil, err
	}
	return &first[0].RecordedAt, nil
}

// Evidence points at the trail as it was: its name and number of entries, and
// the SHA-256 of the checkpoint that signs them. A trail without entries is
// evidence of nothing.
func (r *Reading) Evidence(ctx context.Context) (*facts.Evidence, error) {
	latest, err := r.Entries(ctx, trail.Filter{NewestFirst: true, Limit: 1})
	if err != nil || len(latest) == 0 {
		return nil, err
	}
	receipt, err := r.log.Receipt(ctx, latest[0].Seq)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(receipt.Checkpoint))
	return &facts.Evidence{URI: fmt.Sprintf("%s#%d", r.log.Origin(), receipt.Seq+1), SHA256: hex.EncodeToString(sum[:])}, nil
}

// Second is at in UTC without its fraction: documents are collected at whole
// seconds, and what was just recorded must not lie in their future.
func Second(at time.Time) time.Time { return at.UTC().Truncate(time.Second) }

// Person is a subject as documents spell persons; nil if it is none, and then
// nobody is known to have written the entry.
func Person(subject string) *string {
	return accepted("person", subject)
}

// Identifier is a name of a service or an environment; nil if it is none.
func Identifier(name string) *string {
	return accepted("identifier", name)
}

func accepted(shape, text string) *string {
	if _, ok := facts.Accepts(shape, text); !ok {
		return nil
	}
	return &text
}

// Assurance is how the writer was established.
func Assurance(w trail.Writer) *facts.Assurance {
	a := facts.Assurance(w.Assurance)
	return &a
}
