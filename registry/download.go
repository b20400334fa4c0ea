package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/prodgate/prodgate/internal/retry"
)

const (
	// maxSilence is how long a download may make no progress before it counts as
	// broken off.
	maxSilence = 90 * time.Second

	// maxResumes is how often one download is resumed, and maxFutile how often in a
	// row without any progress.
	maxResumes = 16
	maxFutile  = 3
)

var errSilent = fmt.Errorf("nothing came for %s", maxSilence)

// session has one handshake with a registry for all the reads from it, and one for
// all the writes.
type session struct {
	sync.Mutex
	carriers map[string]http.RoundTripper // by scope
}

// client is the client that downloads from p, authenticated.
func (p remotePlace) client(ctx context.Context) (*http.Client, error) {
	carrier, err := p.carrier(ctx, transport.PullScope)
	if err != nil {
		return nil, p.explain(err)
	}
	return &http.Client{Transport: carrier}, nil
}

// carrier is the transport with the right to do in p what scope names.
func (p remotePlace) carrier(ctx context.Context, scope string) (http.RoundTripper, error) {
	p.session.Lock()
	defer p.session.Unlock()
	if known, ok := p.session.carriers[scope]; ok {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxSilence)
	defer cancel()
	auth, err := authn.Resolve(ctx, p.keychain, p.repository)
	if err != nil {
		return nil, err
	}
	carrier, err := transport.NewWithContext(ctx, p.repository.Registry, auth, transport.NewUserAgent(p.guard, "prodgate"), []string{p.repository.Scope(scope)})
	if err != nil {
		return nil, withoutURL(err)
	}
	if p.session.carriers == nil {
		p.session.carriers = map[string]http.RoundTripper{}
	}
	p.session.carriers[scope] = carrier
	return carrier, nil
}

func (p remotePlace) open(ctx context.Context, digest string, max int64) (io.ReadCloser, error) {
	client, err := p.client(ctx)
	if err != nil {
		return nil, err
	}
	d := &download{ctx: withLimit(ctx, max+1), place: p, client: client, digest: digest, size: -1}
	if err := d.request(); err != nil {
		return nil, err
	}
	return d, nil
}

// download is a blob that is being fetched. If the connection breaks, it resumes at the
// byte where it stopped, if the registry supports that.
type download struct {
	ctx    context.Context
	place  remotePlace
	client *http.Client
	digest string

	body    io.ReadCloser
	stop    context.CancelCauseFunc // ends the request that body belongs to
	watch   *time.Timer             // calls stop after maxSilence
	at      int64                   // bytes returned
	size    int64                   // of the blob, according to the registry; -1: not known
	resumes int
	futile  int
}

// request requests the bytes from d.at on.
func (d *download) request() error {
	address := url.URL{
		Scheme: d.place.repository.Scheme(),
		Host:   d.place.repository.RegistryStr(),
		Path:   fmt.Sprintf("/v2/%s/blobs/%s", d.place.repository.RepositoryStr(), d.digest),
	}
	ctx, stop := context.WithCancelCause(d.ctx)
	watch := time.AfterFunc(maxSilence, func() { stop(errSilent) })
	body, err := d.send(ctx, address.String())
	watch.Stop()
	if err != nil {
		stop(nil)
		return err
	}
	d.body, d.stop, d.watch = body, stop, watch
	return nil
}

// send returns the body of the response, after checking that it is the requested range.
func (d *download) send(ctx context.Context, address string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept-Encoding", "identity") // the digest is that of the stored bytes
	wanted := http.StatusOK
	if d.at > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.at))
		wanted = http.StatusPartialContent
	}
	response, err := d.client.Do(request)
	if err != nil {
		return nil, d.place.explain(withoutURL(err))
	}
	if response.StatusCode == http.StatusOK && wanted != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("the registry %s can't go on after byte %d, where the connection broke", d.place.repository.RegistryStr(), d.at)
	}
	if err := transport.CheckError(response, wanted); err != nil {
		response.Body.Close()
		return nil, d.place.explain(err)
	}
	from := response.Header.Get("Content-Range")
	switch {
	case wanted == http.StatusPartialContent && !strings.HasPrefix(from, fmt.Sprintf("bytes %d-", d.at)):
		response.Body.Close()
		return nil, fmt.Errorf("the registry %s was asked for what follows byte %d and sends %q", d.place.repository.RegistryStr(), d.at, from)
	case response.ContentLength >= 0:
		d.size = d.at + response.ContentLength
	}
	return response.Body, nil
}

func (d *download) Read(p []byte) (int, error) {
	for {
		d.watch.Reset(maxSilence)
		n, err := d.body.Read(p)
		d.watch.Stop()
		d.at += int64(n)
		if n > 0 {
			d.futile = 0
		}
		switch {
		case err == nil, errors.Is(err, errTooLong):
			return n, err
		case errors.Is(err, io.EOF) && (d.size < 0 || d.at == d.size):
			return n, io.EOF
		case d.ctx.Err() != nil:
			return n, d.ctx.Err()
		case n > 0:
			return n, nil // the next call fails again, then without data
		}
		if err := d.resume(err); err != nil {
			return 0, err
		}
	}
}

// resume continues after an interruption, unless there were too many.
func (d *download) resume(broken error) error {
	d.resumes, d.futile = d.resumes+1, d.futile+1
	if d.resumes > maxResumes || d.futile > maxFutile {
		return d.place.explain(fmt.Errorf("after %d bytes and %d attempts: %w", d.at, d.resumes, broken))
	}
	_ = d.Close() // it is broken anyway
	if err := retry.Sleep(d.ctx, retry.First<<(d.futile-1)); err != nil {
		return err
	}
	if err := d.request(); err != nil {
		return fmt.Errorf("%w (it broke off after %d bytes: %w)", err, d.at, broken)
	}
	return nil
}

func (d *download) Close() error {
	d.watch.Stop()
	d.stop(nil)
	return d.body.Close()
}

// withoutURL removes the URL from err: the URL of a redirect contains a signature that
// lets anyone read.
func withoutURL(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

// limitKey is the key of the limit in a request's context.
type limitKey struct{}

// withLimit limits the responses to requests in ctx to max bytes.
func withLimit(ctx context.Context, max int64) context.Context {
	return context.WithValue(ctx, limitKey{}, max)
}
