package trail

import (
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// postgres is a place for a new log in the server of PRODGATE_TEST_POSTGRES, a
// schema of its own, and the file of its key.
func postgres(t *testing.T) (location, key string) {
	t.Helper()
	server := os.Getenv("PRODGATE_TEST_POSTGRES")
	if server == "" {
		t.Skip("set PRODGATE_TEST_POSTGRES to postgres://…, as .ci/postgres writes it, to run this on PostgreSQL")
	}
	random := make([]byte, 6)
	rand.Read(random)
	schema := "test_" + hex.EncodeToString(random)
	t.Cleanup(func() {
		db, err := sql.Open("pgx", server)
		if err != nil {
			t.Error(err)
			return
		}
		defer db.Close()
		if _, err := db.Exec("DROP SCHEMA IF EXISTS " + schema + " CASCADE"); err != nil {
			t.Error(err)
		}
	})
	sep := "?"
	if strings.Contains(server, "?") {
		sep = "&"
	}
	return server + sep + "search_path=" + schema, filepath.Join(t.TempDir(), "trail.key")
}
