package trail

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// erasedAtOnce is how many blobs one entry says were erased.
const erasedAtOnce = 256

// Erase takes the content of blobs away for good, and records that in the same
// transaction, as blob.erased; the log still verifies. Those erased before are
// passed over. It returns how many it erased, also with an error.
func (l *Log) Erase(ctx context.Context, reason string, writer Writer, refs ...BlobRef) (erased int, err error) {
	defer contain("erase blobs", &err)
	erased, err = l.erase(ctx, reason, writer, refs)
	return erased, errors.Join(err, l.wipe(ctx, erased))
}

// onlyWhereKept is the error of erasing blobs of a log that a server keeps.
func (l *Log) onlyWhereKept() error {
	return fmt.Errorf("erase blobs of trail %s: a server erases nothing for others: run prodgate audit prune on its machine, with the location that it keeps the trail at", l.place.name)
}

func (l *Log) erase(ctx context.Context, reason string, writer Writer, refs []BlobRef) (erased int, err error) {
	if l.remote != nil {
		return 0, l.onlyWhereKept()
	}
	if l.signer == nil {
		return 0, fmt.Errorf("erase blobs of trail %s: it was opened to be read", l.place.name)
	}
	digests := make([]string, 0, len(refs))
	for _, r := range refs {
		digests = append(digests, r.Digest)
	}
	slices.Sort(digests)
	for chunk := range slices.Chunk(slices.Compact(digests), erasedAtOnce) {
		n, err := l.eraseSome(ctx, reason, writer, chunk)
		erased += n
		if err != nil {
			return erased, fmt.Errorf("erase blobs of trail %s: %w", l.place.name, err)
		}
	}
	return erased, nil
}

// wipe removes what erased blobs left in the database's files.
func (l *Log) wipe(ctx context.Context, erased int) error {
	if erased == 0 {
		return nil
	}
	if err := l.store.engine.wipe(ctx, l.store.db); err != nil {
		return fmt.Errorf("%d blobs of trail %s are erased, but traces of them stay in its files until it is written again: %w", erased, l.place.name, err)
	}
	return nil
}

func (l *Log) eraseSome(ctx context.Context, reason string, writer Writer, digests []string) (erased int, err error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	e := Event{ID: NewID(), Type: TypeBlobErased, OccurredAt: l.now(), Writer: writer}
	if err := e.checkFields(); err != nil {
		return 0, err
	}
	var t *transaction
	err = l.store.write(ctx, l.store.engine.begin, func(conn *sql.Conn) error {
		var err error
		if t, err = l.begin(ctx, conn, []*request{{events: []prepared{{Event: e}}}}); err != nil {
			return err
		}
		if _, done := t.there[e.ID]; done {
			return nil // by an earlier try whose commit was not answered
		}
		left, err := t.unerased(digests)
		if err != nil || len(left) == 0 {
			erased = 0
			return err
		}
		erased = len(left)
		if e.Data, err = json.Marshal(ErasedData{Reason: reason, Digests: left}); err != nil {
			return err
		}
		if err := errors.Join(checkData(e.Data), e.checkStep()); err != nil {
			return err
		}
		p, err := t.place(&prepared{Event: e})
		if err != nil {
			return err
		}
		if err := t.eraseRows(left, p.seq); err != nil {
			return err
		}
		return t.finish()
	})
	if err != nil {
		return 0, err
	}
	l.committed(t)
	return erased, nil
}

// unerased are those of digests that still have content; ErrNotFound if the log
// has one not at all.
func (t *transaction) unerased(digests []string) ([]string, error) {
	rows, err := t.conn.QueryContext(t.ctx, "SELECT digest, erased_seq IS NULL FROM blobs WHERE digest IN ("+placeholders(1, len(digests))+")", anys(digests)...)
	if err != nil {
		return nil, fmt.Errorf("look up the blobs: %w", err)
	}
	defer rows.Close()
	var left []string
	found := map[string]bool{}
	for rows.Next() {
		var digest string
		var there bool
		if err := rows.Scan(&digest, &there); err != nil {
			return nil, fmt.Errorf("look up the blobs: %w", err)
		}
		found[digest] = true
		if there {
			left = append(left, digest)
		}
	}
	for _, d := range digests {
		if !found[d] && rows.Err() == nil {
			return nil, fmt.Errorf("blob %s: %w", d, ErrNotFound)
		}
	}
	slices.Sort(left)
	return left, rows.Err()
}

