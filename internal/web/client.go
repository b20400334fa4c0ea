package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/prodgate/prodgate/internal/retry"
)

// Client reads documents. It is safe for concurrent use; the zero Client is ready.
type Client struct {
	// Transport sends the requests; nil: http.DefaultTransport.
	Transport http.RoundTripper

	// Clock returns the current time; nil: time.Now.
	Clock func() time.Time

	memory memory
}

// Request is a document to read.
type Request struct {
	URL    *url.URL      // as Parse returns it
	Accept string        // media type to ask for
	Max    int64         // bytes that the document may have, unpacked
	MaxAge time.Duration // how old the copy of a cache may be
}

// Get reads the document. The error contains neither path nor query of the URL,
// which may be secret; name the host with Host.
func (c *Client) Get(ctx context.Context, r Request) ([]byte, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	answer, err := c.fetch(ctx, exchange{
		method: http.MethodGet, url: r.URL, max: r.Max, maxAge: r.MaxAge, repeat: true,
		header: http.Header{"Accept": {r.Accept}},
	})
	switch {
	case err != nil:
		return nil, err
	case answer.Status != http.StatusOK:
		return nil, answer.refused()
	case answer.page():
		return nil, errPage
	}
	return answer.Body, nil
}

// limited gives ctx a deadline if it has none.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, bounded := ctx.Deadline(); bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, defaultDeadline)
}

// exchange is one request and what is accepted as its answer.
type exchange struct {
	method string
	url    *url.URL
	header http.Header
	body   string
	max    int64         // bytes of the answer, unpacked
	maxAge time.Duration // of the answer
	repeat bool          // it changes nothing and may be sent again
}

// fetch sends x, repeatedly if that is allowed and of use, and returns the answer
// whatever its status. Its errors contain no URL.
func (c *Client) fetch(ctx context.Context, x exchange) (*Answer, error) {
	for attempt := 1; ; attempt++ {
		answer, response, err := c.send(ctx, x) //nolint:bodyclose // send has read and closed it
		if !x.repeat || !retry.Again(ctx, attempt, response, err) {
			return answer, explain(ctx, err)
		}
	}
}

// send sends x once and reads the answer. The response is for the retry rule; its
// body has been closed.
func (c *Client) send(ctx context.Context, x exchange) (*Answer, *http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, x.method, x.url.String(), strings.NewReader(x.body))
	if err != nil {
		return nil, nil, err
	}
	for name, values := range x.header {
		request.Header[name] = values
	}
	request.Header.Set("User-Agent", "prodgate")
	key := fmt.Sprint(x.url, x.header) // the answer may depend on every header
	known, asked := c.memory.find(key)
	if asked = asked && x.method == http.MethodGet; asked {
		request.Header.Set("If-None-Match", known.tag)
	}
	client := &http.Client{Transport: c.Transport, CheckRedirect: follow}
	response, err := client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	answer := &Answer{Status: response.StatusCode, Header: response.Header, url: x.url}
	if response.StatusCode == http.StatusNotModified && asked {
		answer.Status, answer.Body, answer.Header = http.StatusOK, known.data, known.header
		return answer, response, c.fresh(response.Header, x.maxAge)
	}
	if response.StatusCode < 300 {
		if err := c.fresh(response.Header, x.maxAge); err != nil {
			return nil, response, err
		}
	}
	if answer.Body, err = read(response, x.max); err != nil {
		return nil, response, err
	}
	if x.method == http.MethodGet && response.StatusCode == http.StatusOK {
		c.memory.keep(key, remembered{tag: response.Header.Get("ETag"), data: answer.Body, header: response.Header})
	}
	return answer, response, nil
}

// read reads the body of response, which may have max bytes. Of an answer that
// is not a success only the beginning is read.
func read(response *http.Response, max int64) ([]byte, error) {
	if response.StatusCode >= 300 {
		data, _ := io.ReadAll(io.LimitReader(response.Body, maxDetail)) // it only explains the status
		return data, nil
	}
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, fmt.Errorf("answered with the content encoding %q, which was not requested", encoding)
	}
	buffer := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(io.LimitReader(response.Body, max+1)); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if int64(buffer.Len()) > max {
		return nil, fmt.Errorf("answered with more than %d bytes, which is the limit", max)
	}
	return bytes.Clone(buffer.Bytes()), nil
}

// buffers grow to the size of an answer once, and not for each page of a long list.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// explain returns err without the URL, which url.Error quotes.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTimeout
	}
	var outer *url.Error
	for errors.As(err, &outer) {
		err = outer.Err
	}
	return err
}

var (
	errPage          = errors.New("answered with a web page; does it require a sign-in?")
	errTimeout error = timeout{}
)

// timeout is context.DeadlineExceeded in words that users understand.
type timeout struct{}

func (timeout) Error() string { return "no complete answer in time" }
func (timeout) Unwrap() error { return context.DeadlineExceeded }

// page reports whether the answer is a web page, by its type or its first byte.
func (a *Answer) page() bool {
	kind, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	return strings.HasSuffix(kind, "html") || strings.HasSuffix(kind, "xhtml+xml") ||
		strings.HasPrefix(strings.TrimSpace(string(a.Body[:min(len(a.Body), 512)])), "<")
}
