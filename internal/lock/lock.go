//go:build unix

// Package lock locks open files against other processes. It creates no files and
// does not wait: how long to try is for its callers to decide.
package lock

import (
	"os"
	"syscall"
)

// Try locks f, a file or a folder, exclusively for this process, until it is unlocked
// or the process ends, however it ends. It returns false at once if another process,
// or another open file of this one, has the lock.
func Try(f *os.File) (unlock func(), ok bool) {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // a file descriptor
		return func() {}, false
	}
	return func() { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }, true //nolint:gosec // a file descriptor
}
