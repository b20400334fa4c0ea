//go:build !linux

package trail

// prepareFault knows the faults of Linux alone.
func prepareFault(string) func() { return func() {} }
