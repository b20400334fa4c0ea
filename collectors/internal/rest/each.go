package rest

import (
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Parallel is how many answers of one system are read at once for a section.
const Parallel = 16

// Each calls do with each number below n, up to Parallel calls at once, and waits for them.
// After an error it begins no further call. It returns the error of the lowest number, which
// depends on the time as little as possible.
func Each(n int, do func(i int) error) error {
	errs := make([]error, n)
	var failed atomic.Bool
	var group errgroup.Group
	group.SetLimit(Parallel)
	for i := range n {
		if failed.Load() {
			break
		}
		group.Go(func() error {
			if errs[i] = do(i); errs[i] != nil {
				failed.Store(true)
			}
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// All calls the functions at once, as Each does.
func All(functions ...func() error) error {
	return Each(len(functions), func(i int) error { return functions[i]() })
}
