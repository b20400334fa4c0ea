package trail

import (
	"os"
	"testing"
)

// postgres is a place for a new log in the server of PRODGATE_TEST_POSTGRES, and
// the file of its key.
func postgres(t *testing.T) (location, key string) {
	t.Helper()
	if os.Getenv("PRODGATE_TEST_POSTGRES") == "" {
		t.Skip("set PRODGATE_TEST_POSTGRES to postgres://…, as .ci/postgres writes it, to run this on PostgreSQL")
	}
	t.Fatal("not yet")
	return "", ""
}
