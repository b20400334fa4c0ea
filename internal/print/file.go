package print

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/prodgate/prodgate/internal/files"
)

// replaceFile replaces the content of path in one step: it renames a complete
// temporary file in the same folder. A symbolic link is followed. What is not a
// regular file (/dev/stderr, a pipe) is written to directly, because a rename would
// destroy it.
func replaceFile(path string, out []byte) error {
	target := files.Resolve(path)
	info, err := os.Stat(target)
	switch {
	case files.Device(path):
		if err := writeTo(path, os.O_WRONLY|os.O_APPEND, out); err != nil {
			return fmt.Errorf("write report %q: %w", path, err)
		}
		return nil
	case err == nil && info.IsDir():
		return fmt.Errorf("write report %q: is a folder; name a file in it", path)
	case err == nil && !info.Mode().IsRegular():
		if err := writeTo(target, os.O_WRONLY, out); err != nil {
			return fmt.Errorf("write report %q: %w", path, err)
		}
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("write report: %w", err)
	}
	temporary := filepath.Join(filepath.Dir(target), fmt.Sprintf(".%s.%016x", filepath.Base(target), rand.Uint64()))
	err = writeTo(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, out)
	if err == nil && info != nil {
		err = os.Chmod(temporary, info.Mode().Perm())
	}
	if err == nil {
		err = os.Rename(temporary, target)
	}
	if err != nil {
		_ = os.Remove(temporary) // err is what matters
		return fmt.Errorf("write report %q: %w", path, err)
	}
	return nil
}

// writeTo writes out. It syncs and closes the file, because some file systems report
// a full disk only then.
func writeTo(path string, flags int, out []byte) error {
	file, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(out)
	if err == nil && flags&os.O_CREATE != 0 {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
