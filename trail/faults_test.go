package trail

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// publicBeside is the public key beside a log.
func publicBeside(t *testing.T, location, key string) string {
	t.Helper()
	if key == "" {
		key = location + ".key"
	}
	b, err := os.ReadFile(strings.TrimSuffix(key, ".key") + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// Writers that are killed lose nothing that they acknowledged, however many.
func TestFaultWritersAreKilled(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		rounds := map[int]int{1: 2, 2: 2, 8: 1}
		if *long {
			rounds = map[int]int{1: 20, 2: 20, 8: 20}
		}
		var receipts []Receipt
		for _, writers := range []int{1, 2, 8} {
			for range rounds[writers] {
				var list []*writer
				for range writers {
					list = append(list, startWriter(t, "write", location, options.Key, 1_000_000))
				}
				<-list[0].first
				time.Sleep(time.Duration(rand.IntN(250)) * time.Millisecond)
				for _, w := range list {
					w.cmd.Process.Kill()
				}
				for _, w := range list {
					w.kill()
					receipts = append(receipts, w.receipts...)
					if len(w.errors) > 0 {
						t.Errorf("a writer of %d: %v", writers, w.errors)
					}
				}
				holds(t, location, publicBeside(t, location, options.Key), receipts)
			}
		}
		l := open(t, location, options)
		add(t, l, plain())
		holds(t, location, publicOf(t, l), receipts)
		t.Logf("%d acknowledged, none lost, none twice", len(receipts))
	})
}

// Thirty short-lived processes on one log: none fails.
func TestFaultThirtyProcessesAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		var list []*writer
		for range 30 {
			list = append(list, startWriter(t, "write", location, options.Key, 1, "TRAIL_TEST_WHEN=first"))
		}
		var receipts []Receipt
		for _, w := range list {
			w.wait(t, 2*time.Minute)
			if !w.done || len(w.errors) > 0 {
				t.Errorf("a process failed: %v", w.errors)
			}
			receipts = append(receipts, w.receipts...)
		}
		if r := holds(t, location, publicBeside(t, location, options.Key), receipts); r.Entries != 90 {
			t.Errorf("%d entries, want 90", r.Entries)
		}
	})
}

// scenario is a log's whole life, as a program that meets an error sees it: it
// gives up at the first. It returns what was acknowledged.
func scenario(ctx context.Context, location string, options Options, events []Event) (receipts []Receipt, err error) {
	l, err := Open(ctx, location, options)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	for _, batch := range [][]Event{events[:1], events[1:3], events[:1], events[3:]} {
		r, err := l.Append(ctx, batch...)
		if err != nil {
			return receipts, err
		}
		receipts = append(receipts, r...)
	}
	e, err := l.Entry(ctx, events[1].ID)
	if err != nil {
		return receipts, err
	}
	if ref := e.Refs[BlobInput]; true {
		_, err = l.Erase(ctx, "test", Writer{Subject: "user:jane", Assurance: AssuranceUser}, ref)
	}
	return receipts, err
}

// Whichever call of the database fails, before it was done or after, nothing
// acknowledged is lost, and the same appends again make it whole.
func TestFaultEveryDatabaseCallFailsOnce(t *testing.T) {
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("after=%t", after), func(t *testing.T) {
			engines(t, func(t *testing.T, location string, options Options) {
				step := 11
				if *long {
					step = 1
				}
				clean := &faults{}
				options.wrap = clean.wrap
				if _, err := scenario(t.Context(), location, options, life()); err != nil {
					t.Fatal(err)
				}
				tried := 0
				for n := 1 + rand.IntN(step); n <= clean.calls; n += step {
					failAt(t, n, after, options.Key != "")
					tried++
				}
				t.Logf("%d of %d calls failed, one after the other", tried, clean.calls)
			})
		})
	}
}

func life() []Event { return []Event{event(), event(), plain(), event(), plain()} }

// failAt lets the nth call of a new log's life fail.
func failAt(t *testing.T, n int, after, onPostgres bool) {
	var location, key string
	if onPostgres {
		location, key = postgres(t)
	} else {
		location = filepath.Join(t.TempDir(), "T.db")
	}
	events := life()
	f := &faults{fail: n, after: after}
	acknowledged, err := scenario(t.Context(), location, Options{Key: key, wrap: f.wrap}, events)
	if err == nil && f.calls >= n && len(acknowledged) != 6 {
		t.Errorf("call %d: no error, and %d receipts", n, len(acknowledged))
	}
	if err != nil && !errors.Is(err, errInjected) && !strings.Contains(err.Error(), "injected") {
		t.Errorf("call %d: another error than the one injected: %v", n, err)
	}
	if f.calls < n {
		t.Errorf("call %d was not made: there were %d", n, f.calls)
	}
	again, err := scenario(t.Context(), location, Options{Key: key}, events)
	if err != nil && !errors.Is(err, ErrErased) {
		t.Errorf("call %d failed, and then: %v", n, err)
	}
	r := holds(t, location, publicBeside(t, location, key), append(acknowledged, again...))
	if r.Entries < 5 || r.Entries > 6 {
		t.Errorf("call %d failed: %d entries", n, r.Entries)
	}
}

