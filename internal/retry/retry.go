// Package retry holds the one rule for repeating a request over HTTP: how often,
// after what, and how long to wait. It sends nothing itself, and the caller must
// only use it for requests that change nothing, or nothing more when they are
// repeated.
package retry

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

const (
	// Attempts is how often one request is sent at most.
	Attempts = 3

	// First is the wait before the second attempt; it doubles with each.
	First = 250 * time.Millisecond

	// Longest is the longest wait that a server may ask for.
	Longest = 30 * time.Second
)

// Again decides what follows the attempt with that number, counted from 1, which
// ended with response (nil if there was none) and err. It returns true after it
// has waited, if the request is to be sent again; the caller then closes the body
// of response. It returns false at once if the result is final: because another
// attempt would end the same way, because there were enough, or because the wait
// would exceed Longest or the deadline of ctx.
//
// A server's Retry-After is a lower bound of the wait. Random time is added, so
// that clients which failed together do not return together.
func Again(ctx context.Context, attempt int, response *http.Response, err error) bool {
	if attempt >= Attempts || ctx.Err() != nil || !temporary(response, err) {
		return false
	}
	base := First << (attempt - 1)
	if asked, ok := After(response); ok {
		base = asked
	}
	deadline, bounded := ctx.Deadline()
	if base > Longest || bounded && time.Until(deadline) <= base {
		return false
	}
	wait := base + rand.N(base/4+50*time.Millisecond)
	if bounded {
		wait = max(base, min(wait, time.Until(deadline)-time.Second))
	}
	return Sleep(ctx, wait) == nil
}

// After returns how long the server asks to wait (Retry-After, RFC 9110, section
// 10.2.3), never negative; false if it does not ask. A date counts from the
// server's own clock where the response has one.
func After(response *http.Response) (time.Duration, bool) {
	if response == nil {
		return 0, false
	}
	text := response.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, at.Sub(now)), true
}

// Sleep waits for d. It returns the error of ctx if that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// temporary reports whether the next attempt may end differently.
func temporary(response *http.Response, err error) bool {
	if err != nil {
		return broken(err)
	}
	switch response.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case http.StatusForbidden: // some servers limit rates with it
		return response.Header.Get("Retry-After") != ""
	}
	return false
}

// broken reports whether err is of a connection that could not be made or broke
// off. A name that does not exist and a TLS alert are final.
func broken(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return false
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return true
	}
	var unknown *net.DNSError
	if errors.As(err, &unknown) && unknown.IsNotFound {
		return false
	}
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op != "remote error"
}
