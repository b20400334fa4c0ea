package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prodgate/prodgate/internal/bench/measure"
	"github.com/prodgate/prodgate/trail"
)

// place is a log to be measured.
type place struct {
	name     string
	location string
	key      string
	token    func(context.Context) (string, error) // of a log behind a server
}

func (p place) open(ctx context.Context) (*trail.Log, error) {
	return trail.Open(ctx, p.location, trail.Options{Key: p.key, Token: p.token})
}

// event is event n as the place accepts it: a server wants requests and decisions to name
// the deployment of the token's run.
func (p place) event(n int) trail.Event {
	e := event(n)
	if p.token != nil && (e.Type == trail.TypeGateRequested || e.Type == trail.TypeGateEvaluated) {
		e.Deployment = "acme/payments-api/runs/77"
	}
	return e
}

// schema is a place in a PostgreSQL server, and what takes it away again.
func schema(ctx context.Context, server, key string) (place, func(), error) {
	random := make([]byte, 6)
	if _, err := rand.Read(random); err != nil {
		return place{}, nil, err
	}
	name := "bench_" + hex.EncodeToString(random)
	db, err := sql.Open("pgx", server)
	if err != nil {
		return place{}, nil, err
	}
	drop := func() {
		if _, err := db.ExecContext(ctx, "DROP SCHEMA IF EXISTS "+name+" CASCADE"); err != nil {
			fmt.Fprintln(os.Stderr, "error:", err)
		}
		db.Close()
	}
	join := "?"
	if strings.Contains(server, "?") {
		join = "&"
	}
	return place{name: "trail in PostgreSQL", location: server + join + "search_path=" + name, key: key}, drop, nil
}

// everything are data that a step of each of kinds can have.
type everything struct {
	trail.GateData
	Trigger     string    `json:"trigger"`
	RequestedBy string    `json:"requested_by"`
	TriggeredBy string    `json:"triggered_by"`
	Approver    string    `json:"approver"`
	ApprovedAt  time.Time `json:"approved_at"`
	Result      string    `json:"result"`
}

