package web

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// Defaults of Options.
const (
	DefaultMaxBytes = 8 << 20
	DefaultMaxPages = 100
	DefaultMaxAge   = 10 * time.Minute
)

// Options describe a server. Only Base is required.
type Options struct {
	Base   string            // URL that the paths of calls are below: https://api.example.com/v2
	Auth   Auth              // Bearer, Basic or Key; the zero Auth: none
	Header map[string]string // sent with each request: Accept, the API's version
	CAFile string            // PEM file of the certificates to trust instead of the system's

	Secrets []string // further texts that no error may contain

	MaxBytes int64         // of one answer, unpacked; 0: DefaultMaxBytes
	MaxPages int           // of one call; 0: DefaultMaxPages
	MaxAge   time.Duration // how old the copy of a cache may be; 0: DefaultMaxAge

	Transport http.RoundTripper // sends the requests; nil: Go's default, with CAFile
	Clock     func() time.Time  // nil: time.Now

	// Carrier wraps what sends the requests; nil: nothing does.
	Carrier func(http.RoundTripper) http.RoundTripper
}

// Server is an API that calls are sent to. It is safe for concurrent use.
type Server struct {
	base    *url.URL
	header  http.Header
	options Options
	hide    *strings.Replacer
	client  Client
}

// New prepares to call a server. Nothing is sent. An error says which option is
// invalid and how.
func New(o Options) (*Server, error) {
	base, err := Parse(o.Base)
	switch {
	case err != nil:
		return nil, fmt.Errorf("url: %w", err)
	case base.RawQuery != "" || base.ForceQuery:
		return nil, errors.New("url: must not contain a query")
	case o.Auth.err != nil:
		return nil, o.Auth.err
	case o.CAFile != "" && o.Transport != nil:
		return nil, errors.New("a CA file and a transport exclude each other")
	}
	s := &Server{base: base, options: o, header: http.Header{"Cache-Control": {"no-cache"}, "Accept": {"application/json"}}}
	for name, value := range o.Header {
		s.header.Set(name, value)
	}
	if o.Auth.header != "" {
		s.header.Set(o.Auth.header, o.Auth.value)
	}
	s.hide = redactor(append(o.Auth.secrets, o.Secrets...))
	s.client = Client{Transport: o.Transport, Clock: o.Clock}
	if o.CAFile != "" {
		if s.client.Transport, err = trusting(o.CAFile); err != nil {
			return nil, err
		}
	}
	if o.Carrier != nil {
		s.client.Transport = o.Carrier(s.client.Transport)
	}
	return s, nil
}

// trusting is a transport that trusts the certificates in a PEM file only.
func trusting(file string) (http.RoundTripper, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("read the CA file: %q contains no PEM certificate", file)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return transport, nil
}

// Host is the server's scheme, host and port, for messages and evidence.
func (s *Server) Host() string { return Host(s.base) }

// Call is one request to a server.
type Call struct {
	Method string      // "": GET
	Path   string      // below the base: begins with "/"; Path builds it from names
	Query  url.Values  // may contain secrets: errors do not show it
	Header http.Header // in addition to the server's
	Body   string      // its type belongs in Header

	// Read says that the call changes nothing although its method is not GET or
	// HEAD, so that it may be sent again: a query that is too long for a URL.
	Read bool
}

// Path joins names to a path, each escaped: Path("repos", "acme/web") is
// /repos/acme%2Fweb. A name "." or ".." is refused by Do.
func Path(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		b.WriteString("/" + url.PathEscape(name))
	}
	return b.String()
}

// Do sends the call and returns an answer of 200, 201, 202 or 204. Any other is a
// *StatusError. An error names method, path and host, never the query.
func (s *Server) Do(ctx context.Context, call Call) (*Answer, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	to, err := s.address(call)
	if err != nil {
		return nil, err
	}
	answer, err := s.send(ctx, call, to)
	if err != nil {
		return nil, s.failed(call, 1, err)
	}
	return answer, nil
}

// JSON sends the call and decodes the answer into what into points at, as
// Answer.JSON does.
func (s *Server) JSON(ctx context.Context, call Call, into any) error {
	answer, err := s.Do(ctx, call)
	if err != nil {
		return err
	}
	if err := answer.JSON(into); err != nil {
		return s.failed(call, 1, err)
	}
	return nil
}

// address is the URL of a call.
func (s *Server) address(call Call) (*url.URL, error) {
	path, err := url.PathUnescape(call.Path)
	if err != nil || !strings.HasPrefix(call.Path, "/") || strings.ContainsAny(call.Path, "?#") {
		return nil, fmt.Errorf("invalid path %q: must begin with a slash, be escaped and have no query", s.hide.Replace(call.Path))
	}
	for name := range strings.SplitSeq(path, "/") {
		if name == "." || name == ".." {
			return nil, fmt.Errorf("invalid path %q: a name in it is %q", s.hide.Replace(call.Path), name)
		}
	}
	to := *s.base
	to.RawPath = strings.TrimSuffix(to.EscapedPath(), "/") + call.Path
	if to.Path, err = url.PathUnescape(to.RawPath); err != nil {
		return nil, fmt.Errorf("invalid path: %w", err)
	}
	to.RawQuery = call.Query.Encode()
	return &to, nil
}

// send sends the call to an address on the server's host.
func (s *Server) send(ctx context.Context, call Call, to *url.URL) (*Answer, error) {
	method := call.Method
	if method == "" {
		method = http.MethodGet
	}
	header := s.header.Clone()
	for name, values := range call.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	x := exchange{
		method: method, url: to, header: header, body: call.Body,
		max: cmp.Or(s.options.MaxBytes, DefaultMaxBytes), maxAge: cmp.Or(s.options.MaxAge, DefaultMaxAge),
		repeat: call.Read || method == http.MethodGet || method == http.MethodHead,
	}
	answer, err := s.client.fetch(ctx, x)
	if err != nil {
		return nil, err
	}
	switch answer.Status {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent:
		return answer, nil
	}
	refused := answer.refused()
	refused.Detail = s.hide.Replace(answer.detail())
	return nil, refused
}

// failed is err with what was attempted and without secrets.
func (s *Server) failed(call Call, page int, err error) error {
	text := fmt.Sprintf("%s %s from %s", cmp.Or(call.Method, http.MethodGet), call.Path, s.Host())
	if page > 1 {
		text += fmt.Sprintf(", page %d", page)
	}
	return &callError{text: s.hide.Replace(text + ": " + err.Error()), err: err}
}

// callError is an error whose text has been redacted.
type callError struct {
	text string
	err  error
}

func (e *callError) Error() string { return e.text }
func (e *callError) Unwrap() error { return e.err }
