// Package recorded reads the audit trail for the collectors whose facts are in
// it: read-only, completely, and believing no entry that the trail's signed
// checkpoint does not prove. It knows nothing about what the entries say.
package recorded

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/strict"
	"github.com/prodgate/prodgate/trail"
)

// Kind is the kind of source that a trail is.
const Kind = "trail"

// MaxEntries bounds what is read of one service and type, of one digest or of one
// deployment. Where there is more, the section is not complete.
const MaxEntries = 10_000

// Log says where the trail is.
type Log struct {
	Location string // a path, postgres://… or https://…; empty: not configured
	Key      string // file with the signing key, or of https://… the public key; empty: where the trail has it

	Token func(context.Context) (string, error) // as in trail.Options
}

// Reading is a trail being read, as of its last checkpoint.
type Reading struct {
	Complete bool // nothing was left out because there was too much

	log  *trail.Log
	view *trail.View
	most int
}

// Open opens the trail for reading. The error is strict.ErrUnconfigured if it is
// not configured.
func (l Log) Open(ctx context.Context) (*Reading, error) {
	if l.Location == "" {
		return nil, fmt.Errorf("%w: set trail in prodgate.yaml to the location of the audit trail", strict.ErrUnconfigured)
	}
	opened, err := trail.Open(ctx, l.Location, trail.Options{ReadOnly: true, Key: l.Key, Token: l.Token})
	if err != nil {
		return nil, err
	}
	view, err := opened.View(ctx)
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return &Reading{Complete: true, log: opened, view: view, most: MaxEntries}, nil
}

// Collect opens the trail, has read make a section of it, and closes it. An error means
// that the trail could not be read or proved.
func (l Log) Collect(ctx context.Context, read func(*Reading) (facts.Section, error)) (section facts.Section, err error) {
	reading, err := l.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := reading.Close(); err == nil && closed != nil {
			section, err = nil, closed
		}
	}()
	found, err := read(reading)
	if err != nil {
		return nil, err
	}
	return facts.Observed{Section: found, Kind: Kind, Evidence: reading.Evidence()}, nil
}

// Close ends the reading.
func (r *Reading) Close() error { return errors.Join(r.view.Close(), r.log.Close()) }

// Origin is the name of the trail, as its checkpoints sign it.
func (r *Reading) Origin() string { return r.log.Origin() }

// PublicKey is what the trail's checkpoints are verified with: NAME+HASH+KEY.
func (r *Reading) PublicKey(ctx context.Context) (string, error) { return r.log.PublicKey(ctx) }

// Entries are those of any of the keys, each once, in the order of the trail. A
// row that is missing or altered makes the whole trail one that could not be
// looked at. Of too many the newest are read, and Complete is false.
func (r *Reading) Entries(ctx context.Context, keys ...trail.Key) ([]trail.Entry, error) {
	list, complete, err := r.Newest(ctx, keys...)
	r.Complete = r.Complete && complete
	return list, err
}

// Newest are the newest entries of each of the keys, in the order of the trail,
// for what no absence is concluded from.
func (r *Reading) Newest(ctx context.Context, keys ...trail.Key) (list []trail.Entry, complete bool, err error) {
	lists, complete, err := r.view.All(ctx, keys, r.most)
	if err != nil {
		return nil, false, err
	}
	list = slices.Concat(lists...)
	slices.SortFunc(list, func(a, b trail.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	return slices.CompactFunc(list, func(a, b trail.Entry) bool { return a.Seq == b.Seq }), complete, nil
}

// OfService are the keys of a service's entries of some types.
func OfService(service string, types ...string) []trail.Key {
	keys := make([]trail.Key, len(types))
	for i, t := range types {
		keys[i] = trail.ByServiceType(service, t)
	}
	return keys
}

// Began is when the first entry was recorded; nil where there is none.
func (r *Reading) Began(ctx context.Context) (*time.Time, error) {
	first, found, err := r.view.First(ctx)
	if err != nil || !found {
		return nil, err
	}
	return &first.RecordedAt, nil
}

// Evidence points at the trail as it was: its name and number of entries, and
// the SHA-256 of the checkpoint that signs them. A trail without entries is
// evidence of nothing.
func (r *Reading) Evidence() *facts.Evidence {
	if r.view.Size == 0 {
		return nil
	}
	sum := sha256.Sum256([]byte(r.view.Checkpoint))
	return &facts.Evidence{URI: fmt.Sprintf("%s#%d", r.log.Origin(), r.view.Size), SHA256: hex.EncodeToString(sum[:])}
}

// Second is at in UTC without its fraction: documents are collected at whole
// seconds, and what was just recorded must not lie in their future.
func Second(at time.Time) time.Time { return at.UTC().Truncate(time.Second) }

// Instant is at in UTC without its fraction; nil if no document could hold it.
func Instant(at *time.Time) *time.Time {
	if at == nil || at.Year() < 1970 || at.Year() > 2200 {
		return nil
	}
	second := Second(*at)
	return &second
}

// Told is when a step was taken, by the word of whoever recorded it; where no
// document could hold that, when it was recorded.
func Told(e trail.Entry) time.Time {
	if at := Instant(&e.OccurredAt); at != nil {
		return *at
	}
	return Second(e.RecordedAt)
}

// OccurredAt is Told, but not after it was recorded.
func OccurredAt(e trail.Entry) time.Time {
	if at := Told(e); !at.After(e.RecordedAt) {
		return at
	}
	return Second(e.RecordedAt)
}

// Deployment is the deployment that an entry belongs to, over all attempts of its
// run; empty if it names none.
func Deployment(e trail.Entry) string { return trail.WithoutAttempt(e.Deployment) }

// Seq is an entry's place in the trail.
func Seq(e trail.Entry) *int {
	seq := int(e.Seq)
	return &seq
}

// Person is a subject as documents spell persons; nil if it is none, and then
// nobody is known to have written the entry.
func Person(subject string) *string {
	return accepted("person", subject)
}

// Persons are the accepted ones of a list, each once.
func Persons(subjects []string) []string {
	list := []string{}
	for _, s := range subjects {
		if p := Person(s); p != nil && !slices.Contains(list, *p) {
			list = append(list, *p)
		}
	}
	return list
}

// Identifier is a name of a service or an environment; nil if it is none.
func Identifier(name string) *string {
	return accepted("identifier", name)
}

// Digest is a digest as documents spell it; nil if it is none.
func Digest(text string) *string {
	return accepted("digest", text)
}

// Text is text that is not blank; nil if it is.
func Text(text string) *string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return &text
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
