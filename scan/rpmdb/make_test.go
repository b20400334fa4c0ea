package rpmdb

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite" // writes the databases that are read
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sqliteDB is a database that SQLite itself wrote, with rpm's schema.
func sqliteDB(t testing.TB, pageSize string, headers ...[]byte) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rpmdb.sqlite")
	db, err := openSQLite(file)
	must(t, err)
	for _, statement := range []string{
		"PRAGMA page_size = " + pageSize, "PRAGMA synchronous = OFF", "PRAGMA journal_mode = OFF",
		"CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)",
		"CREATE TABLE IF NOT EXISTS 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum) ON UPDATE CASCADE ON DELETE CASCADE)",
		"CREATE INDEX IF NOT EXISTS 'Name_key_idx' ON 'Name'(key ASC)",
	} {
		_, err := db.Exec(statement)
		must(t, err)
	}
	for _, h := range headers {
		_, err := db.Exec("INSERT INTO Packages (blob) VALUES (?)", h)
		must(t, err)
	}
	must(t, db.Close())
	raw, err := os.ReadFile(file)
	must(t, err)
	return raw
}

// openSQLite opens a database with the one connection that settings belong to.
func openSQLite(file string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", file)
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}
