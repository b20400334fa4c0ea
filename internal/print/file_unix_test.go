//go:build unix

package print

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A pipe stands for every file that is not a regular one: replacing the real
// /dev/null, even by mistake, would harm the machine.
func TestAPipeIsWrittenToAndNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(path, 0o600))
	reader, err := os.OpenFile(path, os.O_RDWR, 0) // both ends: opening it waits for nobody
	must(t, err)
	defer reader.Close()
	must(t, Output{Format: "text", Path: path}.Write(nil, []byte("ALLOW")))
	info, err := os.Lstat(path)
	must(t, err)
	if info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatalf("the pipe was replaced: %v", info.Mode())
	}
	got := make([]byte, 5)
	if n, err := reader.Read(got); err != nil || string(got[:n]) != "ALLOW" {
		t.Errorf("the pipe got %q, %v", got[:n], err)
	}
}
