package registry

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/prodgate/prodgate/internal/retry"
)

const (
	maxHops = 5       // redirects of one request
	maxBody = 8 << 20 // of any response other than a manifest or a blob with its own limit
)

// guard sends requests to a registry. It rejects plain HTTP to hosts other than
// loopback and redirects to other hosts except for blobs, limits bodies, and retries
// idempotent reads as package retry defines.
type guard struct {
	inner    http.RoundTripper
	insecure bool
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.allowed(req); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		resp, err := g.inner.RoundTrip(req)
		if err == nil {
			resp.Body = &bounded{inner: resp.Body, left: limit(req)}
		}
		if !repeatable(req) || !retry.Again(req.Context(), attempt, resp, err) {
			return resp, err
		}
		if resp != nil {
			resp.Body.Close()
		}
	}
}

// allowed returns an error if req must not be sent.
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

// limit returns how many bytes the response to req may have.
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
	return req.Method == http.MethodGet || req.Method == http.MethodHead
}

// bounded is a body of at most left bytes.
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
