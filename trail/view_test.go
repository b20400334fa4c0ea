package trail

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// bad is an entry of a type about the service that is read.
func bad(typ string, change ...func(*Event)) Event {
	e := plain()
	e.Type, e.Service, e.Environment, e.Digest, e.Deployment = typ, "payments-api", "production", someDigest, "d-1"
	for _, c := range change {
		c(&e)
	}
	return e
}

// life of a service with two emergencies, among entries of others.
func crowd(n int) []Event {
	list := []Event{bad(TypeEmergencyUsed)}
	for i := range n {
		list = append(list, bad(TypeDeployLive, func(e *Event) {
			e.Service, e.Digest, e.Deployment = fmt.Sprintf("other-%d", i), fmt.Sprintf("sha256:%064x", i), fmt.Sprintf("o-%d", i)
		}))
	}
	return append(list, bad(TypeEmergencyUsed, func(e *Event) { e.Digest = "" }), bad(TypeDeployLive))
}

var debtsOfTheService = ByServiceType("payments-api", TypeEmergencyUsed)

func viewed(t *testing.T, l *Log, key Key, most int) ([]Entry, bool, error) {
	t.Helper()
	v, err := l.View(t.Context())
	if err != nil {
		return nil, false, err
	}
	defer v.Close()
	return v.Entries(t.Context(), key, most)
}

func TestAllEntriesOfAKeyAreRead(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		add(t, l, crowd(30)...)
		add(t, l, bad(TypeFreezeDeclared, func(e *Event) { e.Service, e.Environment, e.Digest, e.Deployment = "", "", "", "" }))
		for _, tt := range []struct {
			key  Key
			most int
			want []int64
			all  bool
		}{
			{debtsOfTheService, 10, []int64{0, 31}, true},
			{debtsOfTheService, 1, []int64{31}, false},
			{ByDigest(someDigest), 10, []int64{0, 32}, true},
			{ByDeployment("d-1"), 10, []int64{0, 31, 32}, true},
			{ByDeployment("d-1"), 2, []int64{31, 32}, false},
			{ByServiceType("payments-api", TypeRollbackLive), 10, []int64{}, true},
			{ByType(TypeFreezeDeclared), 10, []int64{33}, true},
			{ByServiceType("", TypeFreezeDeclared), 10, []int64{33}, true},
		} {
			list, all, err := viewed(t, l, tt.key, tt.most)
			if err != nil || all != tt.all || !same(seqs(list), tt.want) {
				t.Errorf("%s, at most %d: entries %v, complete %t, %v; want %v, %t", tt.key, tt.most, seqs(list), all, err, tt.want, tt.all)
			}
		}
	})
}

