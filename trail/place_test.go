package trail

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnInvalidLocationIsRejectedWithARemedy(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(folder, "other.db")
	if err := shell(other, "CREATE TABLE entries (x)"); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(folder, "newer.db")
	open(t, newer, Options{}).Close()
	if err := shell(newer, "PRAGMA user_version=2"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ location, want string }{
		{"", "no location of a trail"},
		{"https://gate.example.com", "its public key is not pinned: set trail_key"},
		{"http://gate.example.com", "http is read from this machine only"},
		{"https://user:secret@gate.example.com", "contains a user name"},
		{"https://gate.example.com?token=secret", "no query and no fragment"},
		{"mysql://host/db", `unknown scheme "mysql": use https://, postgres://`},
		{"postgres://user:secret@host:port/db", "read the location of the trail"},
		{"postgres://127.0.0.1:1/db?search_path=A-B", "lower-case letters, digits and _"},
		{folder, "is a folder; name the file"},
		{filepath.Join(folder, "missing", "T.db"), "make it first"},
		{text, "file is not a database"},
		{other, "is a SQLite database of something else"},
		{newer, "it is a trail of format 2"},
	} {
		_, err := Open(t.Context(), c.location, Options{})
		if c.location == newer && err != nil {
			c.want = "is a trail of format 2; this prodgate knows 1"
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v; want %q", c.location, err, c.want)
		}
	}
	if _, err := os.Stat(text + ".key"); err == nil {
		t.Error("a key was made beside a file that is no log")
	}
}

func TestANameWithOddCharactersIsAFile(t *testing.T) {
	for _, name := range []string{"a b?c=d.db", "100%.db", "a#b&c.db", "sqlite:x.db"} {
		location := filepath.Join(t.TempDir(), name)
		add(t, open(t, location, Options{}), plain())
		if _, err := os.Stat(location); err != nil {
			t.Error(err)
		}
		intact(t, location, VerifyOptions{})
	}
	folder := t.TempDir()
	add(t, open(t, "sqlite:"+filepath.Join(folder, "T.db"), Options{}), plain())
	if _, err := os.Stat(filepath.Join(folder, "T.db")); err != nil {
		t.Error(err)
	}
}

func TestALinkToALogIsThatLog(t *testing.T) {
	location := filepath.Join(t.TempDir(), "T.db")
	add(t, open(t, location, Options{}), plain())
	link := filepath.Join(t.TempDir(), "L.db")
	if err := os.Symlink(location, link); err != nil {
		t.Skip(err)
	}
	add(t, open(t, link, Options{}), plain())
	if r := intact(t, link, VerifyOptions{}); r.Entries != 2 {
		t.Errorf("%+v", r)
	}
}

func TestTheKeyIsReadableOnlyByItsOwner(t *testing.T) {
	location := filepath.Join(t.TempDir(), "T.db")
	l := open(t, location, Options{})
	info, err := os.Stat(location + ".key")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got := publicBeside(t, location, ""); got != publicOf(t, l) || !strings.HasPrefix(got, l.Origin()+"+") {
		t.Errorf("the public key beside it is %q, inside %q", got, publicOf(t, l))
	}
	if list, _ := filepath.Glob(filepath.Join(filepath.Dir(location), ".*")); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}
}

func TestALogWithoutItsKeyIsReadAndNotContinued(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		add(t, l, plain())
		public := publicOf(t, l)
		l.Close()
		key := l.place.key
		if err := os.Rename(key, key+".elsewhere"); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), location, options); err == nil || !strings.Contains(err.Error(), "restore the file from a backup, or say where it is") {
			t.Errorf("without its key: %v", err)
		}
		if _, err := os.Stat(key); err == nil {
			t.Error("another key was made for a log that has one")
		}
		moved := options
		moved.Key = key + ".elsewhere"
		add(t, open(t, location, moved), plain())
		reading := options
		reading.ReadOnly = true
		if n := len(list(t, open(t, location, reading), Filter{Proven: true})); n != 2 {
			t.Errorf("%d entries", n)
		}
		intact(t, location, VerifyOptions{Key: public})

		other := open(t, filepath.Join(t.TempDir(), "O.db"), Options{})
		moved.Key = other.place.key
		if _, err := Open(t.Context(), location, moved); err == nil || !strings.Contains(err.Error(), "name the right key") && !strings.Contains(err.Error(), "was replaced or altered") {
			t.Errorf("with another log's key: %v", err)
		}
		os.WriteFile(key, []byte("no key\n"), 0o600)
		if _, err := Open(t.Context(), location, options); err == nil || !strings.Contains(err.Error(), "no private key of a log") {
			t.Errorf("with a file that is no key: %v", err)
		}
	})
}

