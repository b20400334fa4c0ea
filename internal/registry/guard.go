package registry

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	attempts  = 3                      // of one idempotent request
	firstWait = 250 * time.Millisecond // before the second one; doubled before the third
	maxWait   = 30 * time.Second       // however long Retry-After asks for
	maxHops   = 5                      // redirects of one request
	maxBody   = 8 << 20                // of any other answer than a manifest, or a blob with a limit of its own
)

// guard carries requests to a registry. It refuses plain HTTP beyond loopback
// and redirects of anything but blobs to another host, bounds bodies, and tries
// idempotent reads again as the registry's Retry-After says, within the
// request's deadline.
type guard struct {
	inner    http.RoundTripper
	insecure bool
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.allowed(req); err != nil {
		return nil, err
	}
	wait := firstWait
	for n := 1; ; n++ {
		resp, err := g.inner.RoundTrip(req)
		if err == nil {
			resp.Body = &bounded{inner: resp.Body, left: limit(req)}
		}
		if n == attempts || !repeatable(req) || !passing(resp, err) {
			return resp, err
		}
		pause := wait
		if asked, ok := retryAfter(resp); ok {
			pause = asked
		}
		if !sleep(req, pause) {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
		wait *= 2
	}
}

// allowed says why req must not be sent.
func (g *guard) allowed(req *http.Request) error {
	if req.URL.Scheme != "https" && !g.insecure && !loopback(req.URL.Hostname()) {
		return fmt.Errorf("plain HTTP to %s is refused: use HTTPS, or say --insecure-registry, which the decision shows", req.URL.Host)
	}
	first, hops := req, 0
	for first.Response != nil && first.Response.Request != nil {
		first, hops = first.Response.Request, hops+1
	}
	if hops > maxHops {
		return fmt.Errorf("%s redirects more than %d times", first.URL.Host, maxHops)
	}
	if first != req && first.URL.Host != req.URL.Host && !strings.Contains(first.URL.Path, "/blobs/") {
		return fmt.Errorf("%s redirects to another host, %s: refused", first.URL.Host, req.URL.Host)
	}
	return nil
}

// loopback reports whether host is this machine.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// limit is how many bytes the answer to req may have.
func limit(req *http.Request) int64 {
	if own, ok := req.Context().Value(limitKey{}).(int64); ok && own > maxBody {
		return own
	}
	if strings.Contains(req.URL.Path, "/manifests/") {
		return maxManifest
	}
	return maxBody
}

// repeatable reports whether req may be sent again.
func repeatable(req *http.Request) bool {
	return (req.Method == http.MethodGet || req.Method == http.MethodHead) && req.Context().Err() == nil
}

// passing reports whether an answer, or the lack of one, may be another next
// time.
func passing(resp *http.Response, err error) bool {
	if err != nil {
		return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// retryAfter is how long resp asks to be left alone.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	text := resp.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

// sleep waits, unless that takes too long or the request's deadline comes first;
// then it reports false at once.
func sleep(req *http.Request, pause time.Duration) bool {
	if end, ok := req.Context().Deadline(); pause > maxWait || ok && time.Until(end) <= pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-req.Context().Done():
		return false
	}
}

// bounded is a body that may not be longer than left.
type bounded struct {
	inner io.ReadCloser
	left  int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.inner.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, errTooLong
	}
	return n, err
}

func (b *bounded) Close() error { return b.inner.Close() }

var errTooLong = errors.New("the registry's answer is longer than any manifest may be")
