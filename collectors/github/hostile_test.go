package github_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// What a broken or hostile server sends is refused, and nothing of the token is shown.
func TestHostileAnswers(t *testing.T) {
	const reviews = "/repos/acme/payments-api/actions/runs/77/approvals"
	user := func(login string) string {
		return `[{"state":"approved","comment":"","environments":[{"name":"production"}],"user":{"id":2,"type":"User","login":` + login + `}}]`
	}
	text := func(body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { _, _ = io.WriteString(w, body) }
	}
	for _, tt := range []struct {
		name, path string
		answer     func(http.ResponseWriter)
		want       string
	}{
		{"a page on another host", reviews, func(w http.ResponseWriter) {
			w.Header().Set("Link", `<https://evil.example.com/page2>; rel="next"`)
			_, _ = io.WriteString(w, "[]")
		}, "the next page is on another host, https://evil.example.com"},
		{"a redirect to another host", reviews, func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://169.254.169.254/latest")
			w.WriteHeader(http.StatusMovedPermanently)
		}, "redirects to another host"},
		{"the token in an error", reviews, func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"message":"token `+token+` has no scope"}`)
		}, "token [redacted] has no scope"},
		{"too large", reviews, func(w http.ResponseWriter) {
			block := strings.Repeat(" ", 1<<20)
			for range 3000 {
				if _, err := io.WriteString(w, block); err != nil {
					return
				}
			}
		}, "answered with more than 8388608 bytes"},
		{"half an answer", reviews, text(`[{"state":"approved"`), "decode the answer"},
		{"a web page", reviews, text(`<html>sign in</html>`), "web page"},
		{"nothing", reviews, text(``), "without a body"},
		{"a name with bidirectional characters", reviews, text(user(`"le\u202ead"`)), "is not allowed"},
		{"no name", reviews, text(user(`""`)), "names no account"},
		{"a review without a user", reviews, text(`[{"state":"approved","environments":[{"name":"production"}]}]`), "names no account"},
		{"a review without an environment", reviews, text(`[{"state":"approved","environments":[],"user":{"id":2,"login":"lead"}}]`), "names no environment"},
		{"a review without a state", reviews, text(`[{"environments":[{"name":"production"}],"user":{"id":2,"login":"lead"}}]`), "names no environment or no state"},
		{"another run", "/repos/acme/payments-api/actions/runs/77", text(`{"id":78,"event":"push","run_attempt":1,"created_at":"2026-11-24T15:00:00Z","repository":{"full_name":"acme/payments-api"}}`), "the answer is about run 78"},
		{"a run of another repository", "/repos/acme/payments-api/actions/runs/77", text(`{"id":77,"event":"push","run_attempt":1,"created_at":"2026-11-24T15:00:00Z","repository":{"full_name":"acme/other"}}`), `of "acme/other"`},
		{"a run without an actor", "/repos/acme/payments-api/actions/runs/77", text(`{"id":77,"event":"push","run_attempt":1,"created_at":"2026-11-24T15:00:00Z","repository":{"full_name":"acme/payments-api"}}`), "actor: the answer names no account"},
		{"a run without an event", "/repos/acme/payments-api/actions/runs/77", text(`{"id":77,"repository":{"full_name":"acme/payments-api"}}`), "no event, attempt or time"},
		{"a deployment without a time", "/repos/acme/payments-api/deployments", text(`[{"id":1,"environment":"production"}]`), "has no id or no time"},
		{"an old copy", reviews, func(w http.ResponseWriter) { w.Header().Set("Age", "4000"); _, _ = io.WriteString(w, "[]") }, "max_age"},
		{"another commit", "/repos/acme/payments-api/commits/" + strings.Repeat("7a", 20), text(`{"sha":"6b2e8d1","author":null}`), `about the commit "6b2e8d1"`},
		{"an author without an id", "/repos/acme/payments-api/commits/" + strings.Repeat("7a", 20), text(`{"sha":"` + strings.Repeat("7a", 20) + `","author":{"login":"x"}}`), "author of the commit"},
		{"another team", "/orgs/acme/teams/platform-leads", text(`{"slug":"production-approvers"}`), `about the team "production-approvers"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.reviewed("lead", "approved", "")
			s.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != tt.path {
					return false
				}
				tt.answer(w)
				return true
			}
			section := "approvals"
			if strings.HasPrefix(tt.path, "/orgs") || strings.Contains(tt.path, "/commits/") {
				section = "people"
			}
			got, err := s.collect(section, ask())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), token) {
				t.Errorf("%+v, %v; want %q", got.Section, err, tt.want)
			}
		})
	}
}
