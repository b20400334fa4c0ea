package trail

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// publicOf is the public key that belongs to a log of the tests.
func publicOf(t *testing.T, l *Log) string {
	t.Helper()
	public, err := l.PublicKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return public
}

func TestAnExportVerifiesWithOnlyThePublicKey(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		dir := filepath.Join(t.TempDir(), "export")
		key := VerifyOptions{Key: publicOf(t, l)}
		size := int64(0)
		for _, more := range []int{0, 1, 2, 252, 1, 1, 300} { // around the width of a tile
			var events []Event
			for range more {
				events = append(events, plain())
			}
			receipts := add(t, l, events...)
			done, err := l.Export(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if done.Before != size || done.Size != size+int64(more) {
				t.Errorf("exported %+v, want %d more than %d", done, more, size)
			}
			size = done.Size
			key.Receipts = append(key.Receipts, receipts...)
			if r := intact(t, dir, key); r.Entries != size {
				t.Errorf("%+v", r)
			}
		}
		if _, err := l.Export(t.Context(), dir); err != nil {
			t.Errorf("once more: %v", err)
		}
		if r := verify(t, dir, VerifyOptions{}); r.Verdict != CannotTell {
			t.Errorf("without a key: %s", r.Verdict)
		}
		other := open(t, filepath.Join(t.TempDir(), "O.db"), Options{})
		if _, err := other.Export(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "another log") {
			t.Errorf("another log into the same folder: %v", err)
		}
		if r := verify(t, dir, VerifyOptions{Key: publicOf(t, other)}); r.Verdict != Altered {
			t.Errorf("with another log's key: %s", r.Verdict)
		}
	})
}

func TestALogIsNotExportedOverSomethingElse(t *testing.T) {
	dir := t.TempDir()
	l := open(t, filepath.Join(dir, "T.db"), Options{})
	if _, err := l.Export(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "name an empty one") {
		t.Errorf("into the folder of the log: %v", err)
	}
}

// exported is an export of 300 entries and its files.
func exported(t *testing.T) (dir string, files []string, key VerifyOptions) {
	t.Helper()
	l := open(t, filepath.Join(t.TempDir(), "T.db"), Options{})
	var events []Event
	for range 259 {
		events = append(events, plain())
	}
	add(t, l, events...)
	dir = filepath.Join(t.TempDir(), "export")
	if _, err := l.Export(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, file)
		}
		return err
	})
	if err != nil || len(files) != 6 {
		t.Fatalf("files %v, %v", files, err)
	}
	return dir, files, VerifyOptions{Key: publicOf(t, l)}
}

func TestAnExportCutOffAtAnyByteIsSeen(t *testing.T) {
	dir, files, key := exported(t)
	last := filepath.Join(dir, filepath.FromSlash(bundlePath(1, 3)))
	for _, file := range []string{last, filepath.Join(dir, checkpointFile)} {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for n := range whole {
			lineEnd := n > 0 && whole[n-1] == '\n' || whole[n] == '\n'
			if !*long && n%5 > 0 && !lineEnd || testing.Short() && n%45 > 0 { // "make faults" tries all
				continue
			}
			os.WriteFile(file, whole[:n], 0o600)
			if r := verify(t, dir, key); r.Verdict == Intact {
				t.Errorf("%s of %d bytes instead of %d: not seen", file, n, len(whole))
			}
		}
		os.WriteFile(file, append(whole, 0), 0o600)
		if r := verify(t, dir, key); r.Verdict == Intact {
			t.Errorf("%s with a byte more: not seen", file)
		}
		os.WriteFile(file, whole, 0o600)
	}
	for _, file := range files {
		if err := os.Rename(file, file+".away"); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, dir, key); r.Verdict == Intact {
			t.Errorf("without %s: not seen", file)
		}
		os.Rename(file+".away", file)
	}
	intact(t, dir, key)
}

