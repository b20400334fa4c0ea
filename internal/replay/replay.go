// Package replay decides again what the trail says was decided: first by the
// rules of then, to show that the past reproduces, and then by others, to show
// which decisions they would have flipped.
//
// It reads and compares; it changes nothing, and nothing that it finds counts as
// a decision.
package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prodgate/prodgate/evaluator"
	"github.com/prodgate/prodgate/trail"
)

// Options say which decisions are replayed.
type Options struct {
	Since, Until time.Time // [Since, Until), by the instant that was decided about
	Service      string    // "" for all
	Environment  string    // "" for all
	Workers      int       // 0: as many as there are processors

	// Deadline is for how long one evaluation may take; 0: ten seconds. A rule
	// set of the past is untrusted, and could be made to run forever.
	Deadline time.Duration
}

// Past is where decisions come from.
type Past struct {
	Entries iter.Seq2[trail.Entry, error]
	// Blob returns stored content; it is called by several goroutines at once.
	Blob func(ctx context.Context, ref trail.BlobRef) ([]byte, error)
}

// ahead is how many decisions may be begun and not yet counted, for each worker.
const ahead = 8

// Run replays every decision in mode enforce. Gate are the new policies. What it
// holds in memory does not grow with the number of decisions, but for those that
// the report lists. An error means that the trail could not be read as a whole:
// nothing in a report is to be believed then, so there is none.
func Run(ctx context.Context, past Past, gate *evaluator.Evaluator, options Options) (*Report, error) {
	if options.Workers <= 0 {
		options.Workers = runtime.GOMAXPROCS(0)
	}
	if options.Deadline <= 0 {
		options.Deadline = 10 * time.Second
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r := &runner{Options: options, past: past, gate: gate, recorded: map[string]*recorded{}}
	room := make(chan struct{}, ahead*options.Workers)
	jobs := make(chan job, options.Workers)
	results := make(chan result, options.Workers)
	var workers sync.WaitGroup
	for range options.Workers {
		workers.Go(func() {
			for j := range jobs {
				results <- result{number: j.number, finding: r.replay(ctx, &j.entry)}
			}
		})
	}
	var failed error
	go func() {
		failed = r.deal(ctx, room, jobs)
		close(jobs)
		workers.Wait()
		close(results)
	}()
	report := newReport(gate.Policy(), options)
	waiting := map[int]*finding{}
	for done := range results {
		waiting[done.number] = done.finding
		for next := report.Decisions; waiting[next] != nil; next++ {
			report.add(waiting[next])
			delete(waiting, next)
			<-room
		}
	}
	if failed != nil {
		return nil, failed
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	report.finish()
	return report, nil
}

type job struct {
	number int
	entry  trail.Entry
}

type result struct {
	number  int
	finding *finding
}

// deal distributes the decisions, in the order of the log, as far as there is
// room. It is done when everybody has stopped or the trail has ended.
func (r *runner) deal(ctx context.Context, room chan struct{}, jobs chan job) error {
	number := 0
	for entry, err := range r.past.Entries {
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		if !r.asked(&entry) {
			continue
		}
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("replay: %w", context.Cause(ctx))
		}
		jobs <- job{number, entry}
		number++
	}
	return nil
}

// asked reports whether an entry is a decision to be replayed.
func (r *runner) asked(e *trail.Entry) bool {
	return e.Type == trail.TypeGateEvaluated && e.Mode == string(evaluator.ModeEnforce) &&
		(r.Service == "" || e.Service == r.Service) && (r.Environment == "" || e.Environment == r.Environment) &&
		!instantOf(e).Before(r.Since) && instantOf(e).Before(r.Until)
}

// instantOf is the instant that was decided about.
func instantOf(e *trail.Entry) time.Time {
	if e.Now.IsZero() {
		return e.OccurredAt
	}
	return e.Now
}

// runner replays single decisions. It is used by several goroutines at once.
type runner struct {
	Options
	past Past
	gate *evaluator.Evaluator

	mutex    sync.Mutex
	recorded map[string]*recorded // by the digest of the blob
	recent   []string             // the digests of recorded, the last used at the end
}

// mostRules is how many rule sets are kept compiled: each takes some megabytes,
// and the log uses them one after the other.
const mostRules = 16

// recorded is a rule set of the past, compiled once.
type recorded struct {
	once sync.Once
	gate *evaluator.Evaluator
	pair *evaluator.Pair // with the new policies
	err  error
}

// policy is the rule set that decided.
func (r *runner) policy(ctx context.Context, ref trail.BlobRef) (*recorded, error) {
	p := r.kept(ref.Digest)
	p.once.Do(func() {
		bundle, err := r.past.Blob(ctx, ref)
		if err != nil {
			p.err = err
			return
		}
		if p.gate, err = evaluator.NewFromBundle(ctx, bundle); err != nil {
			p.err = unusable{err}
			return
		}
		p.pair = evaluator.NewPair(p.gate, r.gate)
	})
	return p, p.err
}

// kept is the rule set of that digest, perhaps still to be compiled.
func (r *runner) kept(digest string) *recorded {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	p := r.recorded[digest]
	if p == nil {
		if len(r.recent) == mostRules {
			delete(r.recorded, r.recent[0])
			r.recent = r.recent[1:]
		}
		p = &recorded{}
		r.recorded[digest] = p
	} else {
		r.recent = slices.DeleteFunc(r.recent, func(d string) bool { return d == digest })
	}
	r.recent = append(r.recent, digest)
	return p
}

// unusable is what is there as it was recorded, and says nothing to this version.
type unusable struct{ error }

func (u unusable) Unwrap() error { return u.error }

// why sorts an error of a blob.
func why(err error) Reason {
	var u unusable
	switch {
	case errors.Is(err, trail.ErrErased):
		return Erased
	case errors.As(err, &u):
		return Unusable
	default:
		return Unreadable
	}
}
