package trail

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"
)

func (sqliteEngine) snapshot(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "BEGIN")
	return err
}

// schema compares what the file says it is made of with the statements that
// made it, byte for byte. Indexes that SQLite makes by itself have none.
func (sqliteEngine) schema(ctx context.Context, q querier) (wrong []string, err error) {
	rows, err := q.QueryContext(ctx, "SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	made := sqliteTables()
	automatic := []string{"sqlite_autoindex_blobs_1"}
	for rows.Next() {
		var kind, name, statement string
		if err := rows.Scan(&kind, &name, &statement); err != nil {
			return nil, err
		}
		list, word := &made, statement
		if statement == "" && kind == "index" {
			list, word = &automatic, name
		}
		i := slices.Index(*list, word)
		if i < 0 {
			wrong = append(wrong, fmt.Sprintf("%s %.80q is not as prodgate makes it", kind, name))
			continue
		}
		*list = slices.Delete(*list, i, i+1)
	}
	for _, statement := range slices.Concat(made, automatic) {
		first, _, _ := strings.Cut(statement, "(")
		wrong = append(wrong, fmt.Sprintf("it is missing: %s", strings.TrimSpace(first)))
	}
	return wrong, rows.Err()
}

// integrity reads every page, and compares each index with its table.
func (sqliteEngine) integrity(ctx context.Context, q querier) (wrong []string, err error) {
	rows, err := q.QueryContext(ctx, "PRAGMA integrity_check(20)")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return wrong, err
		}
		if line != "ok" {
			wrong = append(wrong, line)
		}
	}
	return wrong, rows.Err()
}

func (sqliteEngine) damaged(err error) bool {
	return code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB
}
