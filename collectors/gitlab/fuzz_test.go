package gitlab_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/gitlabtest"
)

// Whatever an endpoint answers, the section is an error or one that a document can hold.
func FuzzAnswers(f *testing.F) {
	const project = "/api/v4/projects/acme%2Fpayments-api"
	paths := []string{
		project + "/pipelines/77", project + "/pipelines/77/jobs", project + "/deployments", project + "/deployments/500",
		project + "/protected_environments/production", project + "/environments", project + "/repository/commits/" + built,
		project + "/repository/commits/" + built + "/merge_requests", "/api/v4/groups/acme", "/api/v4/groups/acme%2Fplatform-leads/members/2",
		"/api/v4/users/2", "/api/v4/users", "/api/v4/job",
	}
	for i := range paths {
		for _, seed := range []string{
			`[]`, `{}`, `null`, `{"id":77,"sha":"7a7a7a7","source":"x","web_url":"/ACME/payments-api/-/pipelines/77","created_at":"0001-01-02T00:00:00Z","user":{"id":1,"username":"a"}}`,
			`[{"id":1,"pipeline":{"id":77},"user":{"id":9,"username":"b"}}]`, `[{"id":500,"created_at":"2026-11-24T15:02:00+23:59","environment":{"name":"production"},"deployable":{"pipeline":{"id":77}}}]`,
			`{"id":500,"created_at":"9999-12-31T23:59:59Z","environment":{"name":"production"},"deployable":{"pipeline":{"id":77}},"approval_summary":{"rules":[{"deployment_approvals":[{"status":"approved","created_at":"2026-11-24T15:02:00+23:59","comment":"window x","user":{"id":2,"username":"lead"}}]}]}}`,
			`{"name":"production","approval_rules":[{"required_approvals":1}]}`, `[{"name":"production","tier":"production"}]`,
			`{"id":"` + built + `","author_email":"2-lead@users.noreply.example.com"}`, `{"full_path":"acme","require_two_factor_authentication":true,"two_factor_grace_period":0}`,
			`{"id":2,"username":"lead","state":"active","bot":false,"access_level":30,"expires_at":"2026-11-25"}`,
		} {
			f.Add(i, seed)
		}
	}
	s := &site{now: begin, env: map[string]string{"GITLAB_TOKEN": token}}
	s.Server = gitlabtest.New(s.clock)
	f.Cleanup(s.Close)
	s.populate()
	s.decided("lead", "approved", "")
	s.JobTokens["glcbt-1"] = s.job
	s.env["CI_JOB_TOKEN"], s.env["GITLAB_CI"], s.env["CI_API_V4_URL"] = "glcbt-1", "true", s.API()
	f.Fuzz(func(t *testing.T, at int, body string) {
		if at < 0 || at >= len(paths) {
			return
		}
		s.Lock()
		s.Fault = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.EscapedPath() != paths[at] {
				return false
			}
			_, _ = w.Write([]byte(body))
			return true
		}
		s.Unlock()
		for _, section := range []string{"approvals", "people"} {
			got, err := s.collect(section, ask())
			if err != nil {
				if strings.Contains(err.Error(), token) {
					t.Errorf("the error shows the token: %v", err)
				}
				continue
			}
			check(t, got.Section)
		}
	})
}

// check fails if a document could not hold a section.
func check(t *testing.T, section facts.Section) {
	t.Helper()
	person := func(id string) bool { _, ok := facts.IsPerson(id); return ok }
	switch list := section.(type) {
	case facts.Approvals:
		for _, a := range list {
			if !person(a.Approver) || a.Decision == "" || a.ApprovedAt.IsZero() || a.Latest != nil || *a.Run != "acme/payments-api/pipelines/77" {
				t.Errorf("%+v", a)
			}
		}
	case facts.People:
		for _, p := range list {
			wrote := func(c string) bool { _, ok := facts.Accepts("commit", c); return ok }
			if len(p.IDs) != 2 || !person(p.IDs[0]) || !person(p.IDs[1]) || p.Human == nil || slices.ContainsFunc(p.Wrote, func(c string) bool { return !wrote(c) }) {
				t.Errorf("%+v", p)
			}
		}
	default:
		t.Errorf("%T", section)
	}
}
