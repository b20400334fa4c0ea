// Package web reads documents over HTTPS: within a deadline, bounded in size,
// from the host that was named and no other. It knows nothing about what the
// documents say, and it writes nothing to disk.
//
// An error never means that there is nothing: it says that nobody could look.
// URLs may hold secrets in path and query, so messages tell scheme and host
// alone.
package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// MaxRedirects is how many redirects within the host are followed.
	MaxRedirects = 5

	// maxAttempts is how often a request is sent where the server is busy.
	maxAttempts = 3

	// maxWait is the longest that a server may ask to wait before the next
	// attempt.
	maxWait = 30 * time.Second

	// defaultDeadline holds where the context has none.
	defaultDeadline = 30 * time.Second
)

// Request is a document to read.
type Request struct {
	URL    *url.URL      // as Parse returns it
	Accept string        // media type that is asked for
	Max    int64         // bytes that the document may have, unpacked
	MaxAge time.Duration // how old a copy that something in between keeps may be
}

// Parse reads a URL that may be read from: https, or http on this machine
// alone; webcal is another word for https. The URL itself holds no password.
func Parse(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Opaque != "" {
		return nil, errors.New("it is no URL with a host; write https://HOST/PATH")
	}
	if u.Scheme == "webcal" {
		u.Scheme = "https"
	}
	switch {
	case u.User != nil:
		return nil, errors.New("it holds a user name; a password does not belong there")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, errors.New("http is read from this machine alone, since anybody in between can change it; write https")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%q is no scheme that is read; write https", u.Scheme)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// loopback says whether host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Host is u without what may be a secret.
func Host(u *url.URL) string { return u.Scheme + "://" + u.Host }

// Client reads documents. It remembers what servers gave an ETag for, in memory
// and bounded, and asks with it whether that is still so; nothing remembered
// counts without the server's word. It is safe for concurrent use.
type Client struct {
	// Transport sends the requests; nil: http.DefaultTransport.
	Transport http.RoundTripper

	// Clock tells the time; nil: time.Now.
	Clock func() time.Time

	memory memory
}

// Get reads the document. The error holds neither path nor query of the URL.
func (c *Client) Get(ctx context.Context, r Request) ([]byte, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultDeadline)
		defer cancel()
	}
	pause := 200 * time.Millisecond
	for attempt := 1; ; attempt++ {
		data, wait, err := c.try(ctx, r)
		if err == nil || wait < 0 || attempt == maxAttempts {
			return data, explain(ctx, err)
		}
		if wait = max(wait, pause); !c.affordable(ctx, wait) {
			return nil, fmt.Errorf("%w; it is to be asked again in %s, which is too late for this run", explain(ctx, err), wait.Round(time.Second))
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, explain(ctx, err)
		}
		pause *= 3
	}
}

// affordable says whether there is time to wait.
func (c *Client) affordable(ctx context.Context, wait time.Duration) bool {
	deadline, bounded := ctx.Deadline()
	return wait <= maxWait && (!bounded || time.Until(deadline) > wait)
}

// explain is err without the URL, which url.Error quotes.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("there was no whole answer in time")
	}
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}

// try sends the request once. wait is how long to wait before trying again,
// negative where that is of no use.
func (c *Client) try(ctx context.Context, r Request) (data []byte, wait time.Duration, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL.String(), nil)
	if err != nil {
		return nil, -1, err
	}
	request.Header.Set("Accept", r.Accept)
	request.Header.Set("User-Agent", "prodgate")
	known, asked := c.memory.find(r.URL.String())
	if asked {
		request.Header.Set("If-None-Match", known.tag)
	}
	sender := &http.Client{Transport: c.Transport, CheckRedirect: sameHost}
	response, err := sender.Do(request)
	if err != nil {
		return nil, again(err), err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotModified && asked {
		return known.data, -1, c.fresh(response.Header, r.MaxAge)
	}
	if response.StatusCode != http.StatusOK {
		return nil, c.later(response), answers(response)
	}
	if data, err = c.read(response, r); err != nil {
		return nil, -1, err
	}
	c.memory.keep(r.URL.String(), response.Header.Get("ETag"), data)
	return data, -1, nil
}

// again is 0 for an error of the network that may pass, else negative.
func again(err error) time.Duration {
	var operation *net.OpError
	if errors.As(err, &operation) && !errors.Is(err, context.DeadlineExceeded) {
		return 0
	}
	return -1
}

// sameHost lets redirects pass that stay with scheme and host.
func sameHost(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	if next.URL.Scheme != first.Scheme || !strings.EqualFold(next.URL.Host, first.Host) {
		return fmt.Errorf("it redirects to another host, %s; name that one if it is meant", Host(next.URL))
	}
	if len(before) > MaxRedirects {
		return fmt.Errorf("it redirects more than %d times", MaxRedirects)
	}
	return nil
}

// answers is the error of an answer that is no document.
func answers(response *http.Response) error {
	word := http.StatusText(response.StatusCode)
	if response.StatusCode == http.StatusNotModified {
		word = "Not Modified, though nothing was remembered"
	}
	return fmt.Errorf("it answers %d %s", response.StatusCode, word)
}

// read reads the document that response carries.
func (c *Client) read(response *http.Response, r Request) ([]byte, error) {
	if err := c.fresh(response.Header, r.MaxAge); err != nil {
		return nil, err
	}
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, fmt.Errorf("it answers in the encoding %q, which was not asked for", encoding)
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); strings.HasSuffix(kind, "html") || strings.HasSuffix(kind, "xhtml+xml") {
		return nil, errPage
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, r.Max+1))
	if err != nil {
		return nil, fmt.Errorf("read its answer: %w", err)
	}
	if int64(len(data)) > r.Max {
		return nil, fmt.Errorf("it answers with more than %d bytes, which is the limit", r.Max)
	}
	if strings.HasPrefix(strings.TrimSpace(string(data[:min(len(data), 512)])), "<") {
		return nil, errPage
	}
	return data, nil
}

var errPage = errors.New("it answers with a web page; is a sign-in wanted?")