// A write-ahead log that is lost takes acknowledged entries with it. What is
// remembered beside the file exposes that, and so does a receipt; nothing is
// appended to such a log.
func TestFaultTheWriteAheadLogIsLost(t *testing.T) {
	location := filepath.Join(t.TempDir(), "T.db")
	add(t, open(t, location, Options{}), plain()) // the tables are in the file once this is closed
	// SQLite moves the log into the file once it has 1,000 pages: these are fewer.
	w := startWriter(t, "write", location, "", 20, "TRAIL_TEST_HOLD=1")
	<-w.first
	w.kill()
	public := publicBeside(t, location, "")
	lost := copyOf(t, location, ".key", ".pub", ".checkpoint")
	if r := verify(t, lost, VerifyOptions{}); r.Verdict == Intact {
		t.Errorf("without the -wal file: %s", r.Verdict)
	}
	if l, err := Open(t.Context(), lost, Options{}); err == nil {
		_, err = l.Append(t.Context(), plain())
		l.Close()
		if !errors.Is(err, errStale) {
			t.Errorf("a log behind what is remembered was continued: %v", err)
		}
	} else if !strings.Contains(err.Error(), "restore") {
		t.Errorf("the error has no cure: %v", err)
	}
	if r := verify(t, copyOf(t, location, ".pub"), VerifyOptions{Receipts: w.receipts[len(w.receipts)-1:]}); r.Verdict == Intact {
		t.Errorf("with a receipt alone: %s", r.Verdict)
	}
	holds(t, location, public, w.receipts)
}

