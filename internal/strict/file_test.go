package strict

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestReadGivesTheBytesAndTheirDigest(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("x: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := Path{Dir: dir, Name: "a.yaml"}.Read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("x: 1\n"))
	if got.Evidence.URI != "a.yaml" || got.Evidence.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("evidence is %+v", got.Evidence)
	}
	absolute, err := Path{Dir: "/nowhere", Name: filepath.Join(dir, "a.yaml")}.Read(context.Background())
	if err != nil || string(absolute.Data) != "x: 1\n" {
		t.Errorf("an absolute path gives %q, %v", absolute.Data, err)
	}
}

func TestReadOpensNothingButAnOrdinaryFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := Path{Dir: dir, Name: "pipe"}.Read(context.Background())
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "no ordinary file") {
			t.Errorf("the error is %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("reading a pipe hangs")
	}
}

func TestReadSaysWhatIsWrongWithThePath(t *testing.T) {
	dir := t.TempDir()
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		path Path
		want string
	}{
		{"no name", context.Background(), Path{Key: "sources.staging.file"}, "set sources.staging.file in prodgate.yaml"},
		{"no file", context.Background(), Path{Dir: dir, Name: "a.yaml", Key: "sources.staging.file"}, "correct sources.staging.file"},
		{"no folder", context.Background(), Path{Dir: dir, Name: "b/a.yaml", Key: "k"}, `read "b/a.yaml": there is no such file`},
		{"a name too long", context.Background(), Path{Dir: dir, Name: strings.Repeat("a", 300)}, "file name too long"},
		{"no time left", cancelled, Path{Dir: dir, Name: "a.yaml"}, "context canceled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.path.Read(tt.ctx)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, want %q in it", err, tt.want)
			}
			if errors.Is(err, ErrUnconfigured) != (tt.path.Name == "") {
				t.Errorf("whether it is unconfigured is told wrongly: %v", err)
			}
			if strings.Contains(err.Error(), dir) {
				t.Errorf("the error tells where the folder lies: %v", err)
			}
		})
	}
}

func TestTheEvidenceOfSeveralFilesIsWhatSha256sumPrints(t *testing.T) {
	a := Text{Evidence: evidence("a.json", []byte("a"))}
	b := Text{Evidence: evidence("b.json", []byte("b"))}
	got := Together(a, b)
	// printf a > a.json; printf b > b.json; sha256sum a.json b.json | sha256sum
	sum := sha256.Sum256([]byte(a.Evidence.SHA256 + "  a.json\n" + b.Evidence.SHA256 + "  b.json\n"))
	if got.URI != "a.json,b.json" || got.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("evidence is %+v", got)
	}
	if alone := Together(a); *alone != *a.Evidence {
		t.Errorf("one file's evidence is %+v", alone)
	}
}
