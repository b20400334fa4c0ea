package trail

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresNames are the tables of a log. One that was made before there were
// chains has no table for them until it is written to.
var postgresNames = []string{"meta", "entries", "hashes", "checkpoints", "blobs", chainsTable}

const postgresChains = "chains (node bigint PRIMARY KEY, content bytea NOT NULL)"

// postgresMust are the tables of every log.
func postgresMust() []string {
	return slices.DeleteFunc(slices.Clone(postgresNames), func(name string) bool { return name == chainsTable })
}

// postgresIndexes are the indexes in addition to the primary keys: table and columns.
var postgresIndexes = []struct{ name, on string }{
	{"entries_digest", "entries (digest, seq) WHERE digest IS NOT NULL"},
	{"entries_service", "entries (service, seq) WHERE service IS NOT NULL"},
	{"entries_service_type", "entries (service, type, seq) WHERE service IS NOT NULL"},
	{"entries_type", "entries (type, seq)"},
	{"entries_deployment", "entries (deployment, seq) WHERE deployment IS NOT NULL"},
	{"entries_recorded_at", "entries (recorded_at)"},
	{"entries_policy", "entries (policy, seq) WHERE policy IS NOT NULL"},
	{"blobs_seq", "blobs (seq)"},
	{"blobs_plain", "blobs (plain) WHERE plain IS NOT NULL"},
	{"blobs_erased", "blobs (erased_seq) WHERE erased_seq IS NOT NULL"},
}

