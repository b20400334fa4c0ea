package gitlab_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prodgate/prodgate/internal/gitlabtest"
)

// Each case could be read as "none", and is an error that names what is missing.
func TestCouldNotLook(t *testing.T) {
	with := func(change func(*gitlabtest.Token)) func(*site) {
		return func(s *site) {
			t := s.All()
			change(&t)
			s.Tokens[token] = t
		}
	}
	for _, tt := range []struct {
		name, section string
		change        func(*site)
		want          string
	}{
		{"no token", "approvals", func(s *site) { s.env = nil }, "the variable GITLAB_TOKEN is not set: it must have an access token of GitLab with the scope read_api"},
		{"another variable", "approvals", func(s *site) { s.settings.TokenEnv = "PROJECT_TOKEN" }, "the variable PROJECT_TOKEN is not set"},
		{"a wrong token", "approvals", func(s *site) { s.env["GITLAB_TOKEN"] = "glpat-other" }, "the token in GITLAB_TOKEN is not valid"},
		{"no scope", "approvals", with(func(t *gitlabtest.Token) { t.Scopes = []string{"read_registry"} }), "needs the scope read_api and the role Reporter in the project"},
		{"no role", "approvals", with(func(t *gitlabtest.Token) { t.Project = gitlabtest.Guest }), "needs the scope read_api and the role Reporter in the project"},
		{"an invisible project", "approvals", with(func(t *gitlabtest.Token) { t.Project = 0 }), "404 Project Not Found; it does not exist, or the token in GITLAB_TOKEN lacks the scope read_api and the role Reporter"},
		{"an invisible group", "people", with(func(t *gitlabtest.Token) { delete(t.Groups, "acme/platform-leads") }), "404 Group Not Found; it does not exist, or the token in GITLAB_TOKEN lacks the scope read_api and a role in the group, or in a group above it"},
		{"a group that does not exist", "people", func(s *site) { s.settings.Teams = []string{"acme/nobody"} }, "lacks the scope read_api and a role in the group"},
		{"no token for groups", "people", func(s *site) { s.settings.GroupTokenEnv = "GROUP_TOKEN" }, "the variable GROUP_TOKEN is not set"},
		{"the rate limit", "approvals", func(s *site) { s.Limited = true }, "answered 429 Too Many Requests; it asks to wait 1m0s; this is the rate limit of the token in GITLAB_TOKEN"},
		{"a CA file that does not exist", "approvals", func(s *site) { s.settings.CAFile = "none.pem" }, "read the CA file: open /etc/prodgate/none.pem"},
		{"an invalid project", "approvals", func(s *site) { s.settings.Project = "acme/../x" }, `invalid project "acme/../x"`},
		{"a project without a group", "approvals", func(s *site) { s.settings.Project = "payments-api" }, `invalid project "payments-api"`},
		{"an invalid value", "people", func(s *site) { s.settings.TwoFactor = "no" }, `invalid two_factor "no": write group, user or elsewhere`},
		{"an invalid role", "people", func(s *site) { s.settings.Roles = map[string][]string{"Lead": nil} }, `invalid role "Lead"`},
		{"an invalid group", "people", func(s *site) { s.settings.Teams = []string{"acme//x"} }, `invalid group "acme//x"`},
		{"a group that can be no team", "people", func(s *site) { s.settings.Teams = []string{"acme/_x"} }, "the last part of its path is the name of a team"},
		{"two groups with one name", "people", func(s *site) { s.settings.Teams = []string{"evil/platform-leads"} }, `the groups "acme/platform-leads" and "evil/platform-leads" would both be the team platform-leads`},
		{"a clock that is far behind", "approvals", func(s *site) { s.skew = -20 * time.Minute }, "the answer is 20m0s old"},
		{"plain HTTP to another machine", "approvals", func(s *site) { s.settings.URL = "http://gitlab.example.com/api/v4" }, "http is read from this machine only"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.decided("lead", "approved", "")
			s.Leave("acme/platform-leads", "lead")
			tt.change(s)
			got, err := s.collect(tt.section, ask())
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "glpat-") {
				t.Errorf("%+v, %v; want %q", got.Section, err, tt.want)
			}
		})
	}
}

func TestRequestsWithoutAPipelineOfTheProject(t *testing.T) {
	s := newSite(t)
	for _, tt := range []struct{ deployment, want string }{
		{"", "the request names no pipeline"}, {"run-1", "the request names no pipeline"}, {"acme/payments-api/pipelines/x", "the request names no pipeline"},
		{"acme/payments-api/pipelines/0", "the request names no pipeline"}, {"acme/payments-api/runs/77", "the request names no pipeline"},
		{"acme/other/pipelines/77", "a pipeline of acme/other, and the approvals are read from acme/payments-api"},
		{"acme/payments-api/pipelines/99", "answered 404"},
	} {
		req := ask()
		if req.Deployment = &tt.deployment; tt.deployment == "" {
			req.Deployment = nil
		}
		if _, err := s.collect("approvals", req); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v; want %q", tt.deployment, err, tt.want)
		}
	}
}

// Nobody approved: that is an answer only where somebody can.
func TestAnEnvironmentThatNobodyCanApprove(t *testing.T) {
	s := newSite(t)
	look := func(want string) {
		t.Helper()
		got, err := s.collect("approvals", ask())
		if want == "" && (err != nil || got.Section == nil) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v, %v; want %q", got.Section, err, want)
		}
	}
	look("")
	s.Protected["production"] = 0
	look("needs an approval, so nobody can give one: protect it in the settings")
	delete(s.Protected, "production")
	look("needs an approval, so nobody can give one")
	s.Groups["acme"].Protected = map[string]int{"staging": 1}
	look("needs an approval, so nobody can give one")
	s.Groups["acme"].Protected["production"] = 1
	look("")
	limited := s.All()
	limited.Groups["acme"] = gitlabtest.Developer
	s.Tokens[token] = limited
	look("needs the scope read_api and the role Maintainer in the group")
	limited.Project = gitlabtest.Developer
	s.Tokens[token] = limited
	look("needs the scope read_api and the role Maintainer in the project")
	s.Tokens[token] = s.All()
	s.settings.Environment = "Production EU"
	look(`the environment "Production EU" of acme/payments-api does not exist`)
	for _, request := range s.Requests() {
		if strings.Contains(request, "/projects/acme/") {
			t.Errorf("the path of the project is not escaped: %s", request)
		}
	}
}
