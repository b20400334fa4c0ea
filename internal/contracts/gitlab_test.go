package contracts

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/collectors"
	"github.com/prodgate/prodgate/collectors/gitlab"
	"github.com/prodgate/prodgate/facts"
	"github.com/prodgate/prodgate/internal/gitlabtest"
)

// commitOfPipeline is the commit of the pipelines.
var commitOfPipeline = strings.Repeat("7a", 20)

// servedGitLab is a GitLab whose requests and answers are held against c.
func servedGitLab(t *testing.T, c *contract) *gitlabtest.Server {
	t.Helper()
	s := gitlabtest.New(time.Now)
	t.Cleanup(s.Close)
	s.Config.Handler = c.between(s.Config.Handler)
	s.Add(gitlabtest.Account{ID: 1, Username: "jane", Email: "jane@example.com"}, gitlabtest.Account{ID: 2, Username: "lead"},
		gitlabtest.Account{ID: 3, Username: "project_1_bot", Bot: true})
	s.Join("acme/production-approvers", "lead", gitlabtest.Member{Level: gitlabtest.Developer, Expires: "2999-01-02"})
	s.Join("acme/production-approvers", "project_1_bot", gitlabtest.Member{Level: gitlabtest.Developer})
	s.Groups["acme"].Requires = true
	s.Start(gitlabtest.Pipeline{ID: 77, Source: "web", SHA: commitOfPipeline, User: "jane"})
	s.Write(commitOfPipeline, gitlabtest.Commit{Email: "jane@example.com", MergeRequests: []string{"jane", "lead"}})
	s.Run(77, "request", "jane", "")
	s.PageSize = 1
	return s
}

// collectGitLab reads approvals and people as a configuration has it.
func collectGitLab(t *testing.T, s *gitlabtest.Server, token gitlabtest.Token) *facts.Document {
	t.Helper()
	s.Lock()
	s.Tokens["glpat-contract"], s.JobTokens["glcbt-contract"] = token, 9000
	s.Unlock()
	env := map[string]string{"GITLAB_TOKEN": "glpat-contract", "GITLAB_CI": "true", "CI_API_V4_URL": s.API(), "CI_JOB_TOKEN": "glcbt-contract"}
	deployment := "acme/payments-api/pipelines/77"
	cfg := collectors.Config{
		Getenv:  func(name string) string { return env[name] },
		Systems: map[string]collectors.System{"gitlab": {Kind: "gitlab", Settings: &gitlab.Settings{Project: s.Project, URL: s.API()}}},
		Sources: map[string][]collectors.Use{"approvals": {{System: "gitlab"}}, "people": {{System: "gitlab"}}},
	}
	all := slices.DeleteFunc(collectors.All(cfg), func(c collectors.Collector) bool { return c.Name() != "approvals" && c.Name() != "people" })
	return collectors.Gather(t.Context(), time.Now, facts.Request{
		ID: deployment, Deployment: &deployment, Service: "payments-api", Environment: "production", Kind: facts.KindPromotion,
		Trigger: "web", RequestedBy: "gitlab:1", TriggeredBy: "gitlab:1", RequestedAt: time.Now(),
	}, all)
}

func TestGitLab(t *testing.T) {
	c := read(t, "testdata/gitlab.json")
	s := servedGitLab(t, c)
	readable := func(doc *facts.Document) {
		t.Helper()
		for _, section := range []string{"approvals", "people"} {
			if source := doc.Sources[section]; source.Status != facts.StatusOK {
				t.Errorf("%s: %s", section, *source.Error)
			}
		}
	}
	s.Lock()
	delete(s.Protected, "production")
	s.Groups["acme"].Protected = map[string]int{"production": 1}
	s.Unlock()
	readable(collectGitLab(t, s, s.All())) // nobody approved: who must?
	for _, rules := range []bool{false, true} {
		gate := s.Run(77, "gate", "jane", "production")
		s.Decide(gate, "lead", "approved", "window after-hours")
		s.Decide(gate, "project_1_bot", "rejected", "")
		s.Lock()
		s.Rules = rules
		s.Unlock()
		readable(collectGitLab(t, s, s.All()))
	}
	s.Leave("acme/production-approvers", "lead") // is the group visible?
	administrator := s.All()
	administrator.Admin = true
	readable(collectGitLab(t, s, administrator))
	s.Lock()
	s.Protected["production"] = 1
	s.Unlock()
	collectGitLab(t, s, gitlabtest.Token{Scopes: []string{"read_api"}, Project: gitlabtest.Reporter})
	for _, fault := range c.faults {
		t.Error(fault)
	}
	for _, path := range c.paths {
		if !c.used[path] {
			t.Errorf("%s was not called: remove it from the description", path)
		}
	}
}

// The check itself refuses what departs from the description.
func TestDeparturesFromGitLabAreFound(t *testing.T) {
	const project = "/api/v4/projects/acme%2Fpayments-api"
	for name, tt := range map[string]struct{ path, answer string }{
		"another type":       {project + "/deployments/1", `{"id":"1"}`},
		"an unknown key":     {project + "/protected_environments/production", `{"name":"production","deploy_access_levels":[],"rules":[]}`},
		"a missing key":      {project + "/pipelines/77", `{"id":77}`},
		"an unknown path":    {project + "/approvals", `[]`},
		"an invalid order":   {project + "/deployments?order_by=time", `[]`},
		"an unknown filter":  {project + "/deployments?env=production", `[]`},
		"no tier of a group": {"/api/v4/groups/acme/protected_environments/live", `{"name":"live","deploy_access_levels":[]}`},
		"too large a page":   {project + "/pipelines/77/jobs?per_page=500", `[]`},
		"a path not escaped": {"/api/v4/projects/acme/payments-api/deployments", `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			c := read(t, "testdata/gitlab.json")
			h := c.between(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(tt.answer))
			}))
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, tt.path, nil))
			if len(c.faults) == 0 {
				t.Error("it passes")
			}
		})
	}
}
