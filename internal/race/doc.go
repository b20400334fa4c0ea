// Package race reports whether tests run under the race detector, where the
// same decisions take many times as long. Nothing but tests may import it.
package race

import "testing"

// Sample is how many of n cases a test tries: under the race detector with
// -short a few, since the cases differ in data and not in what runs in parallel.
func Sample(n int) int {
	if Enabled && testing.Short() {
		return min(n, 12)
	}
	return n
}

// SkipSweep skips a test that repeats in one goroutine what others do.
func SkipSweep(t testing.TB) {
	t.Helper()
	if Enabled && testing.Short() {
		t.Skip("repeats in one goroutine what other tests do: run it without -race or without -short")
	}
}
