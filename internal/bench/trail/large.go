package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/bench/measure"
	"github.com/prodgate/prodgate/trail"
)

// large fills a log and measures queries of a large log.
func large(ctx context.Context, out io.Writer, p place, entries, history int) error {
	l, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	begin := time.Now()
	if err := fill(ctx, l, entries); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s, filled to %d entries in %.0f s by appends of %d events.\n", p.name, entries, time.Since(begin).Seconds(), chunk)
	if err := bytes(ctx, out, p); err != nil {
		return err
	}
	if err := verify(ctx, out, p, l); err != nil {
		return err
	}
	if history > entries {
		if err := fill(ctx, l, history); err != nil {
			return err
		}
		if err := bytes(ctx, out, p); err != nil {
			return err
		}
	}
	if err := read(ctx, out, l, max(history, entries)); err != nil {
		return err
	}
	return view(ctx, out, l, max(history, entries))
}

const chunk = 1024

// fill appends events until the log has so many.
func fill(ctx context.Context, l *trail.Log, entries int) error {
	have := 0
	for e, err := range l.Entries(ctx, trail.Filter{NewestFirst: true, Limit: 1}) {
		if err != nil {
			return err
		}
		have = int(e.Seq) + 1
	}
	for have < entries {
		events := make([]trail.Event, min(chunk, entries-have))
		for i := range events {
			events[i] = event(have + i)
		}
		if _, err := l.Append(ctx, events...); err != nil {
			return err
		}
		have += len(events)
	}
	return nil
}

// bytes returns the size of a SQLite file per entry.
func bytes(ctx context.Context, out io.Writer, p place) error {
	info, err := os.Stat(p.location)
	if err != nil {
		return nil // not a file
	}
	l, err := trail.Open(ctx, p.location, trail.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer l.Close()
	for e, err := range l.Entries(ctx, trail.Filter{NewestFirst: true, Limit: 1}) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "The file holds %d entries in %d MB: %d bytes each, of which the event is %d.\n",
			e.Seq+1, info.Size()>>20, info.Size()/(e.Seq+1), len(e.Body))
	}
	return nil
}

func verify(ctx context.Context, out io.Writer, p place, l *trail.Log) error {
	public, err := l.PublicKey(ctx)
	if err != nil {
		return err
	}
	var report *trail.Report
	var costs []measure.Cost
	for range 3 {
		cost, err := measure.Here(func() (err error) {
			report, err = trail.Verify(ctx, p.location, trail.VerifyOptions{Key: public})
			return err
		})
		if err != nil {
			return err
		}
		costs = append(costs, cost)
	}
	if report.Verdict != trail.Intact {
		return fmt.Errorf("the log is not intact: %+v", report.Problems)
	}
	c := measure.Least(costs)
	fmt.Fprintf(out, "Verified %d entries and %d checkpoints in %s ms, %s ms of processor time (least of 3).\n",
		report.Entries, report.Checkpoints, measure.Millis(c.Wall), measure.Millis(c.CPU))
	return nil
}

// read measures what a gate and an auditor ask.
func read(ctx context.Context, out io.Writer, l *trail.Log, entries int) error {
	fmt.Fprintf(out, "\nRead among %d entries, medians of 50:\n\n| what | found | ms |\n| --- | --- | --- |\n", entries)
	for _, q := range []struct {
		name   string
		filter trail.Filter
	}{
		{"history of one digest", trail.Filter{Digest: digest(entries / 20)}},
		{"history of one digest, newest first, one service", trail.Filter{Digest: digest(entries / 20), Service: "service-7", NewestFirst: true}},
		{"one deployment", trail.Filter{Deployment: fmt.Sprintf("deployment-%d", entries/20)}},
		{"the last 100 of a service in production", trail.Filter{Service: "service-7", Environment: "production", NewestFirst: true, Limit: 100}},
		{"the last 100 of a type", trail.Filter{Types: []string{trail.TypeGateEvaluated}, NewestFirst: true, Limit: 100}},
		{"the last 100", trail.Filter{NewestFirst: true, Limit: 100}},
		{"a digest that is not there", trail.Filter{Digest: "sha256:" + strings.Repeat("f", 64)}},
	} {
		var took []time.Duration
		found := 0
		for range 50 {
			found = 0
			begin := time.Now()
			for _, err := range l.Entries(ctx, q.filter) {
				if err != nil {
					return err
				}
				found++
			}
			took = append(took, time.Since(begin))
		}
		slices.Sort(took)
		fmt.Fprintf(out, "| %s | %d | %s |\n", q.name, found, measure.Millis(took[len(took)/2]))
	}
	return nil
}

// view measures what a decision reads, completely: a service's entries of the types
// that can be bad news, one digest and one deployment.
func view(ctx context.Context, out io.Writer, l *trail.Log, entries int) error {
	keys := []trail.Key{trail.ByDigest(digest(entries / 20)), trail.ByDeployment(fmt.Sprintf("deployment-%d", entries/20)), trail.ByType(trail.TypeFreezeDeclared)}
	for _, t := range []string{
		trail.TypeGateRequested, trail.TypeApprovalRejected, trail.TypeApprovalWithdrawn, trail.TypeStagingDeployed, trail.TypeEmergencyUsed, trail.TypeEmergencyReviewed,
		trail.TypeDeployStarted, trail.TypeDeployLive, trail.TypeDeployFailed, trail.TypeVerificationPassed, trail.TypeVerificationFailed,
		trail.TypeRollbackStarted, trail.TypeRollbackLive, trail.TypeRollbackFailed, trail.TypeProductionAdopted, trail.TypeEntryDismissed,
	} {
		keys = append(keys, trail.ByServiceType("service-7", t))
	}
	var costs []measure.Cost
	found := 0
	for range 10 {
		cost, err := measure.Here(func() error {
			v, err := l.View(ctx)
			if err != nil {
				return err
			}
			defer func() { _ = v.Close() }()
			found = 0
			for _, key := range keys {
				list, _, err := v.Entries(ctx, key, 10_000)
				if err != nil {
					return err
				}
				found += len(list)
			}
			return nil
		})
		if err != nil {
			return err
		}
		costs = append(costs, cost)
	}
	c := measure.Least(costs)
	fmt.Fprintf(out, "\nWhat a decision reads, complete and compared with its chains: %d entries of %d keys in %s ms, %s ms of processor time (least of 10).\n",
		found, len(keys), measure.Millis(c.Wall), measure.Millis(c.CPU))
	return nil
}
