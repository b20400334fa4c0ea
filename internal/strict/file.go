// Package strict reads the files that sources are kept in: bounded, strictly, and
// with errors that name file, line and remedy. It knows nothing about what the
// files say.
package strict

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	// MaxSize bounds a file that people write, in bytes.
	MaxSize = 8 << 20

	// MaxReport bounds a file that a tool writes, in bytes.
	MaxReport = 32 << 20
)

// ErrUnconfigured means that no file is configured.
var ErrUnconfigured = errors.New("nobody said where to look")

// Path is a file as prodgate.yaml names it.
type Path struct {
	Dir  string // folder that a relative Name counts from
	Name string // as configured; empty: not configured
	Key  string // the key that names it: sources.staging.file
	In   string // the file that contains Key; empty: prodgate.yaml
	Max  int64  // size limit in bytes; 0: MaxSize
}

// Evidence is the bytes that something was read from.
type Evidence struct {
	URI    string `json:"uri" schema:"nonempty"`
	SHA256 string `json:"sha256" schema:"sha256"` // 64 lower-case hex digits
}

// Text is a file that was read.
type Text struct {
	Name     string // as configured, for messages and evidence
	Data     []byte
	Evidence *Evidence
}

// Read reads the whole file. The error is ErrUnconfigured if none is configured.
func (p Path) Read(ctx context.Context) (Text, error) {
	if p.Name == "" {
		return Text{}, fmt.Errorf("%w: set %s in prodgate.yaml", ErrUnconfigured, p.Key)
	}
	if err := ctx.Err(); err != nil {
		return Text{}, fmt.Errorf("read %q: %w", p.Name, err)
	}
	data, err := p.bytes()
	var wrapped *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Text{}, fmt.Errorf("read %q: there is no such file; write it, or correct %s in %s", p.Name, p.Key, cmp.Or(p.In, "prodgate.yaml"))
	case errors.As(err, &wrapped):
		return Text{}, fmt.Errorf("read %q: %w", p.Name, wrapped.Err)
	case err != nil:
		return Text{}, fmt.Errorf("read %q: %w", p.Name, err)
	}
	return Text{Name: p.Name, Data: data, Evidence: evidence(p.Name, data)}, nil
}

// bytes opens nothing but an ordinary file, since opening a pipe would hang.
func (p Path) bytes() ([]byte, error) {
	path := p.Name
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.Dir, path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no ordinary file")
	}
	limit := p.Max
	if limit == 0 {
		limit = MaxSize
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("it has more than %d bytes, which is the limit", limit)
	}
	return data, nil
}

// Of is the text that was read from elsewhere, under the name that messages and
// evidence are to call it.
func Of(name string, data []byte) Text {
	return Text{Name: name, Data: data, Evidence: evidence(name, data)}
}

// evidence points at data.
func evidence(name string, data []byte) *Evidence {
	sum := sha256.Sum256(data)
	return &Evidence{URI: filepath.ToSlash(name), SHA256: hex.EncodeToString(sum[:])}
}

// Together is the evidence of several files: their names, separated by commas,
// and the SHA-256 of what "sha256sum FILE…" prints for them, in that order. For
// one file it is that file's.
func Together(texts ...Text) *Evidence {
	if len(texts) == 1 {
		return texts[0].Evidence
	}
	var names []string
	var list strings.Builder
	for _, t := range texts {
		names = append(names, t.Evidence.URI)
		fmt.Fprintf(&list, "%s  %s\n", t.Evidence.SHA256, t.Evidence.URI)
	}
	return evidence(strings.Join(names, ","), []byte(list.String()))
}
