package gitlabtest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Server) pipeline(r *http.Request, _ Token) answer {
	p := s.pipelines[number(r, "pipeline")]
	if p == nil {
		return notFound
	}
	return answer{body: s.pipelineBody(p)}
}

func (s *Server) listJobs(r *http.Request, _ Token) answer {
	id := number(r, "pipeline")
	if s.pipelines[id] == nil {
		return notFound
	}
	list := []any{}
	for _, j := range slices.Backward(s.jobs) {
		if j.pipeline == id && (!j.retried || r.URL.Query().Get("include_retried") == "true") {
			list = append(list, s.jobBody(j))
		}
	}
	return answer{list: list}
}

// listDeployments filters as GitLab does, which accepts updated_after only together with
// order_by=updated_at.
func (s *Server) listDeployments(r *http.Request, _ Token) answer {
	query := r.URL.Query()
	after, err := time.Parse(time.RFC3339, query.Get("updated_after"))
	if query.Has("updated_after") && (err != nil || query.Get("order_by") != "updated_at") {
		return answer{status: http.StatusBadRequest, body: map[string]string{"message": "`updated_at` filter requires `updated_at` sort"}}
	}
	list := []any{}
	for _, d := range s.deployments {
		environment := query.Get("environment")
		if environment != "" && environment != d.environment || query.Has("updated_after") && d.updated.Before(after) {
			continue
		}
		list = append(list, s.deploymentBody(d))
	}
	return answer{list: list}
}

func (s *Server) deployment(r *http.Request, _ Token) answer {
	id := number(r, "deployment")
	i := slices.IndexFunc(s.deployments, func(d *deployment) bool { return d.id == id })
	if i < 0 {
		return notFound
	}
	return answer{body: s.extendedBody(s.deployments[i])}
}

func (s *Server) listEnvironments(r *http.Request, _ Token) answer {
	list := []any{}
	for i, name := range slices.Sorted(maps.Keys(s.Tiers)) {
		if of := r.URL.Query().Get("name"); of == "" || of == name {
			list = append(list, s.environmentBody(int64(i+1), name))
		}
	}
	return answer{list: list}
}

func (s *Server) protected(r *http.Request, _ Token) answer {
	required, known := s.Protected[r.PathValue("name")]
	if !known {
		return notFound
	}
	return answer{body: protectionBody(r.PathValue("name"), required)}
}

func (s *Server) groupProtected(r *http.Request, _ Token) answer {
	required, known := s.Groups[r.PathValue("group")].Protected[r.PathValue("name")]
	if !known {
		return notFound
	}
	return answer{body: protectionBody(r.PathValue("name"), required)}
}

// sha is the hash of the commit that a request names by its beginning; empty: none.
func (s *Server) sha(r *http.Request) string {
	for sha := range s.commits {
		if of := r.PathValue("sha"); len(of) >= 7 && strings.HasPrefix(sha, of) {
			return sha
		}
	}
	return ""
}

func (s *Server) commit(r *http.Request, _ Token) answer {
	sha := s.sha(r)
	if sha == "" {
		return answer{status: http.StatusNotFound, body: map[string]string{"message": "404 Commit Not Found"}}
	}
	return answer{body: s.commitBody(sha)}
}

func (s *Server) mergeRequests(r *http.Request, _ Token) answer {
	list := []any{}
	for i, author := range s.commits[s.sha(r)].MergeRequests {
		list = append(list, s.mergeRequestBody(int64(i+1), author))
	}
	return answer{list: list}
}

func (s *Server) group(r *http.Request, _ Token) answer {
	return answer{body: s.groupBody(r.PathValue("group"))}
}

// member is a direct member only, as in GitLab without "all" in the path.
func (s *Server) member(r *http.Request, _ Token) answer {
	a, known := s.account(number(r, "user"))
	m, member := s.Groups[r.PathValue("group")].Members[a.Username]
	if !known || !member {
		return notFound
	}
	return answer{body: s.memberBody(a, m)}
}

func (s *Server) account(id int64) (Account, bool) {
	for _, a := range s.accounts {
		if a.ID == id {
			return a, true
		}
	}
	return Account{}, false
}

func (s *Server) user(r *http.Request, t Token) answer {
	a, known := s.account(number(r, "user"))
	if !known {
		return answer{status: http.StatusNotFound, body: map[string]string{"message": "404 User Not Found"}}
	}
	return answer{body: s.userBody(a, t.Admin)}
}

// searchUsers finds users by their public mail address.
func (s *Server) searchUsers(r *http.Request, _ Token) answer {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(s.accounts)) {
		if a := s.accounts[name]; a.Email != "" && strings.EqualFold(a.Email, r.URL.Query().Get("search")) {
			list = append(list, s.basicBody(a))
		}
	}
	return answer{list: list}
}
