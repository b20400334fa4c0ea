package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/prodgate/prodgate/server/token"
)

// caller is who sent a request, as its token proves.
type caller struct {
	name   string          // of the writer, the reader or the token in the configuration; in logs and for the rate
	id     *token.Identity // nil: a reader's secret
	writer []*WriterRule   // that cover it
	reads  bool
}

// refusal is an answer that is not a success.
type refusal struct {
	status int
	text   string
	after  string // Retry-After, in seconds
}

func (r *refusal) Error() string { return r.text }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, text: fmt.Sprintf(format, args...)}
}

// identify returns who sent a request. A job or a secret that the configuration does not
// list is an error.
func (s *Server) identify(ctx context.Context, r *http.Request) (*caller, error) {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || raw == "" || len(r.Header.Values("Authorization")) != 1 {
		return nil, refuse(http.StatusUnauthorized, "a token is required: Authorization: Bearer TOKEN")
	}
	if name := s.secretOf(raw); name != "" {
		return &caller{name: "token " + name, reads: true}, nil
	}
	id, err := s.tokens.Verify(ctx, raw)
	switch {
	case errors.Is(err, token.ErrUnavailable):
		return nil, &refusal{status: http.StatusServiceUnavailable, text: "the token could not be verified: " + err.Error(), after: "5"}
	case err != nil:
		return nil, refuse(http.StatusUnauthorized, "%v", err)
	}
	c := &caller{name: id.Issuer + " " + id.RepositoryID, id: &id}
	for n := range s.config.Writers {
		if w := &s.config.Writers[n]; w.Who.covers(id) {
			c.writer = append(c.writer, w)
		}
	}
	for n := range s.config.Readers {
		c.reads = c.reads || s.config.Readers[n].Who.covers(id)
	}
	if len(c.writer) == 0 && !c.reads {
		return nil, refuse(http.StatusForbidden, "%s is not listed: add it to writers or readers of the server", id)
	}
	return c, nil
}

// secretOf returns the name of the reader whose secret raw is; empty if there is none.
func (s *Server) secretOf(raw string) (name string) {
	sum := sha256.Sum256([]byte(raw))
	text := []byte(hex.EncodeToString(sum[:]))
	for _, t := range s.config.Tokens {
		if subtle.ConstantTimeCompare(text, []byte(t.SHA256)) == 1 {
			name = t.Name
		}
	}
	return name
}
