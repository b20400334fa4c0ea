package github_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/githubtest"
)

// Whatever an endpoint answers, the section is an error or one that a document can hold.
func FuzzAnswers(f *testing.F) {
	paths := []string{
		"/repos/acme/payments-api/actions/runs/77", "/repos/acme/payments-api/actions/runs/77/approvals",
		"/repos/acme/payments-api/deployments", "/repos/acme/payments-api/deployments/9000/statuses",
		"/repos/acme/payments-api/environments/production", "/repos/acme/payments-api/commits/" + strings.Repeat("7a", 20),
		"/orgs/acme", "/orgs/acme/members", "/orgs/acme/teams/platform-leads", "/orgs/acme/teams/platform-leads/memberships/lead",
	}
	for i := range paths {
		for _, seed := range []string{
			`[]`, `{}`, `null`, `[{"state":"approved","comment":"window x","environments":[{"name":"production"}],"user":{"id":2,"login":"lead","type":"User"}}]`,
			`{"id":77,"event":"x","run_attempt":1,"created_at":"0001-01-02T00:00:00Z","repository":{"full_name":"ACME/payments-api"},"actor":{"id":1,"login":"a"},"triggering_actor":{"id":1,"login":"a"}}`,
			`[{"id":9000,"environment":"production","created_at":"2026-11-24T15:02:00+23:59"}]`, `[{"id":9000,"environment":"production","created_at":"2026-11-24T15:02:00Z","sha":"` + strings.Repeat("7a", 20) + `","payload":"{\"digest\":\"sha256:` + strings.Repeat("a", 64) + `\"}"}]`, `[{"state":"in_progress","created_at":"9999-12-31T23:59:59Z","log_url":"/acme/payments-api/actions/runs/77/job/1"}]`,
			`{"sha":"` + strings.Repeat("7a", 20) + `","author":{"id":2,"login":"lead"}}`, `{"state":"active"}`, `{"slug":"platform-leads"}`, `{"two_factor_requirement_enabled":false}`,
		} {
			f.Add(i, seed)
		}
	}
	s := &site{now: begin, env: map[string]string{"GITHUB_TOKEN": token}}
	s.Server = githubtest.New(s.clock)
	f.Cleanup(s.Close)
	s.populate()
	s.reviewed("lead", "approved", "")
	f.Fuzz(func(t *testing.T, at int, body string) {
		if at < 0 || at >= len(paths) {
			return
		}
		s.Lock()
		s.Fault = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != paths[at] {
				return false
			}
			_, _ = w.Write([]byte(body))
			return true
		}
		s.Unlock()
		for _, section := range []string{"approvals", "people", "staging", "production"} {
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
			if !person(a.Approver) || a.Decision == "" || a.ApprovedAt.IsZero() || a.Latest == nil || *a.Run != "acme/payments-api/runs/77" {
				t.Errorf("%+v", a)
			}
		}
	case facts.People:
		for _, p := range list {
			if len(p.IDs) != 2 || slices.ContainsFunc(p.IDs, func(id string) bool { return !person(id) }) || p.Human == nil {
				t.Errorf("%+v", p)
			}
		}
	case *facts.Staging:
		reportable(t, list.Reported)
	case *facts.Production:
		reportable(t, list.Reported)
	default:
		t.Errorf("%T", section)
	}
}

// reportable checks that a document can hold the deployments.
func reportable(t *testing.T, list []facts.ReportedDeployment) {
	t.Helper()
	for _, d := range list {
		late := d.CreatedAt.After(begin.AddDate(1, 0, 0)) || d.SucceededAt != nil && d.SucceededAt.After(begin.AddDate(1, 0, 0))
		if late || d.CreatedAt.Nanosecond() != 0 || d.State != nil && strings.TrimSpace(*d.State) == "" || d.Environment == "" {
			t.Errorf("%+v", d)
		}
	}
}
