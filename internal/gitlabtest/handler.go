package gitlabtest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// answer is what an endpoint answers; a list is cut into pages.
type answer struct {
	status int
	body   any
	list   []any
}

// endpoint answers one request. It holds the lock.
type endpoint func(*http.Request, Token) answer

// route is an endpoint and the lowest level that the user of a token needs in the
// project, or in the group.
type route struct {
	level  int
	answer endpoint
}

func (s *Server) handler() http.Handler {
	project, group := "GET /api/v4/projects/{project}", "GET /api/v4/groups/{group}"
	mux := http.NewServeMux()
	for pattern, of := range map[string]route{
		project + "/pipelines/{pipeline}":                    {Reporter, s.pipeline},
		project + "/pipelines/{pipeline}/jobs":               {Reporter, s.listJobs},
		project + "/deployments":                             {Reporter, s.listDeployments},
		project + "/deployments/{deployment}":                {Reporter, s.deployment},
		project + "/environments":                            {Reporter, s.listEnvironments},
		project + "/protected_environments/{name}":           {Maintainer, s.protected},
		project + "/repository/commits/{sha}":                {Reporter, s.commit},
		project + "/repository/commits/{sha}/merge_requests": {Reporter, s.mergeRequests},
		group:                                    {Guest, s.group},
		group + "/members/{user}":                {Guest, s.member},
		group + "/protected_environments/{name}": {Maintainer, s.groupProtected},
		"GET /api/v4/users/{user}":               {0, s.user},
		"GET /api/v4/users":                      {0, s.searchUsers},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, of) })
	}
	mux.HandleFunc("GET /api/v4/job", s.serveOwnJob)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
		fault := s.Fault
		s.Unlock()
		if fault == nil || !fault(w, r) {
			mux.ServeHTTP(w, r)
		}
	})
}

// serve checks a request as GitLab does, and writes the answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, of route) {
	s.Lock()
	defer s.Unlock()
	s.begin(w)
	token, known := s.Tokens[r.Header.Get("PRIVATE-TOKEN")]
	project, group := r.PathValue("project"), r.PathValue("group")
	level := token.Groups[group]
	if project != "" {
		level = token.Project
	}
	switch {
	case s.Limited:
		limit(w)
	case !known:
		refuse(w, http.StatusUnauthorized, map[string]string{"message": "401 Unauthorized"})
	case !slices.Contains(token.Scopes, "read_api"):
		refuse(w, http.StatusForbidden, map[string]string{
			"error": "insufficient_scope", "error_description": "The request requires higher privileges than provided by the access token.", "scope": "api read_api",
		})
	case project != "" && (!strings.EqualFold(project, s.Project) || level == 0):
		refuse(w, http.StatusNotFound, map[string]string{"message": "404 Project Not Found"})
	case group != "" && (s.Groups[group] == nil || level == 0):
		refuse(w, http.StatusNotFound, map[string]string{"message": "404 Group Not Found"})
	case level < of.level:
		refuse(w, http.StatusForbidden, map[string]string{"message": "403 Forbidden"})
	default:
		s.write(w, r, of.answer(r, token))
	}
}

// serveOwnJob answers which job a job token belongs to. No other token may ask.
func (s *Server) serveOwnJob(w http.ResponseWriter, r *http.Request) {
	s.Lock()
	defer s.Unlock()
	s.begin(w)
	id, known := s.JobTokens[r.Header.Get("JOB-TOKEN")]
	j := s.job(id)
	switch {
	case s.Limited:
		limit(w)
	case !known || j == nil:
		refuse(w, http.StatusUnauthorized, map[string]string{"message": "401 Unauthorized"})
	default:
		s.write(w, r, answer{body: s.jobBody(j)})
	}
}

func (s *Server) begin(w http.ResponseWriter) {
	w.Header().Set("Date", s.Clock().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Vary", "Origin")
}

// limit refuses a request that exceeds the rate limit.
func limit(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Retry-After", "60")
	w.Header().Set("RateLimit-Remaining", "0")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = w.Write([]byte("Retry later\n"))
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, a answer) {
	body := a.body
	if a.list != nil {
		body = s.page(w, r, a.list)
	}
	text, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256(text)
	tag := `W/"` + hex.EncodeToString(sum[:16]) + `"`
	if a.status == 0 {
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		a.status = http.StatusOK
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(text)
}

// page is the part of a list that a request asks for, with the link to the next.
func (s *Server) page(w http.ResponseWriter, r *http.Request, list []any) []any {
	query := r.URL.Query()
	size, number := 20, 1
	if n, err := strconv.Atoi(query.Get("per_page")); err == nil && n > 0 {
		size = min(n, 100)
	}
	if s.PageSize > 0 {
		size = min(size, s.PageSize)
	}
	if n, err := strconv.Atoi(query.Get("page")); err == nil && n > 0 {
		number = n
	}
	from, to := min((number-1)*size, len(list)), min(number*size, len(list))
	if to < len(list) {
		query.Set("page", strconv.Itoa(number+1))
		next := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: query.Encode()}
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, next.String()))
		w.Header().Set("X-Next-Page", strconv.Itoa(number+1))
	}
	return list[from:to]
}

func refuse(w http.ResponseWriter, status int, body map[string]string) {
	text, _ := json.Marshal(body) // texts always are JSON
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

var notFound = answer{status: http.StatusNotFound, body: map[string]string{"message": "404 Not found"}}

// number is a number in the path of a request; 0 if it is none.
func number(r *http.Request, name string) int64 {
	n, _ := strconv.ParseInt(r.PathValue(name), 10, 64)
	return n
}
