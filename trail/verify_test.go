package trail

import (
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// verify runs Verify with a deadline, as the tests of what was altered need it.
func verify(t *testing.T, location string, options VerifyOptions) *Report {
	t.Helper()
	options.Deadline = 30 * time.Second
	begin := time.Now()
	r, err := Verify(t.Context(), location, options)
	if err != nil {
		r = &Report{Verdict: CannotTell, Problems: []Problem{{Where: "verify", What: err.Error(), Unseen: true}}}
	}
	if d := time.Since(begin); d > 35*time.Second {
		t.Errorf("it took %s", d)
	}
	return r
}

func intact(t *testing.T, location string, options VerifyOptions) *Report {
	t.Helper()
	r := verify(t, location, options)
	if r.Verdict != Intact {
		t.Fatalf("%s: %+v", r.Verdict, r.Problems)
	}
	return r
}

// sample fills a log with entries of every kind: blobs, shared and erased ones,
// several commits of several entries.
func sample(t *testing.T, l *Log) []Receipt {
	t.Helper()
	first := event()
	first.Blobs["empty"] = Blob{MediaType: "text/plain"}
	receipts := add(t, l, first)
	receipts = append(receipts, add(t, l, event(), plain(), event(func(e *Event) { e.Type, e.Mode, e.Data = TypeDeployLive, "", nil }))...)
	receipts = append(receipts, add(t, l, plain())...)
	e, err := l.Entry(t.Context(), receipts[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.Erase(t.Context(), "test", Writer{Subject: "user:jane", Assurance: AssuranceUser}, e.Refs[BlobInput]); n != 1 || err != nil {
		t.Fatalf("%d erased, %v", n, err)
	}
	return append(receipts, add(t, l, event())...)
}

func TestAnIntactLogVerifies(t *testing.T) {
	engines(t, func(t *testing.T, location string, options Options) {
		l := open(t, location, options)
		key := VerifyOptions{}
		if options.Key != "" {
			key.Key = strings.TrimSuffix(options.Key, ".key") + ".pub"
		}
		if r := intact(t, location, key); r.Size != 0 || r.Checkpoints != 1 {
			t.Errorf("an empty log: %+v", r)
		}
		receipts := sample(t, l)
		key.Receipts, key.Since = receipts, receipts[2].Checkpoint
		r := intact(t, location, key)
		if r.Size != 7 || r.Entries != 7 || r.Checkpoints != 6 || r.Erased != 1 || r.Blobs != 5 {
			t.Errorf("%+v", r)
		}
		l.Close()
		intact(t, location, key)
	})
}

func TestWithoutAKeyItCannotTell(t *testing.T) {
	path := filepath.Join(t.TempDir(), "T.db")
	l := open(t, path, Options{})
	sample(t, l)
	l.Close()
	os.Remove(path + ".pub")
	intact(t, path, VerifyOptions{})
	os.Rename(path+".key", path+".elsewhere")
	if r := verify(t, path, VerifyOptions{}); r.Verdict != CannotTell {
		t.Errorf("without a key: %s %+v", r.Verdict, r.Problems)
	}
	other := open(t, filepath.Join(t.TempDir(), "O.db"), Options{})
	public, _ := other.PublicKey(t.Context())
	if r := verify(t, path, VerifyOptions{Key: public}); r.Verdict != Altered {
		t.Errorf("with another key: %s %+v", r.Verdict, r.Problems)
	}
}

// shell changes a SQLite file as somebody with a SQLite shell would.
func shell(path string, statements ...string) error {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// copyLog copies a closed log with what lies beside it.
func copyLog(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "T.db")
	for _, ending := range []string{"", ".pub", ".checkpoint"} {
		b, err := os.ReadFile(from + ending)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+ending, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// columnsOf are the columns of each table, and what a row is named by.
var tablesOf = map[string]struct {
	key     string
	columns []string
}{
	"meta":        {"name", []string{"name", "value"}},
	"entries":     {"seq", []string{"seq", "body", "id", "type", "recorded_at", "service", "environment", "digest", "deployment", "mode", "policy"}},
	"hashes":      {"position", []string{"position", "hash"}},
	"checkpoints": {"size", []string{"size", "note"}},
	"blobs":       {"digest", []string{"digest", "seq", "media_type", "size", "salt", "content", "plain", "erased_at", "erased_seq"}},
	chainsTable:   {"node", []string{"node", "content"}},
}

// tampering are the statements that change one thing in one table.
func tampering(t *testing.T, path string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var list []string
	for _, table := range slices.Sorted(maps.Keys(tablesOf)) {
		its := tablesOf[table]
		rows, err := db.Query(fmt.Sprintf("SELECT quote(%s) FROM %s", its.key, table))
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for rows.Next() {
			var key string
			if err := rows.Scan(&key); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
		}
		rows.Close()
		list = append(list, "DELETE FROM "+table)
		for i, key := range keys {
			where := fmt.Sprintf(" WHERE %s = %s", its.key, key)
			list = append(list, "DELETE FROM "+table+where)
			next := keys[(i+1)%len(keys)]
			for _, column := range its.columns {
				for _, value := range []string{
					"NULL", "0", "-1", "999", "''", "x''", "x'00'", "'x'", column + " || 'x'", column + " + 1", "upper(" + column + ")", "substr(" + column + ", 2)",
					"zeroblob(length(" + column + "))", "CAST(" + column + " AS BLOB)", "replace(" + column + ", 'production', 'staging')", "replace(" + column + ", 'a', 'b')",
					fmt.Sprintf("(SELECT %s FROM %s WHERE %s = %s)", column, table, its.key, next),
				} {
					list = append(list, fmt.Sprintf("UPDATE %s SET %s = %s%s", table, column, value, where))
				}
				if column != its.key { // a swap
					list = append(list, fmt.Sprintf("UPDATE %[1]s SET %[2]s = CASE %[3]s WHEN %[4]s THEN (SELECT %[2]s FROM %[1]s WHERE %[3]s = %[5]s) ELSE (SELECT %[2]s FROM %[1]s WHERE %[3]s = %[4]s) END WHERE %[3]s IN (%[4]s, %[5]s)",
						table, column, its.key, key, next))
				}
			}
		}
	}
	return append(list, []string{
		"INSERT INTO meta VALUES ('x', 'y')",
		"INSERT INTO entries (seq, body) SELECT 7, replace(body, 'incident', 'incidend') FROM entries WHERE seq = 2",
		"INSERT INTO entries (seq, body) SELECT -1, replace(body, substr(id, 1, 8), '01234567') FROM entries WHERE seq = 2",
		"INSERT INTO hashes VALUES (999, zeroblob(32))", "INSERT INTO hashes VALUES (-1, zeroblob(32))",
		"INSERT INTO checkpoints SELECT 2, note FROM checkpoints WHERE size = 1", "INSERT INTO checkpoints SELECT 8, note FROM checkpoints WHERE size = 7",
		"UPDATE checkpoints SET note = note || substr(note, instr(note, char(8212))) WHERE size = 7",
		"UPDATE checkpoints SET note = note || char(8212) || ' witness AAAAAAAA' || char(10) WHERE size = 7",
		"UPDATE checkpoints SET note = substr(note, 1, length(note) - 4) || char(unicode(substr(note, -4, 1)) + 1) || substr(note, -3) WHERE size = 7",
		"INSERT INTO checkpoints SELECT -1, note FROM checkpoints WHERE size = 1", "INSERT INTO checkpoints VALUES (3, '')",
		"INSERT INTO blobs SELECT 'sha256:x', seq, media_type, size, salt, content, plain, erased_at, erased_seq FROM blobs WHERE seq = 0 LIMIT 1",
		"INSERT INTO blobs (digest, seq, media_type, size) VALUES ('x', 0, 'x', 0)",
		"INSERT INTO blobs (digest, seq, media_type, size) VALUES ('x', 99, 'x', 0)",
		"UPDATE blobs SET salt = NULL, content = NULL, plain = NULL, erased_seq = 5, erased_at = (SELECT recorded_at FROM entries WHERE seq = 5) WHERE seq = 0",
		"CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM blobs; END", "CREATE VIEW v AS SELECT * FROM entries", "CREATE TABLE x (y)",
		"CREATE INDEX i ON entries (body)", "ALTER TABLE blobs ADD COLUMN x", "ALTER TABLE blobs RENAME COLUMN plain TO p", "ALTER TABLE meta RENAME TO m",
		"DROP TABLE blobs", "DROP TABLE meta", "DROP TABLE checkpoints", "ANALYZE", "PRAGMA user_version=2", "PRAGMA application_id=1",
		"DROP INDEX entries_id", "DROP INDEX entries_digest", "DROP INDEX entries_service", "DROP INDEX entries_service_type", "DROP INDEX entries_type", "DROP INDEX entries_deployment",
		"DROP INDEX entries_recorded_at", "DROP INDEX entries_policy", "DROP INDEX blobs_seq", "DROP INDEX blobs_plain", "DROP INDEX blobs_erased",
	}...)
}

// What a SQLite shell can do to a log is seen, with what is remembered beside it
// and without.
func TestWhateverASQLiteShellChangesIsSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "T.db")
	l := open(t, path, Options{})
	sample(t, l)
	l.Close()
	intact(t, path, VerifyOptions{})
	before := dump(t, path)
	original, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := copyLog(t, path)
	os.Remove(to + ".checkpoint")
	every := 9 // "make faults" tries all
	switch {
	case *long:
		every = 1
	case testing.Short():
		every = 49
	}
	changed, refused, nothing := 0, 0, 0
	for i, statement := range tampering(t, path) {
		if i%every > 0 {
			continue
		}
		os.Remove(to + "-wal")
		os.Remove(to + "-shm")
		if err := os.WriteFile(to, original, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := shell(to, statement); err != nil {
			refused++
			continue
		}
		if dump(t, to) == before {
			nothing++
			continue
		}
		changed++
		if r := verify(t, to, VerifyOptions{}); r.Verdict == Intact {
			t.Errorf("not seen: %s", statement)
		}
	}
	t.Logf("%d changes seen, %d refused by the database, %d changed nothing", changed, refused, nothing)
	if changed < 10 || refused < 10 {
		t.Errorf("only %d changes and %d refusals: this test does not try what it says", changed, refused)
	}
}

// dump is everything that a file holds, its schema included.
func dump(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var b strings.Builder
	queries := []string{"SELECT type, name, tbl_name, sql FROM sqlite_schema", "SELECT application_id FROM pragma_application_id", "SELECT user_version FROM pragma_user_version"}
	for _, table := range []string{"meta", "entries", "hashes", "checkpoints", "blobs", chainsTable} {
		queries = append(queries, "SELECT * FROM "+table)
	}
	for _, q := range queries {
		rows, err := db.Query(q)
		if err != nil {
			fmt.Fprintln(&b, q, err)
			continue
		}
		names, _ := rows.Columns()
		for rows.Next() {
			to := make([]any, len(names))
			for i := range to {
				to[i] = new(any)
			}
			if err := rows.Scan(to...); err != nil {
				fmt.Fprintln(&b, q, err)
				break
			}
			for _, v := range to {
				fmt.Fprintf(&b, "%#v|", *v.(*any))
			}
			b.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			fmt.Fprintln(&b, q, err)
		}
		rows.Close()
	}
	return b.String()
}

// postgresTampering are the statements that change one thing in one table.
func postgresTampering() []string {
	var list []string
	for _, table := range slices.Sorted(maps.Keys(tablesOf)) {
		its := tablesOf[table]
		list = append(list, "DELETE FROM "+table, fmt.Sprintf("DELETE FROM %[1]s WHERE %[2]s = (SELECT max(%[2]s) FROM %[1]s)", table, its.key),
			fmt.Sprintf("DELETE FROM %[1]s WHERE %[2]s = (SELECT min(%[2]s) FROM %[1]s)", table, its.key))
		for _, column := range its.columns {
			for _, value := range []string{"NULL", "'x'", "'\\x00'", "99", column + " || 'x'", column + " + 1", column + " || '\\x00'::bytea"} {
				list = append(list, fmt.Sprintf("UPDATE %[1]s SET %[2]s = %[3]s WHERE %[4]s = (SELECT max(%[4]s) FROM %[1]s)", table, column, value, its.key))
			}
			if column != its.key { // a swap
				list = append(list, fmt.Sprintf("UPDATE %[1]s SET %[2]s = CASE %[3]s WHEN (SELECT min(%[3]s) FROM %[1]s) THEN (SELECT %[2]s FROM %[1]s ORDER BY %[3]s DESC LIMIT 1) ELSE (SELECT %[2]s FROM %[1]s ORDER BY %[3]s LIMIT 1) END WHERE %[3]s IN ((SELECT min(%[3]s) FROM %[1]s), (SELECT max(%[3]s) FROM %[1]s))",
					table, column, its.key))
			}
		}
	}
	slices.Sort(list)
	return append(list,
		"INSERT INTO meta VALUES ('x', 'y')", "INSERT INTO hashes VALUES (999, '\\x00')", "INSERT INTO checkpoints VALUES (3, '')", "INSERT INTO checkpoints VALUES (99, '')",
		"INSERT INTO blobs (digest, seq, media_type, size) VALUES ('x', 0, 'x', 0)",
		"ALTER TABLE entries ENABLE ROW LEVEL SECURITY", "CREATE RULE r AS ON DELETE TO blobs DO INSTEAD NOTHING", "ALTER TABLE blobs ADD COLUMN x text",
		"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER t BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION f()",
		"ALTER TABLE entries ALTER COLUMN mode DROP EXPRESSION", "ALTER TABLE blobs ALTER COLUMN plain SET DEFAULT '\\x00'", "ALTER TABLE meta ADD CHECK (value <> '')",
		"DROP INDEX entries_id", "DROP INDEX entries_digest", "DROP INDEX entries_service", "DROP INDEX entries_service_type", "DROP INDEX entries_type", "DROP INDEX entries_deployment",
		"DROP INDEX entries_recorded_at", "DROP INDEX entries_policy", "DROP INDEX blobs_seq", "DROP INDEX blobs_plain", "DROP INDEX blobs_erased",
		"ALTER TABLE meta RENAME TO m", "CREATE INDEX i ON entries (mode)", "DROP TABLE blobs",
	)
}

// What somebody with rights in PostgreSQL can do to a log is seen.
func TestWhateverAnSQLUserOfPostgreSQLChangesIsSeen(t *testing.T) {
	location, key := postgres(t)
	l := open(t, location, Options{Key: key})
	sample(t, l)
	public := publicOf(t, l)
	l.store.db.SetMaxOpenConns(1) // temporary tables belong to a connection
	before := contents(l)
	undo := backup(t, l)
	changed, refused, nothing := 0, 0, 0
	for i, statement := range postgresTampering() {
		if !*long && i%7 > 0 {
			continue
		}
		_, err := l.store.db.Exec(statement)
		switch data := strings.HasPrefix(statement, "UPDATE"); {
		case err != nil:
			refused++
		case data && contents(l) == before:
			nothing++
		default:
			changed++
			if r := verify(t, location, VerifyOptions{Key: public}); r.Verdict == Intact {
				t.Errorf("not seen: %s", statement)
			}
			undo()
		}
	}
	intact(t, location, VerifyOptions{Key: public})
	t.Logf("%d changes seen, %d refused by the database, %d changed nothing", changed, refused, nothing)
	if changed < 5 || refused < 5 {
		t.Errorf("only %d changes and %d refusals: this test does not try what it says", changed, refused)
	}
}

// contents is a digest of all that a log's tables hold.
func contents(l *Log) string {
	var all string
	for _, table := range postgresNames {
		var sum sql.NullString
		err := l.store.db.QueryRow(fmt.Sprintf("SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM %s t", table)).Scan(&sum)
		all += fmt.Sprintln(table, sum.String, err)
	}
	return all
}

// backup keeps a log's schema aside, and returns what brings it back.
func backup(t *testing.T, l *Log) func() {
	t.Helper()
	schema := l.store.engine.(postgresEngine).namespace
	run := func(statement string) {
		t.Helper()
		if _, err := l.store.db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	kept := map[string]string{"meta": "name, value", "entries": "seq, body", "hashes": "position, hash", "checkpoints": "size, note",
		"blobs": strings.Join(tablesOf["blobs"].columns, ", "), chainsTable: strings.Join(tablesOf[chainsTable].columns, ", ")}
	for table, list := range kept {
		run(fmt.Sprintf("CREATE TEMP TABLE kept_%s AS SELECT %s FROM %s", table, list, table))
	}
	return func() {
		run("DROP SCHEMA " + schema + " CASCADE")
		run("CREATE SCHEMA " + schema)
		for _, statement := range append(l.store.engine.tables(), l.store.engine.chains()) {
			run(statement)
		}
		for table, list := range kept {
			run(fmt.Sprintf("INSERT INTO %[1]s (%[2]s) SELECT %[2]s FROM kept_%[1]s", table, list))
		}
	}
}

// What is verified may be as large as somebody likes: no more of it is read than
// a log writes, and no table that has no end is waited for without a verdict.
func TestWhatNoLogWritesIsNotReadInto(t *testing.T) {
	path := filepath.Join(t.TempDir(), "T.db")
	l := open(t, path, Options{})
	sample(t, l)
	l.Close()
	const endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT "
	for _, tt := range []struct {
		name, want string
		statements []string
	}{
		{"a long entry", "it is longer than the 65535 bytes of an entry", []string{"UPDATE entries SET body = json_set(body, '$.more', hex(zeroblob(40000))) WHERE seq = 2"}},
		{"a long checkpoint", "checkpoint of 1", []string{"UPDATE checkpoints SET note = note || hex(zeroblob(40000)) WHERE size = 1"}},
		{"a long hash", "hash 2", []string{"UPDATE hashes SET hash = zeroblob(80000) WHERE position = 2"}},
		{"endless words about itself", "view", []string{"ALTER TABLE meta RENAME TO old", "CREATE VIEW meta AS " + endless + "'name' || n AS name, 'v' AS value FROM r"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			altered := copyLog(t, path)
			if err := shell(altered, tt.statements...); err != nil {
				t.Fatal(err)
			}
			r, err := Verify(t.Context(), altered, VerifyOptions{Deadline: 2 * time.Second})
			if err != nil || r.Verdict != Altered || !strings.Contains(fmt.Sprint(r.Problems), tt.want) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}
