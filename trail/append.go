package trail

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/prodgate/prodgate/internal/legacy"
	"github.com/prodgate/prodgate/trail/step"
)

// joined is how many events of concurrent Appends one transaction takes.
const joined = 256

// request is one Append that waits to be committed, alone or with others.
type request struct {
	ctx    context.Context
	events []prepared
	done   chan struct{} // closed when receipts or err are there

	receipts []Receipt
	err      error
}

// prepared is an event that was checked, with the SHA-256 of each blob's content.
type prepared struct {
	Event
	plain map[string][sha256.Size]byte
}

// Append records events, all or none, in their order, and returns a receipt for
// each. A receipt means: durable, signed, provable. An event whose id is there
// with the same content gets its first receipt again; with other content, the
// error is ErrConflict.
//
// An event that does not contain what its type requires (package step) is refused
// with a *step.Error before anything is written. After any other error, including
// the end of ctx, the events may or may not be recorded: repeat the same Append to
// find out.
func (l *Log) Append(ctx context.Context, events ...Event) (receipts []Receipt, err error) {
	defer contain("append to trail "+l.place.name, &err)
	if len(events) == 0 {
		return nil, nil
	}
	if l.signer == nil && (l.remote == nil || l.readOnly) {
		return nil, fmt.Errorf("append to trail %s: it was opened to be read", l.place.name)
	}
	if l.remote != nil {
		if receipts, err = l.remote.append(ctx, events); err != nil {
			return nil, fmt.Errorf("append: %w", err)
		}
		return receipts, nil
	}
	r, err := prepare(ctx, events)
	if err == nil && !legacy.Is(ctx) {
		err = l.checkReferences(ctx, events)
	}
	if err != nil {
		return nil, fmt.Errorf("append to trail %s: %w", l.place.name, err)
	}
	l.mutex.Lock()
	closed := l.closed
	if !closed {
		l.queue = append(l.queue, r)
	}
	l.mutex.Unlock()
	if closed {
		return nil, fmt.Errorf("append to trail %s: it is closed", l.place.name)
	}
	if err := l.await(r); err != nil {
		return nil, fmt.Errorf("append to trail %s: %w", l.place.name, err)
	}
	return r.receipts, nil
}

func prepare(ctx context.Context, events []Event) (*request, error) {
	if len(events) > maxAppend {
		return nil, fmt.Errorf("%d events at once, more than %d", len(events), maxAppend)
	}
	r := &request{ctx: ctx, events: make([]prepared, len(events)), done: make(chan struct{})}
	contents := 0
	for i, e := range events {
		if err := e.check(); err != nil {
			return nil, err
		}
		if !legacy.Is(ctx) {
			if err := e.checkStep(); err != nil {
				return nil, err
			}
		}
		p := prepared{Event: e, plain: make(map[string][sha256.Size]byte, len(e.Blobs))}
		for role, b := range e.Blobs {
			p.plain[role] = sha256.Sum256(b.Content)
			contents += len(b.Content)
		}
		r.events[i] = p
	}
	if contents > maxContents {
		return nil, fmt.Errorf("blobs of %d bytes at once, more than %d", contents, maxContents)
	}
	return r, nil
}

// checkReferences returns an error if one of events refers to an entry that it
// cannot refer to. The entry is in the log, or before it in events.
func (l *Log) checkReferences(ctx context.Context, events []Event) error {
	for i := range events {
		field, id, refers := step.Refers(events[i].step())
		if !refers {
			continue
		}
		to, err := l.referred(ctx, id, events[:i])
		if err == nil {
			err = step.CheckReference(events[i].step(), to)
		}
		if err != nil {
			return fmt.Errorf("event %s (%s): %s: %w", events[i].ID, events[i].Type, field, err)
		}
	}
	return nil
}

// referred is the step with an id.
func (l *Log) referred(ctx context.Context, id string, before []Event) (step.Step, error) {
	for i := range before {
		if before[i].ID == id {
			return before[i].step(), nil
		}
	}
	entry, err := l.Entry(ctx, id)
	return entry.step(), err
}

// await returns when r is committed or failed. Whoever gets the turn commits
// for all who wait, itself among them.
func (l *Log) await(r *request) error {
	for {
		select {
		case <-r.done:
			return r.err
		case <-r.ctx.Done():
			l.withdraw(r)
			return r.ctx.Err()
		case l.turn <- struct{}{}:
			l.commitBatch()
			<-l.turn
		}
	}
}

// withdraw takes a request out of the queue, if it is still there.
func (l *Log) withdraw(r *request) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for i, other := range l.queue {
		if other == r {
			l.queue = append(l.queue[:i:i], l.queue[i+1:]...)
			return
		}
	}
}

// take takes the next requests that go into one transaction.
func (l *Log) take() []*request {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	n, events := 0, 0
	for n < len(l.queue) && (n == 0 || events+len(l.queue[n].events) <= joined) {
		events += len(l.queue[n].events)
		n++
	}
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	return batch
}

func (l *Log) commitBatch() {
	batch := l.take()
	if len(batch) == 0 {
		return
	}
	ctx, cancel := batch[0].ctx, context.CancelFunc(func() {})
	if len(batch) > 1 { // one caller's cancellation must not abort the batch
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 2*busyFor)
	}
	defer cancel()
	err := l.commitSafely(ctx, batch)
	for _, r := range batch {
		if r.err == nil {
			r.err = err
		}
		close(r.done)
	}
}

func (l *Log) commitSafely(ctx context.Context, batch []*request) (err error) {
	defer contain("commit", &err)
	return l.commit(ctx, batch)
}

// errStale is about a log that goes on from an older state than was seen.
var errStale = errors.New("the trail is older than it was")

// now is the recorder's clock, as exact as recordedLayout writes it.
func (l *Log) now() time.Time { return l.clock().UTC().Truncate(time.Microsecond) }