func TestAProvenEntryIsTheOneThatWasSigned(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		events := []Event{plain(), event(), plain()}
		add(t, l, events...)
		if n := len(list(t, l, Filter{Proven: true, NewestFirst: true})); n != 3 {
			t.Errorf("%d entries", n)
		}
		if _, err := l.store.db.Exec("UPDATE entries SET body = replace(body, 'production', 'staging') WHERE seq = 1"); err != nil {
			t.Fatal(err)
		}
		if n := len(list(t, l, Filter{})); n != 3 {
			t.Errorf("%d entries", n)
		}
		seen := 0
		var last error
		for _, err := range l.Entries(t.Context(), Filter{Proven: true}) {
			if last = err; err == nil {
				seen++
			}
		}
		if seen != 1 || last == nil || !strings.Contains(last.Error(), "entry 1 is not the one that was signed") {
			t.Errorf("%d entries, then %v", seen, last)
		}
		if _, err := l.Entry(t.Context(), events[1].ID); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("the altered entry by its id: %v", err)
		}
		if _, err := l.Receipt(t.Context(), 1); err == nil {
			t.Error("a receipt of an altered entry was given")
		}
	})
}

func TestABlobThatWasAlteredIsNotHandedOut(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		e := event()
		add(t, l, e)
		there, err := l.Entry(t.Context(), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		ref := there.Refs[BlobInput]
		if _, err := l.store.db.Exec("UPDATE blobs SET content = salt WHERE digest = $1", ref.Digest); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Blob(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "was altered") {
			t.Errorf("an altered blob: %v", err)
		}
		other := there.Refs[BlobPolicy]
		if _, err := l.Erase(t.Context(), "test", Writer{Subject: "user:jane", Assurance: AssuranceUser}, other); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Blob(t.Context(), other); !errors.Is(err, ErrErased) {
			t.Errorf("an erased blob: %v", err)
		}
		if _, err := l.Append(t.Context(), e); !errors.Is(err, ErrConflict) && !errors.Is(err, ErrErased) {
			t.Errorf("a retry of what was erased: %v", err)
		}
	})
}

// What was erased is not in the files any more.
func TestErasedContentIsGoneFromTheFile(t *testing.T) {
	location := filepath.Join(t.TempDir(), "T.db")
	l := open(t, location, Options{})
	secret := strings.Repeat("a very private input ", 1000)
	e := event(func(e *Event) {
		e.Blobs = map[string]Blob{BlobInput: {MediaType: "text/plain", Content: []byte(secret)}}
	})
	add(t, l, e)
	there, err := l.Entry(t.Context(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.Erase(t.Context(), "asked for", Writer{Subject: "user:jane", Assurance: AssuranceUser}, there.Refs[BlobInput]); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	for _, ending := range []string{"", "-wal"} {
		b, err := os.ReadFile(location + ending)
		if err == nil && strings.Contains(string(b), "very private") {
			t.Errorf("%s still holds it", "T.db"+ending)
		}
	}
	intact(t, location, VerifyOptions{})
}

// Between looking for a log and making one, another process may have made it,
// written to it and left its checkpoint: that is no log that is gone.
func TestALogThatAnotherFirstRunMadeIsNotGone(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		other := open(t, location, options)
		receipts := add(t, other, plain())
		late := open(t, location, options)
		if err := late.create(t.Context()); err != nil {
			t.Fatal(err)
		}
		if again := add(t, late, plain()); again[0].Seq != receipts[0].Seq+1 {
			t.Errorf("it goes on with entry %d", again[0].Seq)
		}
	})
}
