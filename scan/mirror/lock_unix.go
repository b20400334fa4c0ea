//go:build unix

package mirror

import (
	"os"
	"syscall"
)

// lock locks f exclusively for this process, until it is unlocked or the process ends,
// however it ends. It does not wait.
func lock(f *os.File) (unlock func(), ok bool) {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil { //nolint:gosec // a file descriptor
		return func() {}, false
	}
	return func() { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) }, true //nolint:gosec // a file descriptor
}
