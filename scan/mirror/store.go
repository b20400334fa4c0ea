package mirror

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prodgate/prodgate/scan/advisories"
)

// What is in a store, besides the two files of the database, which are links
// through advisories.CurrentName, and that link.
const (
	versionsName = "versions" // a folder for each database, never written to again
	partialName  = "partial"  // what came of layers so far
)

// grace is how long what is no longer referred to is kept: for readers that
// found it before, and for updates that are still at it.
const grace = time.Hour

// store is a folder with a database that is kept up to date.
type store struct{ dir string }

// openStore makes dir ready to hold databases.
func openStore(dir string) (store, error) {
	if dir == "" {
		return store{}, errors.New("no folder is named")
	}
	return store{dir}, os.MkdirAll(filepath.Join(dir, versionsName), 0o755) //nolint:gosec // a database that everybody on the machine may read
}

// drop removes a folder that nothing refers to.
func (s store) drop(folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("remove %s: %w", folder, err)
	}
	return nil
}

// swap makes version the store's database, in one step, and removes what is old.
// It takes a database that is in the folder without links into a version of
// its own first: so at no moment do the two names lead to files of two states.
func (s store) swap(version string, now time.Time) error {
	if err := s.takeOver(now); err != nil {
		return fmt.Errorf("keep the database that is in %s: %w", s.dir, err)
	}
	old := advisories.Pinned(s.dir)
	if err := syncDir(filepath.Join(s.dir, versionsName)); err != nil {
		return err
	}
	if err := s.point(version); err != nil {
		return err
	}
	if err := s.linkBoth(); err != nil {
		return err
	}
	if err := syncDir(s.dir); err != nil {
		return err
	}
	if old != s.dir {
		_ = os.Chtimes(old, now, now) // its grace begins now
	}
	s.clean(now)
	return nil
}

// point makes the store's current version that in folder.
func (s store) point(folder string) error {
	return s.link(filepath.Join(versionsName, filepath.Base(folder)), advisories.CurrentName)
}

// link puts a link to target in the store, in place of what has that name.
func (s store) link(target, name string) error {
	path := filepath.Join(s.dir, name)
	if there, err := os.Readlink(path); err == nil && there == target {
		return nil
	}
	temporary, err := os.MkdirTemp(filepath.Join(s.dir, versionsName), ".link-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	made := filepath.Join(temporary, name)
	if err := os.Symlink(target, made); err != nil {
		return err
	}
	return os.Rename(made, path)
}

// takeOver takes the two files of a database that another tool put into the folder
// into a version of their own, and puts links in their place. A folder with one
// of the two, or none, has no database to keep.
func (s store) takeOver(now time.Time) error {
	names := []string{advisories.FileName, advisories.MetadataFileName}
	ours := true
	for _, name := range names {
		info, err := os.Stat(filepath.Join(s.dir, name))
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", name)
		}
		ours = ours && advisories.Follows(s.dir, name)
	}
	if ours {
		return nil
	}
	folder, err := os.MkdirTemp(filepath.Join(s.dir, versionsName), "found-")
	if err != nil {
		return err
	}
	if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec // as before
		return err
	}
	for _, name := range names {
		if err := linkFile(filepath.Join(s.dir, name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	if err := os.Chtimes(folder, now, now); err != nil {
		return err
	}
	if err := s.point(folder); err != nil {
		return err
	}
	return s.linkBoth()
}

// linkFile gives the file at path a second name, or a link if it is on another
// file system.
func linkFile(path, name string) error {
	file, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if os.Link(file, name) == nil {
		return nil
	}
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	return os.Symlink(file, name)
}

// linkBoth makes the two names of the database lead through the current version.
func (s store) linkBoth() error {
	for _, name := range []string{advisories.FileName, advisories.MetadataFileName} {
		if err := s.link(filepath.Join(advisories.CurrentName, name), name); err != nil {
			return err
		}
	}
	return nil
}

// clean removes what is no longer needed. What can't be removed is left for
// the next time.
func (s store) clean(now time.Time) {
	current := filepath.Base(advisories.Pinned(s.dir))
	for _, name := range []string{versionsName, partialName} {
		entries, err := os.ReadDir(filepath.Join(s.dir, name))
		if err != nil {
			continue
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err != nil || name == versionsName && entry.Name() == current || now.Sub(info.ModTime()) < grace {
				continue
			}
			if name == partialName && !strings.Contains(entry.Name(), partSuffix) {
				continue
			}
			os.RemoveAll(filepath.Join(s.dir, name, entry.Name()))
		}
	}
}

// syncDir puts the names in a folder on disk for good.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
