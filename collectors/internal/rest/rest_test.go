package rest_test

import (
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors/internal/rest"
	"github.com/prodgate/prodgate/internal/web"
)

// Calls run at once, but not more than Parallel of them.
func TestEachIsParallelAndLimited(t *testing.T) {
	var now, most atomic.Int64
	var done [100]atomic.Bool
	err := rest.Each(len(done), func(i int) error {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
		done[i].Store(true)
		return nil
	})
	if err != nil || most.Load() != rest.Parallel {
		t.Errorf("error %v, %d calls at once, want %d", err, most.Load(), rest.Parallel)
	}
	for i := range done {
		if !done[i].Load() {
			t.Errorf("call %d was not made", i)
		}
	}
}

// The error is that of the lowest number, whichever comes first, and ends the reading.
func TestEachReturnsTheFirstError(t *testing.T) {
	var calls atomic.Int64
	err := rest.Each(1000, func(i int) error {
		calls.Add(1)
		if i == 0 {
			time.Sleep(20 * time.Millisecond)
		}
		return fmt.Errorf("call %d", i)
	})
	if err == nil || err.Error() != "call 0" || calls.Load() > 2*rest.Parallel {
		t.Errorf("error %v after %d calls", err, calls.Load())
	}
	if err := rest.Each(0, func(int) error { return errors.New("called") }); err != nil {
		t.Error(err)
	}
}

func TestAllReturnsTheErrorOfAny(t *testing.T) {
	failed := errors.New("failed")
	fine := func() error { return nil }
	if err := rest.All(fine, func() error { return failed }, fine); !errors.Is(err, failed) {
		t.Error(err)
	}
	if err := rest.All(fine, fine); err != nil {
		t.Error(err)
	}
}

// The evidence depends on what was answered to which question, and not on the order.
func TestEvidence(t *testing.T) {
	type answered struct{ question, answer string }
	page := web.Call{Path: "/c", Query: url.Values{"q": {"1"}}}
	sum := func(answers ...answered) string {
		var seen rest.Seen
		for _, a := range answers {
			seen.Add(a.question, []byte(a.answer))
		}
		seen.AddPage(page, len(answers), []byte("page"))
		return seen.Evidence("https://example.com").SHA256
	}
	same := sum(answered{"/a", "1"}, answered{"/b", "2"})
	if same != sum(answered{"/b", "2"}, answered{"/a", "1"}) {
		t.Error("the order counts")
	}
	for _, other := range []string{
		sum(answered{"/a", "2"}, answered{"/b", "1"}), sum(answered{"/a", "1"}), sum(answered{"/a", "1"}, answered{"/c", "2"}), sum(answered{"/a", "1"}, answered{"/b", "2"}, answered{"/b", "2"}),
	} {
		if other == same {
			t.Error("other answers have the same evidence")
		}
	}
}
