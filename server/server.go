// Package server keeps an audit trail for others, over HTTP: jobs of CI systems append
// to it and read it, and the key that signs it stays here. A writer is who its token
// proves it to be, and may write what the configuration lists for it.
//
// It makes no decisions and stores nothing but the trail. What an entry must contain is
// for package trail; clients verify what they are answered (trail.Open with https://…).
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prodgate/prodgate/server/token"
	"github.com/prodgate/prodgate/trail"
)

// Limits of one request.
const (
	maxBody    = 32 << 20         // bytes of an append, with its blobs in base64
	maxQuery   = 1 << 20          // bytes of any other body
	maxHeaders = 64 << 10         // bytes
	maxAtOnce  = 64               // requests of listed callers at once
	timeLimit  = 60 * time.Second // of one request
	shutdown   = 20 * time.Second // for requests that are running at the end
)

// Server answers requests for a trail.
type Server struct {
	config  *Config
	log     *trail.Log
	tokens  *token.Verifier
	rates   *rates
	metrics *metrics
	logger  *slog.Logger
	clock   func() time.Time
	places  chan struct{} // one for each request at once
	handler http.Handler
}

// New returns a server of log. clock nil: time.Now.
func New(config *Config, log *trail.Log, logger *slog.Logger, clock func() time.Time) *Server {
	if clock == nil {
		clock = time.Now
	}
	issuers := make([]token.Issuer, len(config.Issuers))
	for n, i := range config.Issuers {
		issuers[n] = token.Issuer(i)
	}
	s := &Server{
		config: config, log: log, logger: logger, clock: clock,
		tokens: token.New(config.Audience, issuers, clock), rates: newRates(config.RequestsPerMinute, clock),
		metrics: newMetrics(), places: make(chan struct{}, maxAtOnce),
	}
	s.handler = s.routes()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /metrics", s.measure)
	for pattern, h := range map[string]func(*http.Request, *caller) (any, error){
		"POST /v1/entries":       s.append,
		"GET /v1/checkpoint":     s.checkpoint, // it names nobody: writers may read it as well
		"GET /v1/entries":        reading(s.entries),
		"GET /v1/entries/{id}":   reading(s.entry),
		"POST /v1/find":          reading(s.find),
		"GET /v1/blobs/{digest}": reading(s.blob),
		"GET /checkpoint":        reading(s.tile),
		"GET /tile/{rest...}":    reading(s.tile),
	} {
		mux.HandleFunc(pattern, s.answer(pattern, s.called(h)))
	}
	const hooks = "POST /v1/webhooks/{name}"
	mux.HandleFunc(hooks, s.answer(hooks, s.webhook))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, refuse(http.StatusNotFound, "there is no such page: docs/server.md lists what there is"))
	})
	return mux
}

// reading lets only readers through.
func reading(h func(*http.Request) (any, error)) func(*http.Request, *caller) (any, error) {
	return func(r *http.Request, c *caller) (any, error) {
		if !c.reads {
			return nil, refuse(http.StatusForbidden, "%s may write, not read: add it to readers of the server", c.name)
		}
		return h(r)
	}
}

// handler answers a request, and returns who sent it.
type handler func(http.ResponseWriter, *http.Request) (name string, result any, err error)

// answer bounds the request and writes what h returns: bytes as they are, anything else as
// JSON.
func (s *Server) answer(route string, h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(r.Context(), timeLimit)
		defer cancel()
		r = r.WithContext(ctx)
		name, result, err := h(w, r)
		if err == nil {
			s.metrics.request(route, http.StatusOK, time.Since(began))
			write(w, result)
			return
		}
		refused := s.refusalOf(r, err)
		s.metrics.request(route, refused.status, time.Since(began))
		s.logger.Warn("refused", "route", route, "caller", name, "status", refused.status, "why", err.Error())
		writeError(w, refused)
	}
}

// called identifies the caller, and bounds its body.
func (s *Server) called(h func(*http.Request, *caller) (any, error)) handler {
	return func(w http.ResponseWriter, r *http.Request) (name string, result any, err error) {
		c, err := s.identify(r.Context(), r)
		if err != nil {
			return "", nil, err
		}
		done, err := s.enter(c.name)
		if err != nil {
			return c.name, nil, err
		}
		defer done()
		limit := int64(maxQuery)
		if r.Pattern == "POST /v1/entries" {
			limit = maxBody
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		result, err = h(r, c)
		return c.name, result, err
	}
}

// enter takes a place for a request of somebody who is known, until done is called.
func (s *Server) enter(name string) (done func(), err error) {
	select {
	case s.places <- struct{}{}:
	default:
		return nil, &refusal{status: http.StatusServiceUnavailable, text: "too many requests at once", after: "1"}
	}
	if wait, ok := s.rates.take(name); !ok {
		<-s.places
		return nil, &refusal{status: http.StatusTooManyRequests, text: fmt.Sprintf("more than %d requests a minute", s.config.RequestsPerMinute), after: fmt.Sprint(wait)}
	}
	return func() { <-s.places }, nil
}

// refusalOf says what of an error the caller is told. What went wrong inside is for the
// log of the server.
func (s *Server) refusalOf(r *http.Request, err error) *refusal {
	var refused *refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.As(err, &large):
		return refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", large.Limit)
	case errors.Is(err, trail.ErrNotFound):
		return refuse(http.StatusNotFound, "%v", err)
	case errors.Is(err, trail.ErrConflict):
		return refuse(http.StatusConflict, "%v", err)
	case errors.Is(err, trail.ErrErased):
		return refuse(http.StatusGone, "%v", err)
	case errors.Is(err, trail.ErrAhead):
		return refuse(http.StatusPreconditionFailed, "%v", err)
	case errors.Is(err, trail.ErrTooMuch):
		return refuse(http.StatusRequestEntityTooLarge, "%v", err)
	case r.Context().Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return refuse(http.StatusServiceUnavailable, "not done in time: nothing is acknowledged; send the same again")
	}
	return refuse(http.StatusInternalServerError, "the trail could not be used: nothing is acknowledged; the log of the server says why")
}

// Serve answers on listener until ctx ends, and then finishes the requests that are
// running.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	h := &http.Server{
		Handler: s, MaxHeaderBytes: maxHeaders, ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: timeLimit, WriteTimeout: 2 * timeLimit, IdleTimeout: 2 * time.Minute,
	}
	if s.config.TLS != nil {
		pair, err := tls.LoadX509KeyPair(s.config.TLS.Certificate, s.config.TLS.Key)
		if err != nil {
			return fmt.Errorf("read the TLS certificate: %w", err)
		}
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	err := h.Shutdown(last)
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