// event is a step about service number n of 100, as large as a decision.
func event(n int) trail.Event {
	at := time.Date(2026, 11, 24, 16, 20, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
	data, err := json.Marshal(everything{
		GateData: trail.GateData{
			Kind: "promotion", Outcome: "allow",
			Required: []string{"approval", "artifact", "audit", "immutability", "rollback", "soak", "vulnerabilities", "window"},
			Passed:   []string{"approval", "artifact", "audit", "immutability", "rollback", "soak", "vulnerabilities", "window"},
			Findings: []trail.GateFinding{}, Weakened: []string{},
			Policy:      trail.GatePolicy{Version: "v1", Revision: "1.0.0", Digest: digest(1)},
			InputDigest: digest(n), Prodgate: "0.1.0",
		},
		Trigger: "workflow_dispatch", RequestedBy: "github:1", TriggeredBy: "github:1",
		Approver: "github:2", ApprovedAt: at, Result: "PASSED",
	})
	if err != nil {
		panic(err) // strings alone
	}
	e := trail.Event{
		ID: trail.NewID(), Type: kinds[n/100%len(kinds)], OccurredAt: at,
		Service: fmt.Sprintf("service-%d", n%100), Environment: "production",
		Artifact: fmt.Sprintf("registry.example.com/acme/service-%d", n%100), Digest: digest(n / 10),
		Request: trail.NewID(), Deployment: fmt.Sprintf("deployment-%d", n/10), Run: "https://ci.example.com/acme/payments-api/actions/runs/77/attempts/1",
		Writer: trail.Writer{Subject: "repo:acme/web:environment:production", Issuer: "https://ci.example.com", Assurance: trail.AssuranceCI},
		Data:   data,
	}
	if e.Type == trail.TypeGateEvaluated {
		e.Now, e.Mode = at, "enforce"
	}
	return e
}

// kinds are what a deployment leaves in a trail, gate.evaluated most often.
var kinds = []string{
	trail.TypeGateEvaluated, trail.TypeGateRequested, trail.TypeStagingDeployed, trail.TypeStagingVerified, trail.TypeApprovalGranted,
	trail.TypeGateEvaluated, trail.TypeDeployStarted, trail.TypeDeployLive, trail.TypeVerificationPassed, trail.TypeGateEvaluated,
}

func digest(n int) string { return fmt.Sprintf("sha256:%064x", n) }

// way is one way to keep an event durably.
type way struct {
	name string
	once func(n int) error
	took []time.Duration
}

// appends measures single appends, each way after the other in every round.
func appends(ctx context.Context, out io.Writer, folder string, places []place, rounds int) error {
	file, err := os.Create(filepath.Join(folder, "lines"))
	if err != nil {
		return err
	}
	defer file.Close()
	bare, err := sql.Open("sqlite", "file:"+filepath.Join(folder, "bare.db")+"?_pragma=synchronous(FULL)&_journal_mode=WAL")
	if err != nil {
		return err
	}
	defer bare.Close()
	if _, err := bare.ExecContext(ctx, "CREATE TABLE entries (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, body TEXT)"); err != nil {
		return err
	}
	ways := []*way{
		{name: "a line in a file, fsync", once: func(n int) error {
			b, err := json.Marshal(event(n))
			if err == nil {
				_, err = file.Write(append(b, '\n'))
			}
			if err == nil {
				err = file.Sync()
			}
			return err
		}},
		{name: "an insert into SQLite", once: func(n int) error {
			e := event(n)
			b, err := json.Marshal(e)
			if err == nil {
				_, err = bare.ExecContext(ctx, "INSERT INTO entries (id, body) VALUES (?, ?)", e.ID, string(b))
			}
			return err
		}},
	}
	for _, p := range places {
		l, err := p.open(ctx)
		if err != nil {
			return err
		}
		defer l.Close()
		ways = append(ways, &way{name: p.name, once: func(n int) error {
			_, err := l.Append(ctx, p.event(n))
			return err
		}})
	}
	for n := range rounds {
		for _, w := range ways {
			begin := time.Now()
			if err := w.once(n); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			w.took = append(w.took, time.Since(begin))
		}
	}
	fmt.Fprintf(out, "\nOne event at a time, durable, %d interleaved rounds:\n\n| way | p50 ms | p95 ms | p50 ÷ insert | p50 ÷ trail in SQLite |\n| --- | --- | --- | --- | --- |\n", rounds)
	base, local := ways[1].percentile(50), ways[2].percentile(50)
	for _, w := range ways {
		p50 := w.percentile(50)
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s |\n", w.name, measure.Millis(p50), measure.Millis(w.percentile(95)), measure.Ratio(p50, base), measure.Ratio(p50, local))
	}
	return nil
}

func (w *way) percentile(p int) time.Duration {
	slices.Sort(w.took)
	return w.took[len(w.took)*p/100]
}

// crowd measures 256 writers at once, who share commits.
func crowd(ctx context.Context, out io.Writer, places []place) error {
	const writers, each = 256, 20
	fmt.Fprintf(out, "\n%d writers at once, %d events each, one after the other:\n\n| place | events a second | cpu ms an event |\n| --- | --- | --- |\n", writers, each)
	for _, p := range places {
		l, err := p.open(ctx)
		if err != nil {
			return err
		}
		cost, err := measure.Here(func() error {
			errs := make([]error, writers)
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					for n := 0; n < each && errs[w] == nil; n++ {
						_, errs[w] = l.Append(ctx, p.event(w*each+n))
					}
				})
			}
			group.Wait()
			for _, err := range errs {
				if err != nil {
					return err
				}
			}
			return nil
		})
		l.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(out, "| %s | %.0f | %s |\n", p.name, writers*each/cost.Wall.Seconds(), measure.Millis(cost.CPU/(writers*each)))
	}
	return nil
}
