package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prodgate/prodgate/internal/lock"
	"github.com/prodgate/prodgate/internal/retry"
)

// maxLocked is how long Attach waits for another process that writes the same layout.
const maxLocked = 30 * time.Second

// store writes the blobs and the manifest of u, each under its name at once.
func (l layout) store(_ context.Context, u upload) (bool, error) {
	if l.dir == "" {
		return false, fmt.Errorf("%s cannot be written; push the image to a registry", l.where)
	}
	contents := []([]byte){u.manifest}
	for _, content := range u.blobs {
		contents = append(contents, content)
	}
	for _, content := range contents {
		name := filepath.Join(l.dir, "blobs", "sha256", strings.TrimPrefix(digestOf(content), "sha256:"))
		if there, err := os.ReadFile(name); err == nil && digestOf(there) == digestOf(content) {
			continue
		}
		if err := replace(name, content); err != nil {
			return false, err
		}
	}
	return true, nil
}

// list adds u to index.json, which is locked against other processes meanwhile.
func (l layout) list(ctx context.Context, u upload, _ bool) error {
	unlock, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	raw, err := l.read("index.json")
	if err != nil {
		return err
	}
	index, err := parseList(raw)
	if err != nil {
		return fmt.Errorf("index.json: %w", err)
	}
	if index.has(u.digest) {
		return nil
	}
	index.entries = append(index.entries, u.entry)
	if raw, err = index.encode(); err != nil {
		return err
	}
	return replace(filepath.Join(l.dir, "index.json"), raw)
}

// lock locks the folder of l.
func (l layout) lock(ctx context.Context) (unlock func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxLocked, fmt.Errorf("another process has locked it for %s, or this system has no locks", maxLocked))
	defer cancel()
	folder, err := os.Open(l.dir)
	if err != nil {
		return nil, err
	}
	for {
		if unlock, ok := lock.Try(folder); ok {
			return func() { unlock(); folder.Close() }, nil
		}
		if retry.Sleep(ctx, jitter(10*time.Millisecond)) != nil {
			folder.Close()
			return nil, fmt.Errorf("lock %s: %w", l.dir, context.Cause(ctx))
		}
	}
}

// replace writes the file called name so that others see the old content or the new
// one. The mode of a file that is there stays.
func replace(name string, content []byte) (err error) {
	mode := os.FileMode(0o644)
	if info, err := os.Lstat(name); err == nil {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", name)
		}
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".prodgate-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
