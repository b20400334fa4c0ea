// Package web is the HTTP client of everything that prodgate reads: documents at
// a URL (Client) and APIs of other systems (Server).
//
// Whatever it reads, it reads within a deadline, bounded in size, over TLS (plain
// HTTP is for loopback only) and from the host that was named: redirects and links
// to another host are errors. Reads that fail for a moment are repeated by the
// rule of package retry. An answer is remembered by its ETag, in memory, and used
// again only if the server confirms it. Nothing is written to disk, and the
// package does not know what the answers mean.
//
// An error means that the answer is unknown, never that there is nothing: the
// exception is a StatusError with status 404, which the caller may know how to
// read. No error contains a password, a token or the query of a URL.
package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// MaxRedirects is how many redirects within the host are followed.
	MaxRedirects = 5

	// defaultDeadline applies where the context has none.
	defaultDeadline = 30 * time.Second
)

// Parse reads a URL that may be read from: https, or http on this machine
// only; webcal is another name for https. The URL must not contain a user name or
// a password.
func Parse(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return nil, errors.New("not a URL with a host; write https://HOST/PATH")
	}
	if u.Scheme == "webcal" {
		u.Scheme = "https"
	}
	switch {
	case u.User != nil:
		return nil, errors.New("contains a user name; a password does not belong there")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("http is read from this machine only, because anyone on the way can change it; write https")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("unknown scheme %q; write https", u.Scheme)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// loopback reports whether host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Host is the part of u that is never secret: scheme, host and port.
func Host(u *url.URL) string { return u.Scheme + "://" + u.Host }

// sameHost reports whether a request to b stays on the host of a.
func sameHost(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// follow allows redirects of reads that stay on scheme and host.
func follow(next *http.Request, before []*http.Request) error {
	first := before[0]
	switch {
	case !sameHost(first.URL, next.URL):
		return fmt.Errorf("redirects to another host, %s; configure that host if it is the right one", Host(next.URL))
	case first.Method != http.MethodGet && first.Method != http.MethodHead:
		return fmt.Errorf("redirects a %s request", first.Method)
	case len(before) > MaxRedirects:
		return fmt.Errorf("redirects more than %d times", MaxRedirects)
	}
	return nil
}
