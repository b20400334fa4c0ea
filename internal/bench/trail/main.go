// Trail measures the audit trail: one append with fsync, here and over HTTP, and many
// at once, against a bare insert into SQLite and a line in a plain file; verifying;
// the history of one digest; bytes for each entry.
//
//	go run ./internal/bench/trail [-rounds 300] [-entries 100000] [-history 1000000] [-postgres DSN]
//
// It writes Markdown tables to standard output and judges nothing. What it
// writes is in a temporary folder, and in a schema of its own in PostgreSQL.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/prodgate/prodgate/internal/bench/measure"
)

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 300, "how often each way to append has its turn")
	flag.IntVar(&o.entries, "entries", 100_000, "how many entries are verified")
	flag.IntVar(&o.history, "history", 0, "among how many entries a digest's history is read, 1000000 for the budget; 0: the same as are verified")
	flag.StringVar(&o.postgres, "postgres", "", "postgres://… of a server to measure as well")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

type options struct {
	rounds, entries, history int
	postgres                 string
}

func run(ctx context.Context, out io.Writer, o options) error {
	if o.rounds < 1 || o.entries < 1 {
		return fmt.Errorf("-rounds is %d and -entries is %d; both are at least 1", o.rounds, o.entries)
	}
	folder, err := os.MkdirTemp("", "prodgate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	fmt.Fprintf(out, "## The trail\n\n%s. Events of about 1.1 KB.\n", measure.Machine())
	places := []place{{name: "trail in SQLite", location: filepath.Join(folder, "T.db")}}
	if o.postgres != "" {
		p, drop, err := schema(ctx, o.postgres, filepath.Join(folder, "postgres.key"))
		if err != nil {
			return err
		}
		defer drop()
		places = append(places, p)
	}
	remote, end, err := served(ctx, folder)
	if err != nil {
		return err
	}
	err = appends(ctx, out, folder, slices.Insert(slices.Clone(places), 1, remote), o.rounds)
	if err = errors.Join(err, end()); err != nil {
		return err
	}
	if err := crowd(ctx, out, places); err != nil {
		return err
	}
	for _, p := range places {
		if err := large(ctx, out, p, max(o.entries, 1), o.history); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}