// change alters a log as whoever can write its tables can.
func change(t *testing.T, l *Log, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := l.store.db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestARowThatIsMissingFromWhatIsReadIsSeen(t *testing.T) {
	dummy := func(seq int) string {
		e := bad(TypeIncidentLinked)
		body, err := leaf(e, began, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("INSERT INTO entries (seq, body) VALUES (%d, '%s')", seq, strings.ReplaceAll(string(body), "'", "''"))
	}
	for name, statements := range map[string][]string{
		"a middle row is deleted":             {"DELETE FROM entries WHERE seq = 31"},
		"the first row is deleted":            {"DELETE FROM entries WHERE seq = 0"},
		"the last row is deleted":             {"DELETE FROM entries WHERE seq = 32"},
		"a deleted row has a dummy's place":   {"DELETE FROM entries WHERE seq = 31", dummy(31)},
		"a dummy is at the end":               {"DELETE FROM entries WHERE seq = 31", dummy(33)},
		"a dummy stands before the log":       {"DELETE FROM entries WHERE seq = 31", dummy(-1)},
		"a row is another of the same key":    {"DELETE FROM entries WHERE seq = 31", "INSERT INTO entries (seq, body) SELECT 31, replace(replace(body, '0', '1'), 'predicateType', 'predicateType') FROM entries WHERE seq = 0"},
		"a row's text is altered":             {"UPDATE entries SET body = replace(body, 'user:jane', 'user:jone') WHERE seq = 31"},
		"its chains are gone":                 {"DELETE FROM chains"},
		"the chains' bucket is gone":          {"DELETE FROM chains WHERE node >= 4369"},
		"the chains are of another log":       {"UPDATE chains SET content = (SELECT content FROM chains WHERE node = 0)"},
		"a row is read under another service": {"UPDATE entries SET body = replace(body, 'payments-api', 'payments-apj') WHERE seq = 31"},
		"an entry is in another one's place":  {"UPDATE entries SET seq = -5 WHERE seq = 31", "UPDATE entries SET seq = 31 WHERE seq = 5", "UPDATE entries SET seq = 5 WHERE seq = -5"},
	} {
		t.Run(name, func(t *testing.T) {
			engines(t, func(t *testing.T, location string, options Options) {
				l := open(t, location, options)
				add(t, l, crowd(30)...)
				change(t, l, statements...)
				list, _, err := viewed(t, l, debtsOfTheService, 10)
				if err == nil || !strings.Contains(err.Error(), "prodgate audit verify") && !strings.Contains(err.Error(), "id") {
					t.Errorf("read %v, %v", seqs(list), err)
				}
			})
		})
	}
}

// Whoever can change the schema can take the generated columns for plain ones.
func TestARowThatItsColumnsHideIsSeen(t *testing.T) {
	l := open(t, t.TempDir()+"/T.db", Options{})
	add(t, l, crowd(30)...)
	change(t, l, "ALTER TABLE entries RENAME TO was",
		"CREATE TABLE entries (seq INTEGER PRIMARY KEY, body TEXT, id TEXT, type TEXT, recorded_at TEXT, service TEXT, environment TEXT, digest TEXT, deployment TEXT, mode TEXT, policy TEXT)",
		"INSERT INTO entries SELECT seq, body, id, CASE seq WHEN 31 THEN 'incident.linked' ELSE type END, recorded_at, service, environment, digest, deployment, mode, policy FROM was")
	list, _, err := viewed(t, l, debtsOfTheService, 10)
	if err == nil || !strings.Contains(err.Error(), "has 1 rows of emergency.used of \"payments-api\", its checkpoint signs 2") {
		t.Errorf("read %v, %v", seqs(list), err)
	}
	if list, _, err := viewed(t, l, ByServiceType("payments-api", TypeIncidentLinked), 10); err == nil {
		t.Errorf("read %v", seqs(list))
	}
}

// older makes a log one of before there were chains.
func older(t *testing.T, l *Log) {
	t.Helper()
	var size int64
	var note string
	if err := l.store.db.QueryRowContext(t.Context(), "SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1").Scan(&size, &note); err != nil {
		t.Fatal(err)
	}
	c, err := openOwn(note, l.verifier)
	if err != nil {
		t.Fatal(err)
	}
	c.chains = nil
	if note, err = c.sign(l.signer); err != nil {
		t.Fatal(err)
	}
	if _, err := l.store.db.ExecContext(t.Context(), "UPDATE checkpoints SET note = $1 WHERE size = $2", note, size); err != nil {
		t.Fatal(err)
	}
	change(t, l, "DROP TABLE chains")
}

func TestALogOfBeforeThereWereChainsGoesOn(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		add(t, l, crowd(30)...)
		older(t, l)
		l.last = head{}
		if err := replaceWhole(l.place.remembered(), nil, false); err != nil {
			t.Fatal(err)
		}
		public := publicOf(t, l)
		intact := func() {
			t.Helper()
			if r, err := Verify(t.Context(), location, VerifyOptions{Key: public}); err != nil || r.Verdict != Intact {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		read := func(want ...int64) {
			t.Helper()
			if list, all, err := viewed(t, l, debtsOfTheService, 10); err != nil || !all || !same(seqs(list), want) {
				t.Errorf("read %v, complete %t, %v", seqs(list), all, err)
			}
			if list, all, err := viewed(t, l, debtsOfTheService, 1); err != nil || all || len(list) != 1 {
				t.Errorf("read %v, complete %t, %v", seqs(list), all, err)
			}
		}
		intact()
		read(0, 31)
		add(t, l, bad(TypeEmergencyUsed))
		intact()
		read(0, 31, 33)

		older(t, l)
		change(t, l, "DELETE FROM entries WHERE seq = 31")
		if list, _, err := viewed(t, l, debtsOfTheService, 10); err == nil || !strings.Contains(err.Error(), "has 33 rows, its checkpoint signs 34") {
			t.Errorf("read %v, %v", seqs(list), err)
		}
	})
}

func TestVerifyComparesTheChains(t *testing.T) {
	for name, statement := range map[string]string{
		"a node is gone":     "DELETE FROM chains WHERE node > 4368",
		"a node was altered": "UPDATE chains SET content = (SELECT content FROM chains WHERE node = 0) WHERE node = 1 OR node > 4368",
		"a node was added":   "INSERT INTO chains (node, content) SELECT 900000, content FROM chains WHERE node = 0",
		"the table is gone":  "DROP TABLE chains",
	} {
		t.Run(name, func(t *testing.T) {
			engines(t, func(t *testing.T, location string, options Options) {
				l := open(t, location, options)
				add(t, l, crowd(3)...)
				public := publicOf(t, l)
				change(t, l, statement)
				if r, err := Verify(t.Context(), location, VerifyOptions{Key: public}); err != nil || r.Verdict != Altered {
					t.Errorf("%+v, %v", r, err)
				}
				if _, err := l.Append(t.Context(), bad(TypeDeployLive)); err == nil && name != "a node was added" {
					t.Error("the altered chains were signed anew")
				}
			})
		})
	}
}

// FuzzChains shows that no content of the tree makes its reader panic.
func FuzzChains(f *testing.F) {
	tree := newChainTree()
	h := debtsOfTheService.hash()
	tree.set(h, chain{}.add(0, [32]byte{1}))
	root, nodes := tree.root()
	f.Add(tree.nodes[nodes[0]], tree.nodes[nodes[len(nodes)-1]])
	f.Fuzz(func(t *testing.T, top, bucket []byte) {
		read := newChainTree()
		path := h.path()
		for _, n := range path {
			read.nodes[n] = tree.nodes[n]
		}
		read.nodes[path[0]], read.nodes[path[chainDepth]] = top, bucket
		if read.verify(root, h) == nil && read.get(h) != tree.get(h) {
			t.Errorf("another chain than the one that was signed: %+v", read.get(h))
		}
	})
}

// BenchmarkView reads the debts of one of many services.
func BenchmarkView(b *testing.B) {
	l, err := Open(b.Context(), b.TempDir()+"/T.db", Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for batch := range 50 {
		events := make([]Event, 1000)
		for i := range events {
			events[i] = bad(TypeDeployLive, func(e *Event) {
				e.Service, e.Deployment = fmt.Sprintf("service-%d", i%100), fmt.Sprintf("d-%d-%d", batch, i)
				e.Digest, e.Data = fmt.Sprintf("sha256:%064x", batch*1000+i), json.RawMessage(`{"version":"1","approvers":["mailto:jane@example.com"]}`)
			})
		}
		if _, err := l.Append(b.Context(), events...); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for b.Loop() {
		v, err := l.View(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		list, all, err := v.Entries(b.Context(), ByServiceType("service-7", TypeDeployLive), 10_000)
		if err != nil || !all || len(list) != 500 {
			b.Fatal(len(list), all, err)
		}
		if err := v.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
