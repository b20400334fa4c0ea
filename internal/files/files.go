// Package files says whether two names lead to one file, and empties what an
// earlier run wrote. It follows symbolic links and knows hard links. It does not
// know what a file is for: that is its callers' to say.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mostLinks is how many symbolic links are followed, as the kernel does.
const mostLinks = 40

// mostInside is how many files of a folder are compared by Inside.
const mostInside = 20_000

// Resolve returns the path that path leads to: absolute, clean and without
// symbolic links, also where the file or the target of a link does not exist
// yet. What cannot be resolved is returned as it is.
func Resolve(path string) string { return resolve(path, mostLinks) }

func resolve(path string, links int) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if target, err := os.Readlink(path); err == nil && links > 0 {
		if !filepath.IsAbs(target) {
			target = filepath.Join(resolve(filepath.Dir(path), links-1), target)
		}
		return resolve(target, links-1)
	}
	parent := filepath.Dir(path)
	if parent == path || links == 0 {
		return path
	}
	return filepath.Join(resolve(parent, links-1), filepath.Base(path))
}

// Same reports whether a and b are one file, by any spelling or link. Files that do
// not exist yet are compared by the path that they would get.
func Same(a, b string) bool {
	if Resolve(a) == Resolve(b) {
		return true
	}
	first, err := os.Stat(a)
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}

// Inside reports whether path lies in folder, or is a hard link to a file in it.
func Inside(path, folder string) bool {
	real := Resolve(folder)
	relative, err := filepath.Rel(real, Resolve(path))
	if err == nil && filepath.IsLocal(relative) {
		return true
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	found, seen := false, 0
	_ = filepath.WalkDir(real, func(name string, _ fs.DirEntry, err error) error {
		if seen++; err != nil || seen > mostInside {
			return nil //nolint:nilerr // what cannot be read cannot be compared
		}
		if other, err := os.Stat(name); err == nil && os.SameFile(info, other) {
			found = true
			return filepath.SkipAll
		}
		return nil
	})
	return found
}

// Device reports whether path names a stream of a process, such as /dev/stdout: what
// it leads to may be a regular file that others write to as well.
func Device(path string) bool {
	path = filepath.ToSlash(filepath.Clean(path))
	return strings.HasPrefix(path, "/dev/std") || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/")
}

// Begins reports whether the file at path begins with one of prefixes.
func Begins(path string, prefixes ...string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 64))
	return err == nil && slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(string(head), p) })
}

// Clear removes the regular file that path leads to, links followed. What does
// not exist, a folder, a pipe, a device and a stream of a process are left alone. A file that cannot be
// removed is emptied. An error means that it still holds what it held.
func Clear(path string) error {
	if Device(path) {
		return nil
	}
	target := Resolve(path)
	info, err := os.Lstat(target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("clear %q: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	if err := os.Remove(target); err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.Truncate(target, 0); err != nil {
		return fmt.Errorf("clear %q: %w", path, err)
	}
	return nil
}
