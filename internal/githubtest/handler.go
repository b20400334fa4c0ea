package githubtest

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
	"time"
)

// answer is what an endpoint answers; a list is cut into pages.
type answer struct {
	status int
	body   any
	list   []any
}

// endpoint answers one request. It holds the lock.
type endpoint func(*http.Request) answer

func (s *Server) handler() http.Handler {
	repository := "GET /repos/{owner}/{repo}"
	routes := map[string]struct {
		permission string
		answer     endpoint
	}{
		repository + "/actions/runs/{run}":                    {Actions, s.run},
		repository + "/actions/runs/{run}/approvals":          {Actions, s.approvals},
		repository + "/actions/runs/{run}/attempts/{attempt}": {Actions, s.attempt},
		repository + "/commits/{ref}":                         {Contents, s.commit},
		repository + "/environments/{environment}":            {Actions, s.environment},
		repository + "/deployments":                           {Deployments, s.listDeployments},
		repository + "/deployments/{deployment}/statuses":     {Deployments, s.statuses},
		"GET /orgs/{org}":                                     {"", s.organization},
		"GET /orgs/{org}/members":                             {"", s.members},
		"GET /orgs/{org}/teams/{team}":                        {"", s.team},
		"GET /orgs/{org}/teams/{team}/memberships/{login}":    {"", s.membership},
	}
	mux := http.NewServeMux()
	for pattern, route := range routes {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, route.permission, route.answer) })
	}
	for pattern, of := range map[string]endpoint{
		"GET /orgs/{org}/installation":                         s.installation,
		"POST /app/installations/{installation}/access_tokens": s.accessToken,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.asApp(w, r, of) })
	}
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

// serve checks a request as GitHub does, and writes the answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, permission string, of endpoint) {
	s.Lock()
	defer s.Unlock()
	now := s.Clock()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, known := s.Tokens[token(r)]
	version := r.Header.Get("X-GitHub-Api-Version")
	owner, repo := r.PathValue("owner"), r.PathValue("repo")
	switch {
	case !known:
		refuse(w, http.StatusUnauthorized, "Bad credentials")
	case s.Limited:
		w.Header().Set("Retry-After", "60")
		refuse(w, http.StatusForbidden, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")
	case s.Spent:
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(40*time.Minute).Unix(), 10))
		refuse(w, http.StatusForbidden, "API rate limit exceeded for installation.")
	case version != "" && version != "2022-11-28":
		refuse(w, http.StatusBadRequest, fmt.Sprintf("%q is not a supported version.", version))
	case owner != "" && !strings.EqualFold(owner+"/"+repo, s.FullName()),
		r.PathValue("org") != "" && !strings.EqualFold(r.PathValue("org"), s.Organization):
		refuse(w, http.StatusNotFound, "Not Found")
	case permission != "" && !s.permitted(r, permission):
		refuse(w, http.StatusForbidden, "Resource not accessible by integration")
	default:
		s.write(w, r, of(r))
	}
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
	tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
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
	size, number := 30, 1
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
		next := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: query.Encode()}
		w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, next.String()))
	}
	return list[from:to]
}

func refuse(w http.ResponseWriter, status int, message string) {
	text, _ := json.Marshal(map[string]string{
		"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status),
	})
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

func refused(status int, message string) answer {
	return answer{status: status, body: map[string]string{
		"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status),
	}}
}

var notFound = refused(http.StatusNotFound, "Not Found")

// number is a number in the path of a request; 0 if it is none.
func number(r *http.Request, name string) int64 {
	n, _ := strconv.ParseInt(r.PathValue(name), 10, 64)
	return n
}

func (s *Server) run(r *http.Request) answer {
	run := s.runs[number(r, "run")]
	if run == nil {
		return notFound
	}
	return answer{body: s.runBody(run)}
}

func (s *Server) attempt(r *http.Request) answer {
	run, n := s.runs[number(r, "run")], number(r, "attempt")
	switch {
	case run == nil:
		return notFound
	case int(n) == run.Attempt:
		return answer{body: s.runBody(run)}
	}
	for i := range run.earlier {
		if run.earlier[i].Attempt == int(n) {
			return answer{body: s.runBody(&run.earlier[i])}
		}
	}
	return notFound
}

func (s *Server) approvals(r *http.Request) answer {
	run := s.runs[number(r, "run")]
	if run == nil {
		return notFound
	}
	list := []any{}
	for _, v := range run.reviews {
		list = append(list, s.reviewBody(v))
	}
	return answer{list: list}
}

func (s *Server) commit(r *http.Request) answer {
	for sha, login := range s.commits {
		if strings.HasPrefix(sha, r.PathValue("ref")) {
			return answer{body: s.commitBody(sha, login)}
		}
	}
	return refused(http.StatusUnprocessableEntity, "No commit found for SHA: "+r.PathValue("ref"))
}

func (s *Server) environment(r *http.Request) answer {
	name := r.PathValue("environment")
	for known := range s.Reviewers {
		if strings.EqualFold(known, name) {
			return answer{body: s.environmentBody(known)}
		}
	}
	return notFound
}

func (s *Server) listDeployments(r *http.Request) answer {
	query := r.URL.Query()
	list := []any{}
	for _, d := range slices.Backward(s.deployments) {
		environment, sha := query.Get("environment"), query.Get("sha")
		if environment != "" && !strings.EqualFold(environment, d.environment) || sha != "" && sha != d.sha {
			continue
		}
		list = append(list, s.deploymentBody(d))
	}
	return answer{list: list}
}

func (s *Server) statuses(r *http.Request) answer {
	id := number(r, "deployment")
	at := slices.IndexFunc(s.deployments, func(d *deployment) bool { return d.id == id })
	if at < 0 {
		return notFound
	}
	list := []any{}
	for i := len(s.deployments[at].statuses) - 1; i >= 0; i-- {
		list = append(list, s.statusBody(s.deployments[at], i))
	}
	return answer{list: list}
}

func (s *Server) organization(r *http.Request) answer {
	return answer{body: s.organizationBody(s.permitted(r, Administration))}
}

// members lists members; only an owner may ask for those without two-factor
// authentication.
func (s *Server) members(r *http.Request) answer {
	filter := r.URL.Query().Get("filter")
	if filter != "2fa_disabled" {
		return refused(http.StatusUnprocessableEntity, "Validation Failed")
	}
	if !s.permitted(r, Administration) {
		return refused(http.StatusUnprocessableEntity, "Only owners can use this filter.")
	}
	list := []any{}
	for _, login := range s.Weak {
		list = append(list, s.account(login))
	}
	return answer{list: list}
}

// team and its members are invisible to a token that may not read members.
func (s *Server) team(r *http.Request) answer {
	if _, known := s.Teams[r.PathValue("team")]; !known || !s.permitted(r, Members) {
		return notFound
	}
	return answer{body: s.teamBody(r.PathValue("team"))}
}

func (s *Server) membership(r *http.Request) answer {
	state, member := s.Teams[r.PathValue("team")][r.PathValue("login")]
	if !member || !s.permitted(r, Members) {
		return notFound
	}
	return answer{body: map[string]any{"url": s.URL + r.URL.Path, "role": "member", "state": state}}
}