func openPostgres(at place, wrap func(driver.Connector) driver.Connector) (*store, error) {
	schema := at.schema()
	if !isPlainName(schema) {
		return nil, fmt.Errorf("schema %q of search_path is not lower-case letters, digits and _", schema)
	}
	connector := stdlib.GetConnector(*at.postgres)
	if wrap != nil {
		connector = wrap(connector)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(2)
	return &store{db: db, engine: postgresEngine{name: at.name, namespace: schema}}, nil
}

// schema is the first of the search path: there the tables are.
func (p place) schema() string {
	first, _, _ := strings.Cut(p.postgres.RuntimeParams["search_path"], ",")
	return strings.TrimSpace(first)
}

// isPlainName reports whether a schema's name needs no quotes.
func isPlainName(s string) bool {
	return s != "" && len(s) < 64 && (s[0] < '0' || s[0] > '9') && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

type postgresEngine struct{ name, namespace string }

func (e postgresEngine) tables() []string {
	list := []string{
		"CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL)",
		"CREATE TABLE entries (seq bigint PRIMARY KEY, body text NOT NULL, " + postgresColumns() + ")",
		"CREATE UNIQUE INDEX entries_id ON entries (id)",
		"CREATE TABLE hashes (position bigint PRIMARY KEY, hash bytea NOT NULL)",
		"CREATE TABLE checkpoints (size bigint PRIMARY KEY, note text NOT NULL)",
		"CREATE TABLE " + postgresChains,
		`CREATE TABLE blobs (digest text PRIMARY KEY, seq bigint NOT NULL, media_type text NOT NULL, size bigint NOT NULL,
 salt bytea, content bytea, plain bytea, erased_at text, erased_seq bigint)`,
	}
	for _, index := range postgresIndexes {
		list = append(list, "CREATE INDEX "+index.name+" ON "+index.on)
	}
	return list
}

// postgresColumns are the columns that PostgreSQL computes from the leaf. Their
// text sorts by its bytes, as in SQLite.
func postgresColumns() string {
	var list []string
	for _, c := range columns {
		path := strings.Join(c.path, ",")
		value := fmt.Sprintf("body::jsonb #>> '{%s}'", path)
		if c.text {
			value = fmt.Sprintf("CASE jsonb_typeof(body::jsonb #> '{%s}') WHEN 'string' THEN %s END", path, value)
		}
		must := ""
		if c.must {
			must = " NOT NULL"
		}
		list = append(list, fmt.Sprintf(`%s text COLLATE "C"%s GENERATED ALWAYS AS (%s) STORED`, c.name, must, value))
	}
	return strings.Join(list, ", ")
}

// limits bound a transaction that writes, and make its commit durable, whatever
// the server's configuration says: a writer that hangs must not keep the head
// from the others for long.
const limits = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '30s'; SET LOCAL idle_in_transaction_session_timeout = '60s';
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local');
`

// begin takes the row lock of the log's head: one writer at a time.
func (postgresEngine) begin(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, limits+"SELECT value FROM meta WHERE name = 'origin' FOR UPDATE")
	return err
}

// beginNew takes a lock that needs no table.
func (e postgresEngine) beginNew(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, limits); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "prodgate trail "+e.namespace); err != nil {
		return err
	}
	var encoding string
	var there bool
	err := conn.QueryRowContext(ctx, "SELECT current_setting('server_encoding'), EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)", e.namespace).Scan(&encoding, &there)
	switch {
	case err != nil:
		return err
	case encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s, which cannot hold every text: create it with ENCODING 'UTF8'", encoding)
	case there:
		return nil
	}
	_, err = conn.ExecContext(ctx, "CREATE SCHEMA "+e.namespace)
	return err
}

func (e postgresEngine) exists(ctx context.Context, q querier) (bool, error) {
	var count int
	err := q.QueryRowContext(ctx, "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY ($2)",
		e.namespace, postgresMust()).Scan(&count)
	switch {
	case err != nil:
		return false, err
	case count == 0:
		return false, nil
	case count < len(postgresMust()):
		return false, fmt.Errorf("schema %q holds %d of the %d tables of a trail: name another schema with ?search_path=NAME", e.namespace, count, len(postgresMust()))
	}
	var format string
	err = q.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'format'").Scan(&format)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, fmt.Errorf("table %s.meta is not a trail's: name another schema with ?search_path=NAME", e.namespace)
	case err == nil && format != fmt.Sprint(formatVersion):
		return false, fmt.Errorf("it is a trail of format %s; this prodgate knows %d: use the prodgate that made it", format, formatVersion)
	}
	return true, err
}

func (postgresEngine) chains() string { return "CREATE TABLE IF NOT EXISTS " + postgresChains }

func (postgresEngine) minor() string { return "" }

func (postgresEngine) insert(ctx context.Context, conn *sql.Conn, seq int64, bodies []string, position int64, hashes [][]byte) error {
	const from = " SELECT $1::bigint + n - 1, v FROM unnest($2::%s[]) WITH ORDINALITY AS t (v, n)"
	if _, err := conn.ExecContext(ctx, "INSERT INTO entries (seq, body)"+fmt.Sprintf(from, "text"), seq, bodies); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, "INSERT INTO hashes (position, hash)"+fmt.Sprintf(from, "bytea"), position, hashes)
	return err
}

func (postgresEngine) keep(ctx context.Context, conn *sql.Conn, nodes []int64, contents [][]byte) error {
	_, err := conn.ExecContext(ctx, `INSERT INTO chains (node, content) SELECT * FROM unnest($1::bigint[], $2::bytea[])
 ON CONFLICT (node) DO UPDATE SET content = excluded.content`, nodes, contents)
	return err
}

// wipe gives the space of what was erased back; until then the server keeps it.
func (postgresEngine) wipe(ctx context.Context, q querier) error {
	_, err := q.ExecContext(ctx, "VACUUM blobs")
	return err
}

// state is the SQLSTATE of an error; empty if it is not from the server.
func state(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// passing are a lost connection, a server that stops or starts, and what it
// asks to try again: serialization failures, deadlocks, too many connections.
func (postgresEngine) passing(err error) bool {
	if code := state(err); code != "" {
		return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P") ||
			slices.Contains([]string{"40001", "40P01", "53300"}, code)
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, net.ErrClosed) || errors.Is(err, sql.ErrConnDone) ||
		err != nil && (pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed"))
}

func (e postgresEngine) explain(err error) error {
	cure := ""
	switch state(err) {
	case "25006":
		cure = "the server is read-only, a standby perhaps: name the primary"
	case "42501":
		cure = fmt.Sprintf("the user needs the right to create schema %q, or to select, insert and update in its tables", e.namespace)
	case "42P01":
		cure = "a table of the trail is gone: restore it from a backup"
	case "53100":
		cure = "the server's disk is full: make room and try again; what was acknowledged is safe"
	case "55P03", "57014":
		cure = "another writer keeps the trail: try again"
	}
	if cure == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, cure)
}
