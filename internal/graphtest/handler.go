package graphtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// answer is what an endpoint answers: an object, a list that is cut into pages, or an
// error.
type answer struct {
	body    any
	list    []map[string]any
	isList  bool
	status  int
	code    string
	message string
}

func refused(status int, code, message string) answer {
	return answer{status: status, code: code, message: message}
}

func missing(id string) answer {
	return refused(http.StatusNotFound, "Request_ResourceNotFound", "Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

var denied = refused(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

// endpoint answers one request. It holds the lock.
type endpoint struct {
	permission string
	query      []string // parameters that it supports
	answer     func(*http.Request) answer
}

func (s *Server) handler() http.Handler {
	roles := "/roleManagement/directory/"
	routes := map[string]endpoint{
		"/users":                                    {Users, []string{"$filter", "$select", "$top"}, s.users},
		"/groups/{id}":                              {Members, []string{"$select"}, s.group},
		"/groups/{id}/members":                      {Members, []string{"$select", "$top"}, func(r *http.Request) answer { return s.list(r, false) }},
		"/groups/{id}/transitiveMembers":            {Members, []string{"$select", "$top"}, func(r *http.Request) answer { return s.list(r, true) }},
		"/servicePrincipals":                        {Apps, []string{"$filter", "$select", "$top"}, s.principals},
		"/servicePrincipals/{id}":                   {Apps, []string{"$select"}, s.principal},
		"/servicePrincipals/{id}/appRoleAssignedTo": {Apps, []string{"$top"}, s.appRoleAssignedTo},
		roles + "roleDefinitions/{id}":              {Roles, []string{"$select"}, s.roleDefinition},
		roles + "roleAssignments":                   {Roles, []string{"$filter", "$expand"}, s.roleAssignments},
		"/reports/authenticationMethods/userRegistrationDetails/{id}": {AuditLog, nil, s.registration},
	}
	mux := http.NewServeMux()
	for path, e := range routes {
		mux.HandleFunc("GET /v1.0"+path, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, e) })
	}
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
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

// serve checks a request as Graph does, and writes the answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, e endpoint) {
	s.Lock()
	defer s.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	of, known := s.tokens[token]
	var a answer
	switch {
	case !known:
		a = refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty or invalid.")
	case of.audience != s.URL:
		a = refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
	case !of.expires.After(s.Clock()):
		a = refused(http.StatusUnauthorized, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
	case s.Limited:
		w.Header().Set("Retry-After", "150")
		a = refused(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
	case !slices.Contains(of.permissions, e.permission):
		a = denied
	default:
		if a = e.answer(r); a.status == 0 {
			a = s.project(r, e, a)
		}
	}
	s.write(w, r, a)
}

// project cuts an answer to the properties that were asked for.
func (s *Server) project(r *http.Request, e endpoint, a answer) answer {
	for name := range r.URL.Query() {
		if !slices.Contains(e.query, name) && name != "$skiptoken" {
			return refused(http.StatusBadRequest, "BadRequest", "The query parameter '"+name+"' is not supported.")
		}
	}
	names := strings.FieldsFunc(r.URL.Query().Get("$select"), func(r rune) bool { return r == ',' })
	objects := a.list
	if object, is := a.body.(map[string]any); is {
		objects = []map[string]any{object}
	}
	for _, object := range objects {
		for _, name := range names {
			if _, has := object[name]; !has {
				return refused(http.StatusBadRequest, "BadRequest", "Could not find a property named '"+name+"'.")
			}
		}
		for name := range object {
			if len(names) > 0 && !slices.Contains(names, name) && name != "@odata.type" {
				delete(object, name)
			}
		}
	}
	return a
}

func (s *Server) write(w http.ResponseWriter, r *http.Request, a answer) {
	body := a.body
	switch {
	case a.status != 0:
		body = map[string]any{"error": map[string]any{"code": a.code, "message": a.message, "innerError": map[string]string{"request-id": "example"}}}
	case a.isList:
		body = s.page(r, a.list)
	}
	w.Header().Set("Content-Type", "application/json; odata.metadata=minimal; charset=utf-8")
	w.Header().Set("Date", s.Clock().UTC().Format(http.TimeFormat))
	w.WriteHeader(max(a.status, http.StatusOK))
	_ = json.NewEncoder(w).Encode(body)
}

// page is the part of a list that a request asks for, with the link to the next.
func (s *Server) page(r *http.Request, list []map[string]any) map[string]any {
	query := r.URL.Query()
	size, from := 100, 0
	if n, err := strconv.Atoi(query.Get("$top")); err == nil && n > 0 {
		size = min(n, 999)
	}
	if s.PageSize > 0 {
		size = min(size, s.PageSize)
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(query.Get("$skiptoken"), "RFN")); err == nil && n > 0 {
		from = min(n, len(list))
	}
	to := min(from+size, len(list))
	body := map[string]any{"@odata.context": s.URL + "/v1.0/$metadata", "value": append([]map[string]any{}, list[from:to]...)}
	if to < len(list) {
		query.Set("$skiptoken", fmt.Sprintf("RFN%d", to))
		next := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: query.Encode()}
		body["@odata.nextLink"] = next.String()
	}
	return body
}

var (
	inFilter    = regexp.MustCompile(`^id in \(('[0-9a-f-]{36}'(?:,'[0-9a-f-]{36}')*)\)$`)
	equalFilter = regexp.MustCompile(`^roleDefinitionId eq '([0-9a-f-]{36})'$`)
)

// asked are the ids of a filter "id in (…)", which can have 15.
func asked(r *http.Request) ([]string, answer) {
	match := inFilter.FindStringSubmatch(r.URL.Query().Get("$filter"))
	if match == nil {
		return nil, refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Unsupported Query.")
	}
	ids := strings.Split(strings.ReplaceAll(match[1], "'", ""), ",")
	if len(ids) > 15 {
		return nil, refused(http.StatusBadRequest, "Request_UnsupportedQuery", "Too many child clauses specified in search filter expression containing 'OR' operators.")
	}
	return ids, answer{isList: true}
}