func TestAFlippedBitInAnyFileOfAnExportIsSeen(t *testing.T) {
	dir, files, key := exported(t)
	for _, file := range files {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		step := max(1, len(whole)/200)
		switch { // "make faults" tries all
		case testing.Short():
			step *= 27
		case !*long:
			step *= 3
		}
		for i := 0; i < len(whole); i += step {
			whole[i] ^= 1 << (i % 8)
			os.WriteFile(file, whole, 0o600)
			if r := verify(t, dir, key); r.Verdict == Intact {
				t.Errorf("%s, byte %d: not seen", file, i)
			}
			whole[i] ^= 1 << (i % 8)
		}
		os.WriteFile(file, whole, 0o600)
	}
	intact(t, dir, key)
}

func TestAnExportThatWasInterruptedIsTheOlderOne(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "T.db"), Options{})
	add(t, l, plain(), plain(), plain())
	dir := filepath.Join(t.TempDir(), "export")
	if _, err := l.Export(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	old, _ := os.ReadFile(filepath.Join(dir, checkpointFile))
	var events []Event
	for range 300 {
		events = append(events, plain())
	}
	receipts := add(t, l, events...)
	if _, err := l.Export(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, checkpointFile), old, 0o600) // the checkpoint is written last
	key := VerifyOptions{Key: publicOf(t, l)}
	if r := intact(t, dir, key); r.Size != 3 {
		t.Errorf("%+v", r)
	}
	key.Receipts = receipts
	if r := verify(t, dir, key); r.Verdict != Altered {
		t.Errorf("with a receipt of what it has not: %s", r.Verdict)
	}
	if done, err := l.Export(t.Context(), dir); err != nil || done.Before != 3 {
		t.Errorf("again: %+v, %v", done, err)
	}
	intact(t, dir, key)
}

func TestPruneErasesWhatRetentionDoesNotKeep(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		clock := began
		options.Clock = func() time.Time { return clock }
		l := open(t, location, options)
		add(t, l, event(), event(func(e *Event) { e.Service = "other" }))
		clock = began.AddDate(0, 0, 100)
		add(t, l, event())
		writer := Writer{Subject: "user:jane", Assurance: AssuranceUser}
		prune := func(want int, retention Retention) {
			t.Helper()
			retention.Writer, retention.Reason = writer, "retention"
			if n, err := l.Prune(t.Context(), retention); n != want || err != nil {
				t.Errorf("%+v: %d erased, %v; want %d", retention, n, err, want)
			}
			key := VerifyOptions{Key: publicOf(t, l)}
			intact(t, location, key)
		}
		prune(0, Retention{Before: began})
		prune(1, Retention{Before: began.AddDate(0, 0, 90), Filter: Filter{Service: "other"}})
		prune(1, Retention{Before: began.AddDate(0, 0, 90)})
		prune(0, Retention{Before: began.AddDate(0, 0, 90), Roles: []string{BlobPolicy}}) // a kept entry refers to it
		prune(2, Retention{Before: began.AddDate(1, 0, 0), Roles: []string{BlobInput, BlobPolicy}})
		prune(0, Retention{Before: began.AddDate(1, 0, 0), Roles: []string{BlobInput, BlobPolicy}})
		if _, err := l.Prune(t.Context(), Retention{Writer: writer}); err == nil || !strings.Contains(err.Error(), "names no date") {
			t.Errorf("without a date: %v", err)
		}
		add(t, l, event())
		intact(t, location, VerifyOptions{Key: publicOf(t, l)})
	})
}

// An export comes from somewhere else. What never ends is not waited for.
func TestAnExportWithPipesIsRejected(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "T.db"), Options{})
	add(t, l, plain())
	key := VerifyOptions{Key: publicOf(t, l), Deadline: 2 * time.Second}
	for _, name := range []string{checkpointFile, bundlePath(0, 1), tilePath(0, 0, 1)} {
		folder := filepath.Join(t.TempDir(), "export")
		if _, err := l.Export(t.Context(), folder); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		makePipe(t, file)
		done := make(chan Verdict, 1)
		go func() {
			if r, err := Verify(t.Context(), folder, key); err == nil {
				done <- r.Verdict
			}
			close(done)
		}()
		select {
		case verdict := <-done:
			if verdict == Intact {
				t.Errorf("with a pipe as %s it is %s", name, verdict)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("it waits for a pipe as %s", name)
		}
	}
}
