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
	rows, err := q.QueryContext(ctx, `SELECT CASE typeof(type) || typeof(name) || typeof(tbl_name) || typeof(coalesce(sql, '')) WHEN 'texttexttexttext' THEN type ELSE 'no text' END,
 name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	made := sqliteObjects()
	for rows.Next() {
		var o sqliteObject
		if err := rows.Scan(&o.kind, &o.name, &o.table, &o.statement); err != nil {
			return nil, err
		}
		i := slices.Index(made, o)
		if i < 0 {
			wrong = append(wrong, fmt.Sprintf("%.20s %.80q on %.80q is not as prodgate makes it", o.kind, o.name, o.table))
			continue
		}
		made = slices.Delete(made, i, i+1)
	}
	for _, o := range made {
		wrong = append(wrong, fmt.Sprintf("%s %s is missing", o.kind, o.name))
	}
	return wrong, rows.Err()
}

// sqliteObject is a row of sqlite_schema.
type sqliteObject struct{ kind, name, table, statement string }

// sqliteObjects are the rows that sqliteTables make.
func sqliteObjects() []sqliteObject {
	list := []sqliteObject{{"index", "sqlite_autoindex_blobs_1", "blobs", ""}}
	for _, statement := range sqliteTables() {
		words := strings.Fields(statement) // CREATE TABLE name, CREATE INDEX name ON table, CREATE UNIQUE INDEX name ON table
		if words[1] == "UNIQUE" {
			words = words[1:]
		}
		o := sqliteObject{kind: strings.ToLower(words[1]), name: words[2], table: words[2], statement: statement}
		if o.kind == "index" {
			o.table = words[4]
		}
		list = append(list, o)
	}
	return list
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
