package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/prodgate/prodgate/internal/retry"
)

// maxWrite is the timeout of one request that writes.
const maxWrite = 2 * time.Minute

// writer sends requests that change a repository, all of them to the registry's own
// host: it follows no redirect.
type writer struct {
	place  remotePlace
	client *http.Client
}

// writer returns a writer with the right to push to p.
func (p remotePlace) writer(ctx context.Context) (writer, error) {
	carrier, err := p.carrier(ctx, transport.PushScope)
	if err != nil {
		return writer{}, p.explainAccess(err, "write")
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return writer{place: p, client: &http.Client{Transport: carrier, CheckRedirect: stay}}, nil
}

// address is the URL of something in the repository.
func (w writer) address(kind, name string) *url.URL {
	r := w.place.repository
	return &url.URL{Scheme: r.Scheme(), Host: r.RegistryStr(), Path: fmt.Sprintf("/v2/%s/%s/%s", r.RepositoryStr(), kind, name)}
}

// blob uploads content. Repeated from its beginning, it changes nothing, so it is
// tried again as package retry defines.
func (w writer) blob(ctx context.Context, digest string, content []byte) error {
	_, err := repeat(ctx, func() (*http.Response, error) { //nolint:bodyclose // send has closed it
		started, err := w.send(ctx, http.MethodPost, w.address("blobs/uploads", ""), "", nil)
		if err != nil {
			return started, err
		}
		at, err := w.location(started)
		if err != nil {
			return nil, err
		}
		query := at.Query()
		query.Set("digest", digest)
		at.RawQuery = query.Encode()
		return w.send(ctx, http.MethodPut, at, "application/octet-stream", content)
	})
	if err != nil {
		return fmt.Errorf("upload %s: %w", digest, w.explain(err))
	}
	return nil
}

// location is where an upload goes on.
func (w writer) location(started *http.Response) (*url.URL, error) {
	host := w.place.repository.RegistryStr()
	at, err := started.Request.URL.Parse(started.Header.Get("Location"))
	if err != nil || started.Header.Get("Location") == "" {
		return nil, refusal{fmt.Errorf("the registry %s does not say where the upload goes on", host)}
	}
	if at.Host != started.Request.URL.Host {
		return nil, refusal{fmt.Errorf("the registry %s says that the upload goes on at another host, %s: refused", host, at.Host)}
	}
	return at, nil
}

// manifest uploads a manifest by its digest, which is tried again as a blob is.
func (w writer) manifest(ctx context.Context, digest string, raw []byte) (http.Header, error) {
	response, err := repeat(ctx, func() (*http.Response, error) { //nolint:bodyclose // send has closed it
		return w.send(ctx, http.MethodPut, w.address("manifests", digest), manifestType, raw)
	})
	if err != nil {
		return nil, fmt.Errorf("upload the manifest %s: %w", digest, w.explain(err))
	}
	return response.Header, nil
}

// refusal is an error of ours, which needs no explanation.
type refusal struct{ error }

// explain explains the error of a write.
func (w writer) explain(err error) error {
	if own, ok := errors.AsType[refusal](err); ok {
		return own.error
	}
	return w.place.explainAccess(err, "write")
}

// send sends one request and reads the response, whose body is closed. A status other
// than success is a *transport.Error, with the response.
func (w writer) send(ctx context.Context, method string, to *url.URL, mediaType string, content []byte) (*http.Response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxWrite, fmt.Errorf("no answer within %s", maxWrite))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if mediaType != "" {
		request.Header.Set("Content-Type", mediaType)
	}
	response, err := w.client.Do(request)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer response.Body.Close()
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		return nil, refusal{fmt.Errorf("the registry %s redirects a write: refused", w.place.repository.RegistryStr())}
	}
	if err := transport.CheckError(response, http.StatusOK, http.StatusCreated, http.StatusAccepted); err != nil {
		return response, err
	}
	_, err = io.Copy(io.Discard, response.Body) // so that the connection can be used again
	return response, err
}

// repeat sends what is safe to send again until it succeeds or package retry gives up.
func repeat(ctx context.Context, send func() (*http.Response, error)) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		response, err := send()
		if err == nil || !again(ctx, attempt, response, err) {
			return response, err
		}
	}
}

// again is retry.Again for the results of send.
func again(ctx context.Context, attempt int, response *http.Response, err error) bool {
	if response != nil {
		err = nil // the status decides
	}
	return retry.Again(ctx, attempt, response, err)
}

// lacksContent reports whether a manifest was refused because the registry does not
// have what it names.
func lacksContent(err error) bool {
	var refused *transport.Error
	if !errors.As(err, &refused) || refused.StatusCode != http.StatusBadRequest && refused.StatusCode != http.StatusNotFound {
		return false
	}
	for _, reason := range refused.Errors {
		if strings.Contains(string(reason.Code), "UNKNOWN") {
			return true
		}
	}
	return false
}
