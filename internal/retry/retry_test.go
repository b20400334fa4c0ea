package retry

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"
)

func response(status int, header ...string) *http.Response {
	r := &http.Response{StatusCode: status, Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestWhatIsTriedAgain(t *testing.T) {
	now := time.Now().UTC()
	in := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		name     string
		attempt  int
		response *http.Response
		err      error
		want     bool
	}{
		{"200", 1, response(200), nil, false},
		{"304", 1, response(304), nil, false},
		{"400", 1, response(400), nil, false},
		{"401", 1, response(401), nil, false},
		{"403", 1, response(403), nil, false},
		{"403 of a rate limit", 1, response(403, "Retry-After", "0"), nil, true},
		{"404", 1, response(404), nil, false},
		{"404 that asks for it", 1, response(404, "Retry-After", "0"), nil, false},
		{"408", 1, response(408), nil, true},
		{"429", 1, response(429, "Retry-After", "0"), nil, true},
		{"500", 1, response(500), nil, true},
		{"501", 1, response(501), nil, false},
		{"502", 1, response(502), nil, true},
		{"503", 1, response(503), nil, true},
		{"504", 1, response(504), nil, true},
		{"the second attempt", 2, response(503, "Retry-After", "0"), nil, true},
		{"the last attempt", 3, response(503), nil, false},
		{"a date that has passed", 1, response(503, "Retry-After", in(-time.Hour)), nil, true},
		{"a date by the server's own clock", 1, response(503, "Retry-After", in(-time.Hour), "Date", in(-3*time.Hour)), nil, false},
		{"a server whose clock is ahead", 1, response(503, "Retry-After", in(3*time.Hour), "Date", in(3*time.Hour)), nil, true},
		{"too long a wait", 1, response(503, "Retry-After", "31"), nil, false},
		{"too late a date", 1, response(503, "Retry-After", in(time.Hour)), nil, false},
		{"a wait that is none", 1, response(503, "Retry-After", "-5"), nil, true},
		{"a wait beyond every number", 1, response(503, "Retry-After", "99999999999999999999"), nil, true},
		{"a connection that ended", 1, nil, fmt.Errorf("read: %w", io.EOF), true},
		{"a body that ended", 1, response(200), io.ErrUnexpectedEOF, true},
		{"a connection that was reset", 1, nil, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, true},
		{"a connection that was refused", 1, nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, true},
		{"a name that does not exist", 1, nil, &net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, false},
		{"a name server that is busy", 1, nil, &net.OpError{Op: "dial", Err: &net.DNSError{IsTemporary: true}}, true},
		{"a TLS alert", 1, nil, &net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}, false},
		{"an unknown certificate", 1, nil, x509.UnknownAuthorityError{}, false},
		{"a deadline", 1, nil, &net.OpError{Op: "read", Err: context.DeadlineExceeded}, false},
		{"any other error", 1, nil, errors.New("other"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Again(t.Context(), tt.attempt, tt.response, tt.err); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestNothingIsTriedAgainPastTheDeadline(t *testing.T) {
	busy := response(503, "Retry-After", "20")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if Again(ctx, 1, busy, nil) {
		t.Error("waited longer than there was time")
	}
	if deadline, _ := ctx.Deadline(); time.Until(deadline) < time.Second {
		t.Error("waited before it was known that the wait is too long")
	}
	cancel()
	if Again(ctx, 1, response(503, "Retry-After", "0"), nil) {
		t.Error("a cancelled request is sent again")
	}
}

func TestAfterIsNeverNegative(t *testing.T) {
	past := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	if got, ok := After(response(429, "Retry-After", past)); got != 0 || !ok {
		t.Errorf("%s, %t", got, ok)
	}
	if got, ok := After(response(429, "Retry-After", "7")); got != 7*time.Second || !ok {
		t.Errorf("%s, %t", got, ok)
	}
	for _, r := range []*http.Response{nil, response(429), response(429, "Retry-After", "soon")} {
		if got, ok := After(r); got != 0 || ok {
			t.Errorf("%s, %t", got, ok)
		}
	}
}
