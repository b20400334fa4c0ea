package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/prodgate/prodgate/internal/lock"
	"github.com/prodgate/prodgate/registry"
)

// maxPacked bounds the layer, in bytes; it has some fifty million.
const maxPacked = 2 << 30

// partSuffix ends the names of files that the next update looks for.
const partSuffix = ".part"

// transfer is the fetching of one layer.
type transfer struct {
	ref      registry.Reference
	layer    registry.Blob
	progress func(done int64)
}

// part is a file that holds the beginning of a layer, or all of it.
type part struct {
	*os.File
	unlock func()
}

func (p part) close() {
	p.unlock()
	p.Close()
}

// remove removes the file; a process that has it open can still read it.
func (p part) remove() { _ = os.Remove(p.Name()) }

// fetch brings the layer into a file below the store, on from where an earlier
// update stopped, and returns it with its digest checked. What came before a
// break stays there for the next update, from whichever repository.
func (s store) fetch(ctx context.Context, t transfer) (part, error) {
	p, err := s.part(t.layer.Digest)
	if err != nil {
		return part{}, err
	}
	if err := t.into(ctx, p); err != nil {
		if !strings.HasSuffix(p.Name(), partSuffix) {
			p.remove() // no one would find it again
		}
		p.close()
		return part{}, err
	}
	return p, nil
}

// part opens the file for what there is of the layer with that digest. If another
// process is filling it, this one fills a file of its own.
func (s store) part(digest string) (part, error) {
	dir := filepath.Join(s.dir, partialName)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return part{}, err
	}
	name := strings.TrimPrefix(digest, "sha256:") + partSuffix
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return part{}, err
	}
	unlock, ok := lock.Try(f)
	if ok && isCurrent(f) {
		return part{f, unlock}, nil
	}
	if ok {
		unlock()
	}
	f.Close()
	f, err = os.CreateTemp(dir, name+".*")
	if err != nil {
		return part{}, err
	}
	unlock, _ = lock.Try(f)
	return part{f, unlock}, nil
}

// isCurrent reports whether f is the file that its name leads to: another process
// may have finished with it, and removed it, before the lock was got.
func isCurrent(f *os.File) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.Name())
	return err == nil && os.SameFile(opened, named)
}

// into completes p.
func (t transfer) into(ctx context.Context, p part) error {
	info, err := p.Stat()
	if err != nil {
		return err
	}
	if n := info.Size(); n == t.layer.Size {
		if err := t.check(p); err == nil {
			t.progress(n)
			return nil
		}
	} else if n > 0 && n < t.layer.Size {
		err := t.copy(ctx, p, n)
		if err == nil || !errors.Is(err, registry.ErrNoResume) && !errors.Is(err, registry.ErrAltered) {
			return err
		}
	}
	err = t.copy(ctx, p, 0)
	if errors.Is(err, registry.ErrAltered) || errors.Is(err, errLonger) {
		return errors.Join(err, p.Truncate(0))
	}
	return err
}

// check compares p with the layer's digest.
func (t transfer) check(p part) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(p, 0, t.layer.Size)); err != nil {
		return err
	}
	if got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); got != t.layer.Digest {
		return fmt.Errorf("its digest is %s: %w", got, registry.ErrAltered)
	}
	return nil
}

// errLonger says that a registry sends more than its manifest says.
var errLonger = errors.New("the layer is longer than its manifest says")

// copy fetches what follows the first n bytes of p. What p holds beyond them goes
// once the registry has answered, and not before.
func (t transfer) copy(ctx context.Context, p part, n int64) error {
	body, err := t.ref.Resume(ctx, t.layer.Digest, t.layer.Size+1, io.NewSectionReader(p, 0, n))
	if err != nil {
		return err
	}
	defer body.Close()
	if err := p.Truncate(n); err != nil {
		return err
	}
	if _, err := p.Seek(n, io.SeekStart); err != nil {
		return err
	}
	t.progress(n)
	buffer := make([]byte, 128<<10)
	for {
		got, err := body.Read(buffer)
		if n+int64(got) > t.layer.Size {
			return errLonger
		}
		if _, err := p.Write(buffer[:got]); err != nil {
			return err
		}
		n += int64(got)
		t.progress(n)
		switch {
		case errors.Is(err, io.EOF) && n == t.layer.Size:
			return nil
		case errors.Is(err, io.EOF):
			return fmt.Errorf("the layer has %d bytes, and its manifest says %d: %w", n, t.layer.Size, registry.ErrAltered)
		case err != nil:
			return err
		}
	}
}
