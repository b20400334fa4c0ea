package trail

import (
	"syscall"
	"testing"
)

func makePipe(t *testing.T, file string) {
	t.Helper()
	if err := syscall.Mkfifo(file, 0o600); err != nil {
		t.Fatal(err)
	}
}
