//go:build !unix

package lock

import "os"

// Try never locks f: this system has no such locks.
func Try(*os.File) (unlock func(), ok bool) { return func() {}, false }
