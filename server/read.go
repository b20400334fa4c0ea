package server

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/trail"
)

// askedOf reads what the client has seen, and its nonce.
func askedOf(r *http.Request) (a trail.Asked, err error) {
	q := r.URL.Query()
	if text := q.Get("seen"); text != "" {
		if a.Seen, err = strconv.ParseInt(text, 10, 64); err != nil || a.Seen < 0 {
			return a, refuse(http.StatusUnprocessableEntity, "seen %.40q is not a number of entries", text)
		}
	}
	a.Nonce = q.Get("nonce")
	if len(a.Nonce) > trail.MaxNonce || strings.Trim(a.Nonce, "0123456789abcdef") != "" {
		return a, refuse(http.StatusUnprocessableEntity, "nonce %.80q must be at most %d hexadecimal digits", a.Nonce, trail.MaxNonce)
	}
	return a, nil
}

func (s *Server) checkpoint(r *http.Request, _ *caller) (any, error) {
	asked, err := askedOf(r)
	if err != nil {
		return nil, err
	}
	return s.log.Head(r.Context(), asked)
}

func (s *Server) entries(r *http.Request) (any, error) {
	asked, err := askedOf(r)
	if err != nil {
		return nil, err
	}
	filter, end, err := trail.ParseFilter(r.URL.Query())
	if err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	return s.log.Page(r.Context(), filter, end, asked)
}

func (s *Server) entry(r *http.Request) (any, error) {
	asked, err := askedOf(r)
	if err != nil {
		return nil, err
	}
	return s.log.Proven(r.Context(), r.PathValue("id"), asked)
}

func (s *Server) find(r *http.Request) (any, error) {
	asked, err := askedOf(r)
	if err != nil {
		return nil, err
	}
	var q trail.Question
	if err := decode(r.Body, &q); err != nil {
		return nil, err
	}
	if err := q.Check(); err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	return s.log.Find(r.Context(), q, asked)
}

func (s *Server) blob(r *http.Request) (any, error) {
	return s.log.Stored(r.Context(), r.PathValue("digest"))
}

// tile returns a file of an export.
func (s *Server) tile(r *http.Request) (any, error) {
	return s.log.Tile(r.Context(), strings.TrimPrefix(r.URL.Path, "/"))
}

// ready says whether the trail can be read.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if _, err := s.log.Head(r.Context(), trail.Asked{}); err != nil {
		s.logger.Error("not ready", "why", err.Error())
		text(w, http.StatusServiceUnavailable, "the trail cannot be read\n")
		return
	}
	text(w, http.StatusOK, "ok\n")
}
