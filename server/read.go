package server

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/prodgate/prodgate/trail"
)

// seenOf reads how many entries the client has seen.
func seenOf(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("seen")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, refuse(http.StatusUnprocessableEntity, "seen %.40q is not a number of entries", text)
	}
	return n, nil
}

func (s *Server) checkpoint(r *http.Request, _ *caller) (any, error) {
	seen, err := seenOf(r)
	if err != nil {
		return nil, err
	}
	return s.log.Head(r.Context(), seen)
}

func (s *Server) entries(r *http.Request) (any, error) {
	seen, err := seenOf(r)
	if err != nil {
		return nil, err
	}
	filter, end, err := trail.ParseFilter(r.URL.Query())
	if err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%v", err)
	}
	return s.log.Page(r.Context(), filter, end, seen)
}

func (s *Server) entry(r *http.Request) (any, error) {
	seen, err := seenOf(r)
	if err != nil {
		return nil, err
	}
	return s.log.Proven(r.Context(), r.PathValue("id"), seen)
}

func (s *Server) find(r *http.Request) (any, error) {
	seen, err := seenOf(r)
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
	return s.log.Find(r.Context(), q, seen)
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
	if _, err := s.log.Head(r.Context(), 0); err != nil {
		s.logger.Error("not ready", "why", err.Error())
		text(w, http.StatusServiceUnavailable, "the trail cannot be read\n")
		return
	}
	text(w, http.StatusOK, "ok\n")
}
