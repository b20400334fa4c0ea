package trail

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// store is the database that a log is kept in. What differs between SQLite and
// PostgreSQL is behind engine; all other SQL is the same for both.
type store struct {
	db     *sql.DB
	engine engine
}

// engine is what SQLite and PostgreSQL do differently.
type engine interface {
	// begin starts a transaction, the only one that writes until it ends.
	begin(ctx context.Context, conn *sql.Conn) error
	// beginNew starts one that makes a log, the only one that does.
	beginNew(ctx context.Context, conn *sql.Conn) error
	// exists reports whether the tables are there; an error if others are.
	exists(ctx context.Context, q querier) (bool, error)
	// tables are the statements that make them.
	tables() []string
	// chains is the statement that makes the table of chains where there is none.
	chains() string
	// minor precedes a column that is not to be searched by; empty where the
	// database knows by itself.
	minor() string
	// insert adds entries from a sequence number on, and hashes from a position on.
	insert(ctx context.Context, conn *sql.Conn, seq int64, bodies []string, position int64, hashes [][]byte) error
	// keep writes nodes of the tree of chains, over what is there.
	keep(ctx context.Context, conn *sql.Conn, nodes []int64, contents [][]byte) error
	// wipe removes from the files what an erasure left of contents.
	wipe(ctx context.Context, q querier) error
	// snapshot starts a transaction that reads, all as of one instant.
	snapshot(ctx context.Context, conn *sql.Conn) error
	// schema says what differs from the tables as tables made them.
	schema(ctx context.Context, q querier) (wrong []string, err error)
	// integrity says which pages or indexes are not sound.
	integrity(ctx context.Context, q querier) (wrong []string, err error)
	// damaged reports whether an error means that the database itself is broken.
	damaged(err error) bool
	// passing reports whether, after an error, the same transaction may work if tried again.
	passing(err error) bool
	// explain adds a cure to an error that a user can cure.
	explain(err error) error
}

// querier is a database, a connection of it or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// write runs work in a transaction that alone may write, and commits it. Where
// the transaction failed for a passing reason, a lost connection among them, it
// is tried again until ctx ends: work must find out by itself what an earlier
// try, whose commit was not answered, has done.
func (s *store) write(ctx context.Context, begin func(context.Context, *sql.Conn) error, work func(conn *sql.Conn) error) error {
	pause := 5 * time.Millisecond
	for end := time.Now().Add(busyFor); ; {
		err := s.writeOnce(ctx, begin, work)
		if err == nil || time.Now().After(end) || ctx.Err() != nil || !s.engine.passing(err) {
			return s.engine.explain(err)
		}
		select {
		case <-ctx.Done():
			return s.engine.explain(err)
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		}
	}
}

func (s *store) writeOnce(ctx context.Context, begin func(context.Context, *sql.Conn) error, work func(conn *sql.Conn) error) (err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close()
	defer func() {
		if err != nil {
			rollback(ctx, conn)
		}
	}()
	if err := begin(ctx, conn); err != nil {
		return fmt.Errorf("begin a transaction: %w", err)
	}
	if err := work(conn); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// rollback ends a transaction that did not work. A connection whose state is
// not known after that is not used again.
func rollback(ctx context.Context, conn *sql.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// contain turns a panic of a database driver into an error.
func contain(doing string, err *error) {
	if r := recover(); r != nil {
		*err = errors.Join(*err, fmt.Errorf("%s: the database driver broke down: %v", doing, r))
	}
}
