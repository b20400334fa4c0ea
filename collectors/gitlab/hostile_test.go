package gitlab_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// What a broken or hostile server sends is refused, and nothing of the token is shown.
func TestHostileAnswers(t *testing.T) {
	const project = "/api/v4/projects/acme%2Fpayments-api"
	const one, pipeline, list = project + "/deployments/500", project + "/pipelines/77", project + "/deployments"
	const group = "/api/v4/groups/acme%2Fplatform-leads"
	deployment := func(approval string) string {
		return `{"id":500,"created_at":"2026-11-24T15:02:00Z","environment":{"name":"production"},"deployable":{"pipeline":{"id":77}},"approvals":[` + approval + `]}`
	}
	text := func(body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { _, _ = io.WriteString(w, body) }
	}
	for _, tt := range []struct {
		name, path string
		answer     func(http.ResponseWriter)
		want       string
	}{
		{"a page on another host", list, func(w http.ResponseWriter) {
			w.Header().Set("Link", `<https://evil.example.com/page2>; rel="next"`)
			_, _ = io.WriteString(w, "[]")
		}, "the next page is on another host, https://evil.example.com"},
		{"a redirect to another host", list, func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://169.254.169.254/latest")
			w.WriteHeader(http.StatusMovedPermanently)
		}, "redirects to another host"},
		{"the token in an error", list, func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"message":"token `+token+` has no scope"}`)
		}, "token [redacted] has no scope"},
		{"too large", list, func(w http.ResponseWriter) {
			block := strings.Repeat(" ", 1<<20)
			for range 3000 {
				if _, err := io.WriteString(w, block); err != nil {
					return
				}
			}
		}, "answered with more than 8388608 bytes"},
		{"half an answer", list, text(`[{"id":1`), "decode the answer"},
		{"a web page", list, text(`<html>sign in</html>`), "web page"},
		{"nothing", list, text(``), "without a body"},
		{"a deployment without a time", list, text(`[{"id":1}]`), "has no id or no time"},
		{"another deployment", one, text(strings.Replace(deployment(""), "500", "501", 1)), "the answer is about deployment 501"},
		{"a deployment of another pipeline", one, text(strings.Replace(deployment(""), "77", "78", 1)), "or not of this pipeline"},
		{"a name with bidirectional characters", one, text(deployment(`{"status":"approved","created_at":"2026-11-24T15:02:00Z","user":{"id":2,"username":"le\u202ead"}}`)), "is not allowed"},
		{"an approval without a user", one, text(deployment(`{"status":"approved","created_at":"2026-11-24T15:02:00Z"}`)), "names no account"},
		{"an approval without a status", one, text(deployment(`{"created_at":"2026-11-24T15:02:00Z","user":{"id":2,"username":"lead"}}`)), "has no status or no time"},
		{"an approval without a time", one, text(deployment(`{"status":"approved","user":{"id":2,"username":"lead"}}`)), "has no status or no time"},
		{"another pipeline", pipeline, text(`{"id":78,"web_url":"https://x/acme/payments-api/-/pipelines/78"}`), "the answer is about pipeline 78"},
		{"a pipeline of another project", pipeline, text(`{"id":77,"web_url":"https://x/acme/other/-/pipelines/77"}`), `pipeline 77, "https://x/acme/other/-/pipelines/77"`},
		{"a pipeline without a source", pipeline, text(`{"id":77,"web_url":"https://x/acme/payments-api/-/pipelines/77"}`), "no source, commit or time"},
		{"a pipeline without a user", pipeline, text(`{"id":77,"web_url":"https://x/acme/payments-api/-/pipelines/77","source":"web","sha":"7a7a7a7","created_at":"2026-11-24T15:00:00Z"}`), "user: the answer names no account"},
		{"a job of another pipeline", pipeline + "/jobs", text(`[{"id":9000,"pipeline":{"id":78}}]`), "job 9000 of pipeline 78"},
		{"a job with half a user", pipeline + "/jobs", text(`[{"id":9000,"pipeline":{"id":77},"user":{"id":1}}]`), "user of job 9000: the answer names no account"},
		{"an old copy", list, func(w http.ResponseWriter) { w.Header().Set("Age", "4000"); _, _ = io.WriteString(w, "[]") }, "max_age"},
		{"another commit", project + "/repository/commits/" + built, text(`{"id":"6b2e8d1"}`), `about the commit "6b2e8d1"`},
		{"another group", group, text(`{"full_path":"acme/other"}`), `about the group "acme/other"`},
		{"another member", group + "/members/2", text(`{"id":1,"state":"active","access_level":50}`), "about the account 1"},
		{"an end that is no day", group + "/members/2", text(`{"id":2,"state":"active","access_level":50,"expires_at":"soon"}`), `expires_at is "soon"`},
		{"another user", "/api/v4/users/2", text(`{"id":1,"username":"jane","bot":false,"state":"active"}`), "about the account 1"},
		{"a user who may be a bot", "/api/v4/users/2", text(`{"id":2,"username":"lead","state":"active"}`), "does not say whether the account is a bot and active"},
		{"a user without a state", "/api/v4/users/2", text(`{"id":2,"username":"lead","bot":false}`), "does not say whether the account is a bot and active"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.decided("lead", "approved", "")
			s.Fault = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.EscapedPath() != tt.path {
					return false
				}
				tt.answer(w)
				return true
			}
			section := "approvals"
			if !strings.HasPrefix(tt.path, list) && !strings.HasPrefix(tt.path, pipeline) {
				section = "people"
			}
			got, err := s.collect(section, ask())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), token) {
				t.Errorf("%+v, %v; want %q", got.Section, err, tt.want)
			}
		})
	}
}
