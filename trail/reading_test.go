package trail

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func readAll(t *testing.T, l *Log) (n int64, err error) {
	t.Helper()
	r, err := l.Read(t.Context())
	if err != nil {
		return 0, err
	}
	for _, err := range r.Entries(t.Context()) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func steps(n int) (events []Event) {
	for i := range n {
		events = append(events, Event{
			ID: NewID(), Type: TypeDeployLive, OccurredAt: time.Now(), Service: fmt.Sprintf("s%d", i), Digest: someDigest,
			Environment: "production", Writer: Writer{Subject: "user:jane", Assurance: AssuranceUser},
		})
	}
	return events
}

func TestAReadingProvesWhatItHandsOut(t *testing.T) {
	l, err := Open(t.Context(), filepath.Join(t.TempDir(), "trail.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for want := int64(0); want < 40; want++ {
		if n, err := readAll(t, l); err != nil || n != want {
			t.Fatalf("of %d entries it hands out %d, %v", want, n, err)
		}
		if _, err := l.Append(t.Context(), steps(1)...); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAReadingOfAnAlteredLogIsAnError(t *testing.T) {
	for name, statement := range map[string]string{
		"an entry altered":                "UPDATE entries SET body = replace(body, '\"s3\"', '\"s9\"') WHERE seq = 3",
		"the last entry gone":             "DELETE FROM entries WHERE seq = 9",
		"an entry gone":                   "DELETE FROM entries WHERE seq = 4",
		"all entries gone":                "DELETE FROM entries",
		"two entries swapped":             "UPDATE entries SET seq = CASE seq WHEN 3 THEN -1 WHEN 4 THEN 3 ELSE seq END; UPDATE entries SET seq = 4 WHERE seq = -1",
		"the checkpoints gone":            "DELETE FROM checkpoints",
		"the last checkpoint mislabelled": "UPDATE checkpoints SET size = 9 WHERE size = 10",
		"the last checkpoint altered":     "UPDATE checkpoints SET note = replace(note, char(10) || '10' || char(10), char(10) || '11' || char(10)) WHERE size = 10",
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Open(t.Context(), filepath.Join(t.TempDir(), "trail.db"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if _, err := l.Append(t.Context(), steps(10)...); err != nil {
				t.Fatal(err)
			}
			for part := range strings.SplitSeq(statement, ";") {
				if _, err := l.store.db.ExecContext(t.Context(), part); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := readAll(t, l); err == nil || !strings.Contains(err.Error(), "audit verify") {
				t.Errorf("it hands out %d entries, %v", n, err)
			}
		})
	}
}

// The columns that entries are looked up by are not signed, and whoever can write
// to the file can make them say anything.
func TestAnEntryThatIsFoundAsWhatItIsNotIsNotHandedOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trail.db")
	l := open(t, path, Options{})
	add(t, l, steps(3)...)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := shell(path, "PRAGMA writable_schema = ON",
		"UPDATE sqlite_schema SET sql = replace(sql, 'json_extract(body, ''$.predicate.service'')', 'coalesce(''payments'', body)') WHERE name = 'entries'",
		"PRAGMA writable_schema = RESET", "UPDATE entries SET body = body", "REINDEX"); err != nil {
		t.Fatal(err)
	}
	l = open(t, path, Options{ReadOnly: true})
	found := 0
	for e, err := range l.Entries(t.Context(), Filter{Service: "payments"}) {
		if found++; err == nil || !strings.Contains(err.Error(), "found as what it is not") {
			t.Errorf("it hands out entry %d of %q, %v", e.Seq, e.Service, err)
		}
	}
	if found != 1 {
		t.Errorf("%d answers", found)
	}
}