func (t *transaction) eraseRows(digests []string, seq int64) error {
	args := append([]any{t.now.Format(recordedLayout), seq}, anys(digests)...)
	_, err := t.conn.ExecContext(t.ctx, "UPDATE blobs SET salt = NULL, content = NULL, plain = NULL, erased_at = $1, erased_seq = $2 WHERE digest IN ("+placeholders(3, len(digests))+")", args...)
	if err != nil {
		return fmt.Errorf("erase the blobs: %w", err)
	}
	return nil
}

func anys(list []string) []any {
	args := make([]any, len(list))
	for i, s := range list {
		args[i] = s
	}
	return args
}

// Retention selects the blobs to erase.
type Retention struct {
	Before time.Time // of entries recorded before; must be given
	Filter Filter    // and that match; its Until is not used
	Roles  []string  // input, decision, policy, …; empty: all but policy
	Reason string    // recorded with the erasure
	Writer Writer    // who erases
}

// covers reports whether retention is about blobs of a role.
func (r Retention) covers(role string) bool {
	if len(r.Roles) == 0 {
		return role != BlobPolicy
	}
	return slices.Contains(r.Roles, role)
}

// Prune erases the blobs that retention does not keep, and returns how many. A
// policy that a kept entry refers to as well stays.
func (l *Log) Prune(ctx context.Context, retention Retention) (erased int, err error) {
	defer contain("prune the trail", &err)
	erased, err = l.prune(ctx, retention)
	return erased, errors.Join(err, l.wipe(ctx, erased))
}

func (l *Log) prune(ctx context.Context, retention Retention) (erased int, err error) {
	if l.remote != nil {
		return 0, l.onlyWhereKept()
	}
	if retention.Before.IsZero() {
		return 0, errors.New("prune the trail: the retention names no date before which blobs are erased")
	}
	filter := retention.Filter
	filter.Until, filter.NewestFirst, filter.Limit = retention.Before, false, 0
	shared := map[string]BlobRef{} // policies, which several entries share
	var due []BlobRef
	for e, err := range l.Entries(ctx, filter) {
		if err != nil {
			return erased, err
		}
		for role, ref := range e.Refs {
			switch {
			case !retention.covers(role):
			case role == BlobPolicy:
				shared[ref.Digest] = ref
			default:
				due = append(due, ref)
			}
		}
		if len(due) >= 16*erasedAtOnce {
			n, err := l.erase(ctx, retention.Reason, retention.Writer, due)
			erased, due = erased+n, due[:0]
			if err != nil {
				return erased, err
			}
		}
	}
	if len(shared) > 0 {
		if err := l.spare(ctx, filter, shared); err != nil {
			return erased, err
		}
	}
	for _, ref := range shared {
		due = append(due, ref)
	}
	n, err := l.erase(ctx, retention.Reason, retention.Writer, due)
	return erased + n, err
}

// spare takes out of shared what entries refer to that filter does not match.
func (l *Log) spare(ctx context.Context, filter Filter, shared map[string]BlobRef) error {
	for e, err := range l.Entries(ctx, Filter{}) {
		if err != nil {
			return err
		}
		if ref, ok := e.Refs[BlobPolicy]; ok && !filter.matches(&e) {
			delete(shared, ref.Digest)
		}
	}
	return nil
}

// matches applies to an entry's own fields the conditions of Entries.
func (f Filter) matches(e *Entry) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return is(f.Service, e.Service) && is(f.Environment, e.Environment) && is(strings.TrimPrefix(f.Digest, "sha256:"), strings.TrimPrefix(e.Digest, "sha256:")) && is(f.Deployment, e.Deployment) &&
		(len(f.Types) == 0 || slices.Contains(f.Types, e.Type)) && e.Seq >= f.From &&
		(f.Since.IsZero() || !e.RecordedAt.Before(f.Since)) && (f.Until.IsZero() || e.RecordedAt.Before(f.Until))
}