// copyOf copies a log's main file, and of those beside it what is named.
func copyOf(t *testing.T, location string, beside ...string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "T.db")
	for _, ending := range append(beside, "") {
		b, err := os.ReadFile(location + ending)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+ending, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// An older backup is a valid log: alone it shows nothing. A receipt, or what is
// remembered, exposes it.
func TestFaultAnOldBackupIsRestored(t *testing.T) {
	location := filepath.Join(t.TempDir(), "T.db")
	l := open(t, location, Options{})
	add(t, l, event(), plain())
	l.Close()
	backup := copyOf(t, location, ".pub")
	l = open(t, location, Options{})
	receipts := add(t, l, plain(), plain())
	l.Close()
	intact(t, backup, VerifyOptions{})
	for name, options := range map[string]VerifyOptions{
		"a receipt":    {Receipts: receipts[1:]},
		"a checkpoint": {Since: receipts[0].Checkpoint},
	} {
		if r := verify(t, backup, options); r.Verdict != Altered {
			t.Errorf("with %s: %s", name, r.Verdict)
		}
	}
	b, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(location, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := verify(t, location, VerifyOptions{}); r.Verdict != Altered {
		t.Errorf("with what is remembered: %s", r.Verdict)
	}
	if _, err := Open(t.Context(), location, Options{}); !errors.Is(err, errStale) {
		t.Errorf("it was opened to be continued: %v", err)
	}
	os.Remove(location)
	if _, err := Open(t.Context(), location, Options{}); err == nil || !strings.Contains(err.Error(), "remembers one of 4 entries") {
		t.Errorf("a log that is gone was begun anew: %v", err)
	}
}

// A log that was replaced under an open handle is not continued.
func TestFaultARestoreUnderAnOpenHandle(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		add(t, l, plain(), plain())
		add(t, l, plain())
		for _, table := range []string{"DELETE FROM checkpoints WHERE size = 3", "DELETE FROM entries WHERE seq = 2", "DELETE FROM hashes WHERE position > 2"} {
			if _, err := l.store.db.Exec(table); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := l.Append(t.Context(), plain()); !errors.Is(err, errStale) {
			t.Errorf("append: %v", err)
		}
		if r := verify(t, location, VerifyOptions{Key: publicOf(t, l), Since: l.last.note}); r.Verdict != Altered {
			t.Errorf("%s", r.Verdict)
		}
	})
}

// What was altered is not signed once more.
func TestFaultAnAlteredLogIsNotContinued(t *testing.T) {
	for _, statement := range []string{
		"UPDATE hashes SET hash = zeroblob(32)", "DELETE FROM hashes WHERE position = 3", "DELETE FROM checkpoints", "UPDATE checkpoints SET note = replace(note, 'a', 'b')",
		"DELETE FROM entries WHERE seq = 2", "INSERT INTO entries (seq, body) SELECT 9, replace(body, substr(id, 1, 8), '01234567') FROM entries WHERE seq = 0",
	} {
		location := filepath.Join(t.TempDir(), "T.db")
		l := open(t, location, Options{})
		add(t, l, plain(), plain(), plain())
		l.Close()
		os.Remove(location + ".checkpoint")
		if err := shell(location, statement); err != nil {
			t.Fatal(err)
		}
		l, err := Open(t.Context(), location, Options{})
		if err == nil {
			_, err = l.Append(t.Context(), plain())
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "prodgate audit verify") {
			t.Errorf("after %s: %v", statement, err)
		}
	}
}

// A bit that flips in any page is seen, or everything that can be read is as
// before.
func TestFaultAFlippedBitInAnyPage(t *testing.T) {
	location := filepath.Join(t.TempDir(), "T.db")
	l := open(t, location, Options{})
	sample(t, l)
	l.Close()
	original, err := os.ReadFile(location)
	if err != nil {
		t.Fatal(err)
	}
	before := dump(t, location)
	to := copyOf(t, location, ".pub")
	step := 211
	switch {
	case *long:
		step = 3
	case testing.Short():
		step = 1499
	}
	seen, irrelevant := 0, 0
	for i := rand.IntN(step); i < len(original); i += step {
		if original[i] == 0 && i%8 > 0 {
			continue // most of it is empty
		}
		for _, ending := range []string{"-wal", "-shm"} {
			os.Remove(to + ending)
		}
		b := slices.Clone(original)
		b[i] ^= 1 << rand.IntN(8)
		if err := os.WriteFile(to, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if verify(t, to, VerifyOptions{}).Verdict != Intact {
			seen++
			continue
		}
		irrelevant++
		if after := dump(t, to); after != before {
			was, is := difference(before, after)
			t.Errorf("byte %d of page %d: not seen, and what is read is another:\n%s\n%s", i%4096, i/4096+1, was, is)
		}
	}
	t.Logf("%d flips seen, %d where nothing is stored", seen, irrelevant)
	if seen == 0 {
		t.Error("no flip was seen: this test does not try what it says")
	}
}

// difference is the first line that differs.
func difference(a, b string) (x, y string) {
	p, q := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(p), len(q)) {
		if p[i] != q[i] {
			return p[i], q[i]
		}
	}
	return fmt.Sprint(len(p), " lines"), fmt.Sprint(len(q), " lines")
}

// A file that is cut off anywhere is seen.
func TestFaultAFileThatIsCutOff(t *testing.T) {
	location := filepath.Join(t.TempDir(), "T.db")
	l := open(t, location, Options{})
	sample(t, l)
	l.Close()
	original, err := os.ReadFile(location)
	if err != nil {
		t.Fatal(err)
	}
	to := copyOf(t, location, ".pub")
	for n := 0; n < len(original); n += 2048 {
		if err := os.WriteFile(to, original[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, to, VerifyOptions{}); r.Verdict == Intact {
			t.Errorf("%d of %d bytes: %s", n, len(original), r.Verdict)
		}
		os.Remove(to + "-wal")
		os.Remove(to + "-shm")
	}
}

// Keys are made once, whoever comes first.
func TestFaultManyFirstRunsAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, _ string, _ Options) {
		rounds := 2
		if *long {
			rounds = 20
		}
		for range rounds {
			var location, key string
			if strings.Contains(t.Name(), "PostgreSQL") {
				location, key = postgres(t)
			} else {
				location = filepath.Join(t.TempDir(), "T.db")
			}
			var list []*writer
			for range 8 {
				list = append(list, startWriter(t, "write", location, key, 2, "TRAIL_TEST_WHEN=first"))
			}
			var receipts []Receipt
			for _, w := range list {
				w.wait(t, time.Minute)
				if !w.done {
					t.Errorf("a first run failed: %v", w.errors)
				}
				receipts = append(receipts, w.receipts...)
			}
			holds(t, location, publicBeside(t, location, key), receipts)
		}
	})
}

// A verification that has no time says that it cannot tell.
func TestFaultVerifyEndsAtItsDeadline(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		sample(t, l)
		r, err := Verify(t.Context(), location, VerifyOptions{Key: publicOf(t, l), Deadline: time.Nanosecond})
		if err == nil && r.Verdict != CannotTell {
			t.Errorf("%s", r.Verdict)
		}
	})
}
